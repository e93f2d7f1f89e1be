"""Rules of event buses."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from engine.errors import OperationError
from modules.aws_events.rules import bus, bus_name, name, service
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_events.scene import PATTERN, PLAIN, THERE, actions, queue, rule, rules, targets

_EVERY = (
    "INSERT INTO event_rule (name, event_bus_name, event_pattern, state, description, role_arn, tags) VALUES "
    f"('runs', 'orders', '{json.dumps(PATTERN)}', 'DISABLED', 'What runs', '{THERE}', '{{\"team\": \"x\"}}');"
)


@pytest.fixture
def orders(events: Any) -> None:
    """An event bus of one's own."""
    events.create_event_bus(Name="orders")


async def test_rules_of_all_buses_are_imported(session: Session, events: Any, orders: None) -> None:
    events.put_rule(Name="a", ScheduleExpression="rate(1 hour)")
    events.put_rule(
        Name="a",
        EventBusName="orders",
        EventPattern=json.dumps(PATTERN, indent=1),
        Description="d",
        Tags=[{"Key": "team", "Value": "x"}],
    )
    before = [rule(events, "a"), rule(events, "a", "orders")]
    await session("iasql_install", "aws_events")
    rows = await session.rows(
        "SELECT event_bus_name, name, arn, schedule_expression, event_pattern::text, state::text, "
        "description, tags::text, managed_by FROM event_rule ORDER BY 1"
    )
    assert rows == [
        ("default", "a", before[0]["Arn"], "rate(1 hour)", None, "ENABLED", None, "{}", None),
        ("orders", "a", before[1]["Arn"], None, rows[1][4], "ENABLED", "d", '{"team": "x"}', None),
    ]
    assert json.loads(rows[1][4]) == PATTERN
    assert await session.apply() == []
    assert [rule(events, "a"), rule(events, "a", "orders")] == before


async def test_more_rules_than_a_page_has_are_imported(session: Session, events: Any) -> None:
    for number in range(103):
        events.put_rule(Name=f"r{number}", ScheduleExpression="rate(1 day)")
    await session("iasql_install", "aws_events")
    assert await session.value("SELECT count(*) FROM event_rule") == 103


async def test_every_attribute_of_a_rule_is_sent(installed: Session, events: Any, orders: None) -> None:
    await installed.execute(_EVERY)
    assert await actions(installed) == [("create", "event_rule")]
    made = rule(events, "runs", "orders")
    assert json.loads(made.pop("EventPattern")) == PATTERN
    assert made == {
        "Name": "runs",
        "Arn": await installed.value("SELECT arn FROM event_rule"),
        "EventBusName": "orders",
        "State": "DISABLED",
        "Description": "What runs",
        "RoleArn": THERE,
        "CreatedBy": "123456789012",
    }
    assert events.list_tags_for_resource(ResourceARN=made["Arn"])["Tags"] == [{"Key": "team", "Value": "x"}]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("state = 'ENABLED'", {"State": "ENABLED"}),
        ("description = 'other'", {"Description": "other"}),
        ("description = NULL", {"Description": None}),
        ("role_arn = NULL", {"RoleArn": None}),
        ('event_pattern = \'{"source": ["mine"]}\'', {"EventPattern": '{"source":["mine"]}'}),
    ],
)
async def test_a_change_of_one_attribute_keeps_the_others(
    installed: Session, events: Any, orders: None, change: str, expected: dict[str, Any]
) -> None:
    """AWS sets back what it is not given."""
    await installed.execute(_EVERY)
    await installed.apply()
    before = rule(events, "runs", "orders")
    await installed.execute(f"UPDATE event_rule SET {change}")
    assert await actions(installed) == [("update", "event_rule")]
    wanted = {key: each for key, each in {**before, **expected}.items() if each is not None}
    assert rule(events, "runs", "orders") == wanted


async def test_a_schedule_becomes_a_pattern(installed: Session, events: Any) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    await installed.execute(
        f"UPDATE event_rule SET schedule_expression = NULL, event_pattern = '{json.dumps(PATTERN)}'"
    )
    assert await actions(installed) == [("update", "event_rule")]
    found = rule(events, "often")
    assert "ScheduleExpression" not in found
    assert json.loads(found["EventPattern"]) == PATTERN


async def test_a_pattern_that_says_the_same_is_no_change(installed: Session, events: Any) -> None:
    await installed.execute(_EVERY.replace("'orders'", "'default'"))
    await installed.apply()
    events.put_rule(
        Name="runs",
        EventPattern=json.dumps(PATTERN, indent=2, sort_keys=True),
        State="DISABLED",
        Description="What runs",
        RoleArn=THERE,
    )
    assert await installed("iasql_plan_sync") == []


async def test_tags_are_changed_without_the_rule(installed: Session, events: Any, simulator: Cloud) -> None:
    await installed.execute(PLAIN)
    await installed.apply()
    puts = simulator.called("PutRule")
    await installed.execute('UPDATE event_rule SET tags = \'{"a": "b"}\'')
    assert await actions(installed) == [("update", "event_rule")]
    arn = rule(events, "often")["Arn"]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    await installed.execute("UPDATE event_rule SET tags = '{}'")
    await installed.apply()
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == []
    assert simulator.called("PutRule") == puts


