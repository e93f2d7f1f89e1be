"""Reads and keeps the bases of resources, in the caller's session and transaction."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Literal

import orjson

from engine.caller import Caller
from engine.database import journal
from engine.errors import OperationError
from engine.plan import base, memory
from engine.plan.base import Base
from engine.plan.cut_off import Open
from engine.plan.meet import Name
from engine.plan.memory import Remembered
from engine.plan.model import Found
from engine.rows.writer import Writer
from modules.spec import Resource


@dataclass(frozen=True)
class Cause:
    """Why bases change.

    Attributes:
        by: whose change it is: the row's, which AWS has been made to follow, or AWS's.
        operation: in the journal, if it is in there.
        function: that was called.
    """

    by: Literal["row", "aws"]
    operation: int | None = None
    function: str | None = None


#: Rows have followed AWS.
AWS = Cause("aws")


async def read(
    caller: Caller, resources: Iterable[Resource], wanted: Mapping[str, Sequence[str]]
) -> dict[Name, Base]:
    """The bases of some resources, as far as they have any.

    Args:
        resources: all that the operation is about.
        wanted: AWS's names, by table.

    Raises:
        OperationError: 55000, rows of a table have gone in another way than by DELETE, or could unnoticed.
    """
    tables = [table for each in resources for table in (each.table, *(part.relation for part in each.parts))]
    found = await caller.query(
        "SELECT table_name, base FROM iasql.bases_of($1::pg_catalog.jsonb, $2::pg_catalog.jsonb)",
        json.dumps(dict(wanted)),
        json.dumps(tables),
    )
    older = [str(table) for table, text in found if text is None]
    if older:
        raise _older(older)
    unwatched = [str(table) for table, text in found if text == ""]
    if unwatched:
        raise OperationError(
            f"the trigger iasql_emptied of {', '.join(unwatched)} is not there or is disabled",
            sqlstate="55000",
            detail="Without it a TRUNCATE would look as if all rows had been deleted.",
            hint="SELECT iasql_upgrade() makes it again; ALTER TABLE … ENABLE ALWAYS TRIGGER iasql_emptied "
            "enables it.",
            table=unwatched[0],
        )
    bases = (base.from_record(str(table), orjson.loads(text or "")) for table, text in found)
    return {(each.table, each.identity): each for each in bases}


def _older(tables: Sequence[str]) -> OperationError:
    return OperationError(
        f"rows of {', '.join(tables)} have gone without having been deleted",
        sqlstate="55000",
        detail="The table was emptied by TRUNCATE, or dropped and made again, since it was last one with "
        "AWS: that does not mean that what it showed is to be deleted.",
        hint="SELECT * FROM iasql_sync() shows again what AWS holds. DELETE rows to have resources deleted.",
        table=tables[0],
    )


async def are_kept(caller: Caller, resources: Iterable[Resource]) -> bool:
    """Whether all of some tables have had bases at some time."""
    ((some,),) = await caller.query(
        "SELECT iasql.have_bases($1::pg_catalog.jsonb)::pg_catalog.text",
        json.dumps([each.table for each in resources]),
    )
    return some == "true"


async def known(caller: Caller, resources: Iterable[Resource]) -> dict[str, dict[str, str]]:
    """The digest of the base of each resource that has one, by table and AWS's name."""
    found = await caller.query(
        "SELECT table_name, digests FROM iasql.digests($1::pg_catalog.jsonb)",
        json.dumps([each.table for each in resources]),
    )
    return {str(table): orjson.loads(text or "{}") for table, text in found}


async def remembered(caller: Caller, resources: Iterable[Resource], operation: int) -> Iterator[Remembered]:
    """What is agreed now of each resource, and all that an operation began or ended.

    Raises:
        DatabaseError: they cannot be read.
    """
    found = await caller.query(
        "SELECT table_name, record "
        "FROM iasql.remembered($1::pg_catalog.jsonb, $2::pg_catalog.text::pg_catalog.int8)",
        json.dumps([each.table for each in resources]),
        str(operation),
    )
    return (memory.from_record(str(table), orjson.loads(text or "")) for table, text in found)


