"""Which steps share a call, and which need none."""

from __future__ import annotations

from engine.plan.call_groups import Sharing, sharing
from engine.plan.model import Found, Row
from modules.spec import Batch, Call, ComesWith, Resource, ref
from tests.engine.plan.tiny import found, plan, resource, row, snapshot

_BATCH = Batch(parameter="Names", limit=3, results="made")
_NET = resource("net")
_RULE = resource(
    "rule",
    ref("net", "net", "net"),
    create=(Call(operation="allow", params={"Net": "net", "Names[0]": "name"}, batch=_BATCH),),
    delete=(Call(operation="deny", params={"Net": "net", "Names[0]": "name"}, batch=_BATCH),),
)


def _shared(finds: list[Found], rows: list[Row], *, net: Resource = _NET) -> tuple[Sharing, list[str]]:
    """How the steps of a plan go together, and their names by number."""
    pair = (net, _RULE)
    steps = plan(pair, finds, rows).steps
    return sharing(snapshot(pair, finds, rows), steps, {}), [step.change.name for step in steps]


def _groups(finds: list[Found], rows: list[Row]) -> set[frozenset[str]]:
    shared, names = _shared(finds, rows)
    return {frozenset(names[number] for number in group) for group in shared.groups}


_NETS = [found(_NET, "n1", name="1"), found(_NET, "n2", name="2")]
_NET_ROWS = [row("net", 1, arn="n1", name="1"), row("net", 2, arn="n2", name="2")]


def _rules(**nets: int) -> list[Row]:
    return [row("rule", key, name=name, net=net) for key, (name, net) in enumerate(nets.items())]


def test_what_differs_in_one_list_only_shares_a_call() -> None:
    assert _groups(_NETS, [*_NET_ROWS, *_rules(a=1, b=1, c=2, d=2)]) == {frozenset("ab"), frozenset("cd")}


def test_a_step_alone_shares_nothing() -> None:
    assert _groups(_NETS, [*_NET_ROWS, *_rules(a=1, c=2)]) == set()


def test_no_more_share_a_call_than_it_takes() -> None:
    groups = _groups(_NETS, [*_NET_ROWS, *_rules(a=1, b=1, c=1, d=1, e=1)])
    assert sorted(map(len, groups)) == [2, 3]


def test_what_is_made_shares_no_call_with_what_is_removed() -> None:
    gone = [found(_RULE, f"r-{name}", name=name, net="n1") for name in "xy"]
    rows = [*_NET_ROWS, *_rules(a=1, b=1)]
    assert _groups([*_NETS, *gone], rows) == {frozenset("ab"), frozenset({"r-x", "r-y"})}


def test_steps_that_wait_for_others_share_no_call_with_those_that_do_not() -> None:
    rows = [*_NET_ROWS, row("net", 3, name="3"), *_rules(a=1, b=1, c=3, d=3)]
    assert _groups(_NETS, rows) == {frozenset("ab"), frozenset("cd")}


_ALL_OUT = ComesWith(
    table="rule",
    by="net",
    values={"name": "all"},
    find=Call(operation="find", params={}),
    unwanted=Call(operation="deny", params={}),
)
_OPEN = resource("net", comes_with=(_ALL_OUT,))


def test_a_row_that_asks_for_what_comes_with_a_new_resource_needs_no_call() -> None:
    shared, names = _shared([], [row("net", 1, name="n"), *_rules(all=1, other=1)], net=_OPEN)
    assert {names[number]: each for number, each in shared.brought.items()} == {"all": _ALL_OUT}
    assert {names[number]: each for number, each in shared.wanted.items()} == {"n": (_ALL_OUT,)}


def test_what_comes_with_a_resource_and_no_row_asks_for_is_not_wanted() -> None:
    shared, _ = _shared([], [row("net", 1, name="n"), *_rules(other=1)], net=_OPEN)
    assert (shared.brought, shared.wanted) == ({}, {})


def test_nothing_comes_with_what_is_there_already() -> None:
    there = [found(_OPEN, "n1", name="1")]
    shared, _ = _shared(there, [row("net", 1, arn="n1", name="1"), *_rules(all=1)], net=_OPEN)
    assert shared.brought == {}
