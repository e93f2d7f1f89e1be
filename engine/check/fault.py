"""What is wrong with a declaration."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

#: How many names are shown at most.
_SHOWN = 8


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        what: a sentence.
        allowed: what could stand in its place, the likeliest first; not all if there are many.
        where: the file.
    """

    what: str
    allowed: tuple[str, ...] = ()
    where: str = ""

    def __str__(self) -> str:
        allowed = f"; allowed: {', '.join(self.allowed)}" if self.allowed else ""
        return f"{self.where}: {self.what}{allowed}"


def fault(what: str, wrong: str = "", allowed: Iterable[str] = ()) -> Fault:
    """A fault of a name that is none of those that are allowed."""
    names = sorted(allowed)
    likely = difflib.get_close_matches(wrong, names, n=3)
    if len(names) > _SHOWN:
        names = likely or [*names[:_SHOWN], "…"]
    return Fault(what, tuple(dict.fromkeys([*likely, *names])))
