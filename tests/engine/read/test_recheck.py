"""A second look at what is to be changed: when it is made, and what it may find."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest

from engine.caller import Stop
from engine.drivers.driver import Progress
from engine.drivers.job import Job
from engine.errors import OperationError
from engine.plan.model import Found
from engine.plan.snapshot import Snapshot
from engine.read import recheck
from modules.spec import Resource, column
from tests.engine.plan.tiny import found, resource

_THING = resource("thing", column("size", "text", "size"))
_PLANNED = found(_THING, "x", name="a", size="s")
_OTHER = found(_THING, "x", name="a", size="l")


class _Worker:
    """Shows one thing after another."""

    def __init__(self, *shown: Found | None) -> None:
        self.shown = list(shown)

    async def look(self, resource: Resource, planned: Found) -> Found | None:
        return self.shown.pop(0)

    def companions(self, number: int) -> frozenset[int]:
        raise AssertionError

    def withdraw(self, number: int) -> None:
        raise AssertionError

    def create(self, job: Job) -> AsyncGenerator[Progress, None]:
        raise AssertionError

    async def change(self, job: Job) -> Found:
        raise AssertionError

    async def remove(self, job: Job) -> None:
        raise AssertionError


async def _check(worker: _Worker, *, age: float = 60, stop: Stop | None = None) -> None:
    there = Snapshot([_THING], {"thing": [_PLANNED]}, read_at=time.monotonic() - age)
    await recheck.check(worker, there, _THING, _PLANNED, stop or Stop())


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recheck, "_SETTLING", 0.0)


async def test_what_was_read_a_moment_ago_is_not_looked_at() -> None:
    await _check(_Worker(), age=0.5)


async def test_what_is_as_it_was_is_looked_at_once() -> None:
    await _check(_Worker(_PLANNED))


async def test_what_aws_does_not_show_is_no_difference() -> None:
    await _check(_Worker(None))


@pytest.mark.usefixtures("_at_once")
async def test_a_difference_counts_if_it_is_seen_twice() -> None:
    await _check(_Worker(_OTHER, _PLANNED))
    with pytest.raises(OperationError, match="has been changed in AWS since the plan was made") as refused:
        await _check(_Worker(_OTHER, _OTHER))
    assert (refused.value.sqlstate, refused.value.detail) == ("40001", "size: s → l")


async def test_a_stop_ends_the_wait_for_the_second_look() -> None:
    stop, worker = Stop(), _Worker(_OTHER)
    checking = asyncio.create_task(_check(worker, stop=stop))
    await asyncio.sleep(0)
    assert worker.shown == []
    stop.request(OperationError("enough"))
    with pytest.raises(OperationError, match="enough"):
        await asyncio.wait_for(checking, 1)
