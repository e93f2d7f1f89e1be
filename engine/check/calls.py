"""The calls of a declaration: their operations, and where each parameter comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from engine.check.checked import Checked
from engine.check.constants import constant, documented_name
from engine.check.fault import Fault, fault
from engine.check.models import NoPathError, Shape, found, parameter
from engine.check.reading import SQL_TYPES
from modules.spec import (
    SET,
    Answered,
    Call,
    Clear,
    Column,
    ComesWith,
    Const,
    Context,
    Derived,
    Each,
    Edited,
    EnumType,
    Initial,
    Item,
    Kept,
    OnChange,
    Only,
    PerItem,
    PerKey,
    Source,
    Token,
    Update,
    Waiter,
    When,
    named,
)
from modules.spec.calls import Given

#: What a source may name: columns, and lookups, of which no type is known.
Names = Mapping[str, Column | None]


def faults(it: Checked) -> Iterator[Fault]:
    """What is wrong with the calls."""
    resource = it.resource
    sendable = {**it.columns, **dict.fromkeys(it.lookups)}
    for call in (*resource.create, *resource.update):
        yield from _call(it, call, sendable)
    yield from _needed(it)
    yield from _answered(it)
    taken_back = (each.taken_back for each in (*resource.delete, *resource.update))
    single = (resource.fetch, resource.revival, resource.awaited)
    others = (each for each in (*single, *taken_back) if each is not None)
    for call in (*resource.delete, *resource.obstacles, *others):
        yield from _call(it, call, it.columns)
    for each in resource.comes_with:
        yield from _comes_with(it, each)
    if resource.taken is not None:
        yield from _call(it, resource.taken, it.columns)
    for waiter in resource.waiters:
        yield from _waiter(it, waiter)
    for call in (*resource.carry.looks, *resource.carry.calls):
        yield from _call(it, call, it.columns)
        if isinstance(call, Kept) and call.undone is not None:
            yield from _call(it, call.undone, it.columns)
    for path in resource.carry.whole if resource.create else ():
        yield from _carried(it, resource.create[0], path)


def _call(it: Checked, call: Call, names: Names) -> Iterator[Fault]:
    yield from it.operation(call.operation)
    if call.operation not in it.aws.operations:
        return
    givable = [*it.columns, *(it.parts if call.given and isinstance(call.given[1], Given) else ())]
    if call.given and call.given[0] not in givable:
        yield fault(f"{call.operation}: given names no column: {call.given[0]}", call.given[0], givable)
    if call.needs and call.needs not in {path.partition(".")[0] for path in call.params}:
        yield fault(f"{call.operation} needs {call.needs}, and does not send it", call.needs, call.params)
    for path, source in call.params.items() if isinstance(call, PerItem) else ():
        yield from _item(it, call, path, source)
    if isinstance(call, PerItem | PerKey) and call.column not in it.columns:
        yield fault(f"{call.operation}: no column {call.column}", call.column, it.columns)
    if call.seen is not None:
        yield from _call(it, call.seen, names)
    yield from _as_seen(it, call)
    if isinstance(call, Update) and call.room is not None:
        yield from _call(it, call.room, names)
    if isinstance(call, Clear):
        yield from _clear(it, call, names)
    yield from _result(it, call.operation, call.result or "@")
    if call.refused is not None:
        yield from _result(it, call.operation, f"{call.refused}.[Code, Message]")
    yield from _structure(it, call.operation, it.aws.input(call.operation), call.params, names)
    for key, source in call.joins.items():
        if isinstance(source, str) and source not in names:
            yield fault(f"{call.operation} joins {key}: no column {source}", source, names)
    yield from _batch(it, call)
    if call.until is not None:
        yield from _waiter(it, call.until)
    if isinstance(call, Update):
        yield from _left_out(it, call)
        for name in set(call.shows) - set(call.when):
            yield fault(f"{call.operation} shows {name}, which is not in `when`", name, call.when)


def _answered(it: Checked) -> Iterator[Fault]:
    """What calls take of the answers of an update's earlier ones."""
    earlier: list[str] = []
    for call in it.resource.update:
        yield from _known(it, call, earlier)
        if isinstance(call, Update):
            earlier.append(call.operation)
            if call.taken_back is not None:
                yield from _known(it, call.taken_back, earlier)
    for other in (*it.resource.create, *it.resource.delete):
        yield from _known(it, other, ())


