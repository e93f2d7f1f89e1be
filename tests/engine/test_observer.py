"""What an observer hears of an operation."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from engine.errors import OperationError
from engine.observer import CloudCall, StepEnd, observed_by
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


@dataclass
class Notes:
    calls: list[CloudCall] = field(default_factory=list)
    steps: list[StepEnd] = field(default_factory=list)

    def called(self, call: CloudCall) -> None:
        self.calls.append(call)

    def stepped(self, step: StepEnd) -> None:
        self.steps.append(step)


async def test_each_call_and_each_step_is_told(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_cloudwatch")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('one'), ('two')")
    seen = len(simulator.calls())
    notes = Notes()
    with observed_by(notes):
        await session("iasql_apply")
    assert notes.steps == [StepEnd(action="create", table="log_group", outcome="done")] * 2
    assert len(notes.calls) == len(simulator.calls()) - seen
    creations = [call for call in notes.calls if call.operation == "CreateLogGroup"]
    assert [(call.service, call.outcome, call.attempts) for call in creations] == [("logs", "done", 1)] * 2
    assert all(0 < call.seconds < 10 for call in notes.calls)


async def test_throttles_and_retries_are_counted(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_cloudwatch")
    simulator.plan({"operation": "DescribeLogGroups", "action": "throttle", "times": 1})
    notes = Notes()
    with observed_by(notes):
        await session("iasql_plan_apply")
    (throttled,) = (call for call in notes.calls if call.throttles)
    assert (throttled.outcome, throttled.attempts, throttled.throttles) == ("done", 2, 1)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"action": "throttle"}, "throttled"),
        ({"action": "error"}, "failed"),
        ({"action": "drop_before"}, "unreachable"),
    ],
)
async def test_a_call_that_fails_is_told_with_its_outcome(
    session: Session, simulator: Cloud, fault: dict[str, object], outcome: str
) -> None:
    await session("iasql_install", "aws_cloudwatch")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('one')")
    simulator.plan({"operation": "CreateLogGroup", "times": 0, **fault})
    notes = Notes()
    with observed_by(notes), pytest.raises(OperationError):
        await session("iasql_apply")
    assert {call.outcome for call in notes.calls if call.operation == "CreateLogGroup"} == {outcome}
    assert notes.steps == [StepEnd(action="create", table="log_group", outcome="failed")]


async def test_what_is_not_observed_is_told_to_nobody(session: Session) -> None:
    notes = Notes()
    with observed_by(notes):
        pass
    await session("iasql_install", "aws_cloudwatch")
    assert notes.calls == []
