"""Where commands say what they have to say: a terminal, or lines of JSON for programs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from console.shown import Change, Notice, Plan

#: The version of the lines of JSON.
VERSION = 1


class Output(Protocol):
    """Says things as they come."""

    def notice(self, notice: Notice) -> None:
        """What the server says beside its answer, or an error with which the command ends."""

    def plan(self, plan: Plan) -> None:
        """What an apply would do."""

    def rows(self, kind: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], none: str) -> None:
        """A table.

        Args:
            kind: what a row is.
            none: what is said if there is none.
        """

    def text(self, kind: str, text: str) -> None:
        """A document."""

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

    def rows(self, kind: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], none: str) -> None:
        for row in rows:
            self._say(kind, **dict(zip(columns, row, strict=True)))

    def text(self, kind: str, text: str) -> None:
        self._say(kind, text=text)

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
}
#: What could move the cursor or colour the terminal: AWS lets anybody name things.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
_EMPTY = {None, "", "{}", "[]"}


def printable(value: Any) -> str:
    """A value on one line, without what a terminal would act on."""
    text = "" if value is None else value if isinstance(value, str) else _as_text(value)
    return _CONTROL.sub("�", re.sub(r"\s+", " ", text))


def _as_text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


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
            self._err.print(where + Text(printable(step.what)) + Text(f" {step.seconds} s", style="dim"))
            return
        wrong = notice.severity in ("ERROR", "FATAL", "PANIC")
        style = "bold red" if wrong else "yellow" if notice.severity == "WARNING" else ""
        said = Text()
        if notice.severity != "NOTICE":
            said.append(f"{notice.severity}: ", style=style)
        said.append(printable(notice.message))
        if wrong and notice.sqlstate:
            said.append(f" ({notice.sqlstate})", style="dim")
        self._err.print(said)
        for line in (notice.detail or "").splitlines():
            self._err.print(Text(f"  {printable(line)}", style="dim"))
        if notice.hint:
            self._err.print(Text(f"  {printable(notice.hint)}"))

    def plan(self, plan: Plan) -> None:
        *others, last = plan.notices or (None,)
        for each in others:
            if each is not None:
                self.notice(each)
        width = max((len(each.table) for each in plan.changes), default=0)
        for change in plan.changes:
            self._change(change, width)
        if last is not None:
            self._out.print(Text(printable(last.message), style="bold"))

    def _change(self, change: Change, width: int) -> None:
        sign, style = _SIGNS.get(change.action, (" ", ""))
        line = Text()
        line.append(f"{sign} {change.action:8} ", style=style)
        line.append(f"{printable(change.table):{width}}  ")
        line.append(printable(change.description), style="bold")
        self._out.print(line)
        if change.action != "delete":
            shown = [each for each in change.columns if {each.desired, each.current} - _EMPTY]
            longest = max((len(each.name) for each in shown), default=0)
            for column in shown:
                text = Text(f"    {column.name:{longest}}  ")
                if change.action == "conflict":
                    text.append(f"was {printable(column.base)}, the row says {printable(column.desired)}, ")
                    text.append(f"AWS has {printable(column.current)}")
                elif change.action == "follow":
                    text.append(f"{printable(column.base)} → {printable(column.current)}")
                elif change.action == "create":
                    text.append(printable(column.desired))
                else:
                    before, after = (printable(each) or "NULL" for each in (column.current, column.desired))
                    text.append(f"{before} → {after}")
                    if column.replaces:
                        text.append("  replaces it", style="magenta")
                self._out.print(text)
        for each in change.loses:
            self._out.print(Text(f"    loses {printable(each)}", style="bold red"))

    def rows(self, kind: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], none: str) -> None:
        if not rows:
            self._out.print(Text(none))
            return
        if not self._out.is_terminal:
            for row in rows:
                # The console makes spaces of tabs.
                sys.stdout.write("\t".join(printable(each) for each in row) + "\n")
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in columns:
            table.add_column(name.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(Text(printable(each)) for each in row))
        self._out.print(table, soft_wrap=False)

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