def _known(it: Checked, call: Call, earlier: Collection[str]) -> Iterator[Fault]:
    for source in call.params.values():
        if not isinstance(source, Answered):
            continue
        if source.operation in earlier:
            yield from _result(it, source.operation, source.path)
        else:
            what = f"{call.operation}: no earlier call of an update is {source.operation}"
            yield fault(what, source.operation, earlier)


def _as_seen(it: Checked, call: Call) -> Iterator[Fault]:
    """What parameters take over of what is seen before a call."""
    paths = [source.path for source in call.params.values() if isinstance(source, Edited) and source.seen]
    if call.seen is None:
        if paths or call.outdated:
            yield fault(f"{call.operation}: `seen` says what is seen before it")
    else:
        for path in paths:
            yield from _result(it, call.seen.operation, f"{call.seen.result or '@'}.{path}")


def _clear(it: Checked, call: Clear, names: Names) -> Iterator[Fault]:
    """What may be in the way of a call, as it is found and as a description has it."""
    yield from _call(it, call.found, names)
    if call.listed is not None:
        yield from _described(it, call.operation, f"{call.listed}[].{call.named}")
    if call.listed is not None and not call.what:
        yield fault(f"{call.operation}: `what` says what plans call what goes")


def _needed(it: Checked) -> Iterator[Fault]:
    """Columns that can be NULL, and without which AWS makes nothing."""
    names: list[str] = []
    for call in (each for each in it.resource.create if each.needs is None):
        required = (
            it.aws.input(call.operation).required_members if call.operation in it.aws.operations else ()
        )
        sources = [call.params.get(each, "") for each in required]
        # `Edited` sees to it itself: one of several columns may do.
        asked = [name for each in sources if not isinstance(each, Edited) for name in named(each)[:1]]
        names += [name for name in asked if call.given != (name, SET)]
    for name in dict.fromkeys(names):
        column = it.columns.get(name)
        if column and column.on_change is OnChange.ASSIGNED:
            continue  # the first call's answer has told it
        if column and not (column.not_null or column.needed or column.left_to_aws or column.chosen):
            yield fault(f"{name}: AWS makes none without it, and it can be NULL: not_null or needed")


def _item(it: Checked, call: Call, path: str, source: Source) -> Iterator[Fault]:
    """The element of an array, which is a text."""
    try:
        shape, _ = parameter(it.aws.input(call.operation), path)
    except NoPathError:
        return  # is said of all parameters
    if isinstance(source, Item) and shape.type_name != "string":
        yield fault(f"{call.operation} {path} is a {shape.type_name}")


def _left_out(it: Checked, call: Update) -> Iterator[Fault]:
    """Parameters that the operation requires and some changes would leave out; maps that there are not."""
    shape = it.aws.input(call.operation)
    for name in shape.required_members if not call.whole else ():
        paths = [path for path in call.params if path.partition(".")[0].partition("[")[0] == name]
        columns = {column for path in paths for column in named(call.params[path])} & set(call.when)
        if columns and columns != set(call.when):
            yield fault(f"{call.operation} needs {name}, which a change of other columns would leave out")
    kinds = ("map", "structure") if call.seen else ("map",)
    maps = [name for name, member in shape.members.items() if member.type_name in kinds]
    for name in call.maps:
        if name not in maps:
            yield fault(f"{call.operation} has no map {name}", name, maps)


def _result(it: Checked, operation: str, path: str) -> Iterator[Fault]:
    try:
        found(it.aws.output(operation), path)
    except NoPathError as error:
        yield fault(f"{operation} answers no {path}: {error}", error.name, error.allowed)


