"""Which changes concern what somebody else owns, and what rules see of it."""

from __future__ import annotations

from engine.plan import ownership
from engine.plan.apply import plan_apply
from modules.spec import assigned, column, ref
from tests.engine.plan.tiny import by_table, found, resource, row, snapshot

_OWNER = assigned("managed_by", "text", "owner")
_NET = resource("net", column("kind", "text", "kind"), _OWNER)
_HOST = resource("host", ref("net", "net", "net"), column("size", "text", "size"), _OWNER)
_GROUP = resource("group", _OWNER, key=("name",))
_MEMBER = resource("member", ref("group", "group", "group", type="text"), _OWNER)


def test_a_change_of_what_somebody_else_owns_is_one_of_others() -> None:
    finds = [found(_NET, "n1", name="a", owner="a stack"), found(_NET, "n2", name="b")]
    rows = [row("net", 1, arn="n1", name="a", kind="x"), row("net", 2, arn="n2", name="b", kind="x")]
    planned = plan_apply(snapshot([_NET], finds, rows), by_table([_NET], rows))
    assert len(planned.changes) == 2
    assert [each.name for each in ownership.of_others(planned)] == ["n1"]
    assert ownership.removals(planned) == []


def test_what_a_row_says_of_its_owner_counts_for_nothing() -> None:
    finds = [found(_NET, "n1", name="a", owner="a stack")]
    rows = [row("net", 1, arn="n1", name="a", managed_by=None)]
    planned = plan_apply(snapshot([_NET], finds, rows), by_table([_NET], rows))
    assert planned.changes == ()


def test_rules_see_a_resource_as_aws_has_it() -> None:
    finds = [found(_NET, "n1", name="a"), found(_HOST, "h1", name="h", net="n1", size="s")]
    rows = [row("net", 7, arn="n1", name="a"), row("host", 9, arn="h1", name="h", net=7, size="other")]
    account = snapshot([_NET, _HOST], finds, rows)
    planned = plan_apply(account, by_table([_NET, _HOST], rows))
    shown = ownership.as_aws_has_them(account, by_table([_NET, _HOST], rows), planned.pairs, [finds[1]])
    [host] = shown["host"]
    assert host == {"id": 9, "arn": "h1", "name": "h", "net": 7, "size": "s", "managed_by": None}


def test_rules_see_the_name_of_what_has_no_row_any_more() -> None:
    finds = [found(_GROUP, "g1", name="g"), found(_MEMBER, "m1", name="m", group="g1")]
    account = snapshot([_GROUP, _MEMBER], finds)
    [member] = ownership.as_aws_has_them(account, {}, {}, [finds[1]])["member"]
    assert member["group"] == "g"
    assert "id" not in member
