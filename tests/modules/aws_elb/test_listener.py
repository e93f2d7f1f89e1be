"""Listeners."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from engine.plan.requests import Facts, request
from modules.aws_elb import actions
from modules.aws_elb.listener import LISTENER
from modules.spec import Update
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_acm.scene import imported
from tests.modules.aws_elb.scene import balancer, listener, target_group


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


#: The records that validate the certificates of this session, as rows of their zone.
_RECORDS = (
    "INSERT INTO resource_record_set (parent_hosted_zone_id, name, record_type, record, ttl) "
    "SELECT z.id, r.name, r.type, ARRAY[r.value], 300 FROM hosted_zone z, certificate c, "
    "jsonb_to_recordset(c.validation_records) AS r (name text, type text, value text)"
)
_SECURE = (
    "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name, certificate_id) "
    "SELECT 'lb', 443, 'HTTPS', 'tg2', id FROM certificate ORDER BY id DESC LIMIT 1"
)


async def apply(session: Session) -> list[tuple[Any, ...]]:
    """Apply; nothing is left to do after. Whether a certificate is used is shown by the next sync."""
    applied = await session("iasql_apply")
    assert await session("iasql_plan_apply") == []
    await session("iasql_sync")
    return applied


def listeners(elb: Any) -> dict[int, dict[str, Any]]:
    told = elb.describe_listeners(LoadBalancerArn=balancer(elb)["LoadBalancerArn"])["Listeners"]
    return {each["Port"]: each for each in told}


def default_certificate(elb: Any, port: int = 443) -> str:
    [only] = listeners(elb)[port]["Certificates"]
    return str(only["CertificateArn"])


async def test_a_listener_waits_for_the_certificate_that_the_same_apply_validates(
    applied: Session, elb: Any
) -> None:
    await applied("iasql_install", "aws_route53")
    await applied.execute(
        "INSERT INTO hosted_zone (domain_name) VALUES ('example.org'); INSERT INTO certificate "
        "(domain_name, subject_alternative_names) VALUES ('example.org', '{*.example.org}')"
    )
    await apply(applied)
    await applied.execute(_RECORDS + ";" + _SECURE)
    assert {row[:2] for row in await apply(applied)} == {
        ("create", "resource_record_set"),
        ("create", "listener"),
    }
    made = listeners(elb)[443]
    assert made["Protocol"] == "HTTPS"
    arn = await applied.value("SELECT arn FROM certificate")
    assert default_certificate(elb) == arn
    policy = await applied.value("SELECT ssl_policy FROM listener WHERE port = 443")
    assert policy == made["SslPolicy"]
    assert await applied.rows("SELECT status, in_use FROM certificate") == [("ISSUED", True)]


async def test_a_certificate_that_nobody_validates_is_named_and_nothing_is_made(
    applied: Session, elb: Any
) -> None:
    await applied.execute("INSERT INTO certificate (domain_name) VALUES ('example.org')")
    await applied.execute(_SECURE)
    with pytest.raises(OperationError, match="has not been validated yet") as refused:
        await applied("iasql_apply")
    assert refused.value.sqlstate == "55000"
    assert "validation_records" in str(refused.value.hint)
    assert set(listeners(elb)) == {80}


async def test_certificate_and_policy_change_in_place(applied: Session, elb: Any, simulator: Cloud) -> None:
    first, second, other = (imported(simulator.client("acm")) for _ in range(3))
    await applied("iasql_sync")
    await applied.execute(
        "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name, certificate_id, "
        "ssl_policy) SELECT 'lb', 443, 'HTTPS', 'tg2', id, 'ELBSecurityPolicy-TLS13-1-2-2021-06' "
        f"FROM certificate WHERE arn = '{first}'"
    )
    await apply(applied)
    old = listeners(elb)[443]
    assert (default_certificate(elb), old["SslPolicy"]) == (first, "ELBSecurityPolicy-TLS13-1-2-2021-06")
    elb.add_listener_certificates(ListenerArn=old["ListenerArn"], Certificates=[{"CertificateArn": other}])
    await applied.execute(
        "UPDATE listener SET ssl_policy = 'ELBSecurityPolicy-2016-08', certificate_id = c.id "
        f"FROM certificate AS c WHERE arn = '{second}' AND port = 443"
    )
    assert [row[:2] for row in await apply(applied)] == [("update", "listener")]
    new = listeners(elb)[443]
    assert (new["ListenerArn"], default_certificate(elb)) == (old["ListenerArn"], second)
    assert new["SslPolicy"] == "ELBSecurityPolicy-2016-08"
    told = elb.describe_listener_certificates(ListenerArn=new["ListenerArn"])["Certificates"]
    assert [each["CertificateArn"] for each in told] == [second, other]
    await applied.execute("UPDATE listener SET ssl_policy = NULL, certificate_id = NULL WHERE port = 443")
    assert await apply(applied) == []  # NULL leaves both as they are
    assert default_certificate(elb) == second


async def test_a_listener_begins_to_encrypt_and_ends(applied: Session, elb: Any, simulator: Cloud) -> None:
    arn = imported(simulator.client("acm"))
    await applied("iasql_sync")
    await applied.execute(
        "UPDATE listener SET port = 443, protocol = 'HTTPS', certificate_id = (SELECT id FROM certificate)"
    )
    assert [row[:2] for row in await apply(applied)] == [("update", "listener")]
    assert default_certificate(elb) == arn
    assert await applied.value("SELECT ssl_policy FROM listener") is not None
    await applied.execute(
        "UPDATE listener SET port = 80, protocol = 'HTTP', certificate_id = NULL, ssl_policy = NULL"
    )
    assert [row[:2] for row in await apply(applied)] == [("update", "listener")]
    assert "Certificates" not in listener(elb) or listener(elb)["Certificates"] == []
    with pytest.raises(Exception, match="listener_that_has_a_certificate_encrypts"):
        await applied.execute("UPDATE listener SET certificate_id = (SELECT id FROM certificate)")


async def test_a_replaced_certificate_is_the_listeners_before_the_old_one_goes(
    applied: Session, elb: Any
) -> None:
    await applied("iasql_install", "aws_route53")
    await applied.execute(
        "INSERT INTO hosted_zone (domain_name) VALUES ('example.org');"
        "INSERT INTO certificate (domain_name) VALUES ('example.org')"
    )
    await apply(applied)
    await applied.execute(_RECORDS + ";" + _SECURE)
    await apply(applied)
    old = default_certificate(elb)
    await applied.execute("UPDATE certificate SET key_algorithm = 'EC_prime256v1'")
    await applied.execute("SET iasql.allow_loss = on")
    assert {row[:2] for row in await apply(applied)} == {
        ("replace", "certificate"),
        ("update", "listener"),
    }
    assert default_certificate(elb) == await applied.value("SELECT arn FROM certificate") != old
    await applied.execute("DELETE FROM listener WHERE port = 443; DELETE FROM certificate")
    assert {row[:2] for row in await apply(applied)} == {("delete", "listener"), ("delete", "certificate")}


async def test_plain_requests_are_redirected_to_what_encrypts(applied: Session, elb: Any) -> None:
    await applied.execute("UPDATE listener SET action_type = 'redirect', target_group_name = NULL")
    assert [row[:2] for row in await apply(applied)] == [("update", "listener")]
    [action] = listener(elb)["DefaultActions"]
    assert action["Type"] == "redirect"
    assert {name: action["RedirectConfig"][name] for name in ("Protocol", "Port", "StatusCode")} == {
        "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301",
    }  # fmt: skip
    await applied.execute(
        """UPDATE listener SET redirect_config = redirect_config || '{"Path": "/x", "Host": "#{host}"}'"""
    )
    assert [row[:2] for row in await apply(applied)] == [("update", "listener")]
    [action] = listener(elb)["DefaultActions"]
    assert (action["RedirectConfig"]["Path"], action["RedirectConfig"]["Port"]) == ("/x", "443")
    await applied.execute(
        "UPDATE listener SET action_type = 'fixed-response', redirect_config = NULL, "
        """fixed_response_config = '{"StatusCode": "404", "ContentType": "text/plain"}'"""
    )
    await apply(applied)
    [action] = listener(elb)["DefaultActions"]
    assert (action["Type"], action["FixedResponseConfig"]["StatusCode"]) == ("fixed-response", "404")
    assert "RedirectConfig" not in action
    await applied.execute(
        "UPDATE listener SET action_type = 'forward', fixed_response_config = NULL, target_group_name = 'tg'"
    )
    await apply(applied)
    [action] = listener(elb)["DefaultActions"]
    assert (action["Type"], action["TargetGroupArn"]) == ("forward", target_group(elb)["TargetGroupArn"])


async def test_a_new_listener_redirects(applied: Session, elb: Any) -> None:
    await applied.execute(
        "INSERT INTO listener (load_balancer_name, port, protocol, action_type) "
        "VALUES ('lb', 81, 'HTTP', 'redirect')"
    )
    await apply(applied)
    assert listeners(elb)[81]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    assert await applied.value("SELECT redirect_config ->> 'Port' FROM listener WHERE port = 81") == "443"


def test_what_a_redirection_keeps_of_a_request_need_not_be_said() -> None:
    told = {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
    assert actions.redirection(told) == {"Protocol": "HTTPS", "Port": "443"}
