"""What is repeated: how often, with which pauses, and when it ends."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.aws.errors import CloudError, Treatment
from engine.aws.patience import Scouting, persist
from engine.caller import Stop
from engine.errors import OperationError
from engine.waiting import Attempts, growing


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, none of which takes any time."""
    made: list[float] = []

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr("engine.waiting.asyncio.sleep", sleep)
    return made


async def _all(attempts: Attempts) -> list[int]:
    return [number async for number in attempts]


async def test_the_first_attempt_comes_at_once_and_the_last_is_followed_by_no_pause(
    pauses: list[float],
) -> None:
    assert await _all(Attempts(growing(1), count=1)) == [1]
    assert pauses == []


async def test_the_time_counts_from_when_the_first_attempt_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("engine.waiting.time.monotonic", lambda: now)
    attempts = Attempts(growing(0), count=2)
    assert attempts.seconds == 0
    now = 110.0
    await anext(attempts)
    now = 112.5
    assert attempts.seconds == 2.5
    await anext(attempts)
    now = 113.0
    assert attempts.seconds == 3


async def test_what_succeeds_at_once_takes_no_retrying_of_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("engine.waiting.AsyncRetrying")
    async for number in Attempts(growing(1)):
        assert number == 1
        break


async def test_pauses_grow_up_to_the_longest(pauses: list[float]) -> None:
    attempts = Attempts(growing(0.5, factor=3, most=4), count=5)
    assert await _all(attempts) == [1, 2, 3, 4, 5]
    assert pauses == [0.5, 1.5, 4, 4]
    assert attempts.paused == 10


async def test_no_attempt_follows_when_the_time_is_over(pauses: list[float]) -> None:
    assert await _all(Attempts(growing(1), seconds=0)) == [1]


async def test_a_stop_ends_the_pause_and_the_attempts() -> None:
    stop = Stop()
    for last, numbers in ((False, [1]), (True, [1, 2])):
        waiting = asyncio.create_task(_all(Attempts(growing(60), stop=stop, last_after_stop=last)))
        await asyncio.sleep(0)
        stop.request(OperationError("enough"))
        assert await asyncio.wait_for(waiting, 1) == numbers
        stop = Stop()


async def test_nothing_is_repeated_after_a_stop() -> None:
    stop = Stop()
    stop.request(OperationError("enough"))
    assert await _all(Attempts(growing(60), stop=stop, last_after_stop=True)) == [1]


async def test_what_persists_raises_the_last_error_when_a_stop_comes() -> None:
    stop, tried = Stop(), 0

    async def attempt() -> None:
        nonlocal tried
        tried += 1
        raise CloudError(message=f"error {tried}")

    persisting = asyncio.create_task(persist(attempt, lambda error: True, 60, stop))
    await asyncio.sleep(0)
    stop.request(OperationError("enough"))
    with pytest.raises(CloudError, match="error 2"):
        await asyncio.wait_for(persisting, 1)


async def test_what_persists_ends_with_an_error_that_is_not_worth_another_attempt() -> None:
    async def attempt() -> None:
        raise CloudError(message="no")

    with pytest.raises(CloudError, match="no"):
        await persist(attempt, lambda error: False, 60, Stop())


def _not_seen() -> CloudError:
    return CloudError(message="not seen", treatment=Treatment.REFUSED)


async def test_one_call_finds_out_for_all_when_aws_sees_what_they_need() -> None:
    scouting, seen_at, tried = Scouting(), time.monotonic() + 0.15, 0

    async def attempt() -> float:
        nonlocal tried
        tried += 1
        await asyncio.sleep(0.01)
        if time.monotonic() < seen_at:
            raise _not_seen()
        return time.monotonic()

    calls = [scouting.persist(attempt, lambda _: True, 10, Stop(), spacing=0) for _ in range(10)]
    ends = await asyncio.wait_for(asyncio.gather(*calls), 5)
    assert tried == 11, "one in vain"
    assert max(ends) - min(ends) < 1
    start = time.monotonic()
    assert await scouting.persist(attempt, lambda _: True, 10, Stop(), spacing=0) > start + 0.3, "as late"


async def test_who_waits_for_the_one_that_tries_first_is_stopped_and_takes_its_place_if_it_fails() -> None:
    scouting, stop = Scouting(), Stop()

    async def attempt() -> None:
        await asyncio.sleep(0.01)
        raise _not_seen()

    calls = [scouting.persist(attempt, lambda _: False, 10, stop, spacing=0) for _ in range(3)]
    assert [type(each) for each in await asyncio.gather(*calls, return_exceptions=True)] == [CloudError] * 3
    tasks = [
        asyncio.create_task(scouting.persist(attempt, lambda _: True, 10, stop, spacing=0)) for _ in range(3)
    ]
    await asyncio.sleep(0.05)
    stop.request(OperationError("enough"))
    first, *others = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 2)
    assert isinstance(first, CloudError)
    assert {str(each) for each in others} == {"enough"}