def _batch(it: Checked, call: Call) -> Iterator[Fault]:
    if call.batch is None:
        return
    lists = list(_lists(it.aws.input(call.operation)))
    if call.batch.parameter not in lists:
        yield fault(f"{call.operation}: no list {call.batch.parameter}", call.batch.parameter, lists)
    sent = {path.partition("[")[0] for path in call.params}
    if call.batch.parameter not in sent:
        yield fault(f"{call.operation} sends no {call.batch.parameter}", call.batch.parameter, sent)
    if call.batch.results is not None:
        yield from _result(it, call.operation, call.batch.results)


def _lists(shape: Shape, within: str = "") -> Iterator[str]:
    """The paths of the lists in a structure that are in no other list."""
    for name, member in shape.members.items():
        if member.type_name == "list":
            yield within + name
        elif member.type_name == "structure" and not within:
            yield from _lists(member, f"{name}.")


def _comes_with(it: Checked, each: ComesWith) -> Iterator[Fault]:
    other = it.resources.get(each.table)
    if other is None:
        yield fault(f"no table {each.table}", each.table, it.resources)
        return
    known = {column.name for column in other.columns}
    for name in sorted({each.by, *each.values} - known):
        yield fault(f"comes_with: {each.table} has no column {name}", name, known)
    if each.given is not None and each.given[0] not in it.columns:
        yield fault(f"comes_with: no column {each.given[0]}", each.given[0], it.columns)
    yield from _call(Checked(other, it.resources), each.find, {c.name: c for c in other.columns})
    if each.unwanted is not None:
        yield from _call(it, each.unwanted, it.columns)


def _waiter(it: Checked, waiter: Waiter) -> Iterator[Fault]:
    if waiter.state is not None:
        yield from _looking(it, waiter, waiter.state)
        return
    if waiter.name not in it.aws.waiters:
        yield fault(f"no waiter {waiter.name} in {it.aws.name}", waiter.name, it.aws.waiters)
        return
    shape = it.aws.input(it.aws.waiters[waiter.name])
    yield from _structure(it, waiter.name, shape, waiter.params, it.columns)
    if waiter.unless is not None:
        yield from _result(it, it.aws.waiters[waiter.name], waiter.unless)


def _looking(it: Checked, waiter: Waiter, state: str) -> Iterator[Fault]:
    """A waiter that botocore does not have: the states that its operation tells."""
    yield from it.operation(waiter.name)
    if waiter.name not in it.aws.operations:
        return
    yield from _structure(it, waiter.name, it.aws.input(waiter.name), waiter.params, it.columns)
    try:
        shape = found(it.aws.output(waiter.name), state)
    except NoPathError as error:
        yield fault(f"{waiter.name} answers no {state}: {error}", error.name, error.allowed)
        return
    known = [each.lower() for each in getattr(shape, "enum", ())]
    for each in (*waiter.done, *waiter.failed):
        if known and each not in known:
            yield fault(f"{waiter.name}: {state} is never {each}", each, known)


def _carried(it: Checked, call: Call, path: str) -> Iterator[Fault]:
    """A list that a create sends, its path without the places in lists."""
    if call.operation not in it.aws.operations:
        return
    shape = it.aws.input(call.operation)
    for name in path.split("."):
        shape = shape.member if shape.type_name == "list" else shape
        members = shape.members if shape.type_name == "structure" else {}
        if name not in members:
            yield fault(f"carry: {call.operation} has no parameter {path}", name, members)
            return
        shape = members[name]


# Parameters --------------------------------------------------------------------------------------------


