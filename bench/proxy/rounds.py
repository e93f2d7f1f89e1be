"""Measures contestants in turn, and compares what was found within each round."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median

from bench.proxy.contestants import Contestant


class Rounds:
    """Values of some contestants, round by round."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}

    def add(self, contestant: Contestant, value: float) -> None:
        """Note what a contestant has reached in this round."""
        self._values.setdefault(contestant.name, []).append(value)

    def total(self, name: str) -> float:
        """Of a contestant's values."""
        return sum(self._values[name])

    def median(self, name: str) -> float:
        """Of a contestant's values."""
        return median(self._values[name])

    def ratio(self, name: str, peer: str) -> float:
        """Median of the contestant's value as a multiple of its peer's in the same round."""
        pairs = zip(self._values[name], self._values[peer], strict=True)
        return median(value / other for value, other in pairs)


def measured(contestants: Sequence[Contestant], count: int, measure: Callable[[Contestant], float]) -> Rounds:
    """Measure each contestant once a round; who begins changes from round to round."""
    rounds = Rounds()
    for each in in_turn(contestants, count):
        rounds.add(each, measure(each))
    return rounds


def in_turn(contestants: Sequence[Contestant], count: int) -> Iterable[Contestant]:
    """All contestants once in each of some rounds."""
    for number in range(count):
        first = number % len(contestants)
        yield from (*contestants[first:], *contestants[:first])
