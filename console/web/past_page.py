"""What a row has been, version beside version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from aiohttp import web

from console.session import Row
from console.web import queries
from console.web.answers import html
from console.web.render import Viewer, page
from console.web.visits import Visit

#: Versions that are beside each other.
_BESIDE = 12
#: What the history has beside a table's own columns.
_OWN = ("region", "valid", "changed_by", "operation")


@dataclass(frozen=True, kw_only=True)
class Version:
    """What a row was for a time.

    Attributes:
        changed: the columns that the version before it had otherwise.
    """

    since: str
    until: str | None
    by: str | None
    operation: str | None
    region: str | None
    cells: dict[str, str | None]
    changed: frozenset[str]


async def past(request: web.Request, visit: Visit, viewer: Viewer) -> web.StreamResponse:
    """The last versions of a row."""
    table, column, called = (
        request.match_info["table"],
        *(request.query.get(each, "") for each in ("column", "is")),
    )
    if (queries.PAST, table) not in await queries.tables(visit.server):
        raise web.HTTPNotFound(text="there is no such table, or you may not read it")
    names = await queries.columns(visit.server, queries.PAST, table)
    if column not in names:
        raise web.HTTPNotFound(text="there is no such column")
    rows = await queries.past(visit.server, table, names, column, called, _BESIDE + 1)
    body = page(
        "past.html",
        viewer,
        here="/tables",
        table=table,
        called=called,
        names=[each for each in names if each not in _OWN],
        versions=versions(names, rows)[:_BESIDE],
        more=len(rows) > _BESIDE,
        all=f"/tables/{queries.PAST}/{table}?{urlencode({'column': column, 'is': called})}",
    )
    return html(body)


def versions(names: Sequence[str], rows: Sequence[Row]) -> list[Version]:
    """Versions, the latest first, of rows in this order: since, until, and the columns. Pure."""
    found: list[Version] = []
    for index, (since, until, *values) in enumerate(rows):
        cells = dict(zip(names, values, strict=True))
        before = dict(zip(names, rows[index + 1][2:], strict=True)) if index + 1 < len(rows) else cells
        changed = frozenset(each for each in names if each not in _OWN and cells[each] != before[each])
        found.append(
            Version(
                since=since,
                until=until,
                by=cells.get("changed_by"),
                operation=cells.get("operation"),
                region=cells.get("region"),
                cells=cells,
                changed=changed,
            )
        )
    return found
