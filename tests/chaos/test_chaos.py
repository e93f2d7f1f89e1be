"""What clients see when connections break, servers die and proxies are killed: a short run of `make chaos`.

Each sees an ordinary connection error, and nobody another's bytes.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from tests.chaos.scene import Scene
from tests.chaos.visitors import Findings, ForeignBytesError, Visitor
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

SEED = 20251123


@pytest.fixture
async def scene(simulator: Cloud) -> AsyncIterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="iasql-chaos-") as folder:
        made = Scene(Path(folder), simulator, SEED)
        async with made.running():
            yield made
            assert made.faults() == []


async def test_connections_that_are_cut_anywhere_take_nobody_with_them(scene: Scene) -> None:
    before = scene.descriptors()

    async def cuts() -> None:
        await scene.cut(4, to_proxy=0.5)
        await scene.cut(4, to_postgres=0.5)

    await scene.visit(8, cuts)
    assert scene.findings.failures == []
    assert scene.to_proxy.cuts > 10
    assert scene.to_postgres.cuts > 10
    assert scene.findings.counts["statements"] > 100
    async with asyncio.timeout(10):
        while scene.descriptors() > before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_servers_that_die_under_load_are_an_ordinary_error(scene: Scene) -> None:
    async def disasters() -> None:
        for disaster in (scene.crash_postgres, scene.terminate_backends, scene.kill_proxy):
            await asyncio.sleep(1)
            await disaster()
        await asyncio.sleep(1)

    await scene.visit(8, disasters)
    counts = scene.findings.counts
    assert scene.findings.failures == []
    assert counts["statements"] > 50
    assert counts["sessions"] > 10
    assert sum(number for kind, number in counts.items() if kind.startswith("error")) > 10


def test_bytes_of_another_session_would_be_noticed() -> None:
    findings = Findings()
    visitor = Visitor("mine", Database(name="", role="", host="", port=0), random.Random(), findings)
    visitor.check([("mine.0", 1), ("mine.0", 2)], 2)
    for rows in ([("mine.0", 1)], [("mine.0", 1), ("other.0", 2)], [("mine.0", 2), ("mine.0", 1)]):
        with pytest.raises(ForeignBytesError):
            visitor.check(rows, 2)


async def test_they_would_be_noticed_behind_an_error_of_the_driver_s() -> None:
    findings = Findings()
    visitor = Visitor("mine", Database(name="", role="", host="", port=0), random.Random(), findings)
    try:
        try:
            visitor.check([("other.0", 1)], 1)
        finally:
            raise psycopg.OperationalError("cannot exit pipeline mode while busy")
    except psycopg.OperationalError as error:
        visitor.judge(error)
    assert len(findings.failures) == 1
