"""What is learnt of AWS's buckets, against simulated ones of which nothing, too much or too little is known.

Nothing here takes time: a clock is passed in.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.simulator.throttling import Bucket as AwsBucket
from deploy.simulator.throttling import Limit as AwsLimit
from engine.aws.bucket import VERDICT, Bucket, Limit

#: Seconds until AWS answers, and until it refuses.
_ANSWER, _REFUSAL = 0.35, 0.05
_AT_ONCE = 64
_GUESS = Limit(16, 5, sure=False)


@dataclass
class Aws:
    """A bucket of AWS's.

    Attributes:
        drained: whether somebody else takes all of its tokens at a time.
    """

    limit: AwsLimit
    drained: Callable[[float], bool] = lambda now: False

    def __post_init__(self) -> None:
        self._bucket = AwsBucket(self.limit, self.limit.capacity, 0)

    def allows(self, now: float) -> bool:
        self._bucket.fill(now)
        if self.drained(now):
            self._bucket.tokens = 0
        if self._bucket.tokens < 1:
            return False
        self._bucket.tokens -= 1
        return True


@dataclass(frozen=True)
class Result:
    seconds: float
    refused: int


def send(aws: Aws, calls: int, bucket: Bucket, at: float = 0) -> Result:
    """Send calls that all want to be sent at once, and those again that are refused."""
    now, left, refused = at, calls, 0
    under_way: list[tuple[float, bool, float]] = []
    while left or under_way:
        while under_way and under_way[0][0] <= now:
            _, allowed, sent = heapq.heappop(under_way)
            if allowed:
                bucket.let_through(sent)
            else:
                bucket.refused(sent, now)
                left, refused = left + 1, refused + 1
        next_at = under_way[0][0] if under_way else sys.float_info.max
        while left and len(under_way) < _AT_ONCE:
            seconds = bucket.wait(now)
            assert 0 <= seconds < 1000, "nobody knows when the next call can be sent"
            if seconds > 0:
                next_at = min(next_at, now + max(seconds, 0.001))
                break
            bucket.take(now)
            left -= 1
            allowed = aws.allows(now)
            heapq.heappush(under_way, (now + (_ANSWER if allowed else _REFUSAL), allowed, now))
            next_at = min(next_at, under_way[0][0])
        if left or under_way:
            now = next_at
    return Result(now - at, refused)


def least(limit: AwsLimit, calls: int) -> float:
    """Seconds that nobody can do without: of the bucket, of so many places, and of the last answer."""
    return max((calls - limit.capacity) / limit.refill, calls / _AT_ONCE * _ANSWER) + _ANSWER


_limits = st.builds(AwsLimit, st.integers(5, 100), st.sampled_from([0.2, 0.5, 1, 2, 5, 10, 20]))


@settings(max_examples=200, deadline=None)
@given(limit=_limits, calls=st.integers(1, 600))
def test_where_aws_is_as_it_documents_hardly_a_call_is_refused_and_hardly_a_token_wasted(
    limit: AwsLimit, calls: int
) -> None:
    result = send(Aws(limit), calls, Bucket(Limit(limit.capacity, limit.refill), 0))
    assert result.refused <= 0.05 * calls + 3
    assert result.seconds <= 1.3 * least(limit, calls) + 2 + 2 / limit.refill


@settings(max_examples=200, deadline=None)
@given(limit=_limits, calls=st.integers(1, 600))
def test_of_a_bucket_of_which_nothing_is_known_the_size_is_found_out(limit: AwsLimit, calls: int) -> None:
    result = send(Aws(limit), calls, Bucket(_GUESS, 0))
    assert result.refused <= 0.05 * calls + 40  # what is sent before the first verdict
    assert result.seconds <= 1.3 * least(limit, calls) + 3 + 4 / limit.refill


@settings(max_examples=100, deadline=None)
@given(limit=_limits, calls=st.integers(1, 600), lower=st.sampled_from([2, 3, 5, 10]))
def test_limits_that_were_raised_are_found(limit: AwsLimit, calls: int, lower: int) -> None:
    documented = Limit(max(limit.capacity / lower, 5), limit.refill / lower)
    result = send(Aws(limit), calls, Bucket(documented, 0))
    assert result.refused <= 0.05 * calls + 50
    # It takes some calls at the documented rate until it is known that there is a higher one.
    assert result.seconds <= 1.5 * least(limit, calls) + 3 + 8 / documented.rate


@pytest.mark.parametrize("limit", [AwsLimit(10, 0.2), AwsLimit(20, 1), AwsLimit(50, 5), AwsLimit(40, 10)])
def test_a_bucket_that_somebody_else_has_emptied_is_tried_now_and_then_and_recovers(limit: AwsLimit) -> None:
    busy = 60
    aws = Aws(limit, drained=lambda now: now < busy)
    result = send(aws, 100, Bucket(Limit(limit.capacity, limit.refill), 0))
    assert result.refused <= limit.capacity + 30  # what was sent at once, and then hardly any
    assert result.seconds <= busy + 1.3 * (100 / limit.refill) + 60


def test_without_limits_no_call_waits_for_long() -> None:
    for limit in (_GUESS, Limit(10, 0.2)):
        result = send(Aws(AwsLimit(1e6, 1e6)), 50, Bucket(limit, 0))
        assert result.refused == 0
        assert result.seconds <= _ANSWER + 5 * VERDICT


def test_a_bucket_that_nobody_has_used_for_long_is_full_again() -> None:
    limit = AwsLimit(20, 1)
    aws, bucket = Aws(limit), Bucket(Limit(20, 1), 0)
    first = send(aws, 30, bucket)
    again = send(aws, 20, bucket, first.seconds + 60)
    assert again.refused == 0
    assert again.seconds <= 2 * _ANSWER


def test_one_call_alone_tries_a_bucket_that_is_empty() -> None:
    bucket = Bucket(Limit(2, 10), 0)
    for _ in range(3):
        assert bucket.wait(0) == 0
        bucket.take(0)
    bucket.refused(0, 0.05)
    assert bucket.limited
    assert bucket.wait(0.05) == pytest.approx(0.1)
    bucket.take(0.16)
    assert bucket.wait(0.17) == pytest.approx(VERDICT - 0.01)


def test_a_call_that_is_not_sent_gives_its_token_back() -> None:
    bucket = Bucket(Limit(1, 0.2), 0)
    bucket.take(0)
    bucket.give_back()
    assert bucket.tokens == 1


def test_it_is_said_for_how_long_aws_has_let_nothing_through() -> None:
    bucket = Bucket(Limit(1, 1), 0)
    bucket.take(0)
    bucket.refused(0, 0.05)
    bucket.take(2)
    bucket.refused(2, 2.05)
    assert bucket.refusing_since == 0.05
    bucket.take(5)
    bucket.let_through(5)
    assert bucket.refusing_since is None
