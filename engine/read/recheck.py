"""Looks again, right before a change, at what AWS held when the plan was made."""

from __future__ import annotations

import time

from engine.caller import Stop
from engine.drivers.driver import Worker
from engine.errors import OperationError
from engine.plan import diff
from engine.plan.model import Found
from engine.plan.snapshot import Snapshot
from engine.waiting import Attempts
from modules.spec import Resource

#: Seconds for which what was read counts as what is.
_FRESH = 1.0
#: Seconds after which AWS is asked again if something seems to have been changed.
_SETTLING = 1.0


async def check(worker: Worker, snapshot: Snapshot, resource: Resource, planned: Found, stop: Stop) -> None:
    """See that a resource is as it was when the plan was made, if AWS shows it.

    What was read a moment ago is not read again.

    Args:
        planned: the resource as it was then.

    Raises:
        OperationError: 40001, it is another than the user was shown; a stop was requested.
        CloudError: AWS cannot be read.
    """
    if time.monotonic() - snapshot.read_at < _FRESH:
        return
    ignored = snapshot.ignored.get((planned.table, planned.identity), frozenset())
    differing: list[str] = []
    # AWS may show at first what was a moment ago.
    async for _ in Attempts(lambda attempt: _SETTLING, count=2, stop=stop):
        found = await worker.look(resource, planned)
        differing = (
            diff.between(resource, planned, snapshot.resolved(resource, found), ignored) if found else []
        )
        if not differing:
            return
    stop.check()
    raise OperationError(
        f"{resource.table} has been changed in AWS since the plan was made",
        sqlstate="40001",
        detail="; ".join(differing),
        hint="SELECT * FROM iasql_diff() shows what it is now. Apply again if that is what you want.",
    )
