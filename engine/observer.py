"""What the engine tells whoever watches it: each call of AWS, and each step of a plan.

Who performs an operation says who watches it. Nothing here knows how that is shown, or counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudCall:
    """One call of an AWS operation, with the attempts that it took.

    Attributes:
        service, operation: as botocore calls them, such as `ec2` and `DescribeVpcs`.
        outcome: `done`, `throttled`, `refused`, `failed` (a fault of AWS's own) or `unreachable`.
        attempts: how often the request was sent.
        throttles: how many of them AWS refused because they came too fast.
    """

    service: str
    operation: str
    outcome: str
    seconds: float
    attempts: int
    throttles: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StepEnd:
    """One step of a plan that has ended, or will not begin.

    Attributes:
        action: `create`, `update` or `delete`.
        outcome: `done`, `failed` or `skipped`.
    """

    action: str
    table: str
    outcome: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LookEnd:
    """One look of the watch at a database's account.

    Attributes:
        outcome: `done`; `failed`, AWS or the database could not be read; or `skipped`, the look before was
            not over, or an operation was under way.
        calls: of AWS.
        drifted: resources that differ now; None if that was not found out.
    """

    database: str
    outcome: str
    seconds: float
    calls: int = 0
    drifted: int | None = None


class Observer(Protocol):
    """Hears of what happens, and must neither wait nor fail."""

    def called(self, call: CloudCall) -> None:
        """AWS has answered a call, or it has been given up."""

    def stepped(self, step: StepEnd) -> None:
        """A step has ended."""


class WatchObserver(Observer, Protocol):
    """Hears of the watch as well."""

    def looked(self, look: LookEnd) -> None:
        """A look has ended."""

    def unwatched(self, database: str) -> None:
        """This server does not look at a database any more."""


class Nobody:
    """Hears, and does nothing."""

    def called(self, call: CloudCall) -> None:
        pass

    def stepped(self, step: StepEnd) -> None:
        pass


_observer: ContextVar[Observer] = ContextVar("observer", default=Nobody())  # noqa: B039 (it has no state)


def observer() -> Observer:
    """Who watches what this task does."""
    return _observer.get()


@contextmanager
def observed_by(someone: Observer) -> Iterator[None]:
    """Let someone watch what is done within, also by the tasks that are begun there."""
    token = _observer.set(someone)
    try:
        yield
    finally:
        _observer.reset(token)
