"""What is wrong with a declaration, found without AWS: each problem a sentence."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

import modules
from modules.spec import (
    Call,
    Column,
    ComesWith,
    Const,
    Context,
    Derived,
    Each,
    EnumType,
    Item,
    Module,
    OnChange,
    Part,
    PerItem,
    Resource,
    Source,
    Token,
    Update,
    Waiter,
    When,
)
from tests.modules.models import NoPathError, Service, Shape, found, parameter, service

Resources = Mapping[str, Resource]
#: What a source may name: columns, and lookups, of which no type is known.
Names = Mapping[str, Column | None]

#: SQL types that hold a value of a botocore type as it is.
_SQL_TYPES = {
    "string": {"varchar", "text", "cidr"},
    "integer": {"integer"},
    "long": {"integer", "bigint"},
    "boolean": {"boolean"},
    "list": {"varchar[]", "text[]"},
}
_CONSTANTS = {"string": str, "boolean": bool, "integer": int, "long": int}


def problems(resource: Resource, resources: Resources) -> list[str]:
    """Everything that is wrong with one resource's declaration."""
    return [f"{resource.table}: {each}" for each in _problems(_Checked(resource, resources))]


def module_problems(module: Module, by_name: Mapping[str, Module]) -> list[str]:
    """Everything that is wrong with how a module is put together."""
    tables = [each.table for each in module.resources]
    parts = [part.table for each in module.resources for part in each.parts]
    folder = Path(modules.__file__).parent / module.name
    result = [f"{table}: no file {table}.py" for table in tables if not (folder / f"{table}.py").exists()]
    if sorted(module.tables) != sorted(tables + parts):
        result.append(f"its tables are {sorted(tables + parts)}, not {sorted(module.tables)}")
    result += [f"no module {name}" for name in module.dependencies if name not in by_name]
    within = _with_dependencies(module, by_name)
    result += [
        f"{each.table} refers to {other}, of no dependency"
        for each in module.resources
        for other in _tables_referred_to(each)
        if not any(other in by_name[name].tables for name in within)
    ]
    return [f"{module.name}: {each}" for each in result]


def _with_dependencies(module: Module, by_name: Mapping[str, Module]) -> set[str]:
    known = [by_name[name] for name in module.dependencies if name in by_name]
    return {module.name}.union(*(_with_dependencies(each, by_name) for each in known))


def _tables_referred_to(resource: Resource) -> set[str]:
    references = {each.reference.table for each in resource.references if each.reference}
    arrays = {each.refers for each in resource.columns if each.refers}
    per = {resource.listing.per.table} if resource.listing.per else set()
    return references | arrays | per | {each.table for each in resource.after}


class _Checked:
    """A resource and what its sources may name."""

    def __init__(self, resource: Resource, resources: Resources) -> None:
        self.resource = resource
        self.resources = resources
        self.aws: Service = service(resource.service)
        self.columns = {each.name: each for each in resource.columns}
        self.lookups = {each.name for each in resource.lookups}
        self.parts = {each.table: each for each in resource.parts}


def _problems(it: _Checked) -> Iterator[str]:
    resource = it.resource
    yield from _names(it)
    for column in resource.columns:
        yield from _references(it, column, resource.table, it.columns)
    for part in resource.parts:
        yield from _part_names(it, part)
    yield from _covered(it)
    yield from _codes(it)
    yield from _reading(it)
    sendable = {**it.columns, **dict.fromkeys(it.lookups)}
    for call in (*resource.create, *resource.update):
        yield from _call(it, call, sendable)
    for call in (*resource.delete, *([resource.fetch] if resource.fetch else [])):
        yield from _call(it, call, it.columns)
    for each in resource.comes_with:
        yield from _comes_with(it, each)
    for waiter in (resource.ready, resource.gone):
        if waiter is not None:
            yield from _waiter(it, waiter)


# Names -------------------------------------------------------------------------------------------------


