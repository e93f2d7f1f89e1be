"""Which tables a database has: those of its modules, in each of its places. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from engine.plan.model import Row, RowChange
from modules.catalogue import Catalogue, in_reference_order
from modules.spec import Resource
from modules.spec.names import PUBLIC, bare, schema_of


@dataclass(frozen=True, slots=True)
class Place:
    """A region of the account, and the schema that has its tables.

    Attributes:
        region: None for the default one of a database whose region is not recorded yet.
    """

    schema: str
    region: str | None


@dataclass(frozen=True, order=True, slots=True)
class Installed:
    """A module in a place. One of which all is global is in the default place, wherever it was asked for."""

    schema: str
    module: str


@dataclass(frozen=True, eq=False)
class Layout:
    """The places of a database and the modules in them.

    Attributes:
        default: the place that global tables are in.
        others: all other places.
        installed: which module is where.
    """

    catalogue: Catalogue
    default: Place = Place(PUBLIC, None)
    others: tuple[Place, ...] = ()
    installed: frozenset[Installed] = frozenset()

    @property
    def places(self) -> tuple[Place, ...]:
        return (self.default, *self.others)

    @cached_property
    def regions(self) -> Mapping[str, str | None]:
        """The region of each schema."""
        return {each.schema: each.region for each in self.places}

    def of_region(self, region: str) -> Place | None:
        """The place of a region, if it has one."""
        return next((each for each in self.places if each.region == region), None)

    def at_schema(self, schema: str, module: str) -> Installed:
        """A module as it would be installed from a place."""
        is_global = all(each.is_global for each in self.catalogue.by_name[module].resources)
        return Installed(self.default.schema if is_global else schema, module)

    def at(self, places: Iterable[Place], modules: Collection[str]) -> tuple[Installed, ...]:
        """Modules as they would be installed from some places, in the order in which results list them."""
        some = (
            self.at_schema(place.schema, each.name)
            for place in places
            for each in self.catalogue.named(modules)
        )
        return tuple(dict.fromkeys(some))

    def shown(self, rows: Mapping[str, Sequence[Row]]) -> list[RowChange]:
        """What rows need that tell which schema is whose region's, where that has changed."""
        schemas = {place.region: place.schema for place in self.places}
        return [
            RowChange(action="update", table=each.table, key=row.key, name=str(row.key[0]), values=values)
            for each in self.telling_places
            for row in rows[each.table]
            if (values := _outdated(each, row, schemas))
        ]

    def region_of(self, table: str) -> str | None:
        """The region that a table shows, `global` for what AWS has once; None if that is not known yet."""
        return "global" if bare(table) in self.catalogue.global_tables else self.regions[schema_of(table)]

    @property
    def telling_places(self) -> list[Resource]:
        """The resources whose rows tell which schema is whose region's."""
        return [each for each in self.resources if any(column.place_of for column in each.columns)]

    def with_dependencies(self, wanted: Sequence[Installed]) -> tuple[Installed, ...]:
        """Modules in places with all that they depend on there, none twice."""
        some = (
            self.at_schema(one.schema, each.name)
            for one in wanted
            for each in self.catalogue.with_dependencies([one.module])
        )
        return tuple(dict.fromkeys(some))

    def with_installed(self, more: Iterable[Installed]) -> Layout:
        """The database once more modules are installed."""
        return replace(self, installed=self.installed.union(more))

    def without(self, gone: Iterable[Installed]) -> Layout:
        """The database once some modules are uninstalled."""
        return replace(self, installed=self.installed.difference(gone))

    def with_place(self, place: Place) -> Layout:
        """The database once it has another place."""
        return replace(self, others=(*self.others, place))

    def without_place(self, place: Place) -> Layout:
        """The database once a place has gone, with all that is installed there."""
        return replace(
            self,
            others=tuple(each for each in self.others if each != place),
            installed=frozenset(each for each in self.installed if each.schema != place.schema),
        )

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource that has a table, each after those that it refers to."""
        return in_reference_order(
            {each.table: each for one in self._in_order for each in self.resources_of(one)}
        )

    def resources_at(self, places: Collection[Place]) -> tuple[Resource, ...]:
        """The resources that have a table in some places, and all global ones, in that order."""
        schemas = {each.schema for each in places}
        return tuple(each for each in self.resources if each.is_global or schema_of(each.table) in schemas)

    def resources_of(self, installed: Installed) -> tuple[Resource, ...]:
        """The resources of a module in a place; global ones are in the default place."""
        module = self.catalogue.by_name[installed.module]
        return tuple(
            self.catalogue.placed(each.table, installed.schema, self.default.schema)
            for each in module.resources
        )

    def tables_of(self, installed: Installed) -> tuple[str, ...]:
        """The tables of a module in a place, parts included, in the order in which results list them."""
        tables = self.catalogue.by_name[installed.module].tables
        schemas = installed.schema, self.default.schema
        return tuple(self.catalogue.name_at(each, *schemas) for each in tables)

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """All tables that there are, parts included."""
        return tuple(dict.fromkeys(each for one in self._in_order for each in self.tables_of(one)))

    @property
    def _in_order(self) -> list[Installed]:
        """What is installed, as results list it: the default place first, modules as in the catalogue."""
        order = {module.name: index for index, module in enumerate(self.catalogue.modules)}
        return sorted(
            self.installed,
            key=lambda each: (each.schema != self.default.schema, each.schema, order[each.module]),
        )


def _outdated(resource: Resource, row: Row, schemas: Mapping[str | None, str]) -> dict[str, str | None]:
    told = {
        each.name: schemas.get(row.values.get(each.place_of)) for each in resource.columns if each.place_of
    }
    return {name: schema for name, schema in told.items() if row.values.get(name) != schema}
