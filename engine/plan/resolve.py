"""Which row is which resource, and what a row's values are in AWS's terms.

Rows are resolved table by table, in reference order, since what a row refers to decides what it is.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.plan import descriptions
from engine.plan.model import Desired, Found, Key, Parts, Pending, Row, Values
from engine.plan.snapshot import Snapshot, is_default
from modules.spec import Choice, Column, Resource


class Resolver:
    """Resolves one table after another.

    Attributes:
        pairs: the resource of each row that has one, by table and key.
        desired: the resolved rows, by table and key.
        gone: what was the resource of a row that goes on meaning it, although AWS holds it no more, by table
            and key.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        rows: Mapping[str, Sequence[Row]],
        left_out: Collection[tuple[str, Key]] = (),
        gone: Mapping[tuple[str, Key], Found] | None = None,
    ) -> None:
        """
        Args:
            left_out: rows that are to mean what their resources are, or nothing, by table and key.
        """
        self.gone: dict[tuple[str, Key], Found] = dict(gone or {})
        self._left_out = left_out
        self.snapshot = snapshot
        self.rows = rows
        self.pairs: dict[tuple[str, Key], Found] = {}
        self.desired: dict[tuple[str, Key], Desired] = {}
        self._replaced: set[tuple[str, Key]] = set()
        self._resolved: set[str] = set()
        self._by_key: dict[str, dict[Key, Row]] = {}

    def replaced(self, row: Row) -> None:
        """Remember that a row's resource makes way for a new one: references to it are pending."""
        self._replaced.add((row.table, row.key))

    def refers_to_replaced(self, resource: Resource) -> bool:
        """Whether a row of a table may refer to what makes way for something new."""
        tables = {table for table, _ in self._replaced}
        return bool(tables) and any(
            column.reference is not None and column.reference.table in tables
            for column in resource.references
        )

    def name(self, resource: Resource, row: Row) -> str:
        """A row's natural key, with those of the rows that it refers to; not of what NULL would mean."""
        return descriptions.natural_name(resource, row.values, self._name)

    def _name(self, column: Column, key: Any) -> str:
        assert column.reference is not None
        table = column.reference.table
        found = self.pairs.get((table, (key,)))
        if found is not None and is_default(column, found):
            return ""
        if table not in self._by_key:
            self._by_key[table] = {row.key: row for row in self.rows.get(table, ())}
        other = self._by_key[table].get((key,))
        return self.name(self.snapshot.resources[table], other) if other else str(key)

    def table(self, resource: Resource) -> list[Desired]:
        """Resolve the rows of one table and pair them with what was found.

        Where that has been done before, it is done anew.
        """
        if resource.table in self._resolved:
            for place in [place for place in self.pairs if place[0] == resource.table]:
                del self.pairs[place]
        self._resolved.add(resource.table)
        rows = list(self.rows.get(resource.table, ()))
        resolved = [self.resolve(resource, row) for row in rows]
        for desired, found in match(resource, resolved, self.snapshot.tables.get(resource.table, ())):
            self.pairs[resource.table, desired.row.key] = found
        self.desired |= {(resource.table, each.row.key): each for each in resolved}
        for place in self._left_out:
            if place in self.desired:
                self._leave_out(place)
        return resolved

    def _leave_out(self, place: tuple[str, Key]) -> None:
        found, desired = self.pairs.get(place), self.desired.pop(place)
        if found is not None:
            self.desired[place] = Desired(desired.row, found.values, found.parts)

    def resolve(self, resource: Resource, row: Row) -> Desired:
        """A row's values in AWS's space; what it refers to has been resolved."""
        if not resource.references and not resource.lookups:
            return Desired(row, row.values, row.parts)
        values = self._values(resource.columns, row.values)
        for lookup in resource.lookups:
            values[lookup.name] = self._looked_up(resource, row, lookup.reference, lookup)
        parts: Parts = row.parts
        if resource.parts:
            parts = {
                part.table: tuple(self._values(part.columns, each) for each in row.parts.get(part.table, ()))
                for part in resource.parts
            }
        return Desired(row, values, parts)

    def _values(self, columns: Iterable[Column], values: Values) -> dict[str, Any]:
        return {
            column.name: self.reference(column, values.get(column.name))
            if column.reference
            else values.get(column.name)
            for column in columns
        }

    def reference(self, column: Column, key: Any) -> Any:
        """What AWS calls, or will call, the row of that key, which a column refers to."""
        reference = column.reference
        assert reference is not None
        target = self.snapshot.resources[reference.table]
        by = reference.by or target.identity
        if key is None:
            default = self._default(column)
            return default.values[by] if default and by else None
        place = reference.table, (key,)
        found = self.pairs.get(place) or self.gone.get(place)
        if found is None or place in self._replaced:
            return Pending(reference.table, (key,), by or "")
        return found.values[by] if by else found.identity

    def _default(self, column: Column) -> Found | None:
        reference = column.reference
        if reference is None or reference.default is None:
            return None
        candidates = self.snapshot.tables.get(reference.table, ())
        return next((each for each in candidates if reference.default(each.description)), None)

    def _looked_up(self, resource: Resource, row: Row, reference: str, lookup: Any) -> Any:
        target = resource.column(reference).reference
        assert target is not None
        other = self.desired.get((target.table, (row.values.get(reference),)))
        elements = other.parts.get(lookup.part, ()) if other else ()
        return next((each[lookup.column] for each in elements if each[lookup.having] is not None), None)

    def chosen(self, resource: Resource, desired: Desired) -> Desired:
        """A row that a resource is to be made for, with what AWS would not choose filled in."""
        chosen = {
            column.name: self._choice(column.chosen, desired.values)
            for column in resource.columns
            if column.chosen and desired.values[column.name] is None
        }
        return replace(desired, values={**desired.values, **chosen}) if chosen else desired

    def completed(self, resource: Resource, desired: Desired, found: Found) -> Desired:
        """A row whose resource is there, with what no rows of its parts mean filled in."""
        if not any(part.chosen for part in resource.parts):
            return desired
        parts = {
            part.table: tuple(self._choice(part.chosen, found.values))
            for part in resource.parts
            if part.chosen and not desired.parts[part.table] and found.parts[part.table]
        }
        return Desired(desired.row, desired.values, {**desired.parts, **parts})

    def _choice(self, choice: Choice, values: Values) -> list[Any]:
        """What a rule chooses, offered what exists before what the plan makes."""
        offered = sorted(
            self._named(choice.table), key=lambda each: (isinstance(each[1], Pending), str(each[1]))
        )
        return choice.choose(values, offered)

    def _named(self, table: str) -> Iterable[tuple[Values, Any]]:
        """What a table will hold after the apply: values, and what AWS calls or will call it."""
        resource = self.snapshot.resources[table]
        for (other, key), each in self.desired.items():
            if other == table:
                pair = None if (table, key) in self._replaced else self.pairs.get((table, key))
                yield each.values, pair.identity if pair else Pending(table, key, resource.identity or "")
        paired = {id(each) for each in self.pairs.values()}
        for found in self.snapshot.tables.get(table, ()):
            if id(found) not in paired and descriptions.is_protected(resource, found):
                yield found.values, found.identity