def _names(it: _Checked) -> Iterator[str]:
    resource = it.resource
    named = {
        "natural_key": resource.natural_key,
        "identity": (resource.identity,) if resource.identity else (),
        "key": () if resource.key == ("id",) else resource.key,
        "unique": tuple(name for each in resource.unique for name in each),
        "unique_if_not_null": resource.unique_if_not_null,
        "within": (resource.within,) if resource.within else (),
        **{f"lookup {each.name}": (each.reference,) for each in resource.lookups},
        **{f"after {each.table}": (each.shares,) for each in resource.after},
        **{f"unless of {each.name}": each.unless for each in resource.columns},
    }
    for what, names in named.items():
        yield from (f"{what} names no column: {name}" for name in names if name not in it.columns)
    within = it.columns.get(resource.within or "")
    if within is not None and within.reference is None:
        yield f"within names no reference: {within.name}"
    for order in resource.after:
        other = it.resources.get(order.table)
        if other is None:
            yield f"no table {order.table}"
        elif order.shares not in {each.name for each in other.columns}:
            yield f"after: {order.table} has no column {order.shares}"
    for lookup in resource.lookups:
        reference = it.columns[lookup.reference].reference if lookup.reference in it.columns else None
        target = it.resources.get(reference.table) if reference else None
        part = next((each for each in target.parts if each.table == lookup.part), None) if target else None
        if part is None:
            yield f"lookup {lookup.name}: {lookup.reference} leads to no part {lookup.part}"
            continue
        names_of_part = {each.name for each in part.columns}
        yield from (
            f"lookup {lookup.name}: {part.table} has no column {name}"
            for name in (lookup.column, lookup.having)
            if name not in names_of_part
        )


def _references(it: _Checked, column: Column, table: str, columns: Mapping[str, Column]) -> Iterator[str]:
    if isinstance(column.type, EnumType) and column.type.name != f"{table}_{column.name}_enum":
        yield f"type of {column.name} is named {column.type.name}"
    if column.refers and column.refers not in it.resources:
        yield f"{column.name} refers to no table: {column.refers}"
    if column.chosen and column.chosen.table not in it.resources:
        yield f"{column.name} is chosen from no table: {column.chosen.table}"
    reference = column.reference
    if reference is None:
        return
    target = it.resources.get(reference.table)
    if target is None:
        yield f"{column.name} refers to no table: {reference.table}"
        return
    by = reference.by or target.identity
    if by not in {each.name for each in target.columns}:
        yield f"{column.name} refers to {target.table} by no column: {by}"
    key = "integer" if target.key == ("id",) else target.column(target.key[0]).type
    if column.type != key:
        yield f"{column.name} is {column.type}, but the key of {target.table} is {key}"


def _part_names(it: _Checked, part: Part) -> Iterator[str]:
    columns = {each.name: each for each in part.columns}
    own = {*columns, part.parent.name}
    for name in (*part.natural_key, *(() if part.key == ("id",) else part.key)):
        if name not in own:
            yield f"{part.table}: a key names no column: {name}"
    if part.chosen and part.chosen.table not in it.resources:
        yield f"{part.table} is chosen from no table: {part.chosen.table}"
    for column in (part.parent, *part.columns):
        yield from (f"{part.table}: {each}" for each in _references(it, column, part.table, columns))


def _covered(it: _Checked) -> Iterator[str]:
    """Each change in place has a call, and each call a change."""
    updates = it.resource.update
    sent = {name for each in updates if isinstance(each, Update) for name in each.when}
    sent |= {each.column for each in updates if isinstance(each, PerItem)}
    kinds = {name: each.on_change for name, each in it.columns.items()}
    kinds |= {name: each.on_change for name, each in it.parts.items()}
    for name in sorted(sent - kinds.keys()):
        yield f"an update is made for no column or part: {name}"
    for name, kind in kinds.items():
        if kind is OnChange.UPDATE and name not in sent and it.resource.create:
            yield f"{name} is changed in place, but no update sends it"
        if kind is not OnChange.UPDATE and name in sent:
            yield f"{name} is never changed in place, but an update is made for it"


def _codes(it: _Checked) -> Iterator[str]:
    """Error codes that no operation of the service is known to answer."""
    resource, known = it.resource, it.aws.error_codes
    calls = [*resource.create, *resource.update, *resource.delete]
    codes = {*resource.absent, *resource.busy, *resource.hints, *resource.listing.absent}
    codes |= {code for call in calls for code in call.tolerate} | {code for code, _ in resource.eventual}
    if known:
        yield from (f"no error code of {resource.service}: {code}" for code in sorted(codes - known))


# What is read ------------------------------------------------------------------------------------------


