"""How resources are listed and described, and where columns are in the descriptions."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from engine.check.checked import Checked, element
from engine.check.constants import constant, documented_name
from engine.check.fault import Fault, fault
from engine.check.models import Described, NoPathError, Shape, Unknown, found
from modules.spec import Call, Column, Context, EnumType, Item, OnChange

#: SQL types that hold a value of a botocore type as it is.
SQL_TYPES = {
    "string": ("varchar", "text", "cidr"),
    "integer": ("integer",),
    "long": ("integer", "bigint"),
    "double": ("double precision",),
    "boolean": ("boolean",),
    "list": ("varchar[]", "text[]"),
}


def faults(it: Checked) -> Iterator[Fault]:
    """What is wrong with the listing and all that descriptions come from, and with the columns in them."""
    yield from _listing(it)
    yield from _describe(it)
    description = it.described()
    if description is not None:
        yield from _details(it, description)
        yield from _batched(it, description)
        yield from _columns(it, "its description", description)
        if it.resource.mark is not None:
            yield from _there(description, it.resource.mark)
    yield from _answers(it, description or Described(None))
    yield from _fetch(it)


def _listing(it: Checked) -> Iterator[Fault]:
    listing = it.resource.listing
    given: dict[str, object] = {**listing.params}
    if listing.per and listing.per.joins and it.resource.describe:
        yield fault(f"{listing.operation} joins what {listing.per.table} tells, but describes names")
    if listing.per:
        known = it.columns_of(listing.per.table)
        given |= dict.fromkeys(listing.per.params, "")
        for column in listing.per.scope.values():
            if column not in known:
                what = f"{listing.operation}: {listing.per.table} has no column {column}"
                yield fault(what, column, known)
    yield from _plain(it, listing.operation, given)
    items = element((yield from _result(it, listing.operation, listing.items)))
    for path in (listing.each, *listing.outer.values()) if items is not None and listing.each else ():
        yield from _there(Described(items), path or "@")


def _describe(it: Checked) -> Iterator[Fault]:
    describe = it.resource.describe
    if describe is None:
        return
    extra = dict.fromkeys(describe.per_params, "")
    names: object = "" if describe.batch == 1 else []
    yield from _plain(it, describe.operation, {**describe.params, **extra, describe.ids: names})
    yield from _result(it, describe.operation, describe.items)
    if describe.batch != 1 and any(isinstance(each, Item) for each in describe.joins.values()):
        yield fault(f"{describe.operation} joins the listed name, but describes {describe.batch} at once")
    if describe.batch != 1 and describe.hidden:
        yield fault(f"{describe.operation}: hidden is of one, but it describes {describe.batch} at once")


def _batched(it: Checked, description: Described) -> Iterator[Fault]:
    for each in it.resource.batched:
        of = it.by(each.service)
        yield from _plain(of, each.operation, _nested({**each.params, each.ids: []}))
        yield from _there(description, each.of)
        items = element((yield from _result(of, each.operation, each.items)))
        for path in (each.by, each.value) if items is not None else ():
            yield from _there(Described(items), path)


def _nested(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters by their paths, such as `a` or `b[0].c`, as an operation takes them."""
    flat = {path: value for path, value in params.items() if "[0]." not in path}
    deep: dict[str, dict[str, object]] = {}
    for path in params.keys() - flat.keys():
        name, _, inner = path.partition("[0].")
        deep.setdefault(name, {})[inner] = params[path]
    return {**flat, **{name: [each] for name, each in deep.items()}}


def _details(it: Checked, description: Described) -> Iterator[Fault]:
    for detail in it.resource.details:
        yield from _plain(it, detail.operation, dict.fromkeys(detail.params, ""))
        for path in detail.params.values():
            yield from _there(description, path)
        yield from _result(it, detail.operation, detail.items)


def _answers(it: Checked, description: Described) -> Iterator[Fault]:
    """The columns in what describes one resource: the fetch, or else the answers of creates and updates."""
    fetch = it.resource.fetch
    for call in (fetch,) if fetch else (*it.resource.create, *it.resource.update):
        if (call.result is None and call is not fetch) or call.operation not in it.aws.operations:
            continue
        shape = yield from _result(it, call.operation, call.result or "@")
        for path in call.beside.values():
            yield from _result(it, call.operation, path)
        if call.where:
            shape = element(shape)
            for key in call.where if shape is not None else ():
                yield from _there(Described(shape), key)
        # What is read by calls of its own is in no answer.
        others = [each.into for each in it.resource.details]
        others += [key for each in it.resource.batched for key in it.told(each)]
        others += it.resource.describe.beside if it.resource.describe else []
        details = {name: description.joined.get(name) for name in others}
        if shape is not None:
            joined = {key: _of_description(description, key) for key in call.joins}
            described = Described(shape, {**joined, **details})
            yield from _columns(it, call.operation, described)


