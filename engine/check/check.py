"""What is wrong with modules and the resources that they declare: the table of contents of the checker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from botocore.exceptions import UnknownServiceError

import modules
from engine.check import called, calls, carrying, functions, names, reading
from engine.check.checked import Checked, Resources
from engine.check.fault import Fault, fault
from modules.catalogue import Catalogue
from modules.spec import Module, Resource


def check(catalogue: Catalogue, chosen: Iterable[str] = ()) -> Iterator[Fault]:
    """Everything that is wrong with some modules, each fault with its file; with all if none is chosen."""
    some = set(chosen) or set(catalogue.by_name)
    for module in catalogue.named(some):
        for each in module_faults(module, catalogue):
            yield replace(each, where=f"modules/{module.name}/__init__.py")
        for resource in module.resources:
            for each in faults(resource, catalogue.resources):
                yield replace(each, where=f"modules/{module.name}/{resource.table}.py")


def faults(resource: Resource, resources: Resources) -> Iterator[Fault]:
    """Everything that is wrong with one resource's declaration, each thing once."""
    try:
        it = Checked(resource, resources)
    except UnknownServiceError:
        yield fault(f"no service {resource.service}", resource.service)
        return
    every = (
        names.faults(it),
        reading.faults(it),
        calls.faults(it),
        carrying.faults(it),
        functions.faults(it),
    )
    yield from dict.fromkeys(each for some in every for each in some)


def module_faults(module: Module, catalogue: Catalogue) -> Iterator[Fault]:
    """Everything that is wrong with how a module is put together."""
    tables = [each.table for each in module.resources]
    whole = tables + [part.table for each in module.resources for part in each.parts]
    folder = Path(modules.__file__).parent / module.name
    for table in tables:
        if not (folder / f"{table}.py").exists():
            yield fault(f"no file {table}.py")
    for table in sorted(set(module.tables) ^ set(whole)):
        yield fault(f"its tables and those of its resources differ in {table}", table, whole)
    for table in whole:
        if any(table in other.tables for other in catalogue.modules if other.name != module.name):
            yield fault(f"another module has a table {table}")
    for name in module.dependencies:
        if name not in catalogue.by_name:
            yield fault(f"no module {name}", name, catalogue.by_name)
    yield from _foreign(module, catalogue)
    yield from called.faults(module, catalogue)


def _foreign(module: Module, catalogue: Catalogue) -> Iterator[Fault]:
    """Tables of modules that it does not depend on."""
    known = [name for name in module.dependencies if name in catalogue.by_name]
    within = {module.name, *(each.name for each in catalogue.with_dependencies(known))}
    there = {table for each in catalogue.modules if each.name in within for table in each.tables}
    for resource in module.resources:
        for other in sorted(_tables_referred_to(resource) - there):
            yield fault(f"{resource.table} refers to {other}, of no dependency", other, there)


def _tables_referred_to(resource: Resource) -> set[str]:
    references = {each.reference.table for each in resource.references if each.reference}
    arrays = {each.refers for each in resource.columns if each.refers}
    per = {resource.listing.per.table} if resource.listing.per else set()
    return references | arrays | per | {each.table for each in resource.after}
