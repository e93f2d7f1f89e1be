"""Preparing a database, while somebody stands in the way."""

from __future__ import annotations

import time

import asyncpg
import pytest

from engine.database import prepare
from engine.errors import OperationError
from engine.operations import Engine
from tests.fixtures.databases import Database


@pytest.mark.parametrize("lock", ["advisory", "table"])
async def test_a_lock_that_somebody_holds_is_not_waited_for_without_end(
    engine: Engine, fresh_database: Database, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    monkeypatch.setattr(prepare, "_PATIENCE", "300ms")
    await engine.prepare_database(fresh_database.name)
    holder = await asyncpg.connect(fresh_database.url)
    try:
        await holder.execute("BEGIN")
        if lock == "advisory":
            await holder.execute(f"SELECT pg_advisory_lock({prepare._LOCK})")
        else:
            await holder.execute("LOCK TABLE iasql.installed_module IN ACCESS SHARE MODE")
        monkeypatch.setattr(prepare, "_fingerprint", lambda *_: "another version's")
        began = time.monotonic()
        with pytest.raises(OperationError) as refused:
            await engine.prepare_database(fresh_database.name)
        assert refused.value.sqlstate == "55P03"
        assert time.monotonic() - began < 5
    finally:
        await holder.close()
    await engine.prepare_database(fresh_database.name)
