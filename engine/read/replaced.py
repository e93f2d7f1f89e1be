"""Looks at what a plan replaces: what its replacements have to keep, and what they lose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from engine.caller import Caller
from engine.drivers.by_resource import Drivers
from engine.errors import OperationError
from engine.guard import guards
from engine.plan import loss
from engine.plan.model import Change, Found, Plan
from engine.plan.snapshot import Snapshot
from engine.tasks import all_of
from modules.spec import Carry


async def completed(open_drivers: Callable[[], Awaitable[Drivers]], snapshot: Snapshot, plan: Plan) -> Plan:
    """A plan whose replacements know all of the old resources, and what is lost with these.

    Args:
        open_drivers: is called if something is replaced.

    Raises:
        CloudError: AWS cannot be read.
        OperationError: 0A000, something is to be replaced that AWS would not delete; 2BP01, something is to
            be deleted that it would not delete, although other steps would take off much of it.
    """
    await _see_ahead(open_drivers, snapshot, plan)
    places = [place for place, change in enumerate(plan.changes) if change.action == "replace"]
    changes = [plan.changes[place] for place in places]
    if not changes:
        return loss.completed(snapshot, plan, {})
    used_by, drivers = loss.users(snapshot, changes), await open_drivers()

    async def look(change: Change) -> Found:
        assert change.found is not None
        resource = snapshot.resources[change.table]
        tables = used_by.get((change.table, change.found.identity), frozenset())
        try:
            return await drivers.of(resource).replaceable(
                resource, change.found, used_by=tables, first=change.delete_first
            )
        except OperationError as error:
            if error.sqlstate == "2BP01":
                error.sqlstate = "0A000"
                error.message = f"{change.table} {change.label} cannot be replaced: {error.message}"
            raise

    some = await all_of(look(change) for change in changes)
    return loss.completed(snapshot, plan, dict(zip(places, some, strict=True)))


async def _see_ahead(open_drivers: Callable[[], Awaitable[Drivers]], snapshot: Snapshot, plan: Plan) -> None:
    """Look at what AWS would refuse deletions for only after other steps have done what cannot be undone.

    Raises:
        CloudError: AWS cannot be read.
        OperationError: 2BP01, it would.
    """
    ahead = {
        table: replace(
            resource, obstacles=tuple(each for each in resource.obstacles if each.ahead), carry=Carry()
        )
        for table, resource in snapshot.resources.items()
        if any(each.ahead for each in resource.obstacles)
    }
    going = [each for each in plan.changes if each.action == "delete" and each.table in ahead]
    if not going:
        return
    drivers = await open_drivers()

    async def look(change: Change) -> None:
        assert change.found is not None
        resource = ahead[change.table]
        try:
            await drivers.of(resource).replaceable(resource, change.found, used_by=frozenset(), first=True)
        except OperationError as error:
            if error.sqlstate == "2BP01":
                error.message = f"{change.table} {change.label} cannot be deleted: {error.message}"
            raise

    await all_of(look(change) for change in going)


async def check(caller: Caller, plan: Plan, *, strict: bool) -> None:
    """Refuse a plan that loses something, unless the session allows it; say what is given up for room.

    Args:
        strict: whether the plan is to be carried out; else the client is only told.

    Raises:
        OperationError: 0A000, with what would be lost.
    """
    for change in plan.changes:
        for each in change.gives_up:
            done = "is" if strict else "would be"
            caller.notice(f"a change of {change.table} {change.label} needs room: {each} {done} deleted")
    losing = [change for change in plan.changes if change.loses]
    if not losing:
        return
    lines = [f"{change.table} {change.label}: {each}" for change in losing for each in change.loses]
    allowed = strict and await guards.allows(caller, "allow_loss")
    hint = (
        "Another name or value that AWS cannot change in place makes a new resource. If what the old one "
        "loses can be lost: SET iasql.allow_loss = on; and apply again."
    )
    message = "a replacement would lose what AWS cannot make again"
    if strict and not allowed:
        raise OperationError(
            message, sqlstate="0A000", detail="\n".join(lines), hint=hint, table=losing[0].table
        )
    if not strict:
        caller.notice(message, severity="WARNING", detail="\n".join(lines), hint=hint)
