"""When steps can begin."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.execute.schedule import Schedule
from engine.plan.model import Change, Step


def _steps(*after: set[int]) -> list[Step]:
    change = Change(action="create", table="t", id=None, name="d")
    return [
        Step(number=number, kind="create", change=change, after=frozenset(each))
        for number, each in enumerate(after)
    ]


def _schedule(*after: set[int], ends: bool = False) -> Schedule:
    return Schedule(_steps(*after), lambda step, other: ends)


def test_what_waits_for_nothing_begins_first() -> None:
    assert _schedule(set(), {0}, set()).first() == [0, 2]


def test_a_step_begins_when_all_before_it_can_be_referred_to() -> None:
    schedule = _schedule(set(), set(), {0, 1})
    assert schedule.named(0) == []
    assert schedule.named(1) == [2]
    assert schedule.ended(1) == []


def test_a_step_that_needs_the_end_does_not_begin_before_it() -> None:
    schedule = _schedule(set(), {0}, ends=True)
    assert schedule.named(0) == []
    assert schedule.ended(0) == [1]


def test_what_follows_a_failed_step_never_begins() -> None:
    schedule = _schedule(set(), set(), {0, 1}, {2}, {1})
    assert sorted(schedule.failed(0)) == [2, 3]
    assert schedule.ended(1) == [4]
    assert schedule.failed(2) == []


@given(st.data())
def test_every_step_begins_once_or_is_given_up_once(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    after = [
        set(data.draw(st.lists(st.integers(0, n - 1), max_size=3))) if n else set() for n in range(count)
    ]
    schedule = Schedule(_steps(*after), lambda step, other: (step.number + other.number) % 2 == 0)
    begun, ended, given_up = schedule.first(), set[int](), list[int]()
    waiting = list(begun)
    while waiting:
        number = waiting.pop(data.draw(st.integers(0, len(waiting) - 1)))
        assert after[number] <= ended | set(begun)
        if data.draw(st.booleans()):
            new = [*schedule.named(number), *schedule.ended(number)]
            ended.add(number)
        else:
            new = []
            given_up += schedule.failed(number)
        begun += new
        waiting += new
    assert sorted([*begun, *given_up]) == list(range(count))


def test_what_most_has_to_follow_begins_first() -> None:
    assert _schedule(set(), set(), {1}, {2}, {0}).first() == [1, 0]
