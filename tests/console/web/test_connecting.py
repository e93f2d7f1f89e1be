"""The page on which operators connect accounts: its use, and what somebody who means ill tries with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from console.session import Refused
from console.shown import Notice
from console.web.lines import At, lines, url
from console.web.operators import Made, Operators, Wanted
from console.web.server import Console
from console.web.server_session import Server
from console.web.visits import OF_ADDRESS, OF_USER, WINDOW
from tests.console.web.conftest import Browser, Clock, NewBrowser, Page
from tests.console.web.test_attacks import HOSTILE, check_harmless
from tests.fixtures.databases import Database
from tests.fixtures.proxies import IasqlProcess

PASSWORD = "what-the-operators-know"
FORM = {"name": "prod", "regions": "us-east-1, eu-west-1", "way": "key", "key": "AKIA", "secret": "hunter2"}


@dataclass
class Connects:
    """Connects nothing, and remembers what was asked for."""

    password: str | None = PASSWORD
    asked: list[Wanted] = field(default_factory=list)
    refuses: Notice | None = None
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    given_up: bool = False
    forms: int = 0
    second: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self) -> str | None:
        """The operators' password, which every form is compared with."""
        self.forms += 1
        if self.forms == 2:
            self.second.set()
        return self.password

    async def connect(self, wanted: Wanted) -> Made:
        self.asked.append(wanted)
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.given_up = True
            raise
        if self.refuses is not None:
            raise Refused(self.refuses)
        return Made(
            name=wanted.name,
            account="222222222222",
            arn="arn:aws:iam::222222222222:user/me",
            said=("Regions: us-east-1",),
            database=wanted.existing or wanted.database or "_0123456789abcdef",
            login=wanted.login or "abcdefgh",
            password=None if wanted.existing else "of-the-login",
        )


@pytest.fixture
def connects() -> Connects:
    connects = Connects()
    connects.may_end.set()
    return connects


@pytest.fixture
async def console(iasql: IasqlProcess, clock: Clock, connects: Connects) -> AsyncIterator[Console]:
    known = Operators(
        password=connects.read,
        connect=connects.connect,
        at=At(host="0.0.0.0", port=5432),
    )
    console = Console(Server(host=iasql.host, port=iasql.port), clock=clock, operators=known)
    await console.start("127.0.0.1", 0)
    yield console
    await console.close()


async def connect(browser: Browser, operator: str = PASSWORD, **form: str) -> Page:
    return await browser.submit("/connect", "/connect", **{**FORM, "operator": operator, **form})


async def test_what_an_operator_asks_for_is_connected_and_said_once(
    new_browser: NewBrowser, connects: Connects
) -> None:
    own = new_browser()
    assert "/connect" in (await own.get("/sign-in")).text
    page = await connect(own)
    assert (page.status, page.url) == (200, own.url + "/connect")
    (asked,) = connects.asked
    assert (asked.name, asked.regions, asked.way, asked.of) == (
        "prod",
        ("us-east-1", "eu-west-1"),
        "key",
        "AKIA",
    )
    assert asked.secret == "hunter2"
    assert "arn:aws:iam::222222222222:user/me" in page.text
    assert "postgresql://abcdefgh:of-the-login@127.0.0.1:5432/_0123456789abcdef</pre>" in page.text
    for client in ("psql", "JDBC", "Flyway", "SQLAlchemy", "Metabase"):
        assert f"<h2>{client}</h2>" in page.text
    for path in ("/connect", "/sign-in"):
        assert "of-the-login" not in (await own.get(path)).text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": " "}, "A name and a region"),
        ({"regions": ","}, "A name and a region"),
        ({"way": "root"}, "has to be chosen"),
        ({"way": "role"}, "role&#39;s ARN is needed"),
        ({"secret": ""}, "secret is needed"),
        ({"existing": "a", "database": "b"}, "not both"),
        ({"name": "a\0b"}, "cannot be"),
    ],
)
async def test_what_is_missing_is_said_and_what_was_written_is_kept(
    new_browser: NewBrowser, connects: Connects, given: dict[str, str], said: str
) -> None:
    page = await connect(new_browser(), **given)
    assert (page.status, said in page.text) == (400, True), page.text
    assert 'value="AKIA"' in page.text
    assert connects.asked == []


