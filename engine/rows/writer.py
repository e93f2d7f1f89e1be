"""Writes an operation's rows: by functions of the tables' owners, or with the caller's rights."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import groupby

from engine.caller import Caller, Row
from engine.database import write_function
from engine.database.connection import Database
from engine.database.vouching import Voucher
from engine.errors import DatabaseError
from engine.rows.statements import Statement, as_json


@dataclass(frozen=True)
class Writer:
    """Runs statements about rows in the caller's session and transaction.

    Attributes:
        voucher: shows the functions that it is the engine who calls them.
        functions: the function that writes each table; one without is written with the caller's rights.
    """

    caller: Caller
    voucher: Voucher
    functions: Mapping[str, str] = field(default_factory=dict)

    async def run(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run statements in their order, and return each one's rows of two columns.

        Raises:
            DatabaseError: a constraint or a privilege stands against it.
        """
        rows: list[list[Row]] = []
        for function, group in groupby(statements, lambda each: self.functions.get(each.table)):
            some = list(group)
            rows += await (self._through(function, some) if function else self._plainly(some))
        return rows

    async def _through(self, function: str, statements: Sequence[Statement]) -> list[list[Row]]:
        await self.voucher.vouch()
        rows: list[list[Row]] = [[] for _ in statements]
        texts = json.dumps([as_json(each) for each in statements])
        for place, *row in await self.caller.query(write_function.statement(function), texts):
            rows[int(place or 0)].append(tuple(row))
        return rows

    async def _plainly(self, statements: Sequence[Statement]) -> list[list[Row]]:
        rows: list[list[Row]] = []
        for each in statements:
            try:
                rows.append(await self._plain(each))
            except DatabaseError as error:
                raise (error.hinted(_plainly_hint(each)) if error.sqlstate == "42501" else error) from error
        return rows

    async def _plain(self, statement: Statement) -> list[Row]:
        last: list[Row] = []
        for sql, parameter in statement.queries():
            last = await self.caller.query(sql, *(() if parameter is None else (parameter,)))
        return last


def _plainly_hint(statement: Statement) -> str:
    return (
        f"This role has to be granted INSERT, UPDATE and DELETE on {statement.table}; or SELECT "
        "iasql_upgrade() of the table's owner lets its rows follow AWS whoever calls."
    )


@asynccontextmanager
async def writing(database: Database, caller: Caller, functions: Mapping[str, str]) -> AsyncIterator[Writer]:
    """What writes rows to the end of an operation."""
    async with Voucher(database, caller) as voucher:
        yield Writer(caller, voucher, functions)