def match(
    resource: Resource, rows: Sequence[Desired], found: Sequence[Found]
) -> Iterable[tuple[Desired, Found]]:
    """Pairs rows with resources.

    What agrees in both identity and natural key comes first: the columns of the key may not be all by which
    AWS tells resources apart. Where AWS allows only one resource of a natural key, that key decides next: the
    name is taken, so the row can only mean that resource. So does the primary key: a second row could not
    show it. The identity decides for the rest; and where several may have the same natural key, the identity
    decides first.
    """
    free_rows, paired = list(rows), set[int]()
    if resource.unique_in_aws:
        identities = {each.identity: each for each in found}
        left: list[Desired] = []
        for row in free_rows:
            other = identities.get(_identity_of_row(resource, row))
            if other is not None and id(other) not in paired and _same_name(resource, row, other):
                paired.add(id(other))
                yield row, other
            else:
                left.append(row)
        free_rows = left
    by_identity = (_identity_of_row, _identity_of_found)
    by_key = (_key_of_row, _key_of_found)
    by_row = (_primary_key_of_row, _primary_key_of_found)
    order = [by_identity, by_key] if resource.newborn is None else [by_identity]
    if resource.unique_in_aws:
        order = [by_key, by_row, by_identity]
    for of_row, of_found in order:
        if not free_rows or len(paired) == len(found):
            return  # as it is for most
        waiting: dict[Any, deque[Found]] = defaultdict(deque)
        for each in found:
            if id(each) not in paired:
                waiting[of_found(resource, each)].append(each)
        left = []
        for row in free_rows:
            name = of_row(resource, row)
            if name is not None and waiting.get(name):
                each = waiting[name].popleft()
                paired.add(id(each))
                yield row, each
            else:
                left.append(row)
        free_rows = left


def _identity_of_row(resource: Resource, desired: Desired) -> Any:
    return desired.row.values.get(resource.identity) if resource.identity else None


def _identity_of_found(resource: Resource, found: Found) -> Any:
    return found.identity


def _key_of_row(resource: Resource, desired: Desired) -> Any:
    return natural_key(resource, desired.values)


def _key_of_found(resource: Resource, found: Found) -> Any:
    return natural_key(resource, found.values)


def _primary_key_of_row(resource: Resource, desired: Desired) -> Any:
    return None if resource.key == ("id",) else desired.row.key


def _primary_key_of_found(resource: Resource, found: Found) -> Any:
    return None if resource.key == ("id",) else tuple(found.values[name] for name in resource.key)


def _same_name(resource: Resource, desired: Desired, found: Found) -> bool:
    if all(desired.values.get(name) == found.values.get(name) for name in resource.natural_key):
        return True  # as most are
    key = _key_of_row(resource, desired)
    return key is not None and key == _key_of_found(resource, found)


def natural_key(resource: Resource, values: Values) -> tuple[Any, ...] | None:
    """The natural key's values in comparable form, None while one of them is pending."""
    key = natural_key_to_be(resource, values)
    return None if any(isinstance(each, Pending) for each in key) else key


def natural_key_to_be(resource: Resource, values: Values) -> tuple[Any, ...]:
    """The natural key's values in comparable form, with what is pending in it."""
    comparable = descriptions.canonical(resource.natural_columns, values, resource.canonical)
    return tuple(comparable[name] for name in resource.natural_key)
