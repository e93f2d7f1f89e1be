"""Accounts that the server gets into by a role: trust, external id, sessions."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.request import urlopen

import psycopg
import pytest

from tests.accounts.conftest import ONE, OWN, Commands, Result, at, client, groups, make_group
from tests.fixtures.cloud import REGION, Cloud

ARN = f"arn:aws:iam::{ONE}:role/iasql"


def trust(principal: str, condition: dict[str, Any] | None = None, *actions: str) -> str:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": ["sts:AssumeRole", *actions]}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_role(cloud: Cloud, policy: str, account: str = ONE) -> None:
    """Make the role in an account."""
    client(cloud, "iam", account).create_role(RoleName="iasql", AssumeRolePolicyDocument=policy)


def set_trust(cloud: Cloud, policy: str) -> None:
    """Give the role another trust policy."""
    client(cloud, "iam", ONE).update_assume_role_policy(RoleName="iasql", PolicyDocument=policy)


def connect(commands: Commands, *arguments: str, arn: str = ARN) -> Result:
    """Connect by a role."""
    return commands.run("connect", "one", "--region", REGION, "--role-arn", arn, *arguments)


def printed_trust(result: Result) -> str:
    """The trust policy that a refusal says."""
    found = re.search(r'\{"Version".*\}', result.err)
    assert found is not None, result.err
    return found[0]


def connected(commands: Commands, cloud: Cloud, *arguments: str) -> Result:
    """Make a role, and connect as the command says."""
    make_role(cloud, trust("arn:aws:iam::999999999999:root"))
    first = connect(commands, *arguments)
    assert first.status == 1
    set_trust(cloud, printed_trust(first))
    return connect(commands, *arguments)


def sessions(cloud: Cloud) -> list[dict[str, str]]:
    """The sessions of roles that were given out, in order."""
    with urlopen(f"{cloud.endpoint}/simulator/sessions", timeout=10) as reply:
        found: list[dict[str, str]] = json.load(reply)
    return found


def test_the_trust_policy_that_is_printed_is_the_one_that_is_needed(
    commands: Commands, simulator: Cloud
) -> None:
    made = connected(commands, simulator)
    assert f"AWS account {ONE} (aws), as arn:aws:sts::{ONE}:assumed-role/iasql/iasql" in made.err
    assert "ec2:DescribeVpcs" in made.err
    assert "To change aws_vpc: " in made.err
    make_group(at(commands.up(), made.url), "/by-a-role")
    assert groups(simulator, ONE) == ["/by-a-role"]
    assert groups(simulator, OWN) == []


def test_the_role_of_the_connection_is_iasqls_own(commands: Commands, simulator: Cloud) -> None:
    made = connected(commands, simulator)
    with psycopg.connect(at(commands.up(), made.url), autocommit=True) as session:
        session.execute("SELECT * FROM iasql_install('aws_iam')")
        shown = session.execute("SELECT role_name, managed_by FROM role").fetchall()
    assert shown == [("iasql", "iasql")]


@pytest.mark.parametrize("condition", [None, {"Null": {"aws:PrincipalArn": "false"}}])
def test_a_role_without_external_id_is_refused(
    commands: Commands, simulator: Cloud, condition: dict[str, Any] | None
) -> None:
    make_role(simulator, trust(f"arn:aws:iam::{OWN}:root", condition))
    result = connect(commands)
    assert result.status == 1
    assert f"role {ARN} can be assumed without this connection's external id" in result.err
    assert commands.accounts() == []


def test_a_role_without_external_id_in_the_server_s_own_account_will_do(
    commands: Commands, simulator: Cloud
) -> None:
    make_role(simulator, trust(f"arn:aws:iam::{OWN}:root"), OWN)
    assert connect(commands, arn=ARN.replace(ONE, OWN)).status == 0


def test_another_connection_has_another_external_id(commands: Commands, simulator: Cloud) -> None:
    first = connect(commands)
    other = commands.run("connect", "other", "--region", REGION, "--role-arn", ARN)
    assert printed_trust(first) != printed_trust(other)


def test_plans_read_in_a_session_that_can_do_no_more(commands: Commands, simulator: Cloud) -> None:
    made = connected(commands, simulator)
    iasql = commands.up()
    before = len(sessions(simulator))
    with psycopg.connect(at(iasql, made.url), autocommit=True) as session:
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        session.execute("INSERT INTO log_group (log_group_name) VALUES ('/planned')")
        session.execute("SELECT * FROM iasql_plan_apply()")
        reading = sessions(simulator)[before:]
        assert reading
        for each in reading:
            allowed = json.loads(each["policy"])["Statement"][0]["Action"]
            assert not any(re.search(r":(Create|Delete|Put|Update|Set|Attach)", action) for action in allowed)
        session.execute("SELECT * FROM iasql_apply()")
    (changing,) = sessions(simulator)[before + len(reading) :]
    assert changing["policy"] == ""


def test_sessions_are_called_after_the_postgres_role(commands: Commands, simulator: Cloud) -> None:
    made = connected(commands, simulator, "--source-identity")
    before = len(sessions(simulator))
    make_group(at(commands.up(), made.url), "/by-a-role")
    user = made.url.partition("//")[2].partition(":")[0]
    asked = sessions(simulator)[before:]
    assert [each["name"] for each in asked] == ["iasql", user, user]
    assert [each["source_identity"] for each in asked] == ["iasql", user, user]


def test_a_role_whose_trust_was_withdrawn_is_an_error_of_aws(commands: Commands, simulator: Cloud) -> None:
    made = connected(commands, simulator)
    set_trust(simulator, trust("arn:aws:iam::999999999999:root"))
    with (
        psycopg.connect(at(commands.up(), made.url), autocommit=True) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="AWS answered AccessDenied"),
    ):
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")


def test_the_journal_has_the_account_the_region_and_who_it_was(commands: Commands, simulator: Cloud) -> None:
    made = connected(commands, simulator)
    url = at(commands.up(), made.url)
    make_group(url, "/by-a-role")
    user = made.url.partition("//")[2].partition(":")[0]
    with psycopg.connect(url) as session:
        entries = session.execute(
            "SELECT DISTINCT account, regions, arn, username FROM iasql.iasql_operation"
        ).fetchall()
    [entry] = entries  # of the install and the apply alike
    assert entry == (ONE, [REGION], f"arn:aws:sts::{ONE}:assumed-role/iasql/{user}", user)
