"""Accounts that operators connect on the console, by what `iasql connect` is made of."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest

from accounts.seal import SecretKeys
from deploy.embedded_postgres import EmbeddedPostgres
from deploy.failure import StartError
from deploy.operators import opening
from deploy.postgres import Backing
from proxy.transport.upstream import Upstream
from tests.accounts.conftest import ONE, OTHER, Commands, groups, make_group
from tests.accounts.test_connect import everything
from tests.console.web.conftest import Browser, Page
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.proxies import IasqlProcess

PASSWORD = "of-the-operators-0123456789"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "operators"
    file.write_text(PASSWORD + "\n")
    return file


@pytest.fixture
def iasql(commands: Commands, password_file: Path) -> IasqlProcess:
    return commands.up("--console", "127.0.0.1:0", "--operator-password-file", str(password_file))


@pytest.fixture
async def browser(iasql: IasqlProcess) -> AsyncIterator[Browser]:
    found = re.search(r"Console: (\S+)", iasql.output)
    assert found is not None
    browser = Browser(found[1])
    yield browser
    await browser.http.close()


Connect = Callable[..., Coroutine[Any, Any, Page]]


@pytest.fixture
def connect(browser: Browser) -> Connect:
    async def send(name: str, account: str = ONE, **more: str) -> Page:
        form = {
            "name": name,
            "regions": REGION,
            "way": "key",
            "key": f"simulated-{account}",
            "secret": "hunter2",
        }
        return await browser.submit("/connect", "/connect", **{**form, "operator": PASSWORD, **more})

    return send


def connections(commands: Commands) -> list[tuple[str, str, list[str]]]:
    """Name, account and regions of each."""
    with psycopg.connect(commands.server.superuser_url("iasql_accounts")) as own:
        return own.execute("SELECT name, account, regions FROM iasql_accounts.connection").fetchall()


def url_of(page: Page) -> str:
    found = re.search(r'id="line-url"[^>]*>([^<]+)<', page.text)
    assert found is not None, page.text
    return unescape(found[1])


async def test_an_account_is_connected_and_its_string_leads_there(
    connect: Connect, iasql: IasqlProcess, commands: Commands, simulator: Cloud
) -> None:
    page = await connect("one")
    assert f"account <b>{ONE}</b>" in page.text
    url = url_of(page)
    assert f"@{iasql.host}:{iasql.port}/" in url
    make_group(url, "/of-one")
    assert groups(simulator, ONE) == ["/of-one"]
    assert connections(commands) == [("one", ONE, [REGION])]
    assert "hunter2" not in page.text + iasql.log
    assert url not in iasql.log


_REFUSED = (
    ({"name": "one", "shared": "on", "account": OTHER}, "there is a connection &#34;one&#34; already"),
    ({"name": "two"}, f"AWS account {ONE} is connected already"),
    ({"name": "two", "existing": "nowhere", "account": OTHER}, "there is no database &#34;nowhere&#34;"),
    ({"name": "two", "login": "postgres", "account": OTHER}, "already exists"),
    ({"name": "two", "login": "somebody", "database": "postgres", "account": OTHER}, "already exists"),
    ({"name": "two", "regions": "nowhere-1", "account": OTHER}, "has no region nowhere-1"),
    ({"name": "two", "way": "role", "role": "arn:aws:iam::1:role/x"}, "is no role&#39;s ARN"),
    ({"name": "two", "way": "profile", "profile": "nobody"}, "nobody"),
)


async def test_what_cannot_be_connected_leaves_nothing_behind(connect: Connect, commands: Commands) -> None:
    assert (await connect("one")).status == 200
    before = everything(commands)
    for given, said in _REFUSED:
        page = await connect(**given)
        assert (page.status, said in page.text) == (409, True), page.text
        assert everything(commands) == before
    assert len(connections(commands)) == 1


async def test_credentials_that_sts_refuses_leave_nothing_behind(
    connect: Connect, commands: Commands, simulator: Cloud
) -> None:
    before = everything(commands)
    simulator.plan(
        {"action": "error", "operation": "GetCallerIdentity", "code": "InvalidClientTokenId", "status": 403}
    )
    page = await connect("one")
    assert page.status == 409
    assert "hunter2" not in page.text
    assert everything(commands) == before


async def test_a_role_that_does_not_trust_the_server_is_told_the_policy_that_it_needs(
    connect: Connect, simulator: Cloud
) -> None:
    role = "arn:aws:iam::222222222222:role/iasql"
    simulator.plan({"action": "error", "operation": "AssumeRole", "code": "AccessDenied", "status": 403})
    page = await connect("one", way="role", role=role)
    assert page.status == 409
    assert "sts:ExternalId" in page.text
    assert f'value="{role}"' in page.text


def wait_for_the_lock(connection: psycopg.Connection[Any]) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareRowExclusiveLock'"
    while connection.execute(waiting).fetchone() == (0,):
        time.sleep(0.05)


async def test_a_server_that_ends_half_way_leaves_nothing_behind(
    connect: Connect, commands: Commands, iasql: IasqlProcess
) -> None:
    assert (await connect("other", OTHER)).status == 200
    before = everything(commands)
    with psycopg.connect(commands.server.superuser_url("iasql_accounts")) as own:
        own.execute("LOCK iasql_accounts.connection IN SHARE MODE")
        sent = asyncio.create_task(connect("one"))
        await asyncio.to_thread(wait_for_the_lock, own)
        assert len(everything(commands)) == len(before) + 2
        assert await asyncio.to_thread(iasql.stop) == 0
        await asyncio.wait([sent])
    assert everything(commands) == before
    assert [each[0] for each in connections(commands)] == ["other"]


async def test_a_databases_owner_is_no_operator(
    connect: Connect, browser: Browser, commands: Commands, iasql: IasqlProcess
) -> None:
    """Not even one who may make databases and roles, as the embedded server's `admin` may."""
    url = url_of(await connect("one"))
    login, password = url.removeprefix("postgresql://").partition("@")[0].split(":")
    with psycopg.connect(commands.server.url, autocommit=True) as admin:
        admin.execute(f"ALTER ROLE {login} CREATEDB CREATEROLE".encode())
    given = {"database": url.rpartition("/")[2], "user": login, "password": password}
    assert (await browser.submit("/sign-in", "/sign-in", **given)).url == browser.url + "/"
    assert (await connect("two", OTHER, operator=password)).status == 401
    assert len(connections(commands)) == 1


