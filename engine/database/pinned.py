"""Pins the search_path of the caller's session for statements whose names are not all qualified."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.caller import Caller

_SET = "SELECT pg_catalog.set_config('search_path', $1, true)"


@asynccontextmanager
async def search_path(caller: Caller) -> AsyncIterator[None]:
    """Let names mean PostgreSQL's own for a while.

    What a table's definition means is decided when it is made: an operator of somebody else's that is found
    first would stay in its constraints, and run as whoever writes its rows. After an error the transaction is
    rolled back, and the setting with it.
    """
    ((before,),) = await caller.query("SELECT pg_catalog.current_setting('search_path')")
    await caller.query(_SET, "pg_catalog, pg_temp")
    yield
    await caller.query(_SET, before)
