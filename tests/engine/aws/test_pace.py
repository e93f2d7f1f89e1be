"""How many calls are under way at once."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.aws.errors import CloudError, Treatment
from engine.aws.pace import Pace
from engine.aws.retries import Retries, pause


async def _enter(pace: Pace) -> None:
    await pace.__aenter__()


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_calls_begin_than_the_limit_lets() -> None:
    pace = Pace(2)
    entered = [asyncio.create_task(_enter(pace)) for _ in range(3)]
    await _settle()
    assert [each.done() for each in entered] == [True, True, False]
    await pace.__aexit__()
    await _settle()
    assert entered[2].done()


async def test_calls_that_were_under_way_together_slow_down_once() -> None:
    pace = Pace(64)
    sent = time.monotonic()
    for _ in range(10):
        pace.throttled(sent)
    assert pace.limit == 32
    pace.throttled(time.monotonic())
    assert pace.limit == 16


async def test_the_limit_never_falls_below_one_and_grows_back() -> None:
    pace = Pace(4)
    for _ in range(10):
        pace.throttled(time.monotonic())
    assert pace.limit == 1
    for _ in range(20):
        pace.answered()
    assert pace.limit == 4


async def test_one_that_waits_and_is_cancelled_takes_nobodys_turn() -> None:
    pace = Pace(1)
    await _enter(pace)
    waiting, gone = asyncio.create_task(_enter(pace)), asyncio.create_task(_enter(pace))
    await _settle()
    gone.cancel()
    await pace.__aexit__()
    waiting.cancel()  # its turn has come, but it has not noticed
    await _settle()
    await asyncio.wait_for(_enter(pace), 1)


def _error(treatment: Treatment) -> CloudError:
    return CloudError(message="x", treatment=treatment)


@pytest.mark.parametrize(
    ("treatment", "repeatable", "again"),
    [
        (Treatment.REFUSED, True, False),
        (Treatment.THROTTLED, False, True),
        (Treatment.UNSENT, False, True),
        (Treatment.LOST, True, True),
        (Treatment.LOST, False, False),
    ],
)
def test_what_may_have_been_performed_is_repeated_only_where_that_does_no_harm(
    treatment: Treatment, repeatable: bool, again: bool
) -> None:
    assert Retries().again(_error(treatment), sent=1, seconds=0, repeatable=repeatable) is again


def test_attempts_and_patience_end() -> None:
    retries = Retries(attempts=3, throttled=10)
    assert not retries.again(_error(Treatment.LOST), sent=3, seconds=0, repeatable=True)
    assert retries.again(_error(Treatment.THROTTLED), sent=30, seconds=9, repeatable=True)
    assert not retries.again(_error(Treatment.THROTTLED), sent=3, seconds=10, repeatable=True)


def test_pauses_double_up_to_eight_seconds_and_are_up_to_half_shorter() -> None:
    for sent, most in ((1, 0.25), (2, 0.5), (6, 8), (1000, 8)):
        assert most / 2 <= pause(sent) <= most
