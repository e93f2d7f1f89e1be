"""The modules that an engine works with, and how to find things in them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import modules
from modules.placed import placed
from modules.spec import Function, Module, Resource
from modules.spec.names import PUBLIC, in_schema


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Some modules, in the order in which listings show them.

    Attributes:
        modules: the modules; the dependencies of each are among them.
    """

    modules: tuple[Module, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Module]:
        return {module.name: module for module in self.modules}

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """Every resource by its table."""
        return {resource.table: resource for module in self.modules for resource in module.resources}

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Every function by its name."""
        return {each.name: each for module in self.modules for each in module.functions}

    def named(self, names: Iterable[str]) -> tuple[Module, ...]:
        """The modules of some names, in the order of the catalogue."""
        wanted = set(names)
        return tuple(module for module in self.modules if module.name in wanted)

    def with_dependencies(self, names: Iterable[str]) -> tuple[Module, ...]:
        """The named modules and all that they depend on, in the order of the catalogue."""
        wanted: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in wanted:
                wanted.add(name)
                pending += self.by_name[name].dependencies
        return self.named(wanted)

    def dependents(self, name: str) -> tuple[str, ...]:
        """The modules that depend on one directly."""
        return tuple(module.name for module in self.modules if name in module.dependencies)

    @cached_property
    def placed(self) -> Callable[[str, str, str], Resource]:
        """The resource of a table in a schema, given the one of the default place: global ones are there."""
        return cache(self._placed)

    def _placed(self, table: str, schema: str, default: str) -> Resource:
        resource = self.resources[table]
        schema = default if resource.is_global else schema
        if schema == default == PUBLIC:
            return resource
        return placed(resource, schema, lambda other: self.name_at(other, schema, default))

    def name_at(self, table: str, schema: str, default: str) -> str:
        """The name by which a resource's or part's table goes in a schema, if global in the default one."""
        return in_schema(default if table in self.global_tables else schema, table)

    @cached_property
    def global_tables(self) -> frozenset[str]:
        """The tables of global resources, parts included."""
        some = [each for each in self.resources.values() if each.is_global]
        return frozenset(
            table for each in some for table in (each.table, *(part.table for part in each.parts))
        )

    @cached_property
    def deletion_order(self) -> tuple[str, ...]:
        """All tables, each before those that it refers to."""
        order: list[str] = []
        for resource in reversed(in_reference_order(self.resources)):
            order += [part.table for part in resource.parts]
            order.append(resource.table)
        return tuple(order)


def find_modules() -> Catalogue:
    """The catalogue of all modules that there are: each package in this folder that has a `MODULE`."""
    packages = (each.name for each in pkgutil.iter_modules(modules.__path__) if each.ispkg)
    imported = (importlib.import_module(f"modules.{name}") for name in packages)
    found = [package.MODULE for package in imported if hasattr(package, "MODULE")]
    return Catalogue(tuple(sorted(found, key=lambda module: (module.place, module.name))))


def in_reference_order(resources: Mapping[str, Resource]) -> tuple[Resource, ...]:
    """Resources by their tables, each after those that it refers to; otherwise in the order given."""
    done: list[Resource] = []
    seen: set[str] = set()

    def put(resource: Resource) -> None:
        if resource.table in seen:
            return
        seen.add(resource.table)
        for other in _before(resource):
            if other in resources:
                put(resources[other])
        done.append(resource)

    for resource in resources.values():
        put(resource)
    return tuple(done)


def _before(resource: Resource) -> Sequence[str]:
    references = [each.reference.table for each in resource.references if each.reference]
    arrays = [each.refers for each in resource.columns if each.refers]
    return [*references, *arrays, *(each.table for each in resource.after)]
