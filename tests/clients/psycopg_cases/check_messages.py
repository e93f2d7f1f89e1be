"""Notifications, and cancelling."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]


@pytest.mark.parametrize("payload", ["", "ü payload", "x" * 7_999])
def test_a_notification_arrives_while_idle(connection: Connection, other: Connection, payload: str) -> None:
    connection.execute("LISTEN channel_one")
    other.execute("SELECT pg_notify('channel_one', %s)", [payload])
    (notify,) = connection.notifies(timeout=10, stop_after=1)
    assert (notify.channel, notify.payload, notify.pid) == ("channel_one", payload, other.info.backend_pid)


def test_a_payload_that_is_too_long(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="payload string too long"):
        connection.execute("SELECT pg_notify('a', repeat('x', 8000))")


def test_thousands_of_notifications_arrive_in_order(connection: Connection, other: Connection) -> None:
    connection.execute("LISTEN many")
    other.execute("SELECT pg_notify('many', g::text) FROM generate_series(1, 5000) g")
    seen = [notify.payload for notify in connection.notifies(timeout=20, stop_after=5_000)]
    assert seen == [str(number) for number in range(1, 5_001)]


def test_notifications_come_between_results(connection: Connection) -> None:
    seen: list[str] = []
    connection.add_notify_handler(lambda notify: seen.append(notify.payload))
    connection.execute("LISTEN mine")
    for number in range(20):
        connection.execute("SELECT pg_notify('mine', %s)", [str(number)])
    assert seen == [str(number) for number in range(20)]


def test_a_notification_waits_for_the_commit(connection: Connection, other: Connection) -> None:
    connection.execute("LISTEN late")
    with other.transaction():
        other.execute("NOTIFY late, 'a'")
        assert list(connection.notifies(timeout=0.1)) == []
    assert len(list(connection.notifies(timeout=10, stop_after=1))) == 1


def test_nobody_listens_any_more(connection: Connection, other: Connection) -> None:
    connection.execute("LISTEN gone")
    connection.execute("UNLISTEN *")
    other.execute("NOTIFY gone")
    assert list(connection.notifies(timeout=0.2)) == []


@pytest.mark.parametrize("way", ["cancel", "cancel_safe", "pg_cancel_backend"])
@pytest.mark.parametrize("prepared", [False, True], ids=["simple", "extended"])
def test_a_running_statement_is_cancelled(
    connection: Connection, other: Connection, way: str, prepared: bool
) -> None:
    def cancel() -> None:
        _until_asleep(other, connection.info.backend_pid)
        if way == "pg_cancel_backend":
            other.execute("SELECT pg_cancel_backend(%s)", [connection.info.backend_pid])
        else:
            getattr(connection, way)()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(psycopg.errors.QueryCanceled, match="due to user request"):
        connection.execute("SELECT pg_sleep(30)", prepare=prepared, binary=prepared)
    thread.join()
    assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("times", [1, 20])
def test_cancelling_what_does_not_run_does_no_harm(connection: Connection, times: int) -> None:
    for _ in range(times):
        connection.cancel_safe()
    time.sleep(0.1)
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_cancel_with_a_wrong_key_does_nothing(connection: Connection, other: Connection) -> None:
    stale = psycopg.connect()
    cancel = stale.pgconn.get_cancel()
    stale.close()
    cancel.cancel()
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_only_the_session_that_is_meant_is_cancelled(connection: Connection, other: Connection) -> None:
    done: list[object] = []
    thread = threading.Thread(target=lambda: done.append(other.execute("SELECT pg_sleep(0.5)").fetchone()))
    thread.start()
    connection.cancel_safe()
    thread.join()
    assert len(done) == 1


async def test_an_asynchronous_connection_is_cancelled(
    asynchronous: psycopg.AsyncConnection[Any],
) -> None:
    task = asyncio.create_task(asynchronous.execute("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.3)
    await asynchronous.cancel_safe()
    with pytest.raises(psycopg.errors.QueryCanceled):
        await task
    assert await (await asynchronous.execute("SELECT 1")).fetchone() == (1,)


async def test_a_task_that_is_cancelled_cancels_its_statement(
    asynchronous: psycopg.AsyncConnection[Any],
) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asynchronous.execute("SELECT pg_sleep(30)"), 0.3)
    assert await (await asynchronous.execute("SELECT 1")).fetchone() == (1,)


async def test_notifications_of_an_asynchronous_connection(
    asynchronous: psycopg.AsyncConnection[Any], other: Connection
) -> None:
    await asynchronous.execute("LISTEN one")
    other.execute("NOTIFY one, 'p'")
    assert [notify.payload async for notify in asynchronous.notifies(timeout=10, stop_after=1)] == ["p"]


def _until_asleep(connection: Connection, process: int) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
    deadline = time.monotonic() + 10
    while connection.execute(query, [process]).fetchone() == (0,) and time.monotonic() < deadline:
        time.sleep(0.01)