def backing(embedded: EmbeddedPostgres | None = None) -> Backing:
    url = "postgresql://nobody@127.0.0.1/none"
    return Backing(
        engine_url=url, upstream=Upstream.from_url(url), database="none", role="", path="", embedded=embedded
    )


def test_beside_the_embedded_postgres_a_password_is_made_that_this_machines_user_alone_can_read(
    tmp_path: Path,
) -> None:
    found = opening(None, backing(EmbeddedPostgres(tmp_path)), SecretKeys)
    assert found is not None
    assert found.file.stat().st_mode & 0o777 == 0o600
    assert len(found.file.read_text()) > 30
    again = opening(None, backing(EmbeddedPostgres(tmp_path)), SecretKeys)
    assert again is not None
    assert again.file.read_text() == found.file.read_text()


def test_with_another_postgres_nobody_is_an_operator_without_a_file(password_file: Path) -> None:
    assert opening(None, backing(), SecretKeys) is None
    assert opening(password_file, backing(), SecretKeys) is not None


def test_a_password_that_can_be_guessed_is_refused_without_being_said(tmp_path: Path) -> None:
    file = tmp_path / "operators"
    file.write_text("hunter2")
    with pytest.raises(StartError, match="at least 20 characters") as caught:
        opening(file, backing(), SecretKeys)
    assert "hunter2" not in str(caught.value)
