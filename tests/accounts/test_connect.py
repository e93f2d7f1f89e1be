"""`iasql connect` and its companions, and servers that take up what they do."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.accounts.conftest import ONE, OTHER, OWN, Commands, at, groups, make_group, refused
from tests.fixtures.cloud import REGION, Cloud


def test_a_running_server_manages_each_account_from_its_own_database(
    commands: Commands, simulator: Cloud
) -> None:
    iasql = commands.up()
    one, other = commands.connect("one"), commands.connect("other", account=OTHER)
    make_group(at(iasql, one.url), "/of-one")
    make_group(at(iasql, other.url), "/of-another")
    assert groups(simulator, ONE) == ["/of-one"]
    assert groups(simulator, OTHER) == ["/of-another"]
    assert groups(simulator, OWN) == []


def test_what_is_printed_is_a_connection_string_and_nothing_else(commands: Commands) -> None:
    made = commands.connect("one")
    assert re.fullmatch(r"postgresql://[a-z][a-z0-9]{7}:\w{24}@127\.0\.0\.1:5432/_[0-9a-f]{16}", made.url)
    assert made.password not in made.err
    assert f"AWS account {ONE} (aws), as arn:aws:" in made.err
    (listed,) = commands.accounts()
    assert (listed["name"], listed["account"]) == ("one", ONE)


def test_the_default_database_manages_the_server_s_own_account(commands: Commands, simulator: Cloud) -> None:
    iasql = commands.up()
    make_group(at(iasql, commands.server.url), "/of-the-server")
    assert groups(simulator, OWN) == ["/of-the-server"]


def test_a_database_that_nobody_connected_is_refused_with_the_command_for_it(commands: Commands) -> None:
    commands.server.create()
    database = commands.server.create()
    iasql = commands.up()
    error = refused(iasql.serves(database).url)
    assert f'database "{database.name}" is not connected to an AWS account' in str(error)
    hint = error.diag.message_hint or ""
    assert f"iasql connect NAME --existing {database.name} --region REGION" in hint


def test_the_command_in_the_refusal_connects_it_at_once(commands: Commands, simulator: Cloud) -> None:
    database = commands.server.create()
    iasql = commands.up()
    refused(iasql.serves(database).url)
    made = commands.connect("there-already", "--existing", database.name)
    assert f"{database.role}@" in made.url
    make_group(iasql.serves(database).url, "/of-one")
    assert groups(simulator, ONE) == ["/of-one"]


def test_a_disconnected_database_is_refused_at_once_and_stays(commands: Commands, simulator: Cloud) -> None:
    iasql = commands.up()
    made = commands.connect("one")
    make_group(at(iasql, made.url), "/of-one")
    assert commands.run("disconnect", "one").status == 0
    refused(at(iasql, made.url))
    with psycopg.connect(at(iasql, made.url)) as session:
        assert session.execute("SELECT log_group_name FROM log_group").fetchall() == [("/of-one",)]
    assert groups(simulator, ONE) == ["/of-one"]


def test_disconnecting_with_the_database_leaves_nothing(commands: Commands) -> None:
    before = everything(commands)
    commands.connect("one")
    assert commands.run("disconnect", "one", "--drop-database").status == 0
    assert everything(commands) == before
    assert commands.accounts() == []


def everything(commands: Commands) -> list[tuple[str, ...]]:
    """The databases and roles of the server, but for the registry's."""
    with psycopg.connect(commands.server.url) as admin:
        return admin.execute(
            "SELECT datname::text, datacl::text FROM pg_database WHERE datname <> 'iasql_accounts' "
            "UNION ALL SELECT rolname, '' FROM pg_roles ORDER BY 1"
        ).fetchall()


@pytest.mark.parametrize(
    ("arguments", "account", "said"),
    [
        (["one", "--shared"], OTHER, 'there is a connection "one" already'),
        (["two"], ONE, f"AWS account {ONE} is connected already"),
        (["two", "--existing", "nowhere"], OTHER, 'there is no database "nowhere"'),
        (["two", "--user", "postgres"], OTHER, 'role "postgres" already exists'),
        (
            ["two", "--user", "somebody", "--database", "postgres"],
            OTHER,
            'database "postgres" already exists',
        ),
        (["two", "--region", "cn-north-1"], OTHER, f"account {OTHER} has no region cn-north-1"),
        (["two", "--region", "nowhere-1"], OTHER, f"account {OTHER} has no region nowhere-1"),
        (["two/three"], OTHER, "cannot be the name of a connection"),
        (["two", "--database", "é" * 32], OTHER, "is longer than 63 bytes"),
        (["two", "--user", "a" * 64], OTHER, "is longer than 63 bytes"),
    ],
)
def test_a_connection_that_cannot_be_leaves_nothing_behind(
    commands: Commands, arguments: list[str], account: str, said: str
) -> None:
    commands.connect("one")
    before = everything(commands)
    result = commands.connect(*arguments, account=account)
    assert (result.status, result.out) == (1, "")
    assert said in result.err
    assert everything(commands) == before
    assert len(commands.accounts()) == 1