def _reading(it: _Checked) -> Iterator[str]:
    """The listing and all that descriptions come from, with the columns in them."""
    resource, listing = it.resource, it.resource.listing
    given = {**listing.params}
    if listing.per:
        other = it.resources.get(listing.per.table)
        known = {each.name for each in other.columns} if other else set()
        for name, column in listing.per.params.items():
            given[name] = ""
            if column not in known:
                yield f"{listing.operation}: {listing.per.table} has no column {column}"
    yield from _plain(it, listing.operation, given)
    items = yield from _result(it, listing.operation, listing.items)
    if resource.describe is not None:
        describe = resource.describe
        one = describe.batch == 1
        extra = dict.fromkeys(describe.per_params, "")
        yield from _plain(
            it, describe.operation, {**describe.params, **extra, describe.ids: "" if one else []}
        )
        items = yield from _result(it, describe.operation, describe.items)
    description = _element(items)
    details: dict[str, Shape] = {}
    for detail in resource.details:
        yield from _plain(it, detail.operation, dict.fromkeys(detail.params, ""))
        yield from (each for path in detail.params.values() for each in _there(it, description, path))
        details[detail.into] = yield from _result(it, detail.operation, detail.items)
    if description is not None:
        yield from _columns(it, "its description", description, details)
        if resource.created is not None:
            yield from _there(it, description, resource.created)
    fetched = resource.fetch
    if fetched is not None and fetched.operation in it.aws.operations:
        shape = yield from _result(it, fetched.operation, fetched.result or "@")
        if shape is not None:
            yield from _columns(it, fetched.operation, shape, details)
    elif resource.create:
        for call in (*resource.create, *resource.update):
            if call.result is not None and call.operation in it.aws.operations:
                shape = yield from _result(it, call.operation, call.result)
                if shape is not None:
                    yield from _columns(it, call.operation, shape, details)


def _element(items: Shape) -> Shape:
    return items.member if items is not None and items.type_name == "list" else items


def _plain(it: _Checked, operation: str, params: Mapping[str, object]) -> Iterator[str]:
    """An operation and constant parameters; "" and [] stand for values of that type."""
    if operation not in it.aws.operations:
        yield f"no operation {operation} in {it.resource.service}"
        return
    shape = it.aws.input(operation)
    for name, value in params.items():
        if shape is None or name not in shape.members:
            yield f"{operation} has no parameter {name}"
        elif (shape.members[name].type_name == "list") is not isinstance(value, list):
            yield f"{operation}: {name} is a {shape.members[name].type_name}"
        elif isinstance(value, str) and value:
            yield from _constant(operation, name, shape.members[name], value)
    required = shape.required_members if shape is not None else ()
    yield from (f"{operation} needs {name}" for name in required if name not in params)


def _result(it: _Checked, operation: str, path: str) -> Generator[str, None, Shape]:
    """The shape of what a path finds in an answer; None, with the problem, if that is nothing."""
    if operation not in it.aws.operations:
        return None
    try:
        return found(it.aws.output(operation), path)
    except NoPathError as error:
        yield f"{operation} answers no {path}: {error}"
    return None


def _there(it: _Checked, shape: Shape, path: str) -> Iterator[str]:
    try:
        found(shape, path)
    except NoPathError as error:
        yield f"its description has no {path}: {error}"


def _columns(it: _Checked, where: str, shape: Shape, details: Mapping[str, Shape]) -> Iterator[str]:
    for column in it.resource.columns:
        yield from _column(where, column, shape, details, it.resource.listing.items == "@")
    for part in it.resource.parts:
        try:
            items = found(shape, part.path)
        except NoPathError as error:
            yield f"{where} has no {part.path}: {error}"
            continue
        for column in part.columns:
            yield from _column(f"{where}'s {part.path}", column, _element(items), {}, False)


def _column(
    where: str, column: Column, shape: Shape, details: Mapping[str, Shape], located: bool
) -> Iterator[str]:
    if column.path is None or (located and column.path == "Region"):
        return
    head = column.path.split(".")[0].split("[")[0]
    try:
        if head in details:
            shape, path = details[head], column.path.removeprefix(head).removeprefix("[].")
            value = found(shape.member, path)
        else:
            value = found(shape, column.path)
    except NoPathError as error:
        yield f"{column.name}: {where} has no {column.path}: {error}"
        return
    if isinstance(column.type, EnumType):
        lacking = set(getattr(value, "enum", ())) - set(column.type.values)
        if lacking:
            yield f"{column.name}: {column.type.name} lacks {', '.join(sorted(lacking))}"
    elif column.read is None and column.reference is None and not _fits(column, value):
        yield f"{column.name} is {column.type}, but {where} has a {value.type_name}"


def _fits(column: Column, value: Shape) -> bool:
    listed = column.path is not None and "[]" in column.path
    return column.type in _SQL_TYPES.get("list" if listed else value.type_name, ())


# What is sent ------------------------------------------------------------------------------------------