def _of_description(description: Described, key: str) -> Shape:
    """What AWS itself tells under a key that is put into an answer; a string if it tells nothing."""
    try:
        return found(description, key)
    except NoPathError:
        return None


def _fetch(it: Checked) -> Iterator[Fault]:
    """What a fetch needs has to be known before it: of what the create's answer tells, the identity is."""
    resource, fetch = it.resource, it.resource.fetch
    if fetch is None:
        return
    for source in fetch.params.values():
        column = it.columns.get(source) if isinstance(source, str) else None
        if column is None or column.on_change is not OnChange.ASSIGNED:
            continue
        if column.name != resource.identity:
            yield fault(
                f"{fetch.operation} needs {column.name}, but only the identity is kept of a create's answer",
                column.name,
                [resource.identity] if resource.identity else [],
            )
        for call in resource.create[:1] if column.name == resource.identity else ():
            yield from _identity(it, call, column)


def _identity(it: Checked, call: Call, column: Column) -> Iterator[Fault]:
    if call.operation not in it.aws.operations:
        return
    if call.result is None:
        yield fault(f"{call.operation} has no result, but the fetch needs {column.name}")
        return
    shape = yield from _result(it, call.operation, call.result)
    if shape is not None and column.path:
        described = Described(shape, dict.fromkeys(call.joins))
        yield from _column(call.operation, column, described)


def _plain(it: Checked, operation: str, params: Mapping[str, object]) -> Iterator[Fault]:
    """An operation and constant parameters; "" and [] stand for values of that type."""
    yield from it.operation(operation)
    if operation not in it.aws.operations:
        return
    shape = it.aws.input(operation)
    members = shape.members if shape is not None else {}
    for name, value in params.items():
        if name not in members:
            yield fault(f"{operation} has no parameter {name}", name, members)
        elif isinstance(value, Context):
            if members[name].type_name != "string":
                yield fault(f"{operation}: {name} is a {members[name].type_name}")
        elif (members[name].type_name == "list") is not isinstance(value, list):
            yield fault(f"{operation}: {name} is a {members[name].type_name}")
        elif value not in ("", []):
            yield from constant(f"{operation} {name}", members[name], value)
            yield from _filters(f"{operation} {name}", members[name], value)
    for name in shape.required_members if shape is not None else ():
        if name not in params:
            yield fault(f"{operation} needs {name}")


def _filters(where: str, shape: Shape, value: object) -> Iterator[Fault]:
    """The names of filters, of which the documentation tells which there are."""
    for each in value if isinstance(value, list) else ():
        if isinstance(each, Mapping) and {"Name", "Values"} <= each.keys():
            yield from documented_name(where, shape, each["Name"])


def _result(it: Checked, operation: str, path: str) -> Generator[Fault, None, Shape]:
    """The shape of what a path finds in an answer; None, with the fault, if that is nothing."""
    if operation not in it.aws.operations:
        return None
    try:
        return found(it.aws.output(operation), path)
    except NoPathError as error:
        yield fault(f"{operation} answers no {path}: {error}", error.name, error.allowed)
    return None


def _there(described: Described, path: str) -> Iterator[Fault]:
    try:
        found(described, path)
    except NoPathError as error:
        yield fault(f"its description has no {path}: {error}", error.name, error.allowed)


def _columns(it: Checked, where: str, described: Described) -> Iterator[Fault]:
    for column in it.resource.columns:
        yield from _column(where, column, described)
    for part in it.resource.parts:
        try:
            items = found(described, part.path)
        except NoPathError as error:
            yield fault(f"{where} has no {part.path}: {error}", error.name, error.allowed)
            continue
        for column in part.columns:
            yield from _column(f"{where}'s {part.path}", column, Described(element(items)))


def _column(where: str, column: Column, described: Described) -> Iterator[Fault]:
    if column.path is None:
        return
    try:
        value = found(described, column.path)
    except NoPathError as error:
        what = f"{column.name}: {where} has no {column.path}: {error}"
        yield fault(what, error.name, error.allowed)
        return
    if isinstance(column.type, EnumType):
        lacking = set(getattr(value, "enum", ())) - set(column.type.values)
        if lacking:
            yield fault(f"{column.name}: {column.type.name} lacks {', '.join(sorted(lacking))}")
    elif column.read is None and column.reference is None and not isinstance(value, Unknown):
        yield from _type(where, column, "string" if value is None else value.type_name)


def _type(where: str, column: Column, found: str) -> Iterator[Fault]:
    listed = column.path is not None and "[]" in column.path
    fitting = SQL_TYPES.get("list" if listed else found, ())
    if column.type not in fitting:
        what = f"{column.name} is {column.type}, but {where} has a {found}"
        yield fault(what, str(column.type), fitting)
