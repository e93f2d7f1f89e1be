"""Which bases are new once rows show what AWS holds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from engine.plan import base as bases
from engine.plan import descriptions, states
from engine.plan.base import Base
from engine.plan.meet import Meeting, Name, keys_of
from engine.plan.model import Desired, Found, RowChange
from engine.plan.snapshot import Snapshot
from modules.spec import Resource

#: The digests of bases, by table and AWS's name.
Known = Mapping[str, Mapping[str, str]]


def outdated(meeting: Meeting, known: Known) -> Iterator[tuple[Base, Found]]:
    """The bases that resources have to get whose rows show what AWS holds, and that have none of this.

    The rows of what nobody may change are put right, so that they do.

    Args:
        known: the digest of the base of each resource that has one.
    """
    for (table, key), found in meeting.pairs.items():
        resource = meeting.snapshot.resources[table]
        shows = key in meeting.same[table] or descriptions.is_protected(resource, found)
        if shows and _is_outdated(resource, found, known):
            yield bases.agreed(resource, found), found


def lost(meeting: Meeting, known: Known) -> list[Name]:
    """The bases of what neither AWS holds nor a row goes on showing."""
    shown = {(each.table, each.identity) for each in meeting.resolver.gone.values()}
    return [
        (table, name)
        for table in meeting.snapshot.tables
        for name in known.get(table, ())
        if (table, name) not in shown and meeting.snapshot.by(table, None, name) is None
    ]


def after_sync(
    meeting: Meeting,
    changes: Iterable[RowChange],
    known: Known,
    agreed: Mapping[Name, frozenset[str]],
    tables: Collection[str],
) -> Iterator[tuple[Base, Found]]:
    """The bases that are new once rows show what AWS holds.

    Args:
        changes: of rows, by which they do; all have been made.
        agreed: columns and parts in which rows differ from AWS and mean the same.
        tables: those that were synced.
    """
    snapshot = meeting.snapshot
    changed = {(each.table, each.name) for each in changes if each.action != "delete"}
    rows = keys_of(meeting.pairs)
    for table, some in snapshot.tables.items():
        resource = snapshot.resources[table]
        for found in some:
            name = table, found.identity
            if name in changed:
                # What a row ignores it does not show: its base stays.
                if name not in snapshot.ignored or found.identity not in known.get(table, ()):
                    desired = meeting.resolver.desired.get((table, rows[name])) if name in rows else None
                    yield _shown(resource, found, desired, agreed.get(name, ())), found
            elif (
                table in tables
                and rows.get(name) in meeting.same[table]
                and _is_outdated(resource, found, known)
            ):
                yield bases.agreed(resource, found), found


def won(resource: Resource, found: Found, base: Base | None, names: Collection[str]) -> Base:
    """The base by which some columns and parts of a resource have been changed in its row alone.

    Args:
        base: its base so far, if it has one.
    """
    if base is None:
        return bases.agreed(resource, found)
    values = {name: found.values[name] for name in names if name not in found.parts}
    parts = {name: found.parts[name] for name in names if name in found.parts}
    row, answer = (states.with_values(each, values, parts) for each in (base.row, base.answer))
    return replace(base, row=row, answer=answer)


def of_brought(
    snapshot: Snapshot,
    before: Snapshot,
    tables: Iterable[str],
    pointed: Mapping[Name, Collection[str]],
    kept: Mapping[Name, Base],
) -> Iterator[tuple[Base, Found]]:
    """The bases of what AWS has made of its own accord, and of what was left to it and refers to that.

    Args:
        before: the snapshot before, with what the engine has made.
        tables: in which AWS makes something.
        pointed: the columns in which rows that were there show that now.
        kept: the bases of these rows' resources so far.
    """
    for table in tables:
        for found in snapshot.tables.get(table, ()):
            if before.by(table, None, found.identity) is None:
                yield bases.agreed(snapshot.resources[table], found), found
    for (table, identity), names in pointed.items():
        there = snapshot.by(table, None, identity)
        if there is not None:
            yield won(snapshot.resources[table], there, kept.get((table, identity)), names), there


def _shown(resource: Resource, found: Found, desired: Desired | None, own: Collection[str]) -> Base:
    """The base of a resource whose row shows what AWS holds, some columns in a form of its own."""
    base = bases.agreed(resource, found)
    if desired is None or not own:
        return base
    values = {name: desired.values.get(name) for name in own if name not in found.parts}
    parts = {name: desired.parts[name] for name in own if name in found.parts}
    return replace(base, row=states.with_values(base.row, values, parts))


def _is_outdated(resource: Resource, found: Found, known: Known) -> bool:
    return known.get(resource.table, _NONE).get(found.identity) != bases.digest(resource, found)


_NONE: Mapping[str, str] = {}
