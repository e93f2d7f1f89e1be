"""When each call of one service may be sent: not more at once than a limit, none that must be refused.

AWS has token buckets for its operations (`engine.aws.limits` says which share one). A call can be sent when
each of its buckets is thought to have a token (`engine.aws.bucket`), and there is a place among those under
way. Until then it waits, and of those that can be sent the one goes first that came first. Who waits for
tokens takes nobody's place, so that calls of other operations go on. A call that AWS has refused as one too
many keeps its turn: it is the first of its operation to be sent again.

Calls that have time, those of the watch, wait besides until nobody is kept waiting by them (`Paces.spare`).

Reading and changing calls of a service have a pace each. There is one timer, and only while somebody waits.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from heapq import heapify, heappop, heappush

from engine.aws import limits
from engine.aws.bucket import Bucket, Limit
from engine.aws.limits import Named
from engine.caller import Stop

#: Calls of one service that are under way at once at most, of those that read and of those that change.
READING, CHANGING = 128, 64
#: How much of what comes into a bucket calls take that have time.
SHARE = 0.5
#: Seconds after which such a call looks again whether it keeps nobody waiting.
_AGAIN = 0.2
#: The soonest that a timer can ring, in seconds.
_TICK = 0.001


_has_time: ContextVar[bool] = ContextVar("has_time", default=False)


@contextmanager
def with_time() -> Iterator[None]:
    """Let the calls that are made within, and by tasks that begin within, take only what others leave."""
    token = _has_time.set(True)
    try:
        yield
    finally:
        _has_time.reset(token)


def has_time() -> bool:
    """Whether this task's calls have time."""
    return _has_time.get()


class Line:
    """The calls of one operation that wait.

    Attributes:
        buckets: that they take tokens from; the one that fewest others share comes first.
        waiting: who waits, by their numbers.
    """

    __slots__ = ("buckets", "waiting")

    def __init__(self, buckets: tuple[Bucket, ...]) -> None:
        self.buckets = buckets
        self.waiting: list[tuple[int, Turn]] = []

    def wait(self, now: float) -> float:
        """Seconds until its buckets have a token."""
        longest = 0.0
        for bucket in self.buckets:
            seconds = bucket.wait(now)
            if seconds > longest:
                longest = seconds
        return longest


class Turn:
    """One call's place in the order; it keeps it until it has been let through.

    Attributes:
        number: of its arrival.
        sent: when it was sent last.
        admitted: that it can be sent now, while it waits for that.
        blamed: the bucket that was thought to be empty when AWS refused it last.
    """

    __slots__ = ("admitted", "blamed", "line", "number", "pace", "sent")

    def __init__(self, pace: Pace, line: Line, number: int) -> None:
        self.pace = pace
        self.line = line
        self.number = number
        self.sent = 0.0
        self.admitted: asyncio.Future[bool] | None = None
        self.blamed: Bucket | None = None

    async def begin(self, stop: Stop | None = None) -> bool:
        """Wait until the call can be sent; it is under way then, until `end`.

        Returns:
            whether it can; not if a stop has ended the wait.
        """
        if self.pace.admits(self):
            return True
        assert self.admitted is not None
        try:
            if stop is None:
                return await self.admitted
            with stop.heard_by(self._stop):
                if stop.requested:
                    self._stop()
                return await self.admitted
        except asyncio.CancelledError:
            self.pace.leave(self)
            raise

    def _stop(self) -> None:
        if self.admitted is not None and not self.admitted.done():
            self.pace.leave(self)
            self.admitted.set_result(False)

    def end(self) -> None:
        """The call is no longer under way."""
        self.pace.ended()

    def let_through(self) -> None:
        """AWS has answered the call, or refused it for what it asks for."""
        for bucket in self.line.buckets:
            bucket.let_through(self.sent)

    def refused(self) -> float:
        """AWS has refused the call as one too many.

        Returns:
            the seconds for which AWS has let no call of its kind through.
        """
        return self.pace.refused(self)


