"""One look of the watch: reads AWS for a database, and records what differs from what was agreed.

It changes neither rows nor AWS. Nobody has asked for it, so it has nobody's rights: it reads what is kept of
bases, and no table of a user's. While AWS is read it holds no connection, so that the database can be
dropped, and no lock, so that operations can begin. So what it has read counts only if nothing that is agreed
has changed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from engine import garbage
from engine.aws import regions
from engine.aws.attribution import acting
from engine.aws.calls import identity
from engine.aws.pace import with_time
from engine.caller import Stop
from engine.common import Common
from engine.database import places, seen
from engine.database.seen import Agreed, Overtaken
from engine.errors import OperationError
from engine.plan import drift
from engine.plan.drift import Drifted
from engine.plan.ignored import both
from engine.plan.layout import Layout
from engine.plan.model import Row
from engine.plan.snapshot import Snapshot
from engine.read import actual
from modules.spec.names import bare

#: What CloudTrail shows of its calls.
_NAME = "iasql_watch"
#: Seconds between looks at whether an operation has ended.
_POLL = 1.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """What has come of a look.

    Attributes:
        outcome: `done`; `busy`, an operation was under way to the end; `overtaken`, one began meanwhile;
            `early`, another server has just looked; or `nothing`, no module is installed.
        new: lines that were recorded anew.
        drifted: how many resources differ, by table.
        unread: the tables of which AWS could not be read, with the reason.
        ago: seconds since another server has looked.
    """

    outcome: str
    new: int = 0
    drifted: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, OperationError] = field(default_factory=dict)
    ago: float = 0.0


async def look(common: Common, database: str, soonest: float, more: Callable[[], bool]) -> Look:
    """Look at the account of a database.

    Args:
        soonest: seconds after another look; one that comes earlier is not made.
        more: whether there is still time to wait for an operation to end.

    Raises:
        OperationError: the database or AWS cannot be read.
    """
    async with common.database.connection(database) as connection:
        if not await seen.is_prepared(connection):
            return Look(outcome="nothing")
    await common.database.prepare(database, common.catalogue)
    while True:
        async with common.database.connection(database) as connection:
            ago = await seen.last(connection)
            if ago is not None and ago < soonest:
                return Look(outcome="early", ago=ago)
            layout = places.laid_out(
                [tuple(each) for each in await connection.fetch(places.LAYOUT)], common.catalogue
            )
            if not layout.resources:
                return Look(outcome="nothing")
            agreed = await seen.agreed(connection, [each.table for each in layout.resources])
        if agreed is not None:
            break
        if not more():
            return Look(outcome="busy")
        await asyncio.sleep(_POLL)
    with acting(_NAME, database), with_time(), garbage.seldom_sought():
        return await _compared(common, database, layout, agreed)


async def _compared(common: Common, database: str, layout: Layout, agreed: Agreed) -> Look:
    account = await common.accounts.of(database)
    layout = await regions.known(account, layout)
    who = await identity(account.cloud())
    snapshot = await actual.read(
        common.drivers_of(account, layout), layout.resources, _shown(layout, agreed), Stop()
    )
    snapshot.ignored = both(_ignored(snapshot, agreed.ignored), snapshot.set_by_others())
    # Elsewhere, so that sessions go on meanwhile.
    suspects = await asyncio.to_thread(drift.suspects, snapshot, agreed.digests)
    async with common.database.connection(database) as connection:
        kept = await seen.kept(connection, suspects.names, agreed.began)
        own = await seen.own(connection)
        found = await asyncio.to_thread(lambda: list(drift.seen(snapshot, suspects, kept, own)))
        where = seen.Where(
            account=who.account, regions=sorted({str(each.region) for each in layout.places}), arn=who.arn
        )
        told = {table: str(layout.region_of(table)) for table in snapshot.resources}
        try:
            new = await seen.record(connection, agreed, snapshot.resources, found, where, told)
        except Overtaken:
            return Look(outcome="overtaken")
        except asyncpg.PostgresError as error:
            raise OperationError(
                "what has drifted could not be recorded",
                sqlstate=error.sqlstate or "58000",
                detail=str(error),
            ) from error
    return Look(outcome="done", new=new, drifted=_counted(found), unread=snapshot.unread)


def _shown(layout: Layout, agreed: Agreed) -> dict[str, list[Row]]:
    """Of two resources that one row could show, it is the one of which something is agreed that it shows."""
    return {
        each.table: [
            Row(table=each.table, key=(), values={each.identity: name})
            for name in agreed.digests.get(each.table, ())
        ]
        for each in layout.resources
        if each.identity
    }


def _ignored(snapshot: Snapshot, rules: Mapping[str, frozenset[str]]) -> dict[Any, frozenset[str]]:
    """The columns that the owner ignores. Conditions are theirs, and run with nobody's rights but a caller's:
    a column that is ignored in some resources is left out in all.
    """
    return {
        (table, each.identity): columns
        for table, some in snapshot.tables.items()
        if (columns := _of_table(rules, table))
        for each in some
    }


def _of_table(rules: Mapping[str, frozenset[str]], table: str) -> frozenset[str]:
    name = table if "." in table else f"public.{table}"
    return rules.get(bare(table), frozenset()) | rules.get(name, frozenset())


def _counted(found: list[Drifted]) -> Mapping[str, int]:
    return Counter(table for table, _ in {each.name for each in found})
