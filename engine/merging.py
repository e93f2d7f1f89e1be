"""What rows and AWS have each changed since they were last one: read, merged, told, and kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from engine import left_over
from engine.caller import Caller
from engine.database.sql import literal
from engine.errors import OperationError, listed
from engine.guard import mode
from engine.plan import base, cut_off, merge, model, new_bases, new_keys, states, sync
from engine.plan.base import Base
from engine.plan.columns import text
from engine.plan.cut_off import Open
from engine.plan.meet import Meeting, Name, Place, meet
from engine.plan.merge import Merged, Mode, Settled
from engine.plan.model import Found, Row, RowChange
from engine.plan.snapshot import Snapshot
from engine.request import Scope
from engine.rows import bases, write
from engine.rows.writer import Writer
from modules.spec import Resource

_SHOWN = 50


@dataclass(frozen=True)
class Merging:
    """A merge, and what it was made of.

    Attributes:
        kept: the bases of what the meeting wants.
    """

    mode: Mode
    meeting: Meeting
    kept: Mapping[Name, Base]
    merged: Merged


async def merging(
    caller: Caller,
    snapshot: Snapshot,
    rows: Mapping[str, Sequence[Row]],
    unusable: Collection[Place] = (),
    *,
    drift: bool = False,
) -> Merging:
    """Let rows follow what AWS has changed, without writing anything.

    Args:
        unusable: rows that are left out, by table and key.
        drift: see what that is, whatever mode is set.

    Raises:
        OperationError: 55000, rows of a table have gone in another way than by DELETE.
    """
    chosen, delete_unknown = (Mode.MERGE, False) if drift else await mode.chosen(caller)
    meeting = meet(snapshot, rows, unusable)
    kept = await bases.read(caller, snapshot.resources.values(), meeting.wanted())
    merged = merge.merged(meeting, kept, chosen, delete_unknown=delete_unknown)
    if merged.conflicts or merged.gone or any(each.action == "create" for each in merged.follows):
        steps = await _unfinished(caller)
        if steps:
            return await _finishing(caller, Merging(chosen, meeting, kept, merged), delete_unknown, steps)
    return Merging(chosen, meeting, kept, merged)


async def _finishing(
    caller: Caller, merging: Merging, delete_unknown: bool, steps: Sequence[Open]
) -> Merging:
    """The same, once it is known what operations that were cut off had begun."""
    meeting, kept, resources = merging.meeting, merging.kept, merging.meeting.snapshot.resources
    unfinished, lately = cut_off.names(steps), cut_off.names(steps, known=True)
    follows: tuple[RowChange, ...] = ()
    keep: tuple[tuple[Base, Found], ...] = ()
    finished = merge.finished(meeting, kept, unfinished, lately)
    while finished.follows:  # what has its row then may have others within it
        follows, keep = (*follows, *finished.follows), (*keep, *finished.keep)
        rows = merge.followed(resources, meeting.rows, finished.follows)
        meeting = meet(meeting.snapshot, rows, meeting.left_out)
        kept = await bases.read(caller, resources.values(), meeting.wanted())
        kept |= {(base.table, base.identity): base for base, _ in keep}
        finished = merge.finished(meeting, kept, unfinished, lately)
    merged = merge.merged(
        meeting,
        kept,
        merging.mode,
        delete_unknown=delete_unknown,
        unfinished=unfinished,
        lately=lately,
    )
    if follows:
        merged = replace(merged, follows=(*follows, *merged.follows), keep=(*keep, *merged.keep))
    return Merging(merging.mode, meeting, kept, merged)


async def _unfinished(caller: Caller) -> list[Open]:
    found = await caller.query(
        "SELECT u.operation::pg_catalog.text, u.table_name, u.description, u.kind, u.becomes, "
        "u.known::pg_catalog.text FROM iasql.unfinished AS u ORDER BY u.operation"
    )
    return [
        Open(int(str(number)), str(table), str(name), str(kind), becomes, known == "true")
        for number, table, name, kind, becomes, known in found
    ]


async def _unknown(caller: Caller) -> list[Open]:
    """The steps of which nobody knows the end yet."""
    return [each for each in await _unfinished(caller) if not each.known]


@dataclass(frozen=True)
class Agreement:
    """What a sync leaves as it is in the rows.

    Attributes:
        meeting: which row is which resource.
        agreed: columns and parts in which a row and AWS differ and mean the same, by resource.
        columns: those, and others in which the row's side is kept.
        rows: rows that stay although AWS holds nothing of theirs.
        keep: the bases by which what rows keep is their change alone, each with AWS's answer.
    """

    meeting: Meeting
    agreed: Mapping[Name, frozenset[str]]
    columns: Mapping[Name, frozenset[str]]
    rows: frozenset[Place] = frozenset()
    keep: tuple[tuple[Base, Found], ...] = ()

    def plan(self) -> Sequence[RowChange]:
        """What makes all other rows show what AWS holds."""
        meeting = self.meeting
        return sync.plan_sync(
            meeting.snapshot, meeting.rows, agreed=self.columns, kept=self.rows, pairs=meeting.pairs
        )


async def agreeing(
    caller: Caller,
    scope: Scope,
    snapshot: Snapshot,
    rows: Mapping[str, Sequence[Row]],
    keep: object = None,
) -> Agreement:
    """What rows need not follow so that they show what AWS holds.

    Args:
        keep: a table, or a table and the name of a resource, whose conflicts the rows are to win.

    Raises:
        OperationError: 42704, there is no such table.
    """
    meeting = meet(snapshot, rows)
    kept = _as_shown(snapshot, await bases.read(caller, (), meeting.wanted()))
    if keep is None:
        agreed = merge.merged(meeting, kept, Mode.ENFORCE).agreed
        return Agreement(meeting, agreed, agreed)
    table, name = _meant(scope, snapshot, str(keep))
    merged = merge.merged(meeting, kept, Mode.MERGE)
    name = _known_name(meeting, table, name)
    won: dict[Name, frozenset[str]] = {}
    for each in merged.conflicts:
        if each.table == table and name in (None, each.name, each.label) and each.column is not None:
            won[table, each.name] = won.get((table, each.name), frozenset()) | {each.column}
    resource, rows_of = snapshot.resources[table], {row.key: row for row in rows[table]}
    gone = {
        place
        for place, found in merged.gone.items()
        if place[0] == table
        and name in (None, found.identity, meeting.resolver.name(resource, rows_of[place[1]]))
    }
    keeps = tuple(
        (new_bases.won(resource, found, kept.get(key), won[key]), found)
        for key in won
        if (found := snapshot.by(table, None, key[1])) is not None
    )
    stay = _staying(meeting, rows, gone, won, merged)
    agreed = _still_meant(meeting, merged.agreed, merged.gone.keys() - stay)
    columns = {**agreed}
    for key, some in won.items():
        columns[key] = columns.get(key, frozenset()) | some
    return Agreement(meeting, agreed, columns, stay, keeps)


def _as_shown(snapshot: Snapshot, kept: Mapping[Name, Base]) -> dict[Name, Base]:
    """Bases by which what AWS does not show is gone: a sync does not ask whether AWS may yet show it."""
    return {
        name: replace(base, fresh=False)
        if base.fresh and snapshot.by(name[0], None, name[1]) is None
        else base
        for name, base in kept.items()
    }


def _staying(
    meeting: Meeting,
    rows: Mapping[str, Sequence[Row]],
    kept: Iterable[Place],
    won: Mapping[Name, Collection[str]],
    merged: Merged,
) -> frozenset[Place]:
    """Rows of what is gone that stay, with those that they refer to and AWS holds as little.

    Args:
        kept: those that are to stay.
        won: columns and parts in which the rows' side is kept, which may refer to others.
    """
    gone = {
        (table, row.key): row
        for table in {table for table, _ in merged.gone}
        for row in rows[table]
        if (table, row.key) in merged.gone
    }
    waiting = [*kept]
    for name, row in _paired(meeting, won):
        waiting += [target for column, target in _targets(meeting, name[0], row) if column in won[name]]
    result: set[Place] = set()
    while waiting:
        place = waiting.pop()
        if place in gone and place not in result:
            result.add(place)
            waiting += [target for _, target in _targets(meeting, place[0], gone[place])]
    return frozenset(result)


def _still_meant(
    meeting: Meeting, agreed: Mapping[Name, frozenset[str]], lost: Collection[Place]
) -> Mapping[Name, frozenset[str]]:
    """Columns and parts in which rows and AWS mean the same, without those that refer to rows that go."""
    if not lost:
        return agreed
    return {
        name: agreed[name] - {column for column, target in _targets(meeting, name[0], row) if target in lost}
        for name, row in _paired(meeting, agreed)
    }


def _paired(meeting: Meeting, names: Collection[Name]) -> Iterator[tuple[Name, Row]]:
    """The rows that some resources have."""
    for place, found in meeting.pairs.items():
        name = place[0], found.identity
        if name in names:
            yield name, meeting.resolver.desired[place].row


def _targets(meeting: Meeting, table: str, row: Row) -> Iterator[tuple[str, Place]]:
    """What a row refers to, each with the column or part that does."""
    for name, column, value in states.references(meeting.snapshot.resources[table], row):
        if column.reference is not None:
            yield name, (column.reference.table, (value,))


def _known_name(meeting: Meeting, table: str, name: str | None) -> str | None:
    """A row's natural key or AWS's name, also if both are given as a plan describes it.

    Raises:
        OperationError: 42704, no row of a table has this name.
    """
    resource = meeting.snapshot.resources[table]
    names: dict[str, str] = {}
    for row in meeting.rows[table]:
        natural, identity = meeting.resolver.name(resource, row), row.values.get(resource.identity or "")
        names |= {model.label(natural, str(identity)): str(identity)} if identity else {}
        names |= {str(identity): str(identity), natural: natural}
    if name is not None and name not in names:
        raise OperationError(
            f'no row of {table} is named "{name}"',
            sqlstate="42704",
            hint="Name it as a plan does, or by the name that AWS has given it.",
            table=table,
        )
    return None if name is None else names[name]


def _meant(scope: Scope, snapshot: Snapshot, keep: str) -> tuple[str, str | None]:
    """The table, and the name of a resource of it, that a text means."""
    named, _, name = keep.strip().partition(" ")
    name = name.strip()
    default = f"{scope.layout.default.schema}."
    table = named.removeprefix("public.")
    for each in (table, f"{default}{table}", table.removeprefix(default)):
        if each in snapshot.resources:
            return each, name or None
    raise OperationError(
        f'there is no table "{named}" of an installed module here',
        sqlstate="42704",
        hint="SELECT * FROM iasql_sync(keep => 'log_group') keeps what its rows say, and keep => "
        "'log_group /app' what one of them says.",
    )


def within(scope: Scope, merging: Merging) -> Merging:
    """What of a merge an operation is about."""
    if scope.tables is None:
        return merging
    merged, snapshot = merging.merged, merging.meeting.snapshot
    follows = tuple(scope.of_rows(snapshot, merged.follows))
    shown = {(each.table, each.name) for each in follows}
    return replace(
        merging,
        merged=replace(
            merged,
            rows=merge.followed(snapshot.resources, merging.meeting.rows, follows),
            meeting=merged.meeting if not merged.follows else None,
            follows=follows,
            settled=tuple(each for each in merged.settled if each.table in scope.tables),
            keep=tuple(each for each in merged.keep if (each[0].table, each[0].identity) in shown),
        ),
    )


async def numbered(writer: Writer, merging: Merging) -> Merging:
    """A merge whose new rows have their serial numbers."""
    merged, resources = merging.merged, merging.meeting.snapshot.resources
    counts = new_keys.counted(merged.follows)
    if not counts:
        return merging
    follows = tuple(new_keys.numbered(merged.follows, await write.numbers(writer, counts)))
    rows = merge.followed(resources, merging.meeting.rows, follows)
    return replace(merging, merged=replace(merged, rows=rows, follows=follows))


async def keep_merged(
    writer: Writer,
    scope: Scope,
    merging: Merging,
    written: Sequence[RowChange],
    changing: Collection[Name],
    cause: bases.Cause,
) -> Mapping[Name, str]:
    """Keep the bases that are new, now that rows have followed AWS.

    Args:
        written: the changes of rows that were made.
        changing: resources that the plan goes on to change.

    Returns:
        In whose place operations that were cut off have made some of these; by AWS's names.
    """
    resources = list(merging.meeting.snapshot.resources.values())
    known = await bases.known(writer.caller, resources)
    followed = {(each.table, each.name) for each in written}
    kept = [each for each in merging.merged.keep if (each[0].table, each[0].identity) in followed]
    done = {*changing, *((base.table, base.identity) for base, _ in kept)}
    kept += [
        each
        for each in new_bases.outdated(merging.meeting, known)
        if (each[0].table, each[0].identity) not in done
    ]
    lost = new_bases.lost(merging.meeting, known)
    begun = cut_off.known(merging.meeting, await _unknown(writer.caller), kept)
    kept = list(cut_off.attributed(merging.meeting, kept, begun))
    ended = cut_off.ended(resources, lost, begun)
    here = _here(scope, resources)
    await bases.keep(writer, resources, kept, lost, cause=cause, read=here, begun=begun, ended=ended)
    return cut_off.replaced(merging.meeting, changing, begun)


async def keep_imported(
    writer: Writer,
    snapshot: Snapshot,
    written: Sequence[RowChange],
    new: Collection[str],
    cause: bases.Cause,
) -> None:
    """Keep the bases of what an install has given rows.

    Args:
        new: the tables that are new.
    """
    found = (snapshot.by(each.table, None, each.name) for each in written)
    kept = ((base.agreed(snapshot.resources[each.table], each), each) for each in found if each)
    await bases.keep(writer, snapshot.resources.values(), kept, cause=cause, whole=new, read=new)


async def keep_synced(
    writer: Writer,
    scope: Scope,
    agreement: Agreement,
    written: Sequence[RowChange],
    cause: bases.Cause,
) -> None:
    """Keep the bases that are new, now that rows show what AWS holds."""
    snapshot = agreement.meeting.snapshot
    resources = list(snapshot.resources.values())
    here = _here(scope, resources)
    known = await bases.known(writer.caller, resources)
    gone = [
        (table, name)
        for table in here & known.keys()
        for name in known[table]
        if snapshot.by(table, None, name) is None
    ]
    shown = new_bases.after_sync(agreement.meeting, written, known, agreement.agreed, here)
    begun = cut_off.known(agreement.meeting, await _unknown(writer.caller))
    shown = cut_off.attributed(agreement.meeting, shown, begun)
    await bases.keep(
        writer, resources, chain(agreement.keep, shown), gone, cause=cause, whole=here, read=here
    )


def _here(scope: Scope, resources: Iterable[Resource]) -> set[str]:
    """The tables that an operation is about."""
    return {each.table for each in resources if scope.tables is None or each.table in scope.tables}


async def keep_met(writer: Writer, snapshot: Snapshot, rows: Mapping[str, Sequence[Row]]) -> None:
    """Keep the bases of all rows that show what AWS holds, in tables that have had none so far."""
    resources = list(snapshot.resources.values())
    known = await bases.known(writer.caller, resources)
    kept = new_bases.outdated(meet(snapshot, rows), known)
    await bases.keep(writer, resources, kept, whole=[each.table for each in resources])


async def keep_brought(
    writer: Writer,
    snapshot: Snapshot,
    before: Snapshot,
    tables: Collection[str],
    changes: Iterable[RowChange],
    cause: bases.Cause,
) -> None:
    """Keep the bases of what AWS has made of its own accord, and of what is shown to refer to it.

    Args:
        changes: of rows, by which they show that.
    """
    resources = snapshot.resources.values()
    pointed = {(each.table, each.name): each.fills.keys() for each in changes if each.fills}
    wanted: dict[str, list[str]] = {}
    for table, identity in pointed:
        wanted.setdefault(table, []).append(identity)
    kept = await bases.read(writer.caller, resources, wanted) if wanted else {}
    new = new_bases.of_brought(snapshot, before, tables, pointed, kept)
    await bases.keep(writer, resources, new, cause=cause)


def refused(merging: Merging, concerned: Collection[str]) -> OperationError | None:
    """Why an apply is refused: both sides have changed something; in the mode `careful`, AWS has.

    It is 40001, with each column, its base, and what the row and AWS say.

    Args:
        concerned: the tables that the plan is about.
    """
    conflicts = merging.merged.conflicts
    if conflicts:
        first = conflicts[0]
        what = f"{first.table} {first.label}"
        more = f" (and {len(conflicts) - 1} more)" if len(conflicts) > 1 else ""
        return OperationError(
            f"{what} is in conflict with AWS: {first.conflict}{more}",
            sqlstate="40001",
            detail=listed(list(map(_line, conflicts)), _SHOWN),
            hint="To take AWS's side everywhere: SELECT * FROM iasql_sync(). To take the row's side here: "
            f"SELECT * FROM iasql_sync(keep => {literal(what)}); and apply. Both drop other changes that were"
            " not applied.",
            table=first.table,
        )
    drift = [each for each in merging.merged.settled if each.table in concerned]
    if drift and merging.mode is Mode.CAREFUL:
        return OperationError(
            f"{drift[0].table} {drift[0].label} has changed in AWS, and iasql.apply_mode is careful",
            sqlstate="40001",
            detail=listed(list(map(_line, drift)), _SHOWN),
            hint="Look at iasql_diff(), and let the rows follow: SET iasql.apply_mode = merge; and apply.",
            table=drift[0].table,
        )
    return None


async def tell(caller: Caller, merging: Merging) -> None:
    """Tell the client what rows follow, what is gone, and of conflicts."""
    columns: dict[Name, list[str]] = {}
    appeared = {each.table for each in merging.merged.settled if each.has_appeared}
    made = await left_over.made_by(caller, appeared)
    for each in merging.merged.settled:
        what = f"{each.table} {each.label}"
        if each.conflict:
            continue
        if each.column is not None:
            columns.setdefault((each.table, each.label), []).append(each.column)
        elif each.answer is None:
            caller.notice(
                f"{what} is gone from AWS: nothing is done about it",
                severity="WARNING",
                hint="DELETE its row to let it go. To make it again: SELECT * FROM "
                f"iasql_sync(keep => {literal(what)}); and apply.",
            )
        elif operation := made.get((each.table, each.name)):
            caller.notice(
                f"{what} is left over from operation {operation}, whose transaction was rolled back: "
                "it gets a row",
                hint="To take it back: apply, DELETE the row, and apply.",
            )
        else:
            caller.notice(f"{what} has appeared in AWS: it gets a row")
    for (table, label), names in columns.items():
        caller.notice(f"{table} {label} has been changed in AWS: its row follows in {', '.join(names)}")
    for table, label, changed in merging.merged.deleted_though:
        caller.notice(
            f"{table} {label} is deleted although it has been changed in AWS since its row showed it",
            severity="WARNING",
            detail=f"Changed: {', '.join(changed)}.",
        )


def warn(caller: Caller, error: OperationError | None) -> None:
    """Warn the client of what an apply would be refused for."""
    if error is not None:
        caller.notice(
            f"an apply is refused: {error.message}", severity="WARNING", detail=error.detail, hint=error.hint
        )


def _line(each: Settled) -> str:
    what = f"{each.table} {each.label}"
    if each.column is None:
        happened = "it is gone from AWS" if each.answer is None else "it has appeared in AWS"
        return f"{what}: {each.conflict or happened}"
    sides = [("base", each.base), ("row", each.row), ("AWS", each.answer)]
    values = ", ".join(f"{name} {'NULL' if value is None else text(value)}" for name, value in sides)
    return f"{what}: {each.column}: {values}" + (f" ({each.conflict})" if each.conflict else "")
