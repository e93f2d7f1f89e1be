"""Pages by themselves: how long they take, and that they ask nobody else."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from console.session import Row
from console.shown import Change, Column, Plan
from console.web import editing, queries
from console.web.render import STATIC, Viewer, drawing, page
from console.web.server_session import Shown

#: Seconds of server time that a page may take.
MOST = 0.2
VIEWER = Viewer("user", "database", "0" * 64, frozenset({"iasql_apply", "iasql_undo", "journal"}))


FIELD = editing.Field(
    name="id",
    type="integer",
    about=None,
    may_update=True,
    may_insert=True,
    default=None,
    not_null=True,
    values=(),
)
OF = editing.Writable(schema="public", table="log_group", fields=(FIELD,), key=("id",), may_delete=True)


def quickest(make: Callable[[], str]) -> float:
    """Seconds, beside what other programs take."""
    taken = []
    for _ in range(5):
        began = time.process_time()
        make()
        taken.append(time.process_time() - began)
    return min(taken)


def test_a_page_of_10_000_rows_is_made_in_time() -> None:
    rows = [
        (str(n), f"/app/{n}", "arn:aws:logs:us-east-1:1234:log-group:/app", None, "3") for n in range(10_000)
    ]
    names = ("id", "log_group_name", "log_group_arn", "kms_key", "vpc_id")
    references = {"vpc_id": queries.Reference("public", "vpc", "id")}
    found = queries.Rows(names, rows, references, None, False)

    def make() -> str:
        given = {"here": "/tables", "schema": "public", "table": "log_group", "named_by": None}
        return page(
            "table.html",
            VIEWER,
            **given,
            found=found,
            remembered=False,
            of=OF,
            links=found.links,
            edits=editing.addresses(OF, found),
            is_past=False,
            at=None,
            message=None,
            wanted=None,
            offset=0,
            before=None,
            behind=None,
        )

    assert make().count("<tr>") == 10_000 + 50  # with the heads of its parts
    assert quickest(make) < MOST


def test_a_plan_of_1_000_steps_is_made_in_time() -> None:
    columns = tuple(
        Column(name=name, current="before", desired="after", replaces=False, base="before", changed_by="row")
        for name in ("description", "tags", "size")
    )
    changes = tuple(
        Change(action="update", table="log_group", id=n, description=f"/app/{n}", columns=columns)
        for n in range(1000)
    )
    steps = [(n, "update", "log_group", f"/app/{n}", [n - 1] if n % 10 else []) for n in range(1, 1001)]
    shown = Shown(plan=Plan(id="x", changes=changes), steps=steps, only=None, region=None)

    def make() -> str:
        return page(
            "change.html", VIEWER, here="/change", shown=shown, drawing=drawing(shown.steps), message=None
        )

    assert make().count("<tbody") == 1000
    assert quickest(make) < MOST


def steps_of(tables: int, each: int) -> list[Row]:
    """Steps of tables, each of which refers to the one before."""
    count = tables * each
    return [
        (n, "create", f"table_{(n - 1) // each}", f"/{n}", [n - each] if n > each else [])
        for n in range(1, count + 1)
    ]


def test_steps_of_a_kind_are_one_box_if_there_are_many() -> None:
    assert drawing([]) is None
    few = drawing(steps_of(2, 20))
    assert few is not None
    assert (few.folded, few.svg.count("<g>")) == (False, 40)
    many = drawing(steps_of(10, 100))
    assert many is not None
    assert (many.folded, many.svg.count("<g>"), "100 × create table_0" in many.svg) == (True, 10, True)
    assert 'href="/change?open=create+table_3#order"' in many.svg
    opened = drawing(steps_of(10, 100), "create table_3")
    assert opened is not None
    assert (opened.opened, opened.svg.count("<g>")) == ("create table_3", 109)
    assert drawing(steps_of(10, 100), "<script>") == many


def test_a_picture_of_too_much_is_none() -> None:
    assert drawing(steps_of(301, 1)) is None


def test_no_page_names_another_server() -> None:
    for _, text in STATIC.values():
        assert not re.search(r"https?:|//[a-z]|@import|url\(", text.replace("// ", ""))
