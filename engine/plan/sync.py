"""What a sync would do: the changes of rows that make the tables show what AWS holds. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from engine.plan import descriptions, diff
from engine.plan.meet import keys_of
from engine.plan.model import Found, Key, Restore, Row, RowChange, Values
from engine.plan.new_keys import NewKey
from engine.plan.resolve import Resolver
from engine.plan.snapshot import Snapshot
from modules.spec import Column, OnChange, Resource


class Mirror:
    """AWS's resources as rows.

    Attributes:
        keys: the row of each resource that has one, by table and identity.
    """

    def __init__(
        self, snapshot: Snapshot, rows: Mapping[str, Sequence[Row]], pairs: Mapping[tuple[str, Key], Found]
    ) -> None:
        self.snapshot = snapshot
        self.rows = rows
        self.pairs = pairs
        self.keys = keys_of(pairs)
        self._new: Counter[str] = Counter()

    def add_new(self, resource: Resource, found: Found) -> None:
        """Give the row that a resource is to have its key, so that other rows can refer to it."""
        if resource.key == ("id",):
            self._new[resource.table] += 1
            self.add(found, (NewKey(resource.table, self._new[resource.table]),))
        else:
            self.add(found, tuple(found.values[name] for name in resource.key))

    def add(self, found: Found, key: Key) -> None:
        """Let other rows refer to a resource by the key of its row."""
        self.keys[found.table, found.identity] = key

    def values(self, resource: Resource, found: Found) -> dict[str, Any]:
        """A resource's columns in row space."""
        return self._row_space(resource.columns, found.values)

    def parts(self, resource: Resource, found: Found) -> dict[str, tuple[dict[str, Any], ...]]:
        """The rows of a resource's parts, in row space, without their parent's key."""
        return {
            part.table: tuple(self._row_space(part.columns, each) for each in found.parts[part.table])
            for part in resource.parts
        }

    def created(self, resource: Resource, found: Found) -> RowChange:
        """The row that a resource without one gets; its key has been given."""
        return RowChange(
            action="create",
            table=resource.table,
            key=self.keys[resource.table, found.identity],
            name=found.identity,
            values=self.values(resource, found),
            parts=self.parts(resource, found),
        )

    def updated(
        self, resource: Resource, row: Row, found: Found, agreed: Collection[str] = ()
    ) -> RowChange | None:
        """What a row needs to show its resource, None if nothing.

        Args:
            agreed: columns and parts in which the two differ and mean the same.
        """
        theirs = self.values(resource, found)
        columns = (
            [each for each in resource.columns if each.name not in agreed] if agreed else resource.columns
        )
        values = differing(resource, row.values, theirs, columns)
        if values and resource.canonical is not None:
            # Beside the new values others may mean something else than beside the old ones.
            values |= differing(resource, {**row.values, **values}, theirs, columns)
        parts = {
            part.table: rows
            for part, rows in zip(resource.parts, self.parts(resource, found).values(), strict=True)
            if part.table not in agreed
            and diff.comparable(part, row.parts.get(part.table, ())) != diff.comparable(part, rows)
        }
        return _update(row, found, values=values, parts=parts)

    def refreshed(
        self, resource: Resource, row: Row, found: Found, *, reset: bool = False
    ) -> RowChange | None:
        """What a row needs to show what AWS assigned or chose, None if nothing.

        Args:
            reset: set back the columns that ask for something and show nothing of AWS's.
        """
        assigned = [
            column
            for column in resource.columns
            if column.on_change is OnChange.ASSIGNED or (reset and column.is_aws_to_say)
        ]
        left = [
            column
            for column in resource.columns
            if column.left_to_aws and row.values.get(column.name) is None and column not in assigned
        ]
        theirs = self.values(resource, found)
        values = differing(resource, row.values, theirs, (*assigned, *left))
        fills = {column.name: values.pop(column.name) for column in left if column.name in values}
        chosen = {part.table for part in resource.parts if part.left_to_aws and not row.parts.get(part.table)}
        filled = {
            table: rows for table, rows in self.parts(resource, found).items() if table in chosen and rows
        }
        return _update(row, found, values=values, fills=fills, filled=filled)

    def _row_space(self, columns: Iterable[Column], values: Values) -> dict[str, Any]:
        result = dict(values)
        for column in columns:
            if column.reference:
                result[column.name] = self.value(column, values[column.name])
        return result

    def value(self, column: Column, value: Any) -> Any:
        """A column's value in row space."""
        if column.reference is None or value is None:
            return value
        target = self.snapshot.target(column, value)
        key = self.keys.get(target) if target else None
        return key[0] if key else None


def _update(row: Row, found: Found, **what: Any) -> RowChange | None:
    if not any(what.values()):
        return None
    return RowChange(action="update", table=row.table, key=row.key, name=found.identity, **what)


