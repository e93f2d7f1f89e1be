"""Schedules and their groups."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_TARGET = {
    "Arn": "arn:aws:sqs:us-east-1:123456789012:orders",
    "RoleArn": "arn:aws:iam::123456789012:role/schedules",
    "Input": '{"run": 1}',
    "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600},
}
_EVERY = (
    "INSERT INTO schedule_group (name, tags) VALUES ('jobs', '{\"team\": \"x\"}'); "
    "INSERT INTO schedule (name, group_name, schedule_expression, schedule_expression_timezone, description, "
    "state, flexible_time_window, target, start_date, end_date, action_after_completion, kms_key_arn) VALUES "
    "('nightly', 'jobs', 'cron(0 3 * * ? *)', 'Europe/Berlin', 'Every night', 'DISABLED', "
    """'{"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}', """
    f"'{json.dumps(_TARGET)}', '2031-01-01T00:00:00Z', '2032-01-01T01:00:00+01:00', 'NONE', "
    "'arn:aws:kms:us-east-1:123456789012:key/k')"
)
_PLAIN = (
    "INSERT INTO schedule (name, schedule_expression, target) "
    f"VALUES ('often', 'rate(5 minutes)', '{json.dumps(_TARGET)}')"
)


@pytest.fixture
def scheduler(simulator: Cloud) -> Any:
    return simulator.client("scheduler")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_events")


def settings(scheduler: Any, name: str, group: str) -> dict[str, Any]:
    """What somebody has set of a schedule."""
    told = scheduler.get_schedule(Name=name, GroupName=group)
    return {
        key: each
        for key, each in told.items()
        if key not in ("ResponseMetadata", "CreationDate", "LastModificationDate")
    }


def names(scheduler: Any) -> set[tuple[str, str]]:
    return {(each["GroupName"], each["Name"]) for each in scheduler.list_schedules()["Schedules"]}


async def test_schedules_are_imported(session: Session, scheduler: Any) -> None:
    scheduler.create_schedule_group(Name="jobs", Tags=[{"Key": "team", "Value": "x"}])
    for group in ("default", "jobs"):
        scheduler.create_schedule(
            Name="there",
            GroupName=group,
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=_TARGET,
        )
    await session("iasql_install", "aws_events")
    assert await session.rows("SELECT name, tags::text FROM schedule_group ORDER BY 1") == [
        ("default", "{}"),
        ("jobs", '{"team": "x"}'),
    ]
    rows = await session.rows(
        "SELECT group_name, name, arn, schedule_expression, schedule_expression_timezone, state::text, "
        "flexible_time_window::text, target::text FROM schedule ORDER BY 1"
    )
    for row, group in zip(rows, ("default", "jobs"), strict=True):
        arn = settings(scheduler, "there", group)["Arn"]
        assert row[:4] == (group, "there", arn, "rate(1 hour)")
        assert row[4:7] == ("UTC", "ENABLED", '{"Mode": "OFF"}')
    assert json.loads(rows[0][7]) == _TARGET
    assert await session("iasql_plan_apply") == []


async def test_every_attribute_of_a_schedule_is_sent(installed: Session, scheduler: Any) -> None:
    await installed.execute(_EVERY)
    assert [row[1] for row in await installed.apply()] == ["schedule_group", "schedule"]
    made = settings(scheduler, "nightly", "jobs")
    assert made == {
        "Arn": await installed.value("SELECT arn FROM schedule"),
        "Name": "nightly",
        "GroupName": "jobs",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "Description": "Every night",
        "State": "DISABLED",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
        "Target": _TARGET,
        "StartDate": made["StartDate"],
        "EndDate": made["EndDate"],
        "ActionAfterCompletion": "NONE",
        "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
    }
    moments = [made[name].astimezone(datetime.UTC).isoformat() for name in ("StartDate", "EndDate")]
    assert moments == ["2031-01-01T00:00:00+00:00", "2032-01-01T00:00:00+00:00"]
    group = scheduler.get_schedule_group(Name="jobs")["Arn"]
    assert scheduler.list_tags_for_resource(ResourceArn=group)["Tags"] == [{"Key": "team", "Value": "x"}]


async def test_a_schedule_without_a_group_is_in_the_default_one(installed: Session, scheduler: Any) -> None:
    await installed.execute(_PLAIN)
    await installed.apply()
    assert names(scheduler) == {("default", "often")}


async def test_a_change_of_one_attribute_keeps_the_others(installed: Session, scheduler: Any) -> None:
    """AWS sets back what it is not given."""
    await installed.execute(_EVERY)
    await installed.apply()
    before = settings(scheduler, "nightly", "jobs")
    await installed.execute("UPDATE schedule SET state = 'ENABLED'")
    assert [row[:2] for row in await installed.apply()] == [("update", "schedule")]
    assert settings(scheduler, "nightly", "jobs") == before | {"State": "ENABLED"}


async def test_all_that_can_change_of_a_schedule_changes_at_once(installed: Session, scheduler: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    other = {**_TARGET, "Input": "{}"}
    await installed.execute(
        "UPDATE schedule SET schedule_expression = 'rate(1 day)', schedule_expression_timezone = 'UTC', "
        "description = NULL, state = 'ENABLED', flexible_time_window = '{\"Mode\": \"OFF\"}', "
        f"target = '{json.dumps(other)}', start_date = NULL, end_date = NULL, kms_key_arn = NULL"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "schedule")]
    after = settings(scheduler, "nightly", "jobs")
    assert (after["ScheduleExpression"], after["ScheduleExpressionTimezone"]) == ("rate(1 day)", "UTC")
    assert (after["Target"], after["FlexibleTimeWindow"]) == (other, {"Mode": "OFF"})
    assert not {"Description", "StartDate", "EndDate", "KmsKeyArn"} & after.keys()


async def test_another_group_is_another_schedule(installed: Session, scheduler: Any) -> None:
    await installed.execute(_EVERY)
    await installed.apply()
    before = settings(scheduler, "nightly", "jobs")
    await installed.execute("UPDATE schedule SET group_name = 'default'")
    assert [row[0] for row in await installed.apply()] == ["replace"]
    assert names(scheduler) == {("default", "nightly")}
    after = settings(scheduler, "nightly", "default")
    own = {"Arn", "GroupName"}
    assert {key: each for key, each in after.items() if key not in own} == {
        key: each for key, each in before.items() if key not in own
    }


async def test_schedules_are_deleted_and_the_default_group_is_not(installed: Session, scheduler: Any) -> None:
    await installed.execute(f"{_EVERY}; {_PLAIN}")
    await installed.apply()
    await installed.execute(
        "DELETE FROM schedule WHERE name = 'nightly'; DELETE FROM schedule_group WHERE name = 'jobs'"
    )
    assert sorted(row[:2] for row in await installed.apply()) == [
        ("delete", "schedule"),
        ("delete", "schedule_group"),
    ]
    assert names(scheduler) == {("default", "often")}
    await installed.execute("DELETE FROM schedule; DELETE FROM schedule_group")
    await installed("iasql_apply")
    assert await installed.rows("SELECT name FROM schedule_group") == [("default",)]


async def test_a_role_that_aws_does_not_see_yet_is_waited_for(
    installed: Session, scheduler: Any, simulator: Cloud
) -> None:
    simulator.plan(
        {
            "service": "scheduler",
            "operation": "POST /schedules/often",
            "action": "error",
            "code": "ValidationException",
            "message": "The execution role you provide must allow AWS EventBridge Scheduler to assume it.",
            "status": 400,
        }
    )
    await installed.execute(_PLAIN)
    await installed.apply()
    assert simulator.called("POST /schedules/often") == 2


async def test_a_target_that_aws_does_not_know_is_refused(installed: Session, scheduler: Any) -> None:
    await installed.execute(_PLAIN.replace('"RoleArn"', '"Role"'))
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.table == "schedule"
    assert names(scheduler) == set()
