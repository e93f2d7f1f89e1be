"""What is logged: a line for each connection and operation, and nothing that is secret."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

import psycopg
import pytest

from proxy.wire import authentication, scram
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database
from tests.fixtures.encrypted_postgres import PASSWORD, EncryptedPostgres, address
from tests.fixtures.proxies import IasqlProcess, StartIasql
from tests.proxy.raw import Raw, opened, startup

SECRETS = {
    "a literal": "literal-8f2c",
    "a parameter": "parameter-77aa",
    "what is copied": "copied-1c9e",
    "an argument of a call": "argument-5d0b",
    "a comment": "comment-c4e1",
    "a wrong password": "wrong-9b3f",
    "AWS's secret key": "aws-secret-2e6d",
    "AWS's session token": "aws-token-a1d7",
}


def lines(iasql: IasqlProcess, event: str, number: int) -> list[dict[str, Any]]:
    """The lines of an event, when there are so many."""
    deadline = time.monotonic() + 10
    while True:
        found = [json.loads(line) for line in iasql.log.splitlines() if line.startswith("{")]
        if len(matching := [line for line in found if line["event"] == event]) >= number:
            return matching
        assert time.monotonic() < deadline, iasql.log
        time.sleep(0.02)


def test_a_connection_is_one_line(start_iasql: StartIasql, fresh_database: Database) -> None:
    iasql = start_iasql("--log-format", "json")
    url = iasql.serves(fresh_database).url
    with psycopg.connect(f"{url}?application_name=it%27s%0Ame") as client:
        client.execute("SELECT repeat('x', 10000)").fetchall()
    (line,) = lines(iasql, "connection", 1)
    assert line["level"] == "info"
    assert line["client"].startswith("127.0.0.1:")
    assert (line["user"], line["database"]) == (fresh_database.role, fresh_database.name)
    # What Postgres itself would show has no line feeds; what the client has sent is shown with its escapes.
    assert line["application_name"] == "it's\nme"
    assert line["outcome"] == "closed"
    assert line["logged_in"] is True
    assert line["bytes_out"] > 10_000 > line["bytes_in"] > 20
    assert 0 < line["seconds"] < 60
    assert "tls" not in line


def test_a_login_that_fails_is_one_line(start_iasql: StartIasql, fresh_database: Database) -> None:
    iasql = start_iasql("--log-format", "json", "--max-connections", "1")
    database = iasql.serves(fresh_database)
    with psycopg.connect(database.url), pytest.raises(psycopg.OperationalError):
        psycopg.connect(database.url)
    lines(iasql, "connection", 2)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(database.url.replace("nfdD", "nope"))
    refused, closed, wrong = lines(iasql, "connection", 3)
    assert (closed["outcome"], closed["level"]) == ("closed", "info")
    assert (refused["outcome"], refused["sqlstate"], refused["level"]) == ("refused", "53300", "warning")
    assert refused["error"] == "sorry, too many clients already"
    assert (wrong["outcome"], wrong["sqlstate"]) == ("server_refused", "28P01")
    assert wrong["logged_in"] is False


def test_an_operation_is_one_line(
    start_iasql: StartIasql, simulator: Cloud, fresh_database: Database
) -> None:
    iasql = start_iasql("--log-format", "json")
    with psycopg.connect(iasql.serves(fresh_database).url, autocommit=True) as client:
        client.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        client.execute("INSERT INTO log_group (log_group_name) VALUES ('one'), ('two')")
        simulator.plan(
            {"action": "error", "operation": "CreateLogGroup", "code": "AccessDenied", "status": 400}
        )
        with pytest.raises(psycopg.Error):
            client.execute("SELECT * FROM iasql_apply()")
        client.execute("SELECT * FROM iasql_apply()")
    install, failed, done = lines(iasql, "operation", 3)
    assert (install["function"], install["outcome"], install["steps"]) == ("iasql_install", "done", 0)
    assert install["calls"] >= 1
    assert (failed["outcome"], failed["sqlstate"], failed["steps"]) == ("failed", "42501", 2)
    assert (done["function"], done["outcome"], done["steps"]) == ("iasql_apply", "done", 1)
    assert "sqlstate" not in done
    assert done["user"] == fresh_database.role
    assert 0 < done["seconds"] < 60


def test_an_operation_that_was_stopped_is_told_from_one_that_failed(
    start_iasql: StartIasql, simulator: Cloud, fresh_database: Database
) -> None:
    iasql = start_iasql("--log-format", "json")
    with psycopg.connect(iasql.serves(fresh_database).url, autocommit=True) as client:
        client.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        client.execute("INSERT INTO log_group (log_group_name) VALUES ('one')")
        simulator.plan({"action": "delay", "operation": "CreateLogGroup", "seconds": 4})
        client.execute("SET statement_timeout = '2s'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            client.execute("SELECT * FROM iasql_apply()")
    stopped = lines(iasql, "operation", 2)[1]
    assert (stopped["outcome"], stopped["sqlstate"], stopped["steps"]) == ("stopped", "57014", 1)


def test_people_are_only_told_what_is_wrong(start_iasql: StartIasql, fresh_database: Database) -> None:
    iasql = start_iasql("--max-connections", "1")
    database = iasql.serves(fresh_database)
    with psycopg.connect(database.url):
        assert iasql.log == ""
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"{database.url}?application_name=a%0Ab")
    while "too many" not in iasql.log:
        time.sleep(0.02)
    assert len(iasql.log.splitlines()) == 1
    assert r"application_name='a\nb'" in iasql.log


async def test_nothing_secret_is_logged_at_any_level(
    start_iasql: StartIasql, encrypted_postgres: EncryptedPostgres
) -> None:
    issued = encrypted_postgres.authority.issue("logged")
    iasql = start_iasql(
        *("--postgres", encrypted_postgres.upstream_url(sslmode="disable")),
        *("--tls-cert", str(issued.certificate), "--tls-key", str(issued.key)),
        *("--log-format", "json", "--verbose"),
        env={
            "AWS_SECRET_ACCESS_KEY": SECRETS["AWS's secret key"],
            "AWS_SESSION_TOKEN": SECRETS["AWS's session token"],
        },
    )
    await asyncio.to_thread(_let_all_install, address(iasql.port, "scram"), encrypted_postgres.url())
    for role in ("scram", "plain", "digest"):
        for sslmode in ("require", "disable"):
            await asyncio.to_thread(_use, address(iasql.port, role, sslmode=sslmode))
            wrong = address(iasql.port, role, SECRETS["a wrong password"], sslmode=sslmode)
            with pytest.raises(psycopg.OperationalError):
                await asyncio.to_thread(_use, wrong)
    nonce, proof = await _exchange(iasql.port)
    ends = await asyncio.to_thread(lines, iasql, "connection", 14)
    assert {line["outcome"] for line in ends} == {"closed", "server_refused"}
    assert {line.get("tls") for line in ends} == {"TLSv1.3", None}
    assert len(lines(iasql, "operation", 12)) == 12
    digest = hashlib.md5(f"{PASSWORD}digest".encode()).hexdigest()
    for secret in (*SECRETS.values(), PASSWORD, digest, nonce, proof, "SELECT"):
        assert secret not in iasql.log


def _let_all_install(url: str, owners: str) -> None:
    """Let every role call `iasql_install`, so that the calls reach the engine."""
    with psycopg.connect(url) as client:
        client.execute("SELECT iasql_version()")
    with psycopg.connect(owners) as owner:
        owner.execute("GRANT EXECUTE ON FUNCTION iasql_install(text[]) TO PUBLIC")


def _use(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as client:
        client.execute(f"SELECT '{SECRETS['a literal']}'")
        client.execute("SELECT %s::text", [SECRETS["a parameter"]])
        client.execute("CREATE TEMPORARY TABLE t (text text)")
        with client.cursor() as cursor, cursor.copy("COPY t FROM STDIN") as copy:
            copy.write(SECRETS["what is copied"])
        call = f"SELECT * FROM iasql_install('{SECRETS['an argument of a call']}') -- {SECRETS['a comment']}"
        with pytest.raises(psycopg.Error):
            client.execute(call)
        with pytest.raises(psycopg.Error):
            client.execute("SELECT * FROM iasql_install(%s)", [SECRETS["an argument of a call"]])


async def _exchange(port: int) -> tuple[str, str]:
    """Log in by SCRAM, and tell the nonce and the proof."""
    nonce = b"nonce4711"
    first = scram.client_first(scram.NO_BINDING, nonce)
    async with opened(port) as raw:
        raw.send(startup("scram", "postgres"))
        await _request(raw, authentication.SASL)
        message = first.header + first.bare
        raw.send(authentication.sasl_initial_response(scram.SCRAM_SHA_256, message))
        asked = scram.read_server_first(await _request(raw, authentication.SASL_CONTINUE))
        without_proof = scram.client_final_without_proof(scram.NO_BINDING, asked.nonce)
        salted = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), asked.salt, asked.iterations)
        key = hmac.digest(salted, b"Client Key", "sha256")
        proof = scram.client_proof(key, scram.auth_message(first, asked, without_proof))
        raw.send(authentication.sasl_response(scram.client_final(without_proof, proof)))
        await _request(raw, authentication.OK)
    return nonce.decode(), base64.b64encode(proof).decode()


async def _request(raw: Raw, wanted: int) -> bytes:
    """What the server asks, which is to be what is wanted."""
    while True:
        kind, body = await raw.answer()
        assert kind == "R", body
        request, data = authentication.read_request(body)
        if request == wanted:
            return data