async def test_another_name_is_another_rule_with_its_targets(installed: Session, events: Any) -> None:
    await installed.execute(
        PLAIN + f"INSERT INTO event_target (event_rule_id, target_id, arn) SELECT id, 'q', '{queue('q')}' "
        "FROM event_rule"
    )
    await installed.apply()
    await installed.execute("UPDATE event_rule SET name = 'seldom', tags = '{\"a\": \"b\"}'")
    assert ("replace", "event_rule") in await actions(installed)
    assert rules(events) == {"seldom"}
    assert targets(events, "seldom") == {"q": {"Id": "q", "Arn": queue("q")}}


async def test_a_rule_goes_after_its_targets(installed: Session, events: Any) -> None:
    await installed.execute(
        PLAIN + f"INSERT INTO event_target (event_rule_id, target_id, arn) SELECT id, 'q', '{queue('q')}' "
        "FROM event_rule"
    )
    await installed.apply()
    await installed.execute("DELETE FROM event_rule")
    assert sorted(await actions(installed)) == [("delete", "event_rule"), ("delete", "event_target")]
    assert rules(events) == set()


async def test_a_rule_that_somebody_has_made_meanwhile_is_not_written_over(
    installed: Session, events: Any, simulator: Cloud
) -> None:
    """PutRule changes what is there."""
    events.put_rule(Name="often", ScheduleExpression="rate(9 minutes)")
    await installed.execute(PLAIN)
    with pytest.raises(OperationError):
        await installed("iasql_apply")
    assert rule(events, "often")["ScheduleExpression"] == "rate(9 minutes)"


async def test_rules_of_a_service_of_aws_are_its_own(session: Session, events: Any) -> None:
    events.put_rule(Name="AutoScalingManagedRule", EventPattern=json.dumps(PATTERN))
    await session("iasql_install", "aws_events")
    owner = "AWS service autoscaling.amazonaws.com"
    assert await session.value("SELECT managed_by FROM event_rule") == owner
    await session.execute("UPDATE event_rule SET state = 'DISABLED'")
    with pytest.raises(OperationError, match="AutoScalingManagedRule") as refused:
        await session("iasql_apply")
    assert refused.value.sqlstate == "42501"
    assert rule(events, "AutoScalingManagedRule")["State"] == "ENABLED"


async def test_what_aws_refuses_makes_no_rule(installed: Session, events: Any, orders: None) -> None:
    for statement, what in (
        (PLAIN.replace("rate(5 minutes)", "often"), "ScheduleExpression is not valid"),
        (_EVERY.replace(json.dumps(PATTERN), '{"source": "aws.ec2"}'), "Event pattern is not valid"),
        (_EVERY.replace("role/there", "role/nobody"), "cannot be assumed"),
        (_EVERY.replace("'orders'", "'none'"), "does not exist"),
    ):
        await installed.execute(statement)
        with pytest.raises(OperationError) as refused:
            await installed("iasql_apply")
        assert what in str(refused.value.detail)
        assert refused.value.table == "event_rule"
        await installed.execute("DELETE FROM event_rule")
    assert rules(events) | rules(events, "orders") == set()


async def test_a_rule_has_a_reason_that_its_bus_can_have(installed: Session) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="has_a_reason"):
        await installed.execute("INSERT INTO event_rule (name) VALUES ('r')")
    with pytest.raises(asyncpg.CheckViolationError, match="of_the_default_bus"):
        await installed.execute(
            "INSERT INTO event_rule (name, event_bus_name, schedule_expression) "
            "VALUES ('r', 'orders', 'rate(1 day)')"
        )


async def test_rules_of_another_region_are_in_another_schema(
    installed: Session, events: Any, simulator: Cloud
) -> None:
    await installed("iasql_add_region", "eu-west-1")
    await installed.execute("SET search_path = eu_west_1, public")
    await installed("iasql_install", "aws_events")
    await installed.execute("SET search_path = public")
    await installed.execute(PLAIN.replace("INTO ", "INTO eu_west_1."))
    assert {row[0] for row in await installed.apply()} == {"create"}
    assert rules(events) == set()
    assert rules(simulator.at("eu-west-1").client("events")) == {"often"}


def test_a_rule_is_known_by_its_arn() -> None:
    arn = "arn:aws:events:us-east-1:123456789012:rule/"
    assert (bus(f"{arn}r"), name(f"{arn}r")) == ("default", "r")
    assert (bus(f"{arn}orders/r"), name(f"{arn}orders/r")) == ("orders", "r")
    partner = f"{arn}aws.partner/shop.com/1/r"
    assert (bus(partner), name(partner)) == ("aws.partner/shop.com/1", "r")


def test_a_bus_is_its_name_or_its_arn() -> None:
    assert bus_name("arn:aws:events:us-east-1:123456789012:event-bus/orders") == "orders"
    assert (bus_name("orders"), bus_name(None)) == ("orders", None)


def test_a_rule_that_is_managed_says_by_whom() -> None:
    assert service({"ManagedBy": "states.amazonaws.com"}) == "AWS service states.amazonaws.com"
    assert service({}) is None
