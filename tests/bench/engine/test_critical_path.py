"""The longest chain of calls that depend on each other."""

from __future__ import annotations

from typing import Any

from bench.engine.cloud import Call
from bench.engine.critical_path import critical_path, seconds


def _call(operation: str, start: float, took: float, answer: Any = None, **params: Any) -> Call:
    return Call(
        service="ec2",
        operation=operation,
        params=params,
        answer=answer,
        seconds=took,
        start=start,
        end=start + took,
    )


def _operations(*calls: Call, names: set[str]) -> list[str]:
    return [call.operation for call in critical_path(calls, names)]


def test_calls_that_name_nothing_of_each_other_are_one_beside_the_other() -> None:
    calls = _call("describe_a", 0, 1), _call("describe_b", 1, 2)
    assert _operations(*calls, names={"x"}) == ["describe_b"]


def test_a_call_comes_after_the_answer_that_has_what_it_names() -> None:
    calls = _call("create_a", 0, 1, {"Id": "x"}), _call("create_b", 5, 1, Ids=["x"])
    assert _operations(*calls, names={"x"}) == ["create_a", "create_b"]


def test_a_call_comes_after_the_one_that_gave_the_name() -> None:
    calls = _call("create_a", 0, 1, Name="x"), _call("create_b", 5, 1, Name="x")
    assert _operations(*calls, names={"x"}) == ["create_a", "create_b"]


def test_words_that_name_nothing_bind_no_calls() -> None:
    calls = _call("create_a", 0, 1, {"Protocol": "tcp"}), _call("create_b", 5, 2, Protocol="tcp")
    assert _operations(*calls, names={"x"}) == ["create_b"]


def test_nothing_is_changed_before_all_has_been_read() -> None:
    calls = _call("describe_a", 0, 3), _call("describe_b", 0, 1), _call("create_a", 3, 1)
    assert _operations(*calls, names=set()) == ["describe_a", "create_a"]


def test_the_time_between_calls_does_not_count() -> None:
    calls = [_call("create_a", 0, 1, {"Id": "x"}), _call("create_b", 50, 1, Id="x")]
    assert seconds(critical_path(calls, {"x"})) == 2