async def test_why_it_was_refused_is_said(new_browser: NewBrowser, connects: Connects) -> None:
    connects.refuses = Notice(
        severity="ERROR", message="AWS refuses", hint="Give it this: {}", sqlstate="42501"
    )
    page = await connect(new_browser())
    assert (page.status, "AWS refuses" in page.text, "Give it this" in page.text) == (409, True, True)


async def test_a_databases_user_is_no_operator(
    browser: Browser, connects: Connects, database: Database
) -> None:
    assert "/connect" not in (await browser.get("/")).text
    for operator in (database.password, "", "postgres", PASSWORD[:-1], PASSWORD + "\0"):
        page = await connect(browser, operator)
        assert (page.status, "not the operators" in page.text) == (401, True)
    assert connects.asked == []


async def test_an_empty_or_lost_password_lets_nobody_in(new_browser: NewBrowser, connects: Connects) -> None:
    for connects.password in (None, ""):
        assert (await connect(new_browser(), "")).status == 401
    assert connects.asked == []


async def test_another_password_counts_from_the_next_form_on(
    new_browser: NewBrowser, connects: Connects
) -> None:
    connects.password = "another-that-they-know"
    assert (await connect(new_browser())).status == 401
    assert (await connect(new_browser(), "another-that-they-know")).status == 200


async def test_csrf_an_account_is_not_connected_by_another_site(
    new_browser: NewBrowser, connects: Connects
) -> None:
    own, other = new_browser(), new_browser()
    given = {**FORM, "operator": PASSWORD}
    assert (await own.post("/connect", given)).status == 403
    token = (await own.get("/connect")).token
    assert (await other.post("/connect", {**given, "token": token})).status == 403
    page = await own.post("/connect", {**given, "token": token}, Origin="https://evil.example")
    assert page.status == 403
    assert connects.asked == []


async def test_brute_force_of_the_operators_password_is_stopped(
    new_browser: NewBrowser, connects: Connects, clock: Clock
) -> None:
    own = new_browser()
    for _ in range(OF_ADDRESS):
        assert (await connect(own, "wrong")).status == 401
    assert (await connect(own, "wrong")).status == 429
    assert (await connect(own)).status == 429
    clock.now += WINDOW + 1
    assert (await connect(own)).status == 200
    assert OF_USER > OF_ADDRESS


async def test_brute_force_here_keeps_nobody_from_signing_in(
    new_browser: NewBrowser, database: Database
) -> None:
    own = new_browser()
    for _ in range(OF_ADDRESS + 1):
        await connect(own, "wrong")
    assert (await own.sign_in(database)).url == own.url + "/"


async def test_injection_by_what_is_written_and_what_is_said(
    new_browser: NewBrowser, connects: Connects
) -> None:
    own = new_browser()
    hostile = dict.fromkeys(
        ("name", "regions", "role", "profile", "key", "schema", "login", "existing"), HOSTILE
    )
    for way in ("key", HOSTILE):
        check_harmless((await connect(own, **{**hostile, "way": way})).text)
    check_harmless((await connect(own, name=HOSTILE, database=HOSTILE, login=HOSTILE)).text)
    connects.refuses = Notice(severity="ERROR", message=HOSTILE, detail=HOSTILE, hint=HOSTILE)
    check_harmless((await connect(own)).text)
    check_harmless((await own.get("/sign-in?database=%22%3E%3Cimg%3E&user=%22%3E%3Cimg%3E")).text)


