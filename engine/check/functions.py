"""The functions of a declaration: which keys they ask for, and whether they can take NULL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.check.checked import Checked, element
from engine.check.fault import Fault, fault
from engine.check.models import Described, NoPathError, found
from engine.check.recording import Asked, asked_of, asked_of_choice, asked_of_values
from modules.spec import Choice, Column, Part


def faults(it: Checked) -> Iterator[Fault]:
    """What is wrong with the functions."""
    resource, description = it.resource, it.described()
    for column in resource.columns:
        yield from _column(it, column, description)
        yield from _choice(it, column.name, column.chosen)
    for part in resource.parts:
        yield from _part(it, part, description)
    for name in ("where", "protected", "undeletable", "leaving"):
        function = getattr(resource, name)
        if function is not None and description is not None:
            yield from _asked(name, asked_of(function, description))
    if resource.canonical is not None:
        yield from _asked("canonical", asked_of_values(resource.canonical, resource.table, it.columns))


def _asked(name: str, asked: Iterable[Asked]) -> Iterator[Fault]:
    for each in asked:
        yield fault(f"{name} asks for {each.key}, which {each.of} does not have", each.key, each.allowed)


def _part(it: Checked, part: Part, description: Described | None) -> Iterator[Fault]:
    try:
        items = found(description, part.path) if description else None
    except NoPathError:
        items = None
    for column in part.columns:
        yield from _column(it, column, Described(element(items)) if items is not None else None)
    yield from _choice(it, part.table, part.chosen)
    if part.canonical is not None:
        names = [each.name for each in part.columns]
        yield from _asked(f"{part.table}: canonical", asked_of_values(part.canonical, part.table, names))


def _column(it: Checked, column: Column, description: Described | None) -> Iterator[Fault]:
    if column.read is not None:
        yield from _read(column, column.read, description)
    if column.canonical is not None and not _takes_none(column.canonical):
        yield fault(f"canonical of {column.name} fails on None, which is NULL")
    reference = column.reference
    target = it.resources.get(reference.table) if reference else None
    if reference is not None and reference.default is not None and target is not None:
        of = Checked(target, it.resources).described()
        if of is not None:
            yield from _asked(f"default of {column.name}", asked_of(reference.default, of))


def _read(column: Column, read: Callable[[Any], Any], description: Described | None) -> Iterator[Fault]:
    if column.path is not None and not _takes_none(read):
        yield fault(f"read of {column.name} fails on None, which it gets where AWS leaves the value out")
    if description is None:
        return
    try:
        shape = found(description, column.path) if column.path else None
    except NoPathError:
        return
    if column.path and "[]" in column.path:
        return  # it gets a list of these
    of = Described(shape) if column.path else description
    yield from _asked(f"read of {column.name}", asked_of(read, of))


def _takes_none(function: Callable[[Any], Any]) -> bool:
    try:
        function(None)
    except Exception:
        return False
    return True


def _choice(it: Checked, name: str, choice: Choice | None) -> Iterator[Fault]:
    if choice is not None and choice.table in it.resources:
        others = it.columns_of(choice.table)
        asked = asked_of_choice(choice.choose, it.resource.table, it.columns, choice.table, others)
        yield from _asked(f"chosen of {name}", asked)
