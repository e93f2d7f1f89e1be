"""Connections."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import psycopg
import pytest

Show = Callable[[object], None]


@pytest.fixture
def connection() -> Iterator[psycopg.Connection[Any]]:
    """In autocommit."""
    with psycopg.connect(autocommit=True) as opened:
        yield opened


@pytest.fixture
def other() -> Iterator[psycopg.Connection[Any]]:
    """Another one, in autocommit."""
    with psycopg.connect(autocommit=True) as opened:
        yield opened


@pytest.fixture
async def asynchronous() -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """An asynchronous one, in autocommit."""
    async with await psycopg.AsyncConnection.connect(autocommit=True) as opened:
        yield opened


@pytest.fixture
def show(record_property: Callable[[str, object], None]) -> Show:
    """Record something that must be the same on both sides; a session's own schema has a number."""
    return lambda value: record_property("shown", re.sub(r"pg_temp_\d+", "pg_temp", str(value)))
