"""Values of many types, in text and in binary, and encodings."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from tests.clients.psycopg_cases.conftest import Show

Connection = psycopg.Connection[Any]

VALUES = [
    "true", "NULL::int", "(-32768)::int2", "2147483647", "9223372036854775807", "1.5::float4",
    "'NaN'::float8", "'-Infinity'::float8", "12345678901234567890.0123456789", "'NaN'::numeric",
    "1e-300::numeric", "'a'::\"char\"", "'ä€𝄞'::text", "'x'::char(5)", "'\\x00ff'::bytea",
    "'2024-02-29'::date", "'0044-03-15 BC'::date::text", "'24:00'::time::text",
    "'12:34:56.789+05:30'::timetz", "'2024-01-01 12:00'::timestamp", "'2024-01-01 12:00+02'::timestamptz",
    "'1 year 2 mons 3 days 04:05:06'::interval", "'[1,2]'::json", "'{\"a\": [1, null, \"ü\"]}'::jsonb",
    "'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid", "'10.0.0.0/8'::cidr", "'::1'::inet",
    "'08:00:2b:01:02:03'::macaddr", "B'10110'", "'(1,2)'::point", "ARRAY[1, NULL, 3]",
    "ARRAY[['a', 'b'], ['c', 'd']]", "'{}'::text[]", "'[2:3]={1,2}'::int[]", "ROW(1, 'a', NULL)",
    "ROW(ROW(1), ARRAY[2])", "'[1,10)'::int4range", "'{[1,2],[5,9)}'::int4multirange", "'empty'::tstzrange",
    "'a & b'::tsquery", "'a:1 b:2'::tsvector", "'$5.00'::money", "1::oid", "'pg_class'::regclass",
    "now() - now()", "'0/16B3748'::pg_lsn", "ARRAY['2024-01-01'::date]", "'1 day'::interval * 1.5",
    "(SELECT NULL)",
]  # fmt: skip


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize("value", VALUES)
def test_a_value_arrives(connection: Connection, show: Show, value: str, binary: bool) -> None:
    cursor = connection.execute(f"SELECT {value} AS v".encode(), binary=binary)
    assert cursor.description is not None
    column = cursor.description[0]
    show((cursor.fetchall(), column.type_code, column.display_size, column.internal_size))


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize("value", VALUES)
def test_a_value_goes_and_comes_back(connection: Connection, show: Show, value: str, binary: bool) -> None:
    (sent,) = connection.execute(f"SELECT {value}".encode()).fetchone() or (None,)
    (kind,) = connection.execute(f"SELECT pg_typeof({value})::text".encode()).fetchone() or ("",)
    form = "%b" if binary else "%t"
    try:
        show(connection.execute(f"SELECT {form}::{kind}::text".encode(), [sent]).fetchone())
    except (psycopg.Error, TypeError) as error:
        show(error)


ENCODINGS = ["UTF8", "LATIN1", "LATIN9", "WIN1252", "EUC_JP", "SJIS", "BIG5", "GB18030", "KOI8R", "SQL_ASCII"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", ["plain", "ä€ß", "日本語", "привет", "\\ ' \" \t"])
def test_text_in_another_encoding(connection: Connection, show: Show, encoding: str, text: str) -> None:
    connection.execute(f"SET client_encoding TO {encoding}".encode())
    shown: list[object] = [connection.info.encoding, connection.info.parameter_status("client_encoding")]
    try:
        shown.append(connection.execute("SELECT %s::text, length(%s), 'x' || %s", [text] * 3).fetchone())
        cursor = psycopg.ClientCursor(connection)
        shown.append(
            cursor.execute(f'SELECT %s AS "{text}"'.encode(connection.info.encoding), [text]).fetchone()
        )
        assert cursor.description is not None
        shown.append(cursor.description[0].name)
    except (psycopg.Error, UnicodeError) as error:
        shown.append((type(error).__name__, str(error)))
    show(shown)


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_JP", "SQL_ASCII"])
def test_a_database_of_another_encoding(connection: Connection, show: Show, encoding: str) -> None:
    name = f"of_{encoding.lower()}"
    options = f"ENCODING {encoding} LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
    connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}".encode())
    with psycopg.connect(dbname=name) as there:
        shown = [there.info.encoding, there.execute("SELECT 'ascii', length('ascii')").fetchone()]
        if encoding == "LATIN1":
            shown.append(there.execute("SELECT %s::text || 'ä'", ["ö"]).fetchone())
    show(shown)
    connection.execute(f"DROP DATABASE {name}".encode())


async def test_many_asynchronous_connections_at_once() -> None:
    async def work(number: int) -> int:
        async with await psycopg.AsyncConnection.connect() as connection:
            cursor = await connection.execute("SELECT %s::int, pg_sleep(0.01)", [number])
            row = await cursor.fetchone()
            assert row is not None
            return int(row[0])

    assert await asyncio.gather(*map(work, range(40))) == list(range(40))


async def test_asynchronous_pipelines_and_copies(asynchronous: psycopg.AsyncConnection[Any]) -> None:
    async with asynchronous.pipeline():
        cursors = [await asynchronous.execute("SELECT %s::int", [number]) for number in range(100)]
        assert [await cursor.fetchone() for cursor in cursors] == [(number,) for number in range(100)]
    cursor = asynchronous.cursor()
    async with cursor.copy("COPY (SELECT generate_series(1, 1000)) TO STDOUT") as copy:
        assert len([row async for row in copy.rows()]) == 1_000


async def test_asynchronous_server_side_cursors(asynchronous: psycopg.AsyncConnection[Any]) -> None:
    async with asynchronous.transaction(), asynchronous.cursor("c") as cursor:
        await cursor.execute("SELECT generate_series(1, 1000)")
        assert len([row async for row in cursor]) == 1_000


async def test_rows_are_streamed_asynchronously(asynchronous: psycopg.AsyncConnection[Any]) -> None:
    rows = asynchronous.cursor().stream("SELECT generate_series(1, 1000)")
    assert len([row async for row in rows]) == 1_000
