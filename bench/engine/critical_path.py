"""The least time that some calls can take, found from the calls alone.

A call can begin when what it names is known. What it names are ids, ARNs and names of resources in its
parameters; they are known from the first answer that has them, or once the call that gave the name has
ended. A page begins when the one before has come. Nothing is changed before everything has been read, since
only then is it known what to change. The longest chain of such calls is the critical path: no program that
makes these calls can take less than the sum of its latencies. That the engine makes one call after another
does not make the path longer; only what a call names does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from bench.engine.cloud import Call


def critical_path(calls: Sequence[Call], names: Collection[str]) -> list[Call]:
    """The longest chain.

    Args:
        calls: of one operation.
        names: what counts as the name of a resource.
    """
    calls = sorted(calls, key=lambda call: call.start)
    first_change = min((call.start for call in calls if call.mutating), default=float("inf"))
    shown = _first_shown(calls, names)
    chains: dict[int, list[Call]] = {}
    reading: list[Call] | None = None
    for call in calls:
        if call.start >= first_change and reading is None:
            reading = max(chains.values(), key=seconds, default=[])
        before = [chains[id(each)] for each in _before(call, calls, shown, names) if id(each) in chains]
        chains[id(call)] = [*max([*before, reading or []], key=seconds), call]
    return max(chains.values(), key=seconds, default=[])


def seconds(chain: Sequence[Call]) -> float:
    """How long a chain takes."""
    return sum(call.seconds for call in chain)


def _first_shown(calls: Sequence[Call], names: Collection[str]) -> dict[str, Call]:
    """The call that makes each name known: the one that gives it, else the first whose answer has it."""
    shown: dict[str, Call] = {}
    for call in sorted(calls, key=lambda call: call.end):
        told = [call.answer, call.params] if call.mutating else [call.answer]
        for name in _named(told, names):
            shown.setdefault(name, call)
    return shown


def _before(
    call: Call, calls: Sequence[Call], shown: dict[str, Call], names: Collection[str]
) -> Iterator[Call]:
    if call.previous is not None:
        yield call.previous
    yield from (shown[name] for name in _named(call.params, names) if shown.get(name) not in (None, call))
    if call.operation == "create_service":
        # ECS refuses a target group that no listener sends requests to yet.
        targets = {each["targetGroupArn"] for each in call.params.get("loadBalancers", ())}
        for each in calls:
            if each.operation == "create_listener" and targets & set(_leaves(each.params)):
                yield each


def _named(value: Any, names: Collection[str]) -> set[str]:
    found = set()
    for leaf in _leaves(value):
        found |= {each for each in (leaf, leaf.rpartition(":")[0]) if each in names}
    return found


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
