"""Credentials that end, and accounts that are closed while nobody uses them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from accounts.connect import Connecting, Wanted
from accounts.model import Connection, Standard
from accounts.registered import RegisteredAccounts, unlike
from accounts.registry import Found
from accounts.seal import SecretKeys, new_key
from accounts.sessions import GivenKey
from engine.aws.account import Account
from engine.aws.session import Cloud as EngineCloud
from engine.database.connection import Database
from engine.errors import OperationError
from modules.catalogue import find_modules
from tests.accounts.conftest import Commands, at, groups
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import PostgresServer

_APPLIES = "SELECT count(*) FROM iasql.iasql_operation WHERE function = 'iasql_apply'"


def test_credentials_that_end_before_the_plan_may_are_refused_before_the_first_call(
    commands: Commands, simulator: Cloud
) -> None:
    end = datetime.now(UTC) + timedelta(seconds=50)
    iasql = commands.up(env={"AWS_CREDENTIAL_EXPIRATION": end.isoformat()})
    with psycopg.connect(at(iasql, commands.server.url), autocommit=True) as session:
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        session.execute("INSERT INTO log_group (log_group_name) VALUES ('/late')")
        with pytest.raises(psycopg.errors.InvalidAuthorizationSpecification, match="end before the plan may"):
            session.execute("SELECT * FROM iasql_apply()")
        assert session.execute(_APPLIES).fetchone() == (0,)
    assert groups(simulator, "123456789012") == []


def test_credentials_that_end_midway_leave_what_a_later_apply_goes_on_from(
    commands: Commands, simulator: Cloud
) -> None:
    made = commands.connect("one")
    with psycopg.connect(at(commands.up(), made.url), autocommit=True) as session:
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        session.execute(
            "INSERT INTO log_group (log_group_name) SELECT '/number-' || n FROM generate_series(1, 9) AS n"
        )
        ended = {"action": "error", "code": "ExpiredTokenException", "status": 400, "nth": 4, "times": 0}
        simulator.plan({"operation": "CreateLogGroup", **ended})
        with pytest.raises(psycopg.Error, match="ExpiredToken"):
            session.execute("SELECT * FROM iasql_apply()")
        assert len(groups(simulator, made_account(commands))) == 3
        simulator.cancel_faults()
        session.execute("SELECT * FROM iasql_apply()")
        assert session.execute("SELECT * FROM iasql_plan_apply()").fetchall() == []
    assert len(groups(simulator, made_account(commands))) == 9


def made_account(commands: Commands) -> str:
    """The account of the only connection."""
    ((account),) = [each["account"] for each in commands.accounts()]
    return str(account)


@pytest.fixture
def simulated_aws(simulator: Cloud, monkeypatch: pytest.MonkeyPatch, quick_clients: None) -> None:
    """Lets this process's clients reach the simulator."""
    for name, value in simulator.environment.items():
        monkeypatch.setenv(name, value)


async def test_accounts_that_nobody_uses_are_closed_and_opened_again(
    server: PostgresServer, simulated_aws: None
) -> None:
    database, keys = Database(server.url), SecretKeys.read(new_key())
    connecting = Connecting(database, keys, find_modules())
    made = [
        await connecting.connect(
            Wanted(name=f"c{number}", regions=(REGION,), credentials=GivenKey(f"simulated-{number:012}", "x"))
        )
        for number in range(1, 7)
    ]
    await connecting.close()
    names = [each.connection.database for each in made]
    accounts = RegisteredAccounts(
        database,
        default=Account(lambda region: EngineCloud(region=REGION)),
        default_database="postgres",
        keys=lambda: keys,
        reading_policy="{}",
        idle=1.0,
    )
    for name in names:
        await accounts.of(name)
    assert accounts.open == 6
    async with asyncio.timeout(30):
        while accounts.open > 1:
            await (await accounts.of(names[0])).cloud().client("sts")
            await asyncio.sleep(0.1)
        assert (await (await accounts.of(names[5])).cloud().client("logs")).meta.region_name == REGION
    await accounts.close()


BOUND = Connection(
    name="prod",
    database="d",
    oid=5,
    server="7/00000001",
    nonce="n",
    account="222222222222",
    partition="aws",
    regions=("us-east-1",),
    credentials=Standard(),
)


@pytest.mark.parametrize(
    ("database", "oid", "server", "why"),
    [
        ("d", 5, "7/00000001", None),
        ("d", 5, None, "this server is a replica"),
        ("d", 5, "7/00000002", "it is of server 7/00000001, and this is 7/00000002"),
        ("d", 5, "8/00000001", "it is of server 7/00000001, and this is 8/00000001"),
        ("d", 6, "7/00000001", "dropped and made again"),
        ("e", 5, "7/00000001", 'it was called "d"'),
    ],
)
def test_a_connection_is_of_one_database_of_one_server(
    database: str, oid: int, server: str | None, why: str | None
) -> None:
    """Such as a replica that was promoted, whose timeline is another one."""
    said = unlike(database, Found(oid=oid, server=server, connection=BOUND), BOUND)
    assert (said is None) if why is None else (said is not None and why in said)


def test_a_secret_opens_with_any_of_its_keys_and_is_sealed_with_the_first() -> None:
    old, new = new_key(), new_key()
    sealed = SecretKeys.read(old).seal("s3cret", b"record")
    both = SecretKeys.read(f"{new}\n{old}\n")
    assert both.open(sealed, b"record") == "s3cret"
    again = both.seal("s3cret", b"record")
    assert SecretKeys.read(new).open(again, b"record") == "s3cret"
    with pytest.raises(OperationError, match="was not encrypted for this connection"):
        both.open(sealed, b"another record")
    with pytest.raises(OperationError, match="is missing"):
        SecretKeys.read(new).open(sealed, b"record")
    assert "s3cret" not in repr(both) + sealed
    assert old not in repr(both)


@pytest.mark.parametrize("text", ["not base64!", "c2hvcnQ="])
def test_what_is_no_key_is_refused_without_being_said(text: str) -> None:
    with pytest.raises(ValueError, match="a key") as caught:
        SecretKeys.read(text)
    assert text not in str(caught.value)
