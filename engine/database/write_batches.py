"""Writes together what is waiting to be written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Batch(Generic[T]):
    items: list[T] = field(default_factory=list)
    written: bool = False
    error: Exception | None = None


class Batches(Generic[T]):
    """Gathers items while those before them are being written.

    A single item is written at once, with those that come in the same moment; the more there are, the fewer
    writes each costs.
    """

    def __init__(self, write: Callable[[list[T]], Awaitable[None]], *, separable: bool) -> None:
        """
        Args:
            write: writes some items, all of them or none.
            separable: items that could not be written together are to be written one by one, so that
                one that cannot be written does not keep the others from it.
        """
        self._write = write
        self._separable = separable
        self._turn = asyncio.Lock()
        self._batch: _Batch[T] = _Batch()

    async def add(self, item: T) -> None:
        """Return when an item has been written.

        Raises:
            Exception: what `write` raised for it.
        """
        batch = self._batch
        batch.items.append(item)
        async with self._turn:
            if not batch.written:
                await asyncio.sleep(0)  # lets those in that come now
                await self._write_together(batch)
            if batch.error is not None:
                if not self._separable or len(batch.items) == 1:
                    raise batch.error
                await self._write([item])

    async def _write_together(self, batch: _Batch[T]) -> None:
        self._batch = _Batch()
        batch.written = True
        try:
            await self._write(batch.items)
        except Exception as error:
            batch.error = error
