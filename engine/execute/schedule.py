"""When the steps of a plan can begin. Pure: told what has happened, it says what that makes possible.

Of those that can begin together, the ones come first after which most has to follow, one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from engine.plan.model import Step


class Schedule:
    """The steps that have not begun, by their numbers, and what each of them waits for."""

    def __init__(self, steps: Sequence[Step], needs_end: Callable[[Step, Step], bool]) -> None:
        """
        Args:
            needs_end: whether a step waits for the end of another that is before it; otherwise it waits
                until the other's resource can be referred to.
        """
        self._missing = [len(step.after) for step in steps]
        self._after_name: dict[int, list[int]] = defaultdict(list)
        self._after_end: dict[int, list[int]] = defaultdict(list)
        for step in steps:
            for number in step.after:
                waiting = self._after_end if needs_end(step, steps[number]) else self._after_name
                waiting[number].append(step.number)
        self._following = _following(steps)

    def first(self) -> list[int]:
        """The steps that wait for nothing."""
        return self._sorted(number for number, missing in enumerate(self._missing) if missing == 0)

    def named(self, number: int) -> list[int]:
        """The steps that can begin, now that a step's resource can be referred to."""
        return self._ready(self._after_name.pop(number, ()))

    def ended(self, number: int) -> list[int]:
        """The steps that can begin, now that a step has come to its end."""
        both = (*self._after_name.pop(number, ()), *self._after_end.pop(number, ()))
        return self._ready(both)

    def failed(self, number: int) -> list[int]:
        """The steps that will not begin, now that one has failed or will not begin itself."""
        gone: list[int] = []
        waiting = [number]
        while waiting:
            each = waiting.pop()
            for other in (*self._after_name.pop(each, ()), *self._after_end.pop(each, ())):
                if self._missing[other] >= 0:
                    self._missing[other] = _NEVER
                    gone.append(other)
                    waiting.append(other)
        return gone

    def _sorted(self, numbers: Iterable[int]) -> list[int]:
        return sorted(numbers, key=lambda number: -self._following[number])

    def _ready(self, waiting: Sequence[int]) -> list[int]:
        """Those of some steps that waited for nothing else."""
        ready: list[int] = []
        for number in waiting:
            if self._missing[number] > 0:
                self._missing[number] -= 1
                if self._missing[number] == 0:
                    ready.append(number)
        return self._sorted(ready) if ready else ready


_NEVER = -1


def _following(steps: Sequence[Step]) -> list[int]:
    """How many steps have to follow each, one after the other; the steps are in an order that allows that."""
    following = [0] * len(steps)
    for step in reversed(steps):
        for number in step.after:
            following[number] = max(following[number], following[step.number] + 1)
    return following
