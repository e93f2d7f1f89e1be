"""What is known of one of AWS's token buckets: how many calls it lets through, and when the next. Pure.

Each call takes a token. A bucket holds so many at most, its *capacity*, and so many more come each second,
its *rate*. AWS tells neither, only that a call came too fast; and others may take tokens as well. So both are
estimated, from what AWS documents, or a guess, on:

- **Full**, until AWS refuses a call. Calls go out at once as long as there are tokens that we know of, and
  then some beyond that, three times as many with each `VERDICT` in which none is refused: so raised limits
  are found in less than a second, and where there are none, few calls are refused.
- **Limited**, after that. One call goes out alone, to see whether there is a token again, and then the others
  at our rate. Between two refusals AWS has let through what came into the bucket meanwhile, which measures
  its rate. Until there is a measure, each call lets our rate grow. From then on it grows with the cube of the
  calls since the last refusal: hardly at first, so that about one in thirty is refused, and then fast.

If calls are refused with none let through in between, somebody else has emptied the bucket, and our rate is
halved. When nobody has wanted a token for as long as fills the bucket, it counts as full again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Seconds in which AWS refuses a call, if it does; it need not do anything for that.
VERDICT = 0.1
#: How many calls are tried at first beyond a capacity that AWS documents, and beyond one that is a guess.
_BEYOND, _BEYOND_GUESS = 1, 8
_WIDER = 3
#: By how much our rate grows with a call, until there is a measure; and at most in the time of a verdict.
_GROWTH = 1.5
#: After how many calls without a refusal our rate is twice the one that was measured.
_DOUBLED = 64
#: Our rate is not halved any more below so many calls a second.
_SLOWEST = 1 / 8


@dataclass(frozen=True)
class Limit:
    """A bucket's size.

    Attributes:
        capacity: how many calls can be made at once.
        rate: how many more each second.
        sure: whether AWS documents it; otherwise it is a guess.
    """

    capacity: float
    rate: float
    sure: bool = True


class Bucket:
    """One bucket; the time is passed in, in seconds on a clock that only goes forward.

    Attributes:
        capacity, rate: what they are thought to be.
        tokens: how many are thought to be there; fewer than none while more are tried.
        emptied: when AWS last said that it is empty.
        refusing_since: when AWS began to refuse all calls, None if it lets calls through.
        _at: when `tokens` was right.
        _wanted: until when somebody wanted a token.
        _stride, _stride_began, _beyond: how many calls are tried at once beyond the tokens that are known,
            since when, and how many of them have no verdict yet.
        _sent, _probed: calls since it was empty, and when the first was sent, while it is the only one.
        _speed, _grown: our rate while it is limited, and when it grew last.
        _steady: whether the last refusals have measured the rate.
        _learnt: that measure: the calls that were let through, in how many seconds, the rate before it.
    """

    __slots__ = (
        "_at",
        "_beyond",
        "_first",
        "_full",
        "_grown",
        "_learnt",
        "_probed",
        "_sent",
        "_speed",
        "_steady",
        "_stride",
        "_stride_began",
        "_sure",
        "_wanted",
        "capacity",
        "emptied",
        "rate",
        "refusing_since",
        "tokens",
    )

    def __init__(self, limit: Limit, now: float) -> None:
        self.capacity, self.rate = limit.capacity, limit.rate
        self.tokens = limit.capacity
        self.emptied = -math.inf
        self.refusing_since: float | None = None
        self._at = self._wanted = now
        self._sure = limit.sure
        self._full = True
        self._first = _BEYOND if limit.sure else _BEYOND_GUESS
        self._stride = self._first
        self._stride_began = now
        self._beyond = 0
        self._probed: float | None = None
        self._sent = 0
        self._speed = self.rate
        self._grown = now
        self._steady = False
        self._learnt: tuple[int, float, float] | None = None

    @property
    def limited(self) -> bool:
        """Whether AWS has refused calls, and there has been no time since to fill it."""
        return not self._full

    @property
    def known(self) -> bool:
        """Whether the rate is more than a guess."""
        return self._sure or self._learnt is not None

    def has_spare(self, now: float) -> bool:
        """Whether a call that has time would take a token from nobody: it is at least half full."""
        self._fill(now)
        return self._full and self.tokens >= self.capacity / 2

    def wait(self, now: float) -> float:
        """Seconds until a call can be sent; 0 if it can now."""
        self._fill(now)
        if self._full:
            if self.tokens >= 1 or self._beyond < self._stride:
                return 0
            due = self._stride_began + VERDICT - now
        else:
            due = max(0, 1 - self.tokens) / self._speed
            if self._probed is not None:
                due = max(due, self._probed + VERDICT - now)
        self._wanted = now + due
        return due

    def take(self, now: float) -> None:
        """A call is sent now; `wait` has just allowed it."""
        if self._full:
            if self.tokens < 1:
                if self._beyond == 0:
                    if now - self._stride_began > 1.25 * VERDICT:
                        self._stride = self._first  # what was found before has been used up since
                    self._stride_began = now
                self._beyond += 1
        else:
            self._probed = now if self._sent == 0 else None
            self._grow(now)
        self._sent += 1
        self._wanted = now
        self.tokens -= 1

    def give_back(self) -> None:
        """A call that has taken a token was not sent, or AWS has taken none from this bucket."""
        self.tokens = min(self.tokens + 1, self.capacity)
        self._sent = max(self._sent - 1, 0)
        self._beyond = max(self._beyond - 1, 0)

    def let_through(self, sent: float) -> None:
        """AWS has not refused a call.

        Args:
            sent: when that was sent.
        """
        if self.refusing_since is not None and sent > self.emptied:
            self.refusing_since = None
        if self._beyond and sent >= self._stride_began:
            self._prove(1)

    def refused(self, sent: float, now: float) -> None:
        """AWS has refused a call that was sent then."""
        if self.refusing_since is None:
            self.refusing_since = now
        if sent <= self.emptied:
            self._refused_as_well()
            return
        self._fill(now)
        if self._full:
            self.capacity = max(1, self.capacity - self.tokens - 1)
            self._full, self._steady, self._learnt = False, False, None
            self._beyond = 0
        else:
            self._learn(self._sent - 1, now - self.emptied, self.rate)
        self.tokens = 0
        self.emptied = self._wanted = now
        self._sent = 0
        self._probed = None
        self._speed, self._grown = self.rate, now

    def _refused_as_well(self) -> None:
        """A call was sent before it was known that the bucket is empty, and has not been let through."""
        if self._learnt is None:
            self.capacity = max(1, self.capacity - 1)
        else:
            passed, seconds, before = self._learnt
            self._learn(passed - 1, seconds, before)
            self._speed = self.rate

    def _learn(self, passed: int, seconds: float, before: float) -> None:
        """AWS has let so many calls through from one refusal to the next.

        Args:
            seconds: between the two.
            before: the rate that was expected.
        """
        self._learnt = passed, seconds, before
        self._steady = passed > 0
        if passed > 0:
            self.rate = min(max(before, (passed - 0.5) / seconds), (passed + 0.5) / seconds)
        else:
            self.rate = min(before, max(before / 2, _SLOWEST))

    def _grow(self, now: float) -> None:
        """Try what is beyond the rate, as fast as verdicts come."""
        if now - self._grown < VERDICT:
            return
        most = self._speed * _GROWTH
        self._speed = min(most, self.rate * (1 + (self._sent / _DOUBLED) ** 3)) if self._steady else most
        self._grown = now

    def _fill(self, now: float) -> None:
        if self._beyond and now >= self._stride_began + VERDICT:
            self._stride *= _WIDER
            self._prove(self._beyond)
        if self.tokens < self.capacity:
            tokens = self.tokens + (now - self._at) * (self.rate if self._full else self._speed)
            self.tokens = tokens if tokens < self.capacity else self.capacity
        self._at = now
        if not self._full and now - self._wanted >= max(1, self.capacity / self.rate):
            self._full, self._stride, self.tokens = True, self._first, self.capacity

    def _prove(self, count: int) -> None:
        """So many calls beyond what was known have been let through."""
        self._beyond -= count
        self.capacity += count
        self.tokens += count
