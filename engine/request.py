"""What a call asks for, and of which part of a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine import results
from engine.database.functions import Arguments, Operation
from engine.plan import excerpt
from engine.plan.layout import Layout, Place
from engine.plan.model import Plan, RowChange
from engine.plan.snapshot import Snapshot
from engine.results import Record
from modules.spec import Resource
from modules.spec.names import bare, schema_of


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of an engine function, found in a statement.

    Attributes:
        function: unqualified name of the function, such as `iasql_apply`.
        arguments: its arguments in order, evaluated by Postgres.
        named: those that are given by name.
    """

    function: str
    arguments: tuple[str | None, ...] = ()
    named: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def written(self) -> tuple[str | None, ...]:
        """All arguments as the journal shows them."""
        return (*self.arguments, *(f"{name} => {value}" for name, value in self.named.items()))


@dataclass(frozen=True)
class Request:
    """A call that the session may make.

    Attributes:
        call: as it stands in the statement.
        operation: the signature that it means.
        arguments: by parameter.
    """

    call: Call
    operation: Operation
    arguments: Arguments

    @property
    def modules(self) -> Sequence[str | None]:
        """The names of the modules that it asks for, in order, however they are given."""
        given = next((each for name, each in self.arguments.items() if name.startswith("_mod")), None)
        if isinstance(given, str) and given.startswith("{"):
            # An array's text; names of modules need no quotes in it.
            names = given[1:-1].split(",") if given != "{}" else []
            return [None if each == "NULL" else each for each in names]
        return given if isinstance(given, tuple) else (given,)


@dataclass(frozen=True)
class Scope:
    """What an operation is about.

    Attributes:
        layout: the database's.
        places: those that are meant.
    """

    layout: Layout
    places: tuple[Place, ...]

    @property
    def tables(self) -> frozenset[str] | None:
        """The tables that it is about; None for all."""
        if len(self.places) == len(self.layout.places):
            return None
        schemas = {each.schema for each in self.places}
        return frozenset(each for each in self.layout.tables if schema_of(each) in schemas)

    def of_plan(self, snapshot: Snapshot, plan: Plan) -> Plan:
        """The part of a plan that it is about."""
        return plan if self.tables is None else excerpt.of_plan(snapshot, plan, self.tables)

    def of_rows(self, snapshot: Snapshot, changes: Sequence[RowChange]) -> Sequence[RowChange]:
        """The changes of rows that it is about."""
        return changes if self.tables is None else excerpt.of_row_changes(snapshot, changes, self.tables)

    def tables_named(
        self, named: str, resources: Mapping[str, Resource], *, of_region: bool = False
    ) -> list[str]:
        """The tables of resources that a name means; a part's table means that of what it is a part of.

        Args:
            named: with a schema, or without one: then it is one of the default place.
            of_region: without one it is one of the places that are meant.
        """
        if "." in named:
            schemas = {schema_of(named)}
        else:
            schemas = {each.schema for each in (self.places if of_region else (self.layout.default,))}
        return [
            each.table
            for each in resources.values()
            if (schema_of(each.table) in schemas or (each.is_global and "." not in named))
            and bare(named) in (bare(each.table), *(bare(part.relation) for part in each.parts))
        ]

    def named(self, records: Sequence[Record]) -> list[Record]:
        """Rows of a result, in which only tables of other places than the default one have a schema."""
        return results.in_schema(records, self.layout.default.schema)
