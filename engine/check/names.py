"""Columns, tables and error codes that a declaration names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.check.checked import Checked
from engine.check.fault import Fault, fault
from modules import ownership
from modules.spec import After, Choice, Column, EnumType, OnChange, Part, PerItem, PerKey, Update


def faults(it: Checked) -> Iterator[Fault]:
    """What is wrong with the names."""
    yield from _own_columns(it)
    yield from _others(it)
    for column in it.resource.columns:
        yield from _references(it, column, it.resource.table)
    for part in it.resource.parts:
        yield from _part(it, part)
    yield from _covered(it)
    yield from _codes(it)
    yield from _owner(it)


def _own_columns(it: Checked) -> Iterator[Fault]:
    resource = it.resource
    named = {
        "natural_key": resource.natural_key,
        "identity": (resource.identity,) if resource.identity else (),
        "qualified": (resource.qualified.name, resource.qualified.by) if resource.qualified else (),
        "key": () if resource.key == ("id",) else resource.key,
        "unique": tuple(name for each in resource.unique for name in each),
        "unique_if_not_null": resource.unique_if_not_null,
        "within": (resource.within,) if resource.within else (),
        **{f"lookup {each.name}": (each.reference,) for each in resource.lookups},
        **{f"after {each.table}": (each.through or each.shares,) for each in resource.after},
        "holds": resource.holds,
        "settled": tuple(name for name in resource.settled if name not in it.parts),
        **{f"unless of {each.name}": each.unless for each in resource.columns},
    }
    for what, names in named.items():
        for name in names:
            if name not in it.columns:
                yield fault(f"{what} names no column: {name}", name, it.columns)
    within = it.columns.get(resource.within or "")
    if within is not None and within.reference is None:
        references = [name for name, each in it.columns.items() if each.reference]
        yield fault(f"within names no reference: {within.name}", within.name, references)


def _through(it: Checked, order: After) -> Iterator[Fault]:
    """The reference by which an order's shared column is reached."""
    column = it.columns.get(order.through or "")
    if column is None:
        return  # is said of all columns, or there is none
    target = it.columns_of(column.reference.table) if column.reference else []
    if order.shares not in target:
        what = f"after {order.table}: {column.name} leads to no column {order.shares}"
        yield fault(what, order.shares, target)


def _others(it: Checked) -> Iterator[Fault]:
    """The tables and columns of orders and lookups."""
    for order in it.resource.after:
        if order.table not in it.resources:
            yield fault(f"after: no table {order.table}", order.table, it.resources)
        elif order.shares not in it.columns_of(order.table):
            shared = it.columns_of(order.table)
            yield fault(f"after: {order.table} has no column {order.shares}", order.shares, shared)
        yield from _through(it, order)
    for table in it.resource.brings:
        if table not in it.resources:
            yield fault(f"brings: no table {table}", table, it.resources)
    for lookup in it.resource.lookups:
        reference = it.columns[lookup.reference].reference if lookup.reference in it.columns else None
        target = it.resources.get(reference.table) if reference else None
        parts = {each.table: each for each in target.parts} if target else {}
        if lookup.part not in parts:
            what = f"lookup {lookup.name}: {lookup.reference} leads to no part {lookup.part}"
            yield fault(what, lookup.part, parts)
            continue
        names = [each.name for each in parts[lookup.part].columns]
        for name in (lookup.column, lookup.having):
            if name not in names:
                yield fault(f"lookup {lookup.name}: {lookup.part} has no column {name}", name, names)