def test_credentials_that_aws_refuses_leave_nothing_behind(commands: Commands, simulator: Cloud) -> None:
    simulator.plan(
        {"action": "error", "operation": "GetCallerIdentity", "code": "InvalidClientTokenId", "status": 403}
    )
    before = everything(commands)
    result = commands.connect("one")
    assert result.status == 1
    assert "InvalidClientTokenId" in result.err
    assert everything(commands) == before


def test_two_databases_of_one_account_have_to_be_wanted(commands: Commands) -> None:
    commands.connect("one")
    assert commands.connect("two", "--shared").status == 0


def test_a_rotated_password_is_the_only_one(commands: Commands) -> None:
    made = commands.connect("one")
    rotated = commands.run("rotate", "one")
    iasql = commands.up()
    with psycopg.connect(at(iasql, rotated.url)) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(at(iasql, made.url))


def test_several_servers_agree(commands: Commands, simulator: Cloud) -> None:
    servers = [commands.up(), commands.up("--log-format", "json")]
    made = commands.connect("one")
    for number, iasql in enumerate(servers):
        with psycopg.connect(at(iasql, made.url), autocommit=True) as session:
            session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
            session.execute(f"INSERT INTO log_group (log_group_name) VALUES ('/by-{number}')")
            session.execute("SELECT * FROM iasql_apply()")
    assert groups(simulator, ONE) == ["/by-0", "/by-1"]
    commands.run("disconnect", "one")
    for iasql in servers:
        refused(at(iasql, made.url))


def test_each_call_of_aws_says_which_operation_of_which_database_made_it(
    commands: Commands, simulator: Cloud
) -> None:
    made = commands.connect("one", "--database", "my database")
    make_group(at(commands.up(), made.url), "/of-one")
    agents = {call["operation"]: call["agent"] for call in simulator.calls() if call["account"] == ONE}
    assert agents["CreateLogGroup"].endswith("md/operation#iasql_apply md/database#my-database")
    assert {call["region"] for call in simulator.calls()} == {"us-east-1"}


def test_the_account_of_the_default_database_is_not_connected_unseen(
    commands: Commands, simulator: Cloud
) -> None:
    """As by `iasql connect` without credentials beside a server that has been used."""
    make_group(at(commands.up("--log-format", "json"), commands.server.url), "/of-the-server")
    result = commands.run("connect", "own", "--region", REGION)
    assert result.status == 1
    assert f"AWS account {OWN} is connected already" in result.err
    assert '"postgres", with the server\'s own credentials' in result.err
    assert commands.run("connect", "own", "--region", REGION, "--shared").status == 0
    assert (
        commands.run("connect", "default", "--region", REGION, "--existing", "postgres", "--shared").status
        == 0
    )


def test_the_default_database_leaves_an_account_alone_that_another_one_manages(commands: Commands) -> None:
    commands.run("connect", "own", "--region", REGION)
    error = refused(at(commands.up(), commands.server.url))
    assert f"AWS account {OWN} is connected already" in str(error)


def test_an_account_in_china_is_of_another_partition(commands: Commands, simulator: Cloud) -> None:
    key = ["--access-key-id", f"simulated-{ONE}", "--secret-from", "-"]
    made = commands.run("connect", "china", "--region", "cn-north-1", *key, stdin="a secret")
    assert f"AWS account {ONE} (aws-cn), as arn:aws-cn:" in made.err
    make_group(at(commands.up(), made.url), "/in-china")
    assert groups(simulator, ONE, "cn-north-1") == ["/in-china"]
    assert groups(simulator, ONE) == []
    refused_region = commands.connect("mixed", "--region", "cn-north-1", account=OTHER)
    assert f"account {OTHER} has no region cn-north-1" in refused_region.err
