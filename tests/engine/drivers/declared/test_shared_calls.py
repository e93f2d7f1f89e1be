"""Steps that share a call: the last to come makes it for all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from engine.drivers.declared.shared_calls import Together


class Asked:
    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    async def perform(self, items: Sequence[str]) -> list[str]:
        self.calls.append(list(items))
        if "broken" in items:
            raise ValueError("broken")
        return [each.upper() for each in items]


async def test_one_call_is_made_when_all_have_come() -> None:
    asked = Asked()
    together: Together[str, str] = Together([frozenset({1, 2, 3})])
    found = await asyncio.gather(*(together.ask(n, text, asked.perform) for n, text in enumerate("abc", 1)))
    assert found == ["A", "B", "C"]
    assert asked.calls == [["a", "b", "c"]]


async def test_who_is_in_no_group_or_comes_again_asks_alone() -> None:
    asked = Asked()
    together: Together[str, str] = Together([frozenset({1, 2})])
    await asyncio.gather(together.ask(1, "a", asked.perform), together.ask(2, "b", asked.perform))
    assert await together.ask(1, "again", asked.perform) == "AGAIN"
    assert await together.ask(7, "alone", asked.perform) == "ALONE"
    assert asked.calls == [["a", "b"], ["again"], ["alone"]]


async def test_nobody_waits_for_one_that_will_not_come() -> None:
    asked = Asked()
    together: Together[str, str] = Together([frozenset({1, 2})])
    asking = asyncio.create_task(together.ask(1, "a", asked.perform))
    await asyncio.sleep(0)
    together.leave(2)
    assert await asyncio.wait_for(asking, 1) == "A"
    together.leave(2)


async def test_what_goes_wrong_is_told_to_all() -> None:
    asked = Asked()
    together: Together[str, str] = Together([frozenset({1, 2})])
    results = await asyncio.gather(
        together.ask(1, "a", asked.perform), together.ask(2, "broken", asked.perform), return_exceptions=True
    )
    assert [type(each) for each in results] == [ValueError, ValueError]
    with pytest.raises(ValueError, match="broken"):
        await together.ask(3, "broken", asked.perform)
