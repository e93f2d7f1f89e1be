"""Which steps of a plan AWS lets share a call, and which need none. Pure.

Steps that wait for the same others become ready together, and none of them waits for another of them: these
can share a call, if their calls differ only in one list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.plan import descriptions
from engine.plan.model import Key, Parts, Pending, Step, Values
from engine.plan.requests import Facts, applies, structure
from engine.plan.snapshot import Snapshot
from modules.spec import Call, ComesWith, OnChange, Resource, Update


@dataclass(frozen=True)
class Sharing:
    """What the steps of one plan have to do with each other, by their numbers.

    Attributes:
        groups: steps that share a call, two at least.
        brought: steps that make what AWS makes by itself; their resource only has to be found.
        wanted: of a step that makes a resource, what comes with it and a row asks for.
    """

    groups: Sequence[frozenset[int]] = ()
    brought: Mapping[int, ComesWith] = field(default_factory=dict)
    wanted: Mapping[int, tuple[ComesWith, ...]] = field(default_factory=dict)


def sharing(snapshot: Snapshot, steps: Sequence[Step], context: Mapping[str, str]) -> Sharing:
    """How the steps of a plan go together.

    Args:
        context: region and account.
    """
    brought, wanted = _brought(snapshot, steps)
    together: dict[object, list[int]] = defaultdict(list)
    limits: dict[object, int] = {}
    for step in steps:
        resource = snapshot.resources[step.change.table]
        calls = () if step.number in brought else tuple(_calls(resource, step))
        batch = calls[0].batch if len(calls) == 1 else None
        if batch is not None:
            rest = _rest(calls[0], batch.parameter, _values(step), context)
            key = (step.change.table, step.kind, step.after, calls[0].operation, rest)
            together[key].append(step.number)
            limits[key] = batch.limit
    groups = [
        frozenset(numbers[at : at + limits[key]])
        for key, numbers in together.items()
        for at in range(0, len(numbers), limits[key])
    ]
    return Sharing([each for each in groups if len(each) > 1], brought, wanted)


def _calls(resource: Resource, step: Step) -> Iterator[Call]:
    """The calls that a step makes, besides those for elements of arrays."""
    values, parts = _values(step), _parts(step)
    match step.kind:
        case "create":
            yield from (call for call in resource.create if applies(call, values, parts))
        case "delete":
            yield from (call for call in resource.delete if applies(call, values, parts))
        case "update":
            for call in resource.update:
                if (
                    isinstance(call, Update)
                    and step.change.changed & set(call.when)
                    and applies(call, values, parts)
                ):
                    yield call


def _rest(call: Call, listed: str, values: Values, context: Mapping[str, str]) -> str:
    """The parameters of a step's call besides the list, with what is pending in them."""
    rest = {path: source for path, source in call.params.items() if path.partition("[")[0] != listed}
    return repr(structure(rest, Facts(values=values, parts={}, context=context)))


def _values(step: Step) -> Values:
    change = step.change
    if step.kind == "delete":
        return change.found.values if change.found else {}
    return change.desired.values if change.desired else {}


def _parts(step: Step) -> Parts:
    of = step.change.found if step.kind == "delete" else step.change.desired
    return of.parts if of else {}


def _brought(
    snapshot: Snapshot, steps: Sequence[Step]
) -> tuple[dict[int, ComesWith], dict[int, tuple[ComesWith, ...]]]:
    makers: dict[tuple[str, Key], int] = {}
    made: dict[int, Values] = {}
    comes: dict[str, list[tuple[str, ComesWith]]] = defaultdict(list)
    for resource in snapshot.resources.values():
        for each in resource.comes_with:
            comes[each.table].append((resource.table, each))
    for step in steps:
        if step.kind == "create" and step.change.desired and snapshot.resources[step.change.table].comes_with:
            makers[step.change.table, step.change.desired.row.key] = step.number
            made[step.number] = step.change.desired.values
    brought: dict[int, ComesWith] = {}
    wanted: dict[int, tuple[ComesWith, ...]] = {}
    for step in steps:
        for table, each in comes.get(step.change.table, ()) if step.kind == "create" else ():
            owner = _owner(step, each)
            maker = makers.get((table, owner.key)) if owner and owner.table == table else None
            free = maker is not None and each not in wanted.get(maker, ()) and each.is_made(made[maker])
            if free and maker is not None and _asks_for(snapshot.resources[each.table], step, each):
                brought[step.number] = each
                wanted[maker] = (*wanted.get(maker, ()), each)
    return brought, wanted


def _owner(step: Step, each: ComesWith) -> Pending | None:
    owner = step.change.desired.values.get(each.by) if step.change.desired else None
    return owner if isinstance(owner, Pending) else None


def _asks_for(resource: Resource, step: Step, each: ComesWith) -> bool:
    """Whether a row asks for what comes with another resource, or what AWS can make of it in place."""
    assert step.change.desired is not None
    values = step.change.desired.values
    ours = descriptions.canonical(resource.columns, values, resource.canonical)
    theirs = {**dict.fromkeys(values), **each.values, each.by: values[each.by]}
    comparable = descriptions.canonical(resource.columns, theirs, resource.canonical)
    return all(
        ours[column.name] == comparable[column.name]
        for column in resource.columns
        if column.on_change is OnChange.REPLACE or column.name in resource.natural_key
    )