async def test_a_secret_is_in_no_page_but_the_one_no_address_and_no_log(
    new_browser: NewBrowser, connects: Connects
) -> None:
    own = new_browser()
    with capture_logs() as logs:
        made = await connect(own)
        connects.refuses = Notice(severity="ERROR", message="no")
        pages = [await connect(own), await connect(own, "not-" + PASSWORD), await connect(own, regions="")]
        pages += [await own.get("/connect"), await own.get("/sign-in")]
    assert "of-the-login" in made.text
    for text in (
        made.text,
        made.url,
        str(made.headers),
        str(logs),
        *(each.text + each.url for each in pages),
    ):
        assert "hunter2" not in text
        assert PASSWORD not in text
    for text in (str(logs), made.url, str(made.headers), *(each.text for each in pages)):
        assert "of-the-login" not in text
    assert made.headers["Cache-Control"] == "no-store"
    assert [each["event"] for each in logs] == [
        "connected an account",
        "connecting an account was refused",
        "not the operators' password",
    ]
    assert "hunter2" not in repr(connects.asked)


async def test_a_form_that_is_sent_twice_connects_once_and_is_answered_twice(
    new_browser: NewBrowser, connects: Connects
) -> None:
    own = new_browser()
    token = (await own.get("/connect")).token
    connects.may_end.clear()
    form = {**FORM, "operator": PASSWORD, "token": token}
    first = asyncio.create_task(own.post("/connect", form))
    await connects.began.wait()
    # The browser forgets the first answer.
    first.cancel()
    second = asyncio.create_task(own.post("/connect", form))
    await connects.second.wait()
    connects.may_end.set()
    assert "of-the-login" in (await second).text
    assert len(connects.asked) == 1


async def test_a_console_that_ends_gives_up_what_it_is_connecting(
    new_browser: NewBrowser, connects: Connects, console: Console
) -> None:
    own = new_browser()
    token = (await own.get("/connect")).token
    connects.may_end.clear()
    sent = asyncio.create_task(own.post("/connect", {**FORM, "operator": PASSWORD, "token": token}))
    await connects.began.wait()
    await console.close()
    await asyncio.wait([sent])
    assert connects.given_up


async def test_without_operators_there_is_no_such_page(iasql: IasqlProcess) -> None:
    console = Console(Server(host=iasql.host, port=iasql.port))
    await console.start("127.0.0.1", 0)
    own = Browser(console.url)
    try:
        assert "/connect" not in (await own.get("/sign-in")).text
        assert (await own.get("/connect")).status == 404
    finally:
        await own.http.close()
        await console.close()


def test_lines_are_quoted_for_who_reads_them() -> None:
    at = At(host="db.example", port=5433, encrypted=True)
    found = dict(lines(at, "a b/c", "o'neil\"", "x"))
    assert found["psql"] == "psql 'postgresql://o%27neil%22:x@db.example:5433/a%20b%2Fc?sslmode=require'"
    assert (
        found["JDBC"]
        == "jdbc:postgresql://db.example:5433/a%20b%2Fc?user=o%27neil%22&password=x&sslmode=require"
    )
    assert "'-user=o'\"'\"'neil\"'" in found["Flyway"]
    assert found["SQLAlchemy"] == (
        'create_engine("postgresql+psycopg://o%27neil%22:x@db.example:5433/a%20b%2Fc?sslmode=require")'
    )
    assert "Use a secure connection (SSL): on" in found["Metabase"]


def test_a_socket_is_for_those_who_know_one() -> None:
    at = At(host="/run/iasql", port=5432)
    assert url(at, "d", "u", None) == "postgresql://u@/d?host=/run/iasql&port=5432"
    assert [name for name, _ in lines(at, "d", "u", None)] == ["psql", "SQLAlchemy"]


@pytest.mark.parametrize(
    ("host", "seen"),
    [("console.example", "console.example"), ("::1", "::1"), ("a/b", "127.0.0.1"), (None, "127.0.0.1")],
)
def test_all_addresses_are_the_one_that_the_browser_has_reached(host: str | None, seen: str) -> None:
    assert At(host="0.0.0.0", port=1).seen_from(host).host == seen
    assert At(host="192.0.2.1", port=1).seen_from(host).host == "192.0.2.1"