async def last_known(caller: Caller, names: Mapping[str, Collection[str]]) -> list[Remembered]:
    """What was agreed last of resources that are not there any more, and since when others are there.

    Args:
        names: AWS's names, by table.

    Returns:
        The last that is remembered of each; and of what is there in these tables, if it has been changed, the
        first that is remembered, without what that was.

    Raises:
        DatabaseError: they cannot be read.
    """
    found = await caller.query(
        "SELECT table_name, record FROM iasql.last_known($1::pg_catalog.jsonb)",
        json.dumps({table: sorted(some) for table, some in names.items()}),
    )
    return [memory.from_record(str(table), orjson.loads(text or "")) for table, text in found]


async def keep(
    writer: Writer,
    resources: Iterable[Resource],
    kept: Iterable[tuple[Base, Found]] = (),
    dropped: Iterable[Name] = (),
    *,
    cause: Cause = AWS,
    whole: Collection[str] = (),
    read: Collection[str] = (),
    begun: Mapping[Name, Open] = MappingProxyType({}),
    ended: Mapping[Name, int] = MappingProxyType({}),
) -> None:
    """Keep some bases, each with AWS's answer, and drop others.

    Args:
        resources: all that these are of.
        whole: the tables whose rows all show what AWS holds now.
        read: the tables of which AWS has been read, and whose rows have followed it.
        begun: what operations that were cut off were making or changing, and AWS holds: their ends are known.
        ended: the operations that have removed what is dropped, if not the cause.
    """
    by_table = {each.table: each for each in resources}
    if begun:
        await journal.end_what_was_cut_off(await writer.voucher.vouch())
    await _keep(writer, by_table, (), dropped, cause, whole, read, begun, ended)
    rest = iter(kept)
    while some := list(islice(rest, _TOGETHER)):
        await _keep(writer, by_table, some, (), cause)


async def _keep(
    writer: Writer,
    by_table: Mapping[str, Resource],
    kept: Iterable[tuple[Base, Found]],
    dropped: Iterable[Name],
    cause: Cause,
    whole: Collection[str] = (),
    read: Collection[str] = (),
    begun: Mapping[Name, Open] = MappingProxyType({}),
    ended: Mapping[Name, int] = MappingProxyType({}),
) -> None:
    # As bytes, which the garbage collector does not have to look through; the last of each counts.
    records: dict[str, dict[str, bytes]] = defaultdict(dict)
    for each, found in kept:
        record = base.as_record(by_table[each.table], each, found)
        records[each.table][each.identity] = orjson.dumps(record, str)
    names: dict[str, list[str]] = defaultdict(list)
    for table, identity in dropped:
        names[table].append(identity)
    ends: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for (table, identity), step in begun.items():
        ends[table].append({"operation": step.operation, "name": step.name, "identity": identity})
    entries = [
        {
            "table": table,
            "parts": [part.relation for part in by_table[table].parts],
            "keep": orjson.Fragment(
                b"[" + b",".join(records[table].values() if table in records else ()) + b"]"
            ),
            "drop": [
                {"identity": each, "ended_by": ended.get((table, each))} for each in names.get(table, ())
            ],
            "begun": ends.get(table, []),
            "whole": table in whole,
            "by": cause.by,
            "operation": cause.operation,
            "read_by": cause.function if table in read else None,
        }
        for table in dict.fromkeys([*whole, *read, *records, *names, *ends])
    ]
    if entries:
        await writer.voucher.vouch()
        await writer.caller.query("SELECT iasql.keep_bases($1)", orjson.dumps(entries).decode())


#: Bases that are sent in one statement.
_TOGETHER = 1000
