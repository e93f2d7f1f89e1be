"""Whether a replacement keeps everything: each parameter of the calls that make and change a resource is a
column's, kept, or said to be lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from engine.check.checked import Checked
from engine.check.fault import Fault, fault
from engine.check.models import Described, Listed, NoPathError, Shape, found, keys_of
from modules.spec import Call, Old

#: Parameters that say how a call is made, not what a resource is.
_ABOUT_THE_CALL = ("DryRun", "ChecksumAlgorithm", "ContentMD5")


def faults(it: Checked) -> Iterator[Fault]:
    """What is wrong with what a replacement keeps."""
    described = with_looks(it)
    if described is not None:
        yield from _paths(it, described)
    if it.resource.create and it.resource.delete:
        yield from _complete(it, described)


def with_looks(it: Checked) -> Described | None:
    """The shape of the description of a resource that is to be replaced; None if that cannot be told."""
    described = it.described()
    if described is None:
        return None
    joined = dict(described.joined)
    for look in it.resource.carry.looks:
        shape = _shown(it, look)
        if shape is not None and (look.each or "[?" in (look.result or "") or "[]" in (look.result or "")):
            shape = shape if shape.type_name == "list" else Listed(shape)
        if look.into:
            joined[look.into] = shape
        elif shape is not None and shape.type_name == "structure":
            joined |= shape.members
    return replace(described, joined=joined)


def _shown(it: Checked, call: Call) -> Shape:
    try:
        return found(it.aws.output(call.operation), call.result or "@")
    except (KeyError, NoPathError):
        return None


def _paths(it: Checked, described: Described) -> Iterator[Fault]:
    """Paths into the old description that lead nowhere."""
    carry = it.resource.carry
    calls = [*it.resource.create, *carry.calls]
    paths = [kept.of for kept in carry.calls] + [lost.of for lost in carry.lost]
    paths += [look.each for look in carry.looks if look.each]
    paths += [source.path for call in calls for source in call.params.values() if isinstance(source, Old)]
    for path in dict.fromkeys(paths):
        try:
            found(described, path)
        except NoPathError as error:
            yield fault(f"carry: its description has no {path}: {error}", error.name, error.allowed)
    looks = [look.into for look in carry.looks]
    for kept in carry.calls:
        if kept.unless is not None and kept.unless not in looks:
            yield fault(f"carry: {kept.operation}: no look gives {kept.unless}", kept.unless, looks)


def _complete(it: Checked, described: Described | None) -> Iterator[Fault]:
    """Parameters that are nobody's, and such that are said not to be kept and are not there."""
    resource, carry = it.resource, it.resource.carry
    every = (*resource.create, *resource.update, *carry.calls)
    calls = [each for each in every if each.operation in it.aws.operations]
    kept = _sent(calls)
    if carry.description and described is not None:
        for name in it.aws.input(resource.create[0].operation).members:
            if _is_told(described, name):
                kept[name] |= {""}
    there: set[str] = set()
    for call in calls:
        shape = it.aws.input(call.operation)
        for name in _all(shape, kept):
            there |= {name, f"{call.operation}.{name}"}
            if not (
                name in kept
                or name in _ABOUT_THE_CALL
                or name in carry.not_kept
                or f"{call.operation}.{name}" in carry.not_kept
            ):
                yield fault(f"{call.operation}: {name} is no column's, not kept, and not said to be lost")
    for name in sorted(set(carry.not_kept) - there):
        yield fault(f"carry: no call has a parameter {name}", name, there)


def _sent(calls: Collection[Call]) -> dict[str, set[str]]:
    """The parameters that some calls send, and of each the members that it is made of; "" for all."""
    result: dict[str, set[str]] = defaultdict(set)
    for call in calls:
        for path in call.params:
            first, dot, rest = path.partition(".")
            name, bracket, _ = first.partition("[")
            result[name].add("" if bracket or not dot else rest.partition(".")[0].partition("[")[0])
    return result


def _all(shape: Shape, kept: Mapping[str, Collection[str]]) -> Iterator[str]:
    """The parameters of an operation; of those that are sent member by member, each member."""
    for name, member in shape.members.items():
        yield name
        parts = kept.get(name, ())
        if parts and "" not in parts:
            members = member.members if member.type_name == "structure" else keys_of(member)
            for each in members if member.type_name in ("structure", "map") else ():
                if each not in parts:
                    yield f"{name}.{each}"


def _is_told(described: Described, name: str) -> bool:
    try:
        found(described, name)
    except NoPathError:
        return False
    return True
