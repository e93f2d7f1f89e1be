"""The database owner's rules: `iasql.owned`, `iasql.protected` and `iasql.ignored`.

Their conditions are run as policies are, by `iasql.matching()`: as the database's owner, read-only, in the
caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from engine.caller import Caller
from engine.guard.policy import AS_BEFORE, BRIEFLY
from modules.spec.names import bare, schema_of

Kind = Literal["owned", "protected", "ignored"]


class Match(NamedTuple):
    """A resource that a rule is about.

    Attributes:
        place: in the list of its table's.
        columns: those that the rule names.
    """

    table: str
    place: int
    columns: tuple[str, ...]


async def tables(caller: Caller, kind: Kind, some: Collection[str]) -> set[str]:
    """Of some tables, those that there are rules of a kind for."""
    named = {name for (name,) in await caller.query("SELECT iasql.ruled($1)", kind)}
    if not named:
        return set()  # as it is for most
    return {each for each in some if bare(each) in named or f"{schema_of(each)}.{bare(each)}" in named}


async def matching(
    caller: Caller, kind: Kind, resources: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Match]:
    """Of some resources, as rows by table, those that rules of a kind are about.

    Raises:
        DatabaseError: a condition failed, or took too long; it is named.
    """
    ((timeout, *_),) = await caller.query(BRIEFLY)
    found = await caller.query(
        "SELECT m.found_in, m.place, pg_catalog.to_jsonb(m.named) "
        "FROM iasql.matching($1, $2::pg_catalog.jsonb) AS m",
        kind,
        json.dumps(resources),
    )
    await caller.query(AS_BEFORE, timeout)
    return [
        Match(str(table), int(place or 0) - 1, tuple(json.loads(columns or "null") or ()))
        for table, place, columns in found
    ]
