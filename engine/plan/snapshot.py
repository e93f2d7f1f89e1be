"""All that AWS held when it was read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import OperationError
from engine.plan import descriptions, states
from engine.plan.ignored import Ignored
from engine.plan.model import Found, Row, Values
from engine.plan.qualified import Named, as_in, named
from modules.spec import Column, Part, Resource


class Snapshot:
    """All that was found in AWS, by table, with every reference resolved or NULL.

    Attributes:
        hidden: what the tables cannot show.
        unread: the tables that could not be read, or need one of these, with the reason; nothing of them is
            in here.
        ignored: columns that neither side is to follow the other in.
        read_at: when AWS began to be read, on the clock of `time.monotonic`.
    """

    def __init__(
        self,
        resources: Sequence[Resource],
        listed: Mapping[str, Sequence[Found]],
        rows: Mapping[str, Sequence[Row]] | None = None,
        read_at: float = 0.0,
        unread: Mapping[str, OperationError] | None = None,
    ) -> None:
        """
        Args:
            resources: in reference order.
            listed: what was found of each; references as AWS gives them.
            rows: the rows; of two resources that one row could show, it goes on to show the one it shows.
        """
        self.read_at = read_at
        self.unread = unread or {}
        self.ignored: Ignored = {}
        self._index: dict[tuple[str, str], dict[Any, Found]] = {}
        self.resources = {resource.table: resource for resource in resources}
        self._added: dict[tuple[str, str], int] = {}
        self.hidden: list[Found] = []
        self.tables: dict[str, list[Found]] = {}
        for resource in resources:
            known = {row.values.get(resource.identity or "") for row in (rows or {}).get(resource.table, ())}
            some = self._with_what_they_name(resource, listed.get(resource.table, ()), known)
            some = [self.resolved(resource, each) for each in some]
            if resource.qualified is not None:
                pairs = [self._named(resource, resource.qualified.by, each) for each in some]
                some = named(resource, resource.qualified, pairs, (rows or {}).get(resource.table, ()))
            self.tables[resource.table] = self._unique_keys(resource, some, known)

    def by(self, table: str, column: str | None, value: Any) -> Found | None:
        """The resource of a table for which AWS uses this value, by `column` or its identity."""
        name = column or ""
        index = self._index.get((table, name))
        if index is None:
            index = {
                (each.values.get(column) if column else each.identity): each
                for each in self.tables.get(table, ())
            }
            if table in self.tables:
                self._index[table, name] = index
        return index.get(value)

    def target(self, column: Column, value: Any) -> tuple[str, str] | None:
        """The table and identity of the resource that a foreign key's value means, if it is there."""
        assert column.reference is not None
        found = self.by(column.reference.table, column.reference.by, value)
        return (column.reference.table, found.identity) if found else None

    def referred(self, found: Found, *, held: bool = False) -> Iterator[tuple[str, str]]:
        """The table and identity of all that a resource refers to by foreign keys, its parts' included.

        Args:
            held: only what AWS does not remove while this refers to it.
        """
        for _, column, value in states.references(self.resources[found.table], found):
            if held and column.reference and column.reference.dangles:
                continue
            if target := self.target(column, value):
                yield target

    def named(self, found: Found) -> Iterator[tuple[str, str]]:
        """The table and identity of all that a resource names in columns that are no foreign keys."""
        for column in self.resources[found.table].columns:
            if column.refers is not None:
                yield from ((column.refers, each) for each in column.names(found.values.get(column.name)))

    def set_by_others(self) -> Ignored:
        """The columns that AWS sets by itself because of something else that is there."""
        result: dict[tuple[str, str], frozenset[str]] = {}
        for table, resource in self.resources.items():
            for column in resource.columns:
                if column.reference is None or not column.reference.sets:
                    continue
                for each in self.tables[table]:
                    if (place := self.target(column, each.values[column.name])) is not None:
                        result[place] = result.get(place, frozenset()).union(column.reference.sets)
        return result

    def owner(self, found: Found) -> tuple[str, str] | None:
        """The table and identity of what a resource is within and goes along with, if that is there."""
        resource = self.resources[found.table]
        column = resource.column(resource.within) if resource.within else None
        return self.target(column, found.values[column.name]) if column else None

    def natural_name(self, found: Found) -> str:
        """The natural key of a resource, with those of what it refers to; not of what rows mean by NULL."""
        return descriptions.natural_name(self.resources[found.table], found.values, self._referred_name)

    def _referred_name(self, column: Column, value: Any) -> str:
        assert column.reference is not None
        found = self.by(column.reference.table, column.reference.by, value)
        if found is None:
            return str(value)
        return "" if is_default(column, found) else self.natural_name(found)

    def add(self, resource: Resource, each: Found) -> Found:
        """Take in a resource that has just been made or changed, whose references are resolved.

        It is found by what refers to it from then on; one that it takes the place of is not taken out.
        """
        some = self.tables[resource.table]
        place = self._added.setdefault((resource.table, each.identity), len(some))
        some[place : place + 1] = [each]
        for (table, name), index in self._index.items():
            if table == resource.table:
                index[each.values.get(name) if name else each.identity] = each
        return each

    def resolved(self, resource: Resource, each: Found, row: Row | None = None) -> Found:
        """A resource without the references to what there is not.

        Args:
            row: its row, if it has one, which may have a longer name for it.
        """
        values = self._references(resource.columns, each.values)
        if row is not None and resource.qualified is not None:
            values = as_in(resource.qualified, values, row)
        if not resource.parts:
            return each if values is each.values else replace(each, values=values)
        parts = {
            part.table: tuple(self._references(part.columns, values) for values in each.parts[part.table])
            for part in resource.parts
        }
        parts = {
            part.table: tuple(values for values in parts[part.table] if _complete(part, values))
            for part in resource.parts
        }
        return replace(each, values=values, parts=parts)

    def _references(self, columns: Iterable[Column], values: Values) -> Values:
        """Values without the references to what there is not; the same object if there are none."""
        unknown = {
            column.name: None
            for column in columns
            if (reference := column.reference)
            and values[column.name] is not None
            and self.by(reference.table, reference.by, values[column.name]) is None
        }
        result = {**values, **unknown} if unknown else values
        superfluous = {
            column.name: None
            for column in columns
            if column.unless and any(result.get(name) is not None for name in column.unless)
        }
        return {**result, **superfluous} if superfluous else result

    def _with_what_they_name(
        self, resource: Resource, found: Sequence[Found], known: Collection[Any]
    ) -> Sequence[Found]:
        """Leaves out what refers to something that AWS does not show, if no reference would mean another one.

        Args:
            known: the identities that rows have.
        """
        columns = [each for each in resource.columns if each.reference and each.reference.default]
        unseen = {
            each.identity
            for column in columns
            for each in found
            if each.identity not in known
            and each.values[column.name] is not None
            and self.target(column, each.values[column.name]) is None
        }
        if not unseen:
            return found
        self.hidden += [each for each in found if each.identity in unseen]
        return [each for each in found if each.identity not in unseen]

    def _named(self, resource: Resource, by: str, found: Found) -> Named:
        column = resource.column(by)
        place = self.target(column, found.values[by])
        target = self.by(place[0], None, place[1]) if place else None
        if target is None:
            return Named(found, None, False)
        return Named(
            found, str(target.values[self.resources[target.table].key[0]]), is_default(column, target)
        )

    def _unique_keys(self, resource: Resource, found: list[Found], known: Collection[Any]) -> list[Found]:
        """Leaves out what the table cannot show: a second resource with the same key, or without a
        value that the table requires.

        Args:
            known: the identities that rows have.
        """
        shown: dict[Any, Found] = {}
        for each in sorted(found, key=lambda each: (each.identity not in known, each.identity)):
            key = (
                each.identity
                if resource.key == ("id",)
                else tuple(each.values.get(name) for name in resource.key)
            )
            missing = any(each.values.get(name) is None for name in resource.required)
            if missing or key in shown:
                self.hidden.append(each)
            else:
                shown[key] = each
        return list(shown.values())


def is_default(column: Column, found: Found) -> bool:
    """Whether a resource is what a column means that is NULL."""
    reference = column.reference
    return bool(reference and reference.default and reference.default(found.description))


def _complete(part: Part, values: Values) -> bool:
    return all(values[column.name] is not None for column in part.columns if column.not_null)
