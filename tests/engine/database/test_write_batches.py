"""What is written together."""

from __future__ import annotations

import asyncio

import pytest

from engine.database.write_batches import Batches


class Refused(Exception):
    """What cannot be written."""


class Writer:
    """Keeps what it is given; refuses whatever has a "bad" in it."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []

    async def write(self, items: list[str]) -> None:
        self.writes.append(list(items))
        await asyncio.sleep(0)
        if "bad" in items:
            raise Refused


async def test_items_that_come_during_a_write_are_written_together() -> None:
    writer = Writer()
    batches = Batches(writer.write, separable=True)
    first = asyncio.create_task(batches.add("a"))
    while not writer.writes:  # noqa: ASYNC110 (it takes a moment)
        await asyncio.sleep(0)
    await asyncio.gather(batches.add("b"), batches.add("c"), first)
    await batches.add("d")
    assert writer.writes == [["a"], ["b", "c"], ["d"]]


async def test_items_that_come_in_the_same_moment_are_written_together() -> None:
    writer = Writer()
    batches = Batches(writer.write, separable=True)
    await asyncio.gather(*(batches.add(each) for each in "abc"))
    assert writer.writes == [["a", "b", "c"]]


async def test_only_the_item_that_cannot_be_written_fails() -> None:
    writer = Writer()
    batches = Batches(writer.write, separable=True)
    items = ("a", "b", "bad", "c")
    results = await asyncio.gather(*(batches.add(each) for each in items), return_exceptions=True)
    assert [type(each) for each in results] == [type(None), type(None), Refused, type(None)]
    assert writer.writes == [["a", "b", "bad", "c"], ["a"], ["b"], ["bad"], ["c"]]


async def test_items_that_stand_and_fall_together_all_fail() -> None:
    writer = Writer()
    batches = Batches(writer.write, separable=False)
    results = await asyncio.gather(*(batches.add(each) for each in ("a", "b", "bad")), return_exceptions=True)
    assert [type(each) for each in results] == [Refused] * 3
    with pytest.raises(Refused):
        await batches.add("bad")
