"""The load, for some seconds: that it finds nothing is what it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench.load import scene


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the server's user can enter."""
    with TemporaryDirectory(prefix="iasql-bench-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def test_connections_that_wait_and_work_lose_nothing(folder: Path) -> None:
    found = {each.name: each for each in await scene.figures(folder, waiting=30, working=10, seconds=5)}
    assert found["statements that were answered"].value > 100
    for name in (
        "errors, and wrong answers",
        "committed rows that were lost",
        "idle connections that did not answer in the end",
        "descriptors that are left",
    ):
        assert found[name].value == 0, name
