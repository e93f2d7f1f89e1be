"""When calls are sent: not too many at once, and none without a token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest

from engine.aws.bucket import Limit
from engine.aws.errors import CloudError, Treatment
from engine.aws.limits import Named
from engine.aws.limits import buckets as documented
from engine.aws.pace import CHANGING, Paces, Turn
from engine.aws.retries import Retries, pause
from engine.caller import Stop
from engine.errors import OperationError

_AMPLE = Limit(1000, 1000)


def _paces(**limits: Limit) -> Paces:
    """Paces of operations that have a bucket each, and share an ample one."""

    def limits_of(service: str, operation: str) -> tuple[Named, ...]:
        return (operation, limits.get(operation, _AMPLE)), ("all", limits.get("all", _AMPLE))

    return Paces(limits_of)


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _begun(paces: Paces, operation: str) -> Turn:
    turn = paces.turn("s", operation)
    assert await turn.begin()
    return turn


def _begin(turns: Iterable[Turn], stop: Stop | None = None) -> list[asyncio.Task[bool]]:
    return [asyncio.create_task(turn.begin(stop)) for turn in turns]


async def test_no_more_calls_of_a_service_are_under_way_than_there_are_places() -> None:
    paces = _paces()
    first, *_ = [await _begun(paces, "create_a") for _ in range(CHANGING)]
    waiting, reading, other = _begin(
        [paces.turn("s", "create_b"), paces.turn("s", "list_a"), paces.turn("other", "create_a")]
    )
    await _settle()
    assert [each.done() for each in (waiting, reading, other)] == [False, True, True]
    first.end()
    assert await waiting
    assert paces.under_way == CHANGING + 2


async def test_who_waits_for_a_token_is_in_nobodys_way_and_gets_it_in_time() -> None:
    paces = _paces(create_a=Limit(1, 5))
    turns = [await _begun(paces, "create_a") for _ in range(2)]  # the second tries whether there are more
    turns[1].refused()
    turns[1].end()
    start = time.monotonic()
    again, later = _begin([turns[1], paces.turn("s", "create_a")])
    await _settle()
    for _ in range(10):
        await _begun(paces, "create_b")
    assert not again.done()
    assert await again
    assert not later.done(), "who was refused is first, and tries alone"
    assert 0.15 < time.monotonic() - start < 2
    turns[1].end()
    assert await later


async def test_those_that_wait_come_in_the_order_in_which_they_came() -> None:
    paces = _paces(create_a=Limit(1, 20))
    first, refused = [await _begun(paces, "create_a") for _ in range(2)]
    turns = [paces.turn("s", "create_a") for _ in range(3)]
    order: list[int] = []

    async def begin(turn: Turn) -> None:
        await turn.begin()
        order.append(turn.number)

    tasks = [asyncio.create_task(begin(each)) for each in turns]
    await _settle()
    refused.refused()
    refused.end()
    await asyncio.gather(*tasks, begin(refused))
    assert order == sorted(order)
    first.end()


async def test_a_stop_ends_the_wait_for_a_token() -> None:
    paces, stop = _paces(create_a=Limit(1, 0.01)), Stop()
    _, refused = [await _begun(paces, "create_a") for _ in range(2)]
    refused.refused()
    refused.end()
    before, after = _begin([refused, paces.turn("s", "create_a")], stop)
    await _settle()
    stop.request(OperationError("enough"))
    assert [await before, await after] == [False, False]
    assert not await refused.begin(stop), "it is not waited for after a stop"
    assert paces.under_way == 1


async def test_one_that_waits_and_is_cancelled_takes_nobodys_place_and_no_token() -> None:
    paces = _paces(create_a=Limit(CHANGING + 1, 0.01))
    first, *_ = [await _begun(paces, "create_a") for _ in range(CHANGING)]
    early, gone, admitted, waiting = _begin([paces.turn("s", "create_a") for _ in range(4)])
    await _settle()
    early.cancel()
    await _settle()
    gone.cancel()  # it has not noticed when its turn comes
    first.end()
    admitted.cancel()  # its turn has come, but it has not noticed
    assert await asyncio.wait_for(waiting, 1)
    assert paces.under_way == CHANGING


async def test_a_refusal_is_laid_to_the_bucket_that_is_emptier() -> None:
    paces = _paces(create_a=Limit(10, 1), all=Limit(3, 5))
    turns = [await _begun(paces, "create_a") for _ in range(4)]
    own, shared = turns[0].line.buckets
    turns[3].refused()
    assert (own.limited, shared.limited) == (False, True)
    assert own.tokens == pytest.approx(7, abs=0.1), "AWS has taken no token for it"
    assert await turns[3].begin()
    turns[3].refused()
    assert own.limited, "refused twice in a row, it is not for what others share"


async def test_what_is_idle_has_no_timer_and_buckets_are_made_when_they_are_needed() -> None:
    paces = Paces()
    assert paces._buckets == {}
    turn = await _begun(paces, "create_a")
    turn.let_through()
    turn.end()
    assert len(paces._buckets) == 2
    assert all(pace._timer is None for pace in paces._paces.values())


@pytest.mark.parametrize(
    ("service", "operation", "names"),
    [
        ("ec2", "create_vpc", ["create_vpc"]),
        ("ecs", "deregister_task_definition", ["task_definition_modify"]),
        ("elbv2", "create_load_balancer", ["resource_intensive", "all"]),
        ("elbv2", "describe_listeners", ["non_mutating", "all"]),
        ("logs", "create_log_group", ["create_log_group", "changing"]),
        ("logs", "describe_log_groups", ["describe_log_groups", "reading"]),
    ],
)
def test_calls_share_the_buckets_that_aws_documents(service: str, operation: str, names: list[str]) -> None:
    assert [name for name, _ in documented(service, operation)] == names


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
    assert Retries().again(_error(treatment), sent=1, throttled=0, repeatable=repeatable) is again


def test_attempts_and_patience_end() -> None:
    retries = Retries(attempts=3, throttled=10)
    assert not retries.again(_error(Treatment.LOST), sent=3, throttled=0, repeatable=True)
    assert retries.again(_error(Treatment.THROTTLED), sent=30, throttled=9, repeatable=True)
    assert not retries.again(_error(Treatment.THROTTLED), sent=3, throttled=10, repeatable=True)


def test_pauses_double_up_to_eight_seconds_and_are_up_to_half_shorter() -> None:
    for sent, most in ((1, 0.25), (2, 0.5), (6, 8), (1000, 8)):
        assert most / 2 <= pause(sent) <= most


async def test_a_call_that_has_time_takes_half_of_what_comes_in_and_nothing_at_once() -> None:
    paces = _paces(list_a=Limit(10, 100))
    times = []
    for _ in range(5):
        await paces.spare("s", "list_a")
        times.append(time.monotonic())
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.019
    assert paces.under_way == 0


async def test_a_call_that_has_time_waits_while_others_do() -> None:
    paces = _paces(list_a=Limit(2, 0.001))
    for _ in range(2):
        (await _begun(paces, "list_a")).end()
    first, waiting = _begin([paces.turn("s", "list_a"), paces.turn("s", "list_a")])
    spare = asyncio.create_task(paces.spare("s", "list_b"))
    await first  # one beyond what is documented is tried
    await _settle()
    assert [waiting.done(), spare.done()] == [False, False]
    waiting.cancel()
    await asyncio.wait_for(spare, 10)


async def test_a_call_that_has_time_waits_until_a_bucket_is_half_full() -> None:
    paces = _paces(list_a=Limit(4, 10))
    for _ in range(4):
        (await _begun(paces, "list_a")).end()
    began = time.monotonic()
    await paces.spare("s", "list_a")
    assert time.monotonic() - began >= 0.19  # then there are two of four again


async def test_a_call_that_has_time_does_not_try_a_bucket_that_aws_has_refused_a_call_of() -> None:
    paces = _paces(list_a=Limit(4, 4))
    turn = await _begun(paces, "list_a")
    turn.refused()
    turn.end()
    began = time.monotonic()
    await paces.spare("s", "list_a")
    assert time.monotonic() - began >= 0.99  # nobody has wanted any for as long as fills it