def differing(resource: Resource, ours: Values, theirs: Values, columns: Iterable[Column]) -> dict[str, Any]:
    """Of some columns, those whose value in AWS differs from the row's, with that value."""
    columns = list(columns)
    written = [column.name for column in columns if ours.get(column.name) != theirs[column.name]]
    if not written:
        return {}  # as it is for most
    a = descriptions.canonical(resource.columns, ours, resource.canonical)
    b = descriptions.canonical(resource.columns, theirs, resource.canonical)
    names = {column.name for column in columns if a[column.name] != b[column.name]}
    names |= diff.beside(columns, names, ours, theirs)
    return {name: theirs[name] for name in written if name in names}


def plan_sync(
    snapshot: Snapshot,
    rows: Mapping[str, Sequence[Row]],
    *,
    only_new: bool = False,
    agreed: Mapping[tuple[str, str], frozenset[str]] | None = None,
    kept: Collection[tuple[str, Key]] = (),
    pairs: Mapping[tuple[str, Key], Found] | None = None,
) -> tuple[RowChange, ...]:
    """What makes the tables hold what AWS holds: creates, then updates, then deletes.

    The key of a row that is added is a `NewKey` where it will be a serial number.

    Args:
        only_new: add what is missing, and leave the rows that are there alone.
        agreed: columns and parts in which a row and AWS may differ, by table and identity.
        kept: rows that stay although they show nothing in AWS, by table and key.
        pairs: which row is which resource, by table and key, if that is known.
    """
    mirror = Mirror(snapshot, rows, pairs) if pairs is not None else _mirror(snapshot, rows)
    missing = [
        (resource, found)
        for resource in snapshot.resources.values()
        for found in snapshot.tables[resource.table]
        if (resource.table, found.identity) not in mirror.keys
    ]
    for resource, found in missing:
        mirror.add_new(resource, found)
    changes = [mirror.created(resource, found) for resource, found in missing]
    if not only_new:
        changes += _updates(mirror, agreed or {})
        changes += (each for each in _deletes(mirror) if (each.table, each.key) not in kept)
    return tuple(changes)


def filled(
    snapshot: Snapshot, rows: Mapping[str, Sequence[Row]], columns: Mapping[str, Collection[str]]
) -> tuple[RowChange, ...]:
    """What shows AWS's values in columns that tables have not had before, and nothing else.

    Args:
        columns: those columns, by table.
    """
    mirror = _mirror(snapshot, rows)
    changes = []
    for table, names in columns.items():
        resource = snapshot.resources.get(table)
        if resource is None:
            continue  # a part's table: what its columns show is its parent's
        some = [column for column in resource.columns if column.name in names]
        for row in rows.get(table, ()):
            found = mirror.pairs.get((table, row.key))
            theirs = mirror.values(resource, found) if found else None
            if found is not None and theirs is not None:
                changes.append(_update(row, found, values=differing(resource, row.values, theirs, some)))
    return tuple(each for each in changes if each is not None)


def _mirror(snapshot: Snapshot, rows: Mapping[str, Sequence[Row]]) -> Mirror:
    """A snapshot with the rows that are its resources'."""
    resolver = Resolver(snapshot, rows)
    for resource in snapshot.resources.values():
        resolver.table(resource)
    return Mirror(snapshot, rows, resolver.pairs)


def with_referred(snapshot: Snapshot, tables: Iterable[str]) -> set[tuple[str, str]]:
    """All resources of some tables, and what they refer to, directly or not: by table and identity."""
    waiting = [found for table in tables for found in snapshot.tables[table]]
    result = {(found.table, found.identity) for found in waiting}
    while waiting:
        for table, identity in snapshot.referred(waiting.pop()):
            found = snapshot.by(table, None, identity)
            if found is not None and (table, identity) not in result:
                result.add((table, identity))
                waiting.append(found)
    return result


def that_fit(
    resources: Mapping[str, Resource], rows: Mapping[str, Sequence[Row]], created: Iterable[RowChange]
) -> list[RowChange]:
    """Of some new rows, those of which all that they refer to has a row, or gets one here.

    Args:
        created: in reference order.
    """
    there = {(table, row.key) for table, some in rows.items() for row in some}
    fitting: list[RowChange] = []
    for each in created:
        columns = resources[each.table].columns
        references = [
            (column.reference.table, (each.values[column.name],))
            for column in columns
            if column.reference and each.values[column.name] is not None
        ]
        if there.issuperset(references):
            there.add((each.table, each.key))
            fitting.append(each)
    return fitting


def tables_brought(resources: Mapping[str, Resource], made: Iterable[str]) -> set[str]:
    """The tables in which AWS makes something of its own accord along with what is made in some tables.

    What the engine takes away again, if no row asks for it, is not among them.
    """
    makers = [resources[table] for table in made]
    waiting = [each.table for maker in makers for each in maker.comes_with if each.unwanted is None]
    waiting += [table for maker in makers for table in maker.brings]
    brought: set[str] = set()
    while waiting:
        table = waiting.pop()
        if table in resources and table not in brought:
            brought.add(table)
            waiting += [each.table for each in resources[table].comes_with]
    return brought


