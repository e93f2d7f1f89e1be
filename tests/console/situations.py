"""What happens to somebody who changes things: each is seen on a terminal, and on the console's pages."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from deploy import tutorial
from tests.console.browser.conftest import written_rows
from tests.console.browser.tour import MANY, execute, make_logs
from tests.console.terminals import terminal
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

#: Of a text of more lines only the first and the last are kept.
_LINES, _ENDS = 130, 45
_QUESTION = "Only yes is taken for it"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Something that happens.

    Attributes:
        name: of its picture and texts.
        before: what was done before.
        commands: what is typed then; questions are answered with yes.
        meanwhile: what somebody else does between a plan and the answer.
    """

    name: str
    before: Callable[[Database, Cloud], None]
    commands: tuple[str, ...]
    meanwhile: Callable[[Database, Cloud], None] = lambda database, simulator: None


def _twelve(database: Database, simulator: Cloud) -> None:
    execute(database, tutorial.migration(tutorial.V1), *written_rows())


def _many(database: Database, simulator: Cloud) -> None:
    execute(database, *MANY)


def _full(database: Database, simulator: Cloud) -> None:
    _twelve(database, simulator)
    simulator.plan(
        {
            "action": "error",
            "operation": "CreateLoadBalancer",
            "times": 0,
            "code": "TooManyLoadBalancers",
            "message": "The maximum number of load balancers has been reached",
            "status": 400,
        }
    )


def _agreed(database: Database, simulator: Cloud) -> None:
    """Rows and AWS say the same of three log groups."""
    logs = simulator.client("logs")
    for name in ("/checkout", "/search", "/stock"):
        logs.create_log_group(logGroupName=name)
        logs.put_retention_policy(logGroupName=name, retentionInDays=30)
    execute(database, "SELECT * FROM iasql_install('aws_cloudwatch', 'aws_sqs')")


def _changed_by_hand(database: Database, simulator: Cloud) -> None:
    _agreed(database, simulator)
    logs = simulator.client("logs")
    logs.put_retention_policy(logGroupName="/checkout", retentionInDays=7)
    logs.delete_log_group(logGroupName="/stock")
    logs.create_log_group(logGroupName="/tried-by-hand")


def _keeps_longer(database: Database, simulator: Cloud) -> None:
    execute(
        database,
        "UPDATE log_group SET retention_in_days = 365 WHERE log_group_name = '/checkout'",
        "INSERT INTO queue (name) VALUES ('jobs')",
    )


def _changed_by_both(database: Database, simulator: Cloud) -> None:
    _agreed(database, simulator)
    simulator.client("logs").put_retention_policy(logGroupName="/checkout", retentionInDays=7)
    _keeps_longer(database, simulator)


def _changed(database: Database, simulator: Cloud) -> None:
    _agreed(database, simulator)
    _keeps_longer(database, simulator)


def _somebody_deletes(database: Database, simulator: Cloud) -> None:
    execute(database, "DELETE FROM log_group WHERE log_group_name = '/search'")


def _renamed(database: Database, simulator: Cloud) -> None:
    make_logs(simulator)
    execute(
        database,
        "SELECT * FROM iasql_install('aws_cloudwatch')",
        "UPDATE log_group SET log_group_name = '/shop' WHERE log_group_name = '/checkout'",
    )


SITUATIONS = (
    Situation(name="change", before=_twelve, commands=("plan", "diff")),
    Situation(name="many", before=_many, commands=("plan --region '*'",)),
    Situation(name="failure", before=_full, commands=("apply",)),
    Situation(name="conflict", before=_changed_by_both, commands=("plan", "diff", "apply --yes")),
    Situation(name="stale", before=_changed, commands=("apply",), meanwhile=_somebody_deletes),
    Situation(name="drift", before=_changed_by_hand, commands=("drift", "plan", "diff", "sync")),
    Situation(name="losses", before=_renamed, commands=("apply", "apply --yes")),
)


def text(situation: Situation, database: Database, simulator: Cloud, columns: int) -> str:
    """What a terminal of a width shows in a situation."""
    lines: list[str] = []
    for each in situation.commands:
        with terminal(database, *shlex.split(each), columns=columns) as shown:
            shown.until(_QUESTION)
            if _QUESTION in shown.text:
                situation.meanwhile(database, simulator)
                shown.type("yes\n")
            status = shown.status()
        lines += [f"$ iasql {each}", *shown.seen]
        while not lines[-1]:
            lines.pop()
        lines += [f"[exit status {status}]", ""]
    if len(lines) > _LINES:
        lines[_ENDS:-_ENDS] = ["", f"[… {len(lines) - 2 * _ENDS} lines …]", ""]
    return "\n".join(lines)