def _structure(
    it: Checked, where: str, shape: Shape, params: Mapping[str, Source], names: Names
) -> Iterator[Fault]:
    """The parameters of one structure: each exists and fits its source, and none is missing."""
    given: dict[int, tuple[Shape, set[str]]] = {id(shape): (shape, set())} if shape is not None else {}
    whole: set[int] = set()
    for path, source in params.items():
        try:
            target, way = parameter(shape, path)
        except NoPathError as error:
            yield fault(f"{where} has no parameter {path}: {error}", error.name, error.allowed)
            continue
        whole.add(id(target))
        for structure, member in way:
            given.setdefault(id(structure), (structure, set()))[1].add(member)
        yield from _source(it, f"{where} {path}", target, source, names)
        yield from _filter(f"{where} {path}", way, source)
    for structure, members in (each for number, each in given.items() if number not in whole):
        for name in sorted(set(structure.required_members) - members):
            yield fault(f"{where} needs {name} in {structure.name}")


def _filter(where: str, way: list[tuple[Shape, str]], source: Source) -> Iterator[Fault]:
    """The name of a filter: `Filters[0].Name`."""
    if not isinstance(source, Const) or len(way) < 2:
        return
    (outer, listed), (structure, member) = way[-2:]
    if member == "Name" and {"Name", "Values"} <= structure.members.keys():
        yield from documented_name(where, outer.members[listed], source.value)


def _source(it: Checked, where: str, shape: Shape, source: Source, names: Names) -> Iterator[Fault]:
    match source:
        case str():
            if source not in names:
                yield fault(f"{where}: no column or lookup {source}", source, names)
            elif (column := names[source]) is not None:
                yield from _sendable(where, shape, column)
        case Const():
            yield from constant(where, shape, source.value)
        case Context() | Token():
            if shape.type_name != "string":
                yield fault(f"{where} is a {shape.type_name}")
            for name in named(source):
                if name not in names:
                    yield fault(f"{where}: no column {name}", name, names)
        case Derived() | Edited():
            known = names
            if isinstance(source, Edited):
                known = {**names, **dict.fromkeys(it.parts)}
                if not source.seen:
                    yield from _described(it, where, source.path)
            for name in source.columns:
                if name not in known:
                    yield fault(f"{where}: no column {name}", name, known)
        case Initial():
            yield from _source(it, where, shape, source.source, names)
        case When():
            if source.column not in names:
                yield fault(f"{where}: no column {source.column}", source.column, names)
            yield from _source(it, where, shape, source.source, names)
        case Each():
            yield from _each(it, where, shape, source)
        case Only():
            yield from _only(it, where, shape, source)


def _described(it: Checked, where: str, path: str) -> Iterator[Fault]:
    """What a request takes over from the resource's description."""
    description = it.described()
    if description is not None:
        try:
            found(description, path)
        except NoPathError as error:
            yield fault(f"{where}: its description has no {path}: {error}", error.name, error.allowed)


def _each(it: Checked, where: str, shape: Shape, source: Each) -> Iterator[Fault]:
    if source.part not in it.parts:
        yield fault(f"{where}: no part {source.part}", source.part, it.parts)
    elif shape.type_name != "list":
        yield fault(f"{where} is a {shape.type_name}, not a list")
    else:
        names: Names = {each.name: each for each in it.parts[source.part].columns}
        if isinstance(source.element, str):
            yield from _source(it, where, shape.member, source.element, names)
        else:
            yield from _structure(it, where, shape.member, source.element, names)


def _only(it: Checked, where: str, shape: Shape, source: Only) -> Iterator[Fault]:
    part = it.parts.get(source.part)
    if part is None:
        yield fault(f"{where}: no part {source.part}", source.part, it.parts)
    elif part.key != (part.parent.name,):
        yield fault(f"{where}: {part.table} may have several rows: its key has to be {part.parent.name}")
    else:
        names: Names = {each.name: each for each in part.columns}
        yield from _structure(it, where, shape, source.element, names)


def _sendable(where: str, shape: Shape, column: Column) -> Iterator[Fault]:
    if column.reference is not None or isinstance(column.type, EnumType):
        fits, fitting = shape.type_name == "string", tuple[str, ...]()
    else:
        fitting = SQL_TYPES.get(shape.type_name, ())
        fits = column.type in fitting
    if not fits:
        yield fault(f"{where} is a {shape.type_name}, but {column.name} is {column.type}", "", fitting)
