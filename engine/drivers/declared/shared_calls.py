"""Lets steps that share a call make it together: the last of them to come makes it for all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Who shares a call with whom, and what each asks for."""

    def __init__(self, groups: Iterable[frozenset[int]]) -> None:
        self._groups = {number: each for each in map(_Group, groups) for number in each.awaited}

    def group(self, number: int) -> frozenset[int]:
        """The steps that wait for each other with one, itself included; none if it shares nothing."""
        group = self._groups.get(number)
        return frozenset(group.awaited) if group else frozenset()

    async def ask(self, number: int, item: T, perform: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> R:
        """Ask for something together with the others of a step's group.

        Args:
            number: of the step.
            perform: does what all ask for; one result each, in their order.

        Raises:
            Exception: what `perform` raised.
        """
        group = self._groups.get(number)
        if group is None:
            return (await perform([item]))[0]
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        group.asked.append((item, result, perform))
        self.leave(number)
        return await result

    def leave(self, number: int) -> None:
        """Let the others of its group not wait for a step any more."""
        group = self._groups.pop(number, None)
        if group is not None:
            group.awaited.discard(number)
            if not group.awaited and group.asked:
                group.performing = asyncio.ensure_future(_perform(group.asked))


class _Group:
    def __init__(self, numbers: Iterable[int]) -> None:
        self.awaited = set(numbers)
        self.asked: list[tuple[Any, asyncio.Future[Any], Callable[[Sequence[Any]], Awaitable[Any]]]] = []
        self.performing: asyncio.Future[None] | None = None


async def _perform(
    asked: Sequence[tuple[Any, asyncio.Future[Any], Callable[[Sequence[Any]], Awaitable[Any]]]],
) -> None:
    try:
        results = await asked[0][2]([item for item, _, _ in asked])
    except Exception as error:
        results = [error] * len(asked)
    for (_, future, _), result in zip(asked, results, strict=True):
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
