"""The modules that an engine works with, and how to find things in them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial

import modules
from modules.spec import Module, Resource


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

    def resources_of(self, names: Iterable[str]) -> tuple[Resource, ...]:
        """The resources of the named modules, in reference order."""
        return self.in_reference_order(
            tuple(resource.table for module in self.named(names) for resource in module.resources)
        )

    def in_reference_order(self, tables: tuple[str, ...]) -> tuple[Resource, ...]:
        """The resources of some tables, each after those that it refers to; otherwise as in the catalogue."""
        return self._ordered(tables)

    @cached_property
    def _ordered(self) -> Callable[[tuple[str, ...]], tuple[Resource, ...]]:
        return cache(partial(_in_reference_order, self.resources))

    @cached_property
    def deletion_order(self) -> tuple[str, ...]:
        """All tables, each before those that it refers to."""
        order: list[str] = []
        for resource in reversed(self.in_reference_order(tuple(self.resources))):
            order += [part.table for part in resource.parts]
            order.append(resource.table)
        return tuple(order)


def find_modules() -> Catalogue:
    """The catalogue of all modules that there are: each package in this folder that has a `MODULE`."""
    packages = (each.name for each in pkgutil.iter_modules(modules.__path__) if each.ispkg)
    imported = (importlib.import_module(f"modules.{name}") for name in packages)
    found = [package.MODULE for package in imported if hasattr(package, "MODULE")]
    return Catalogue(tuple(sorted(found, key=lambda module: (module.place, module.name))))


def _in_reference_order(resources: Mapping[str, Resource], tables: tuple[str, ...]) -> tuple[Resource, ...]:
    done: list[Resource] = []
    placed: set[str] = set()

    def place(resource: Resource) -> None:
        if resource.table in placed:
            return
        placed.add(resource.table)
        for other in _before(resource):
            if other in tables and other in resources:
                place(resources[other])
        done.append(resource)

    for resource in resources.values():
        if resource.table in tables:
            place(resource)
    return tuple(done)


def _before(resource: Resource) -> Sequence[str]:
    references = [each.reference.table for each in resource.references if each.reference]
    arrays = [each.refers for each in resource.columns if each.refers]
    return [*references, *arrays, *(each.table for each in resource.after)]
