"""Whether a plan changes what somebody else owns, or removes what the database's owner protects.

What else owns a resource stands in its column `managed_by`. `iasql.owned` lets some of that through, and what
is in `iasql.protected` no apply removes. Both are asked of the resource as AWS has it: what its row says now
may be what the same apply is to do.

It is a question of rights: SQLSTATE 42501, as where a GRANT lacks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.caller import Caller
from engine.database.sql import literal
from engine.errors import OperationError, listed
from engine.guard import rules
from engine.plan import ownership
from engine.plan.meet import Name
from engine.plan.model import Change, Found, Key, Plan, Row
from engine.plan.snapshot import Snapshot

_SHOWN = 20


async def check(
    caller: Caller, snapshot: Snapshot, rows: Mapping[str, Sequence[Row]], plan: Plan, *, strict: bool
) -> None:
    """Refuse a plan that changes what is not this database's to change.

    Args:
        strict: whether the plan is to be carried out; else the client is only told.

    Raises:
        OperationError: 42501, with what it is and whose.
        DatabaseError: a rule's condition cannot be checked.
    """
    if changes := ownership.of_others(plan):
        through = await ruled(caller, "owned", snapshot, rows, plan.pairs, _found(changes))
        others = [each for each in changes if _name(each) not in through]
        if others:
            _refuse(caller, _of_others(snapshot, others), strict=strict)
    if changes := ownership.removals(plan):
        kept = await ruled(caller, "protected", snapshot, rows, plan.pairs, _found(changes))
        if kept:
            _refuse(caller, _protected([each for each in changes if _name(each) in kept]), strict=strict)


async def ruled(
    caller: Caller,
    kind: rules.Kind,
    snapshot: Snapshot,
    rows: Mapping[str, Sequence[Row]],
    pairs: Mapping[tuple[str, Key], Found],
    some: Iterable[Found],
) -> set[Name]:
    """Of some resources, those that rules of a kind are about, as AWS has them.

    Args:
        pairs: which row shows which resource.

    Raises:
        DatabaseError: a rule's condition cannot be checked.
    """
    by_table: dict[str, list[Found]] = defaultdict(list)
    for each in some:
        by_table[each.table].append(each)
    tables = await rules.tables(caller, kind, by_table)
    asked = [each for table in by_table if table in tables for each in by_table[table]]
    if not asked:
        return set()
    shown = ownership.as_aws_has_them(snapshot, rows, pairs, asked)
    found = await rules.matching(caller, kind, shown)
    return {(each.table, by_table[each.table][each.place].identity) for each in found}


def _found(changes: Iterable[Change]) -> Iterator[Found]:
    yield from (each.found for each in changes if each.found)


def _name(change: Change) -> Name | None:
    return (change.table, change.found.identity) if change.found else None


def _refuse(caller: Caller, error: OperationError, *, strict: bool) -> None:
    """
    Raises:
        OperationError: the error, if the plan is to be carried out.
    """
    if strict:
        raise error
    caller.notice(
        error.message,
        severity="WARNING",
        detail="\n".join(filter(None, ("An apply is refused.", error.detail))),
        hint=error.hint,
    )


def _of_others(snapshot: Snapshot, changes: Sequence[Change]) -> OperationError:
    first = changes[0]
    lines = [f"{_row(each)}: managed by {ownership.owner(each.found)}" for each in changes]
    return OperationError(
        f"{first} is not for this database to do: {ownership.owner(first.found)} manages it{_more(changes)}",
        sqlstate="42501",
        detail=listed(lines, _SHOWN),
        hint="Change it there, and call iasql_sync() for its row. Whoever may write iasql.owned can let it "
        f"through: INSERT INTO iasql.owned (table_name, condition) VALUES ({literal(first.table)}, "
        f"{literal(_condition(snapshot, first))});",
        table=first.table,
    )


def _protected(changes: Sequence[Change]) -> OperationError:
    first = changes[0]
    return OperationError(
        f"{first} is refused: iasql.protected has it{_more(changes)}",
        sqlstate="42501",
        detail=listed([_row(each) for each in changes], _SHOWN),
        hint="What AWS has counts, not what the row says now. Only who may write iasql.protected changes it.",
        table=first.table,
    )


def _condition(snapshot: Snapshot, change: Change) -> str:
    """What is true for one resource alone."""
    resource = snapshot.resources[change.table]
    assert change.found is not None
    name = resource.identity or resource.natural_key[0]
    return f"{name} = {literal(str(change.found.values[name]))}"


def _row(change: Change) -> str:
    return str(change) + (f" (row {change.id})" if change.id is not None else "")


def _more(changes: Sequence[Change]) -> str:
    return f", and there are {len(changes) - 1} more" if len(changes) > 1 else ""
