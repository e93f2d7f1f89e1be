"""Where commands say what they have to say: a terminal, or lines of JSON for programs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from console import layout
from console.hints import in_commands
from console.shown import DRIFT, Change, Column, Drift, Notice, Plan, readable

#: The version of the lines of JSON.
VERSION = 1


class Output(Protocol):
    """Says things as they come."""

    def notice(self, notice: Notice) -> None:
        """What the server says beside its answer, or an error with which the command ends."""

    def plan(self, plan: Plan) -> None:
        """What an apply would do."""

    def rows(
        self,
        kind: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        none: str,
        *,
        said_once: int = 0,
    ) -> None:
        """A table.

        Args:
            kind: what a row is.
            none: what is said if there is none.
            said_once: how many columns are said once of all rows in which they are the same, to people.
        """

    def drift(self, drift: Sequence[Drift]) -> None:
        """What has been changed in AWS."""

    def text(self, kind: str, text: str) -> None:
        """A document."""

    def advice(self, text: str) -> None:
        """What somebody may want to do next."""

    def doing(self, what: str) -> Any:
        """A context in which something takes a while."""

    def end(self, status: int) -> None:
        """The command is done."""


class Lines:
    """An object a line, on the standard output; docs/command-line.md lists them."""

    def __init__(self) -> None:
        self._say("begin", version=VERSION)

    def notice(self, notice: Notice) -> None:
        if step := notice.step:
            self._say("step", number=step.number, count=step.count, what=step.what, seconds=step.seconds)
            return
        kind = "error" if notice.severity in ("ERROR", "FATAL", "PANIC") else "notice"
        said = {"severity": notice.severity, "message": notice.message, "detail": notice.detail}
        self._say(kind, **said, hint=notice.hint, sqlstate=notice.sqlstate)

    def plan(self, plan: Plan) -> None:
        for each in plan.notices:
            self.notice(each)
        for change in plan.changes:
            self._say(
                "change",
                action=change.action,
                table=change.table,
                id=change.id,
                description=change.description,
                loses=list(change.loses),
                columns=[
                    {
                        "name": each.name,
                        "current": each.current,
                        "desired": each.desired,
                        "replaces": each.replaces,
                        "base": each.base,
                        "changed_by": each.changed_by,
                    }
                    for each in change.columns
                ],
            )
        self._say("plan", id=plan.id, **plan.totals)

    def rows(
        self,
        kind: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        none: str,
        *,
        said_once: int = 0,
    ) -> None:
        for row in rows:
            self._say(kind, **dict(zip(columns, row, strict=True)))

    def drift(self, drift: Sequence[Drift]) -> None:
        for each in drift:
            self._say("drift", **each.members)

    def text(self, kind: str, text: str) -> None:
        self._say(kind, text=text)

    def advice(self, text: str) -> None:
        """Programs know."""

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        yield

    def end(self, status: int) -> None:
        self._say("end", status=status)

    def _say(self, event: str, **what: Any) -> None:
        print(json.dumps({"event": event, **what}, default=str, ensure_ascii=False), flush=True)


#: Sign and colour of each action; the sign alone is enough without colours.
_SIGNS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "delete": ("-", "red"),
    "follow": ("<", "cyan"),
    "gone": ("?", "cyan"),
    "conflict": ("!", "bold red"),
    "new": ("+", "green"),
    "changed": ("~", "yellow"),
}
#: What could move the cursor or colour the terminal: AWS lets anybody name things.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_EMPTY = {None, "", "{}", "[]"}


def printable(value: Any) -> str:
    """A value on one line, without what a terminal would act on."""
    text = "" if value is None else value if isinstance(value, str) else _as_text(value)
    return _CONTROL.sub("�", re.sub(r"\s+", " ", text))


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _shown(value: str | None) -> str:
    return printable(readable(value))


class Terminal:
    """For people: results on the standard output, all else on standard error."""

    def __init__(self, *, colour: bool | None = None) -> None:
        """
        Args:
            colour: whether there are colours; None: if it is a terminal and `NO_COLOR` is not set.
        """
        chosen: dict[str, Any] = {} if colour is None else {"no_color": not colour, "force_terminal": colour}
        self._out = Console(highlight=False, soft_wrap=True, **chosen)
        self._err = Console(highlight=False, soft_wrap=True, stderr=True, **chosen)
        self._progress: tuple[Progress, TaskID] | None = None

    def notice(self, notice: Notice) -> None:
        if step := notice.step:
            if self._progress is not None:
                progress, task = self._progress
                progress.update(task, total=step.count, completed=step.number)
            where = Text(f"[{step.number}/{step.count}] ", style="dim")
            self._say(where, Text(printable(step.what)) + Text(f" {step.seconds} s", style="dim"))
            return
        wrong = notice.severity in ("ERROR", "FATAL", "PANIC")
        style = "bold red" if wrong else "yellow" if notice.severity == "WARNING" else ""
        kind = Text(f"{notice.severity}: " if notice.severity != "NOTICE" else "", style=style)
        said = Text(printable(notice.message))
        if wrong and notice.sqlstate:
            said.append(f" ({notice.sqlstate})", style="dim")
        self._say(kind, said)
        for line in (notice.detail or "").splitlines():
            self._say(Text("  "), Text(printable(line), style="dim"))
        if notice.hint:
            self._say(Text("  "), Text(printable(in_commands(notice.hint))))

    def _say(self, head: Text, body: Text) -> None:
        self._print(self._err, layout.hanging(self._err, head, body))

    def _show(self, head: Text, body: Text) -> None:
        self._print(self._out, layout.hanging(self._out, head, body))

    def _show_columns(self, columns: Sequence[tuple[str, Text]]) -> None:
        """What is to be said of each column of something, below it."""
        longest = max((len(name) for name, _ in columns), default=0)
        for name, said in columns:
            self._show(Text(f"    {name:{longest}}  "), said)

    def _print(self, to: Console, lines: Iterable[Text]) -> None:
        for each in lines:
            to.print(each)

    def plan(self, plan: Plan) -> None:
        *others, last = plan.notices or (None,)
        for each in others:
            if each is not None:
                self.notice(each)
        width = max((len(each.table) for each in plan.changes), default=0)
        for change in plan.changes:
            self._change(change, width)
        for action, table, some in plan.kinds if plan.folds else []:
            sign, style = _SIGNS.get(action, (" ", ""))
            self._out.print(Text(f"{sign} {action:8} ", style=style) + Text(f"{len(some):5} {table}"))
        if last is not None:
            said = ", ".join([printable(last.message), *plan.beside])
            self._show(Text(), Text(said, style="bold"))

    def _change(self, change: Change, width: int) -> None:
        self._head(change.action, change.table, change.description, width)
        if change.action != "delete":
            shown = [each for each in change.columns if {each.desired, each.current} - _EMPTY]
            self._show_columns([(each.name, _becomes(change.action, each)) for each in shown])
        for loss in change.loses:
            self._show(Text("    "), Text(f"loses {printable(loss)}", style="bold red"))

    def _head(self, action: str, table: str, description: str, width: int) -> None:
        sign, style = _SIGNS.get(action, (" ", ""))
        head = Text(f"{sign} {action:8} ", style=style) + Text(f"{printable(table):{width}}  ", style="none")
        self._show(head, Text(printable(description), style="bold"))

    def rows(
        self,
        kind: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        none: str,
        *,
        said_once: int = 0,
    ) -> None:
        if not rows:
            self._out.print(Text(none))
            return
        if not self._out.is_terminal:
            for row in rows:
                # The console makes spaces of tabs.
                sys.stdout.write("\t".join(printable(each) for each in row) + "\n")
            return
        names = [each.replace("_", " ") for each in columns]
        cells = [[_shown(each) if isinstance(each, str) else printable(each) for each in row] for row in rows]
        self._print(self._out, layout.table(self._out, names, cells, said_once))

    def drift(self, drift: Sequence[Drift]) -> None:
        if not drift or not self._out.is_terminal:
            rows = [tuple(each.members.values()) for each in drift]
            self.rows("drift", DRIFT, rows, "nothing has been changed in AWS")
            return
        several = len({each.region for each in drift}) > 1
        width = max(len(each.table) for each in drift)
        for (what, table, name, region), some in groupby(
            drift, key=lambda each: (each.what, each.table, each.name, each.region)
        ):
            self._head(what, table, f"{name} in {region}" if several else name, width)
            self._show_columns(
                [
                    (each.column, Text(f"{_shown(each.base) or 'NULL'} → {_shown(each.current) or 'NULL'}"))
                    for each in some
                    if each.column is not None
                ]
            )

    def advice(self, text: str) -> None:
        if self._err.is_terminal:
            self._say(Text(), Text(text, style="dim"))

    def text(self, kind: str, text: str) -> None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """With a bar on a terminal, until it is done."""
        if not self._err.is_terminal:
            yield
            return
        shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*shown, console=self._err, transient=True) as progress:
            self._progress = progress, progress.add_task(what, total=None)
            try:
                yield
            finally:
                self._progress = None

    def end(self, status: int) -> None:
        """The shell knows the status."""


def _becomes(action: str, column: Column) -> Text:
    """What is to be said of a column of a change."""
    current, desired = _shown(column.current), _shown(column.desired)
    if action == "conflict":
        return Text(f"was {_shown(column.base)}, the row says {desired}, AWS has {current}")
    if action == "follow":
        return Text(f"{_shown(column.base)} → {current}")
    if action == "create":
        return Text(desired)
    said = Text(f"{current or 'NULL'} → {desired or 'NULL'}")
    if column.replaces:
        said.append("  replaces it", style="magenta")
    return said
