"""Lets Python look for circular garbage less often while operations are under way.

What an operation reads lives until its end. As Python is set, it would look through all that is new after
every 700 new objects, and again and again through all that is old: two fifths of a plan's CPU, for nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: As of `gc.set_threshold`. What is circular and left behind meanwhile is a few megabytes at most.
_SELDOM = (50_000, 20, 20)
_usual = gc.get_threshold()
_underway = 0


@contextmanager
def seldom_sought() -> Iterator[None]:
    """While any of these lasts, in the process' one event loop."""
    global _usual, _underway
    if not _underway:
        _usual = gc.get_threshold()
        gc.set_threshold(*_SELDOM)
    _underway += 1
    try:
        yield
    finally:
        _underway -= 1
        if not _underway:
            gc.set_threshold(*_usual)
