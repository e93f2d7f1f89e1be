"""One trouble of a tool with one stack: what it did, and what was left in the account."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.peer.commands import Ended
from bench.peer.contestant import Starting, begun
from tests.e2e.account import inventory
from tests.fixtures.cloud import Cloud

_LONGEST = 160
#: What begins a line that says what failed: Terraform's, psql's.
_ERROR = re.compile(r"(?:^[│ ]*Error: |^psql:\S+ ERROR:  )(.*)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of a trouble.

    Attributes:
        kind: edit, kill or lost answer.
        trouble: which one.
        steps: what was seen, in words, one after the other.
    """

    kind: str
    trouble: str
    tool: str
    steps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A change that somebody makes beside the tool.

    Attributes:
        make: makes it.
        look: what of it is there.
    """

    name: str
    make: Callable[[Cloud], object]
    look: Callable[[Cloud], str]


def errors(said: str) -> list[str]:
    """What a tool's output says that has failed, each once and shortened."""
    found = [re.sub(r"\s+", " ", each)[:_LONGEST] for each in _ERROR.findall(said)]
    return list(dict.fromkeys(found))


def outcome(ended: Ended) -> str:
    """How a command has ended, in words."""
    return (
        "done" if ended.status == 0 else f"fails: {'; '.join(errors(ended.said)) or ended.said[-_LONGEST:]}"
    )


def left(there: Mapping[str, list[str]], whole: Mapping[str, list[str]]) -> str:
    """What an account holds, against a whole stack's, in words."""
    lacks = [table for table in whole if len(there[table]) < len(whole[table])]
    more = [f"{table} {', '.join(there[table])}" for table in whole if len(there[table]) > len(whole[table])]
    if not (lacks or more):
        return "everything once"
    parts = [f"without {', '.join(lacks)}" if lacks else "", f"twice: {'; '.join(more)}" if more else ""]
    return ", ".join(filter(None, parts))


def edited(name: str, start: Starting, edit: Edit) -> Seen:
    """Make a stack, let somebody change something in AWS, and see what plan and apply make of it."""
    with begun(start, 1) as (tool, cloud, _):
        made = tool.run("create")
        assert made.status == 0, made.said
        before = edit.look(cloud)
        edit.make(cloud)
        changed = edit.look(cloud)
        plan = tool.run("plan")
        told = tool.tells(plan)
        applied = tool.run("create")
        now = edit.look(cloud)
    became = {before: "set back", changed: "left as it is"}.get(now, f"now {now}")
    return Seen(
        kind="edit",
        trouble=edit.name,
        tool=name,
        steps=(f"plan: “{told}”", f"apply: {outcome(applied)}, {became}"),
    )


def killed(name: str, start: Starting, operation: str, whole: Mapping[str, list[str]]) -> Seen:
    """Kill a tool as soon as AWS has done a call, before it hears of that, and let it go on."""
    return _created(name, start, "kill", operation, whole)


def lost(name: str, start: Starting, operation: str, whole: Mapping[str, list[str]]) -> Seen:
    """Lose the answer to a call that AWS has done."""
    return _created(name, start, "lost answer", operation, whole)


def _created(name: str, start: Starting, kind: str, operation: str, whole: Mapping[str, list[str]]) -> Seen:
    with begun(start, 1) as (tool, cloud, _):
        steps = []
        if kind == "kill":
            process = tool.start("create")
            cloud.plan(_fault("kill_after", operation, pid=tool.killed(process)))
            process.wait()  # not for its output: what it has started holds that too
            tool.recover(process)
            process.communicate()
        else:
            cloud.plan(_fault("drop_after", operation))
            steps.append(f"apply: {outcome(tool.run('create'))}")
        assert [each for each in cloud.calls() if each["fault"]], f"{operation} has not been called"
        if kind == "kill" or "done" not in steps[0]:
            steps.append(f"next apply: {outcome(tool.run('create'))}")
        plan = tool.run("plan")
        steps += [f"plan: “{tool.tells(plan)}”", left(inventory(cloud), whole)]
    return Seen(kind=kind, trouble=operation, tool=name, steps=tuple(steps))


def _fault(action: str, operation: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "operation": operation, **more}