class Pace:
    """The calls of one service that read, or those that change.

    Attributes:
        most: how many may be under way at once.
        under_way: how many are.
    """

    __slots__ = ("_buckets_of", "_clock", "_lines", "_numbers", "_timer", "_waiting", "most", "under_way")

    def __init__(
        self,
        most: int,
        buckets_of: Callable[[str], tuple[Bucket, ...]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            buckets_of: those that an operation's calls take tokens from.
        """
        self.most = most
        self.under_way = 0
        self._buckets_of = buckets_of
        self._clock = clock
        self._numbers = itertools.count()
        self._lines: dict[str, Line] = {}
        self._waiting: list[Line] = []
        self._timer: asyncio.TimerHandle | None = None

    def turn(self, operation: str) -> Turn:
        """A turn for a call, the last so far."""
        line = self._lines.get(operation)
        if line is None:
            line = self._lines[operation] = Line(self._buckets_of(operation))
        return Turn(self, line, next(self._numbers))

    def admits(self, turn: Turn) -> bool:
        """Whether a call can be sent at once; otherwise it has begun to wait."""
        now = self._clock()
        if not self._waiting and self.under_way < self.most and turn.line.wait(now) <= 0:
            self._send(turn, now)
            return True
        turn.admitted = asyncio.get_running_loop().create_future()
        if not turn.line.waiting:
            self._waiting.append(turn.line)
        heappush(turn.line.waiting, (turn.number, turn))
        if self.under_way < self.most:
            self._admit()
        return turn.admitted.done()

    def has_spare(self) -> bool:
        """Whether a call that has time would keep nobody waiting."""
        return not self._waiting and self.under_way < self.most / 2

    def leave(self, turn: Turn) -> None:
        """A call that waits, or has just been admitted, is not sent after all."""
        assert turn.admitted is not None
        if (turn.number, turn) in turn.line.waiting:
            turn.line.waiting.remove((turn.number, turn))
            heapify(turn.line.waiting)
            if not turn.line.waiting:
                self._waiting.remove(turn.line)
        elif turn.admitted.done() and not turn.admitted.cancelled() and turn.admitted.result():
            for bucket in turn.line.buckets:
                bucket.give_back()
            self.under_way -= 1
        self._admit()

    def ended(self) -> None:
        """A call is no longer under way."""
        self.under_way -= 1
        if self._waiting:
            self._admit()

    def refused(self, turn: Turn) -> float:
        """AWS has refused a call as one too many: the bucket that fits best is empty."""
        now, buckets = self._clock(), turn.line.buckets
        empty = [each for each in buckets if turn.sent <= each.emptied]
        if not empty:
            turn.blamed = _emptiest(buckets, turn.blamed)
            empty = [turn.blamed]
        for bucket in buckets:
            if bucket in empty:
                bucket.refused(turn.sent, now)
            else:
                bucket.give_back()
        return max(now - (each.refusing_since or now) for each in empty)

    def _send(self, turn: Turn, now: float) -> None:
        self.under_way += 1
        turn.sent = now
        for bucket in turn.line.buckets:
            bucket.take(now)

    def _admit(self) -> None:
        """Let all begin that can, and see to it that the others are thought of in time."""
        now, soonest = self._clock(), 0.0
        while self._waiting and self.under_way < self.most:
            soonest, line = self._first(now)
            if soonest > 0:
                break
            _, turn = heappop(line.waiting)
            if not line.waiting:
                self._waiting.remove(line)
            assert turn.admitted is not None
            if not turn.admitted.done():  # else it was cancelled, and has not noticed
                self._send(turn, now)
                turn.admitted.set_result(True)
        if soonest > 0 or self._timer is not None:
            self._ring(soonest)

    def _first(self, now: float) -> tuple[float, Line]:
        """The line that can go on soonest, of several the one that has waited longest; and when it can."""
        if len(self._waiting) == 1:
            return self._waiting[0].wait(now), self._waiting[0]
        waits = [(line.wait(now), line.waiting[0][0], line) for line in self._waiting]
        soonest, _, line = min(waits)
        return soonest, line

    def _ring(self, seconds: float) -> None:
        """Think of who waits after some seconds; not at all if none."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds > 0:
            self._timer = asyncio.get_running_loop().call_later(max(seconds, _TICK), self._rung)

    def _rung(self) -> None:
        self._timer = None
        self._admit()


class Paces:
    """Those of one account and region, made when they are first needed."""

    def __init__(
        self,
        limits_of: Callable[[str, str], tuple[Named, ...]] = limits.buckets,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            limits_of: the buckets that an operation of a service takes tokens from, its own first.
            clock: seconds.
        """
        self._limits_of = limits_of
        self._clock = clock
        self._paces: dict[tuple[str, bool], Pace] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._patient: dict[tuple[str, str], asyncio.Lock] = {}
        self._next: dict[tuple[str, str], float] = {}

    @property
    def under_way(self) -> int:
        """How many calls are."""
        return sum(pace.under_way for pace in self._paces.values())

    def turn(self, service: str, operation: str) -> Turn:
        """A turn for a call of a service, by botocore's names."""
        return self._pace(service, operation).turn(operation)

    async def spare(self, service: str, operation: str) -> None:
        """Wait until a call that has time can be sent and nobody else has to wait for it.

        Such calls take `SHARE` of what AWS documents that comes into each of their buckets, one by one and
        not at once, and none while others wait or a bucket is less than half full.
        """
        pace, named = self._pace(service, operation), self._limits_of(service, operation)
        async with self._patient.setdefault((service, operation), asyncio.Lock()):
            while True:
                now = self._clock()
                due = max((self._next.get((service, name), 0.0) for name, _ in named), default=0.0)
                if due > now:
                    await asyncio.sleep(due - now)
                elif pace.has_spare() and all(each.has_spare(now) for each in self._of(service, operation)):
                    break
                else:
                    await asyncio.sleep(_AGAIN)
            for name, limit in named:
                self._next[service, name] = now + 1 / (SHARE * limit.rate)

    def _pace(self, service: str, operation: str) -> Pace:
        kind = service, limits.reads(operation)
        pace = self._paces.get(kind)
        if pace is None:
            most = READING if kind[1] else CHANGING
            pace = self._paces[kind] = Pace(most, partial(self._of, service), self._clock)
        return pace

    def seconds_a_token(self, service: str, operation: str) -> float:
        """How long it takes until another call of an operation can be made, once those at once are used up.

        0 if nothing is known of that.
        """
        bucket = self._of(service, operation)[0]
        return 1 / bucket.rate if bucket.known else 0

    def _of(self, service: str, operation: str) -> tuple[Bucket, ...]:
        named = self._limits_of(service, operation)
        return tuple(self._bucket((service, name), limit) for name, limit in named)

    def _bucket(self, key: tuple[str, str], limit: Limit) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(limit, self._clock())
        return bucket


def _emptiest(buckets: tuple[Bucket, ...], before: Bucket | None) -> Bucket:
    """Of a call's buckets, the one that AWS has most likely refused it for.

    Args:
        before: the one that was thought to be empty when the same call was refused before.
    """
    own, *others = buckets
    limited = [each for each in others if each.limited and each is not before]
    if own.limited or before in others:
        return own
    return min(limited or buckets, key=lambda each: each.tokens)