def _call(it: _Checked, call: Call, names: Names) -> Iterator[str]:
    if call.operation not in it.aws.operations:
        yield f"no operation {call.operation} in {it.resource.service}"
        return
    if call.given and call.given[0] not in it.columns:
        yield f"{call.operation}: given names no column: {call.given[0]}"
    if isinstance(call, PerItem) and call.column not in it.columns:
        yield f"{call.operation}: no column {call.column}"
    yield from _result(it, call.operation, call.result or "@")
    yield from _structure(it, call.operation, it.aws.input(call.operation), call.params, names)
    yield from _batch(it, call)


def _batch(it: _Checked, call: Call) -> Iterator[str]:
    if call.batch is None:
        return
    listed = it.aws.input(call.operation).members.get(call.batch.parameter)
    if listed is None or listed.type_name != "list":
        yield f"{call.operation}: no list {call.batch.parameter}"
    if call.batch.parameter not in {path.partition("[")[0] for path in call.params}:
        yield f"{call.operation} sends no {call.batch.parameter}"
    if call.batch.results is not None:
        yield from _result(it, call.operation, call.batch.results)


def _comes_with(it: _Checked, each: ComesWith) -> Iterator[str]:
    other = it.resources.get(each.table)
    if other is None:
        yield f"no table {each.table}"
        return
    known = {column.name for column in other.columns}
    names = {each.by, *each.values}
    yield from (f"comes_with: {each.table} has no column {name}" for name in sorted(names - known))
    yield from _call(_Checked(other, it.resources), each.find, {c.name: c for c in other.columns})
    if each.unwanted is not None:
        yield from _call(it, each.unwanted, it.columns)


def _waiter(it: _Checked, waiter: Waiter) -> Iterator[str]:
    if waiter.name not in it.aws.waiters:
        yield f"no waiter {waiter.name} in {it.resource.service}"
        return
    shape = it.aws.input(it.aws.waiters[waiter.name])
    yield from _structure(it, waiter.name, shape, waiter.params, it.columns)


def _structure(
    it: _Checked, where: str, shape: Shape, params: Mapping[str, Source], names: Names
) -> Iterator[str]:
    """The parameters of one structure: each exists and fits its source, and none is missing."""
    given: dict[int, tuple[Shape, set[str]]] = {id(shape): (shape, set())}
    for path, source in params.items():
        try:
            target, way = parameter(shape, path)
        except NoPathError as error:
            yield f"{where} has no parameter {path}: {error}"
            continue
        for structure, member in way:
            given.setdefault(id(structure), (structure, set()))[1].add(member)
        yield from _source(it, f"{where} {path}", target, source, names)
    for structure, members in given.values():
        lacking = set(structure.required_members) - members
        yield from (f"{where} needs {name} in {structure.name}" for name in sorted(lacking))


def _source(it: _Checked, where: str, shape: Shape, source: Source, names: Names) -> Iterator[str]:
    match source:
        case str():
            if source not in names:
                yield f"{where}: no column or lookup {source}"
            elif (column := names[source]) is not None:
                yield from _sendable(where, shape, column)
        case Const():
            yield from _constant(where, "constant", shape, source.value)
        case Context() | Item() | Token():
            if shape.type_name != "string":
                yield f"{where} is a {shape.type_name}"
        case Derived():
            yield from (f"{where}: no column {name}" for name in source.columns if name not in names)
        case When():
            if source.column not in names:
                yield f"{where}: no column {source.column}"
            yield from _source(it, where, shape, source.source, names)
        case Each():
            yield from _each(it, where, shape, source)


def _each(it: _Checked, where: str, shape: Shape, source: Each) -> Iterator[str]:
    if source.part not in it.parts:
        yield f"{where}: no part {source.part}"
    elif shape.type_name != "list":
        yield f"{where} is a {shape.type_name}, not a list"
    else:
        names: Names = {each.name: each for each in it.parts[source.part].columns}
        if isinstance(source.element, str):
            yield from _source(it, where, shape.member, source.element, names)
        else:
            yield from _structure(it, where, shape.member, source.element, names)


def _constant(where: str, what: str, shape: Shape, value: object) -> Iterator[str]:
    if not isinstance(value, _CONSTANTS.get(shape.type_name, object)):
        yield f"{where}: {what} {value!r} is no {shape.type_name}"
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where}: {what} {value!r} is none of {', '.join(shape.enum)}"


def _sendable(where: str, shape: Shape, column: Column) -> Iterator[str]:
    if column.reference is not None or isinstance(column.type, EnumType):
        fits = shape.type_name == "string"
    else:
        fits = column.type in _SQL_TYPES.get(shape.type_name, ())
    if not fits:
        yield f"{where} is a {shape.type_name}, but {column.name} is {column.type}"