def _references(it: Checked, column: Column, table: str) -> Iterator[Fault]:
    name = f"{table}_{column.name}_enum"
    if isinstance(column.type, EnumType) and column.type.name != name:
        yield fault(f"type of {column.name} is named {column.type.name}", column.type.name, [name])
    if column.refers and column.refers not in it.resources:
        yield fault(f"{column.name} refers to no table: {column.refers}", column.refers, it.resources)
    told = column.path is not None and not column.secret
    if column.is_untold and (told or column.read or not column.left_to_aws):
        yield fault(f"{column.name} is not told by AWS: it has no path and no read, and is left_to_aws")
    if column.is_masked and column.path and not re.fullmatch(r"\w+(\.\w+)*", column.path):
        yield fault(f"{column.name} is masked: its path is names joined by dots")
    yield from _chosen(it, column.name, column.chosen)
    reference = column.reference
    if reference is None:
        return
    target = it.resources.get(reference.table)
    if target is None:
        yield fault(f"{column.name} refers to no table: {reference.table}", reference.table, it.resources)
        return
    if reference.let_go and not (column.left_to_aws and column.on_change is OnChange.UPDATE):
        yield fault(f"{column.name} can let go of nothing: it is not left_to_aws, or never changed in place")
    by, known = reference.by or target.identity or "", it.columns_of(target.table)
    if by not in known:
        yield fault(f"{column.name} refers to {target.table} by no column: {by}", by, known)
    for name in reference.sets:
        if name not in known:
            yield fault(f"{column.name} sets {target.table}'s {name}, which is no column", name, known)
    if len(target.key) != 1:
        yield fault(f"{column.name} refers to {target.table}, whose key is of several columns")
        return
    key = "integer" if target.key == ("id",) else str(target.column(target.key[0]).type)
    if column.type != key:
        what = f"{column.name} is {column.type}, but the key of {target.table} is {key}"
        yield fault(what, str(column.type), [key])


def _chosen(it: Checked, name: str, choice: Choice | None) -> Iterator[Fault]:
    if choice and choice.table not in it.resources:
        yield fault(f"{name} is chosen from no table: {choice.table}", choice.table, it.resources)


def _part(it: Checked, part: Part) -> Iterator[Fault]:
    own = {part.parent.name, *(each.name for each in part.columns)}
    for name in (*part.natural_key, *(() if part.key == ("id",) else part.key)):
        if name not in own:
            yield fault(f"{part.table}: a key names no column: {name}", name, own)
    yield from _chosen(it, part.table, part.chosen)
    for column in (part.parent, *part.columns):
        for each in _references(it, column, part.table):
            yield Fault(f"{part.table}: {each.what}", each.allowed)


def _covered(it: Checked) -> Iterator[Fault]:
    """Each change in place has a call, and each call a change."""
    updates = it.resource.update
    sent = {name for each in updates if isinstance(each, Update) for name in each.when}
    sent |= {each.column for each in updates if isinstance(each, PerItem | PerKey)}
    kinds: Mapping[str, OnChange] = {
        **{name: column.on_change for name, column in it.columns.items()},
        **{name: part.on_change for name, part in it.parts.items()},
    }
    for name in sorted(sent - kinds.keys()):
        yield fault(f"an update is made for no column or part: {name}", name, kinds)
    for name, kind in kinds.items():
        if kind is OnChange.UPDATE and name not in sent and it.resource.create:
            yield fault(f"{name} is changed in place, but no update sends it")
        if kind is not OnChange.UPDATE and name in sent:
            yield fault(f"{name} is never changed in place, but an update is made for it")


def _codes(it: Checked) -> Iterator[Fault]:
    """Error codes that no operation is known to answer."""
    resource, known = it.resource, it.aws.error_codes
    others = {code for each in resource.batched for code in it.by(each.service).aws.error_codes}
    calls = [*resource.create, *resource.update, *resource.delete]
    calls += [each.unwanted for each in resource.comes_with if each.unwanted]
    codes = {*resource.absent, *resource.busy, *resource.hints, *resource.listing.absent}
    codes |= {code for call in calls for code in call.tolerate} | {code for code, _ in resource.eventual}
    codes |= {resource.revival.error[0]} if resource.revival else set()
    rooms = [each.room for each in resource.update if isinstance(each, Update) and each.room]
    codes |= {each.refusal[0] for each in rooms if each.refusal}
    codes |= {code for detail in resource.details for code in detail.absent}
    codes |= set((resource.describe or resource.listing).hidden)
    codes |= {code for waiter in resource.waiters for code in waiter.gone}
    for code in sorted(codes - set(known) - others) if known else ():
        yield fault(f"no error code of {resource.service}: {code}", code, known)


def _owner(it: Checked) -> Iterator[Fault]:
    """Whether it says what else owns a resource, in the way that all do."""
    column = it.columns.get(ownership.NAME)
    wanted = ownership.managed_by()
    if column is None:
        yield fault(f"no column {ownership.NAME}: ownership.managed_by() is one")
    elif replace(column, read=wanted.read) != wanted:
        yield fault(f"{ownership.NAME} is another column than ownership.managed_by() makes")