def tables_pointing(resources: Iterable[Resource], brought: Collection[str]) -> set[str]:
    """The tables of which a column can refer to what AWS has made of its own accord, as AWS chooses."""
    return {
        each.table for each in resources if any(_chosen_by_aws(column, brought) for column in each.columns)
    }


def _chosen_by_aws(column: Column, tables: Collection[str]) -> bool:
    """Whether AWS can choose the row of some tables that a column refers to."""
    return column.left_to_aws and column.reference is not None and column.reference.table in tables


def brought(
    snapshot: Snapshot,
    before: Snapshot,
    rows: Mapping[str, Sequence[Row]],
    tables: Collection[str],
) -> list[RowChange]:
    """What shows what AWS has made of its own accord meanwhile, in a row that asks for it or in a new one,
    and which rows refer to such a new one, as AWS has chosen.

    What is in something whose row has been deleted meanwhile gets none.

    Args:
        before: the snapshot before, with what the engine has made.
        tables: in which AWS makes something.
    """
    image = _mirror(snapshot, rows)
    asked = [
        image.refreshed(snapshot.resources[table], row, found)
        for (table, key), found in image.pairs.items()
        if table in tables and before.by(table, None, found.identity) is None
        for row in rows[table]
        if row.key == key
    ]
    result = [each for each in asked if each is not None]
    new = [
        each
        for each in plan_sync(snapshot, rows, only_new=True)
        if each.table in tables and before.by(each.table, None, each.name) is None
    ]
    fitting = that_fit(snapshot.resources, rows, new)
    keys = {(each.table, each.name): each.key for each in fitting}
    return [*result, *fitting, *_pointed(image, tables, keys)]


def _pointed(
    image: Mirror, tables: Collection[str], new: Mapping[tuple[str, str], Key]
) -> Iterable[RowChange]:
    """What shows in rows that are there, where that is left to AWS, that they refer to new rows.

    Args:
        tables: in which new rows are.
        new: the keys of these, by table and AWS's name.
    """
    for resource in image.snapshot.resources.values():
        columns = [each for each in resource.columns if _chosen_by_aws(each, tables)]
        for row in image.rows.get(resource.table, ()) if columns and new else ():
            found = image.pairs.get((resource.table, row.key))
            targets = {
                column.name: new.get(image.snapshot.target(column, found.values[column.name]) or ("", ""))
                for column in columns
                if found is not None and row.values.get(column.name) is None
            }
            fills = {name: key[0] for name, key in targets.items() if key is not None}
            if found is not None and (change := _update(row, found, fills=fills)):
                yield change


def _updates(mirror: Mirror, agreed: Mapping[tuple[str, str], frozenset[str]]) -> Iterable[RowChange]:
    for resource in mirror.snapshot.resources.values():
        for row in mirror.rows.get(resource.table, ()):
            found = mirror.pairs.get((resource.table, row.key))
            if found is not None:
                name = found.table, found.identity
                same = agreed.get(name, frozenset()) | mirror.snapshot.ignored.get(name, frozenset())
                change = mirror.updated(resource, row, found, same)
                if change:
                    yield change


def _deletes(mirror: Mirror) -> Iterable[RowChange]:
    for resource in reversed(mirror.snapshot.resources.values()):
        for row in mirror.rows.get(resource.table, ()):
            if (resource.table, row.key) not in mirror.pairs:
                yield deleted(resource, row)


def deleted(resource: Resource, row: Row) -> RowChange:
    """The removal of a row that shows nothing in AWS."""
    name = row.values.get(resource.identity) if resource.identity else None
    return RowChange(
        action="delete",
        table=resource.table,
        key=row.key,
        name=str(name or descriptions.natural_name(resource, row.values)),
    )


def restored(mirror: Mirror, restores: Sequence[Restore]) -> tuple[RowChange, ...]:
    """What puts the rows right that are not the user's to change."""
    resources = mirror.snapshot.resources
    for each in restores:
        if each.row is None and each.found is not None:
            mirror.add_new(resources[each.table], each.found)
    changes = []
    for each in restores:
        resource = resources[each.table]
        if each.found is None:
            assert each.row is not None
            changes.append(deleted(resource, each.row))
        elif each.row is None:
            changes.append(mirror.created(resource, each.found))
        else:
            change = mirror.updated(resource, each.row, each.found)
            changes += [change] if change else []
    return tuple(changes)


def paired(snapshot: Snapshot, changes: Iterable[RowChange]) -> Mapping[tuple[str, Key], Found]:
    """Which row is which resource, by table and key, of those that some changes add."""
    new = ((each, snapshot.by(each.table, None, each.name)) for each in changes if each.action == "create")
    return {(each.table, each.key): found for each, found in new if found is not None}
