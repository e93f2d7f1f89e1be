"""Log groups."""

from __future__ import annotations

from typing import Any

import pytest

from engine.aws.patience import Patience
from engine.caller import Stop
from engine.drivers.declared.lookup import Lookup
from engine.drivers.declared.worker import DeclaredWorker
from engine.drivers.job import Job
from engine.errors import OperationError
from engine.plan.model import Change, Desired, Row
from engine.plan.snapshot import Snapshot
from modules.aws_cloudwatch.log_group import LOG_GROUP
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


def groups(simulator: Cloud) -> dict[str, Any]:
    found = simulator.client("logs").describe_log_groups()["logGroups"]
    return {each["logGroupName"]: each for each in found}


async def test_a_log_group_is_imported_made_renamed_and_deleted(session: Session, simulator: Cloud) -> None:
    simulator.client("logs").create_log_group(logGroupName="there")
    await session("iasql_install", "aws_cloudwatch")
    there = groups(simulator)["there"]
    assert await session.rows(
        "SELECT log_group_arn, round(extract(epoch FROM creation_time) * 1000)::bigint FROM log_group"
    ) == [(there["arn"], there["creationTime"])]
    assert await session("iasql_plan_apply") == []

    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('app'), ('app/more')")
    assert sorted(await session.apply()) == [
        ("create", "log_group", None, "app"),
        ("create", "log_group", None, "app/more"),
    ]
    made = groups(simulator)
    assert dict(await session.rows("SELECT log_group_name, log_group_arn FROM log_group")) == {
        name: each["arn"] for name, each in made.items()
    }

    await session.execute("UPDATE log_group SET log_group_name = 'other' WHERE log_group_name = 'app'")
    assert [row[0] for row in await session.apply()] == ["replace"]
    assert groups(simulator).keys() == {"there", "app/more", "other"}

    await session.execute("UPDATE log_group SET log_group_arn = NULL, creation_time = now()")
    assert await session.apply() == []
    await session.execute("DELETE FROM log_group WHERE log_group_name <> 'there'")
    assert {row[0] for row in await session.apply()} == {"delete"}
    assert groups(simulator).keys() == {"there"}


async def test_events_are_kept_for_as_long_as_a_row_says(session: Session, simulator: Cloud) -> None:
    simulator.client("logs").create_log_group(logGroupName="there")
    simulator.client("logs").put_retention_policy(logGroupName="there", retentionInDays=30)
    await session("iasql_install", "aws_cloudwatch")
    assert await session.rows("SELECT retention_in_days, kms_key_id FROM log_group") == [(30, None)]
    await session.execute(
        "INSERT INTO log_group (log_group_name, retention_in_days) VALUES ('app', 7), ('x', NULL)"
    )
    await session.apply()
    assert {name: each.get("retentionInDays") for name, each in groups(simulator).items()} == {
        "there": 30, "app": 7, "x": None,
    }  # fmt: skip
    await session.execute("UPDATE log_group SET retention_in_days = 14 WHERE log_group_name = 'x'")
    await session.execute("UPDATE log_group SET retention_in_days = NULL WHERE log_group_name <> 'x'")
    assert {row[0] for row in await session.apply()} == {"update"}
    assert {name: each.get("retentionInDays") for name, each in groups(simulator).items()} == {
        "there": None, "app": None, "x": 14,
    }  # fmt: skip
    await session.execute("UPDATE log_group SET log_group_name = 'y' WHERE log_group_name = 'x'")
    assert [row[0] for row in await session.apply()] == ["replace"]
    assert groups(simulator)["y"]["retentionInDays"] == 14


async def test_a_group_that_aws_does_not_show_yet_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is for a prefix, so that another group may be shown before the one that was made."""
    pages: list[list[dict[str, Any]]] = [
        [],
        [{"logGroupName": "app/more", "arn": "other"}],
        [{"logGroupName": "app", "arn": "right"}, {"logGroupName": "app/more", "arn": "other"}],
    ]

    async def answer(cloud: Any, service: str, operation: str, *a: Any, **b: Any) -> dict[str, Any]:
        return {} if operation == "create_log_group" else {"logGroups": pages.pop(0)}

    monkeypatch.setattr("engine.aws.calls.call", answer)
    values = {"log_group_name": "app", "log_group_arn": None, "creation_time": None}
    desired = Desired(Row(table="log_group", key=("app",), values=values), values, {})
    change = Change(action="create", table="log_group", id=None, name="app", desired=desired)
    cloud: Any = None
    worker = DeclaredWorker(cloud, {}, Patience(), Stop(), Lookup(cloud, Snapshot([LOG_GROUP], {})))
    job = Job(number=0, resource=LOG_GROUP, change=change, desired=desired, token="")
    assert [each.found.identity async for each in worker.create(job)] == ["right"]
    assert pages == []


async def test_a_renamed_group_keeps_its_settings_and_says_that_events_are_lost(
    session: Session, simulator: Cloud
) -> None:
    logs = simulator.client("logs")
    logs.create_log_group(logGroupName="old", kmsKeyId="arn:aws:kms:us-east-1:123456789012:key/k")
    logs.put_retention_policy(logGroupName="old", retentionInDays=7)
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName="old", filterName="f", filterPattern="ERROR", metricTransformations=[metric]
    )
    logs.create_log_stream(logGroupName="old", logStreamName="s")
    await session("iasql_install", "aws_cloudwatch")
    await session.execute("UPDATE log_group SET log_group_name = 'new'")
    [row] = [row for row in await session("iasql_diff") if row[8]]
    assert row[8] == "its log events (s)"
    assert any("would lose" in each for each in session.notices)
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert (refused.value.sqlstate, refused.value.table) == ("0A000", "log_group")
    assert "its log events" in (refused.value.detail or "")
    await session.execute("SET iasql.allow_loss = on")
    await session.apply()
    [new] = logs.describe_log_groups()["logGroups"]
    assert (new["logGroupName"], new["retentionInDays"]) == ("new", 7)
    assert new["kmsKeyId"] == "arn:aws:kms:us-east-1:123456789012:key/k"
    [kept] = logs.describe_metric_filters(logGroupName="new")["metricFilters"]
    assert (kept["filterName"], kept["filterPattern"]) == ("f", "ERROR")
