"""Listeners."""

from __future__ import annotations

from typing import Any

from engine.plan.requests import Facts, request
from modules.aws_elb import actions
from modules.aws_elb.listener import LISTENER
from modules.spec import Update
from tests.engine.direct import Session
from tests.modules.aws_elb.scene import listener, target_group


async def test_a_listener_changes_in_place(applied: Session, elb: Any) -> None:
    old = listener(elb)["ListenerArn"]
    await applied.execute("UPDATE listener SET port = 8080, target_group_name = 'tg2'")
    assert [row[:2] for row in await applied.apply()] == [("update", "listener")]
    changed = listener(elb)
    assert (changed["ListenerArn"], changed["Port"]) == (old, 8080)
    assert changed["DefaultActions"][0]["TargetGroupArn"] == target_group(elb, "tg2")["TargetGroupArn"]


def test_a_listeners_protocol_changes_in_place() -> None:
    """moto takes few protocols, so this looks at the request."""
    values = {
        "listener_arn": "arn:l", "port": 53, "protocol": "UDP", "action_type": "forward",
        "target_group_name": "arn:t",
    }  # fmt: skip
    update, *_ = LISTENER.update
    assert isinstance(update, Update)
    assert "protocol" in update.when
    assert request(update, Facts(values=values, parts={}, context={})) == {
        "ListenerArn": "arn:l",
        "Port": 53,
        "Protocol": "UDP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": "arn:t"}],
    }


async def test_two_listeners_swap_their_target_groups(applied: Session, elb: Any) -> None:
    await applied.execute(
        "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name) "
        "VALUES ('lb', 81, 'HTTP', 'tg2')"
    )
    await applied.apply()
    await applied.execute(
        "UPDATE listener SET target_group_name = CASE target_group_name WHEN 'tg' THEN 'tg2' ELSE 'tg' END"
    )
    assert [row[:2] for row in await applied.apply()] == [("update", "listener")] * 2


async def test_what_a_listener_does_stays_when_something_else_changes(applied: Session, elb: Any) -> None:
    first, second = (target_group(elb, name)["TargetGroupArn"] for name in ("tg", "tg2"))
    weighted = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": first, "Weight": 90},
                {"TargetGroupArn": second, "Weight": 10},
            ],
            "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 900},
        },
    }
    redirect = {
        "Type": "redirect",
        "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    }
    for action in (weighted, redirect):
        elb.modify_listener(ListenerArn=listener(elb)["ListenerArn"], DefaultActions=[action])
        await applied("iasql_sync")
        before = listener(elb)["DefaultActions"]
        await applied.execute("UPDATE listener SET port = port + 1")
        assert [row[:2] for row in await applied.apply()] == [("update", "listener")]
        assert listener(elb)["DefaultActions"] == before


def test_another_target_group_keeps_stickiness_and_the_actions_before() -> None:
    stickiness = {"Enabled": True, "DurationSeconds": 900}
    config = {
        "TargetGroups": [{"TargetGroupArn": "a", "Weight": 1}],
        "TargetGroupStickinessConfig": stickiness,
    }
    [moved] = actions.default(
        [{"Type": "forward", "TargetGroupArn": "a", "ForwardConfig": config}], "forward", "b"
    )
    assert moved["TargetGroupArn"] == "b"
    assert moved["ForwardConfig"] == {
        "TargetGroups": [{"TargetGroupArn": "b", "Weight": 1}],
        "TargetGroupStickinessConfig": stickiness,
    }
    login = {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {"ClientId": "c"}}
    forward = {"Type": "forward", "Order": 2, "TargetGroupArn": "a"}
    kept = actions.default([login, forward], "authenticate-oidc", None)
    assert kept == [
        {**login, "AuthenticateOidcConfig": {"ClientId": "c", "UseExistingClientSecret": True}},
        forward,
    ]


def test_an_update_of_a_listener_sends_what_has_changed() -> None:
    update, *_ = LISTENER.update
    values = {"listener_arn": "l", "port": 1, "protocol": "HTTP", "action_type": "redirect"}
    facts = Facts(values=values, parts={}, context={}, changed={"port"})
    assert request(update, facts) == {"ListenerArn": "l", "Port": 1}
