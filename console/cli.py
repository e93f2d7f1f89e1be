"""`iasql plan`, `iasql apply` and the other commands that are about a database of a server."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import click
from psycopg import sql

from console import graph
from console.output import Lines, Output, Terminal
from console.session import Refused, Session, session
from console.shown import Column, Drift, Notice, Plan

#: Exit statuses, those of `diff` and `terraform plan -detailed-exitcode`.
DONE, FAILED, DIFFERS = 0, 1, 2

_URL = click.option(
    "--url",
    metavar="URL",
    help="The server and database.  [default: DATABASE_URL, or PGHOST, PGDATABASE …, PGSERVICE, ~/.pgpass]",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="An object of JSON a line, for programs.")
_COLOUR = click.option("--color/--no-color", "colour", default=None, help="[default: on a terminal]")
_MODE = click.option(
    "--mode",
    type=click.Choice(["merge", "careful", "enforce"]),
    help="What becomes of what others have changed in AWS.  [default: what the database says]",
)
_SET = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting: iasql.allow_loss=on, say."
)
_ONLY = click.option("--only", metavar="TABLE", help="A table, or 'TABLE NAME' for a row, and what it needs.")
_REGION = click.option("--region", metavar="REGION", help="One region of the database, or '*' for all.")
_YES = click.option("--yes", is_flag=True, help="Do not ask.")

_Work = Callable[..., int]


def _command(name: str, *options: Callable[[Any], Any]) -> Callable[[_Work], click.Command]:
    """A command that has a session and an output; what it returns is the exit status."""

    def made(work: _Work) -> click.Command:
        @wraps(work)
        def run(
            url: str | None, as_json: bool, colour: bool | None, settings: tuple[str, ...] = (), **given: Any
        ) -> NoReturn:
            out: Output = Lines() if as_json else Terminal(colour=colour)
            chosen = dict(_setting(each) for each in settings)
            if mode := given.pop("mode", None):
                chosen["iasql.apply_mode"] = mode
            try:
                with session(url, chosen, out.notice) as own:
                    status = work(own, out, **given)
            except Refused as refused:
                out.notice(refused.said)
                status = FAILED
            out.end(status)
            sys.exit(status)

        for option in reversed((_URL, *options, _JSON, _COLOUR)):
            run = option(run)
        return click.command(name)(run)

    return made


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--set {text}: NAME=VALUE is needed")
    return name, value


@_command("plan", _ONLY, _REGION, _MODE, _SET)
def plan(own: Session, out: Output, only: str | None, region: str | None) -> int:
    """Show what an apply would do. Ends with 2 if there is something to do."""
    found = own.plan(only=only, region=region)
    out.plan(found)
    if found.of_aws and not found.conflicts and found.id:
        parts = (("--only", only), ("--region", region), ("--plan", found.id))
        given = " ".join(f"{name} {shlex.quote(value)}" for name, value in parts if value)
        out.advice(f"`iasql apply {given}` does exactly this, or nothing.")
    return DONE if found.is_empty else DIFFERS


@_command("diff", _ONLY, _REGION, _MODE, _SET)
def diff(own: Session, out: Output, only: str | None, region: str | None) -> int:
    """Show the plan as a table, a line a column. Ends with 2 if there is something to do."""
    found = own.plan(only=only, region=region)
    for each in found.notices[:-1]:
        out.notice(each)
    rows = [
        (change.action, change.table, change.description, *_values(each))
        for change in found.changes
        for each in change.columns or (None,)
    ]
    names = ("action", "table", "description", "column", "base", "current", "desired", "changed_by")
    out.rows("column", names, rows, "nothing differs", said_once=3)
    return DONE if found.is_empty else DIFFERS


def _values(column: Column | None) -> tuple[str | None, ...]:
    """Nothing, of what is whole without columns, such as what has appeared in AWS."""
    if column is None:
        return (None,) * 5
    return column.name, column.base, column.current, column.desired, column.changed_by


@_command(
    "apply",
    click.option("--plan", "plan_id", metavar="ID", help="Apply exactly the plan of this name, or nothing."),
    _ONLY,
    _REGION,
    _MODE,
    _SET,
    _YES,
)
def apply(
    own: Session, out: Output, plan_id: str | None, only: str | None, region: str | None, yes: bool
) -> int:
    """Show the plan, ask, and apply exactly that.

    Ctrl-C stops it when what has been begun is finished.
    """
    if plan_id is None:
        found = own.plan(only=only, region=region)
        out.plan(found)
        if all(each.action == "gone" for each in found.changes):
            return DONE
        plan_id = found.id
        if not yes:
            _check_would_be_taken(own, found)
            _ask("Apply this?", "applies it")
    with out.doing("applying"):
        own.call("iasql_apply", only=only, region=region, plan_id=plan_id)
    return DONE


_MAY_LOSE = sql.SQL(
    "SELECT COALESCE(current_setting('iasql.allow_loss', true), '') IN ('on', 'true', 'yes', '1')"
)


def _check_would_be_taken(own: Session, plan: Plan) -> None:
    """Ask nobody about what the server is going to refuse.

    Raises:
        Refused: there is a conflict, or something is lost and that is not allowed.
    """
    if plan.conflicts:
        said = "nothing was done: rows and AWS are in conflict"
        raise Refused(Notice(severity="ERROR", message=said, sqlstate="40001"))
    if plan.losing:
        ((allowed,),) = own.rows(_MAY_LOSE)
        if not allowed:
            said = "nothing was done: what AWS cannot make again would be lost"
            raise Refused(Notice(severity="ERROR", message=said, sqlstate="0A000"))


@_command(
    "sync",
    click.option("--keep", metavar="TABLE", help="Keep what its rows, or 'TABLE NAME', say in conflicts."),
    _REGION,
    _YES,
)
def sync(own: Session, out: Output, keep: str | None, region: str | None, yes: bool) -> int:
    """Have the tables hold what AWS holds.

    Changes that were not applied are dropped.
    """
    columns = ("action", "table", "id", "description")
    rows = own.call("iasql_plan_sync", keep=keep, region=region)
    out.rows("row", columns, rows, "the tables show what AWS holds")
    if not rows:
        return DONE
    if not yes:
        _ask("Change these rows?", "changes them")
    with out.doing("syncing"):
        done = own.call("iasql_sync", keep=keep, region=region)
    out.notice(Notice(severity="NOTICE", message=f"rows changed: {len(done)}"))
    return DONE


@_command("drift", _REGION)
def drift(own: Session, out: Output, region: str | None) -> int:
    """Show what others have changed in AWS.

    That is, since rows and AWS last agreed. Ends with 2 if something has been changed.
    """
    found = [Drift(*each) for each in own.call("iasql_drift", region=region)]
    out.drift(found)
    if found:
        out.advice("`iasql plan` shows what an apply does about it; `iasql sync` has all rows follow AWS.")
    return DIFFERS if found else DONE


@_command("undo", click.argument("operation", type=int, required=False))
def undo(own: Session, out: Output, operation: int | None) -> int:
    """Put rows back to before an OPERATION.

    That is one of the journal, your last one if none is named. AWS is as before until you apply.
    """
    rows = own.call("iasql_undo", operation=operation)
    out.rows("row", ("action", "table", "id", "description"), rows, "no row had to change")
    if rows:
        out.advice("`iasql plan` shows what AWS has to follow, and `iasql apply` has it do so.")
    return DONE


_OPERATIONS = sql.SQL(
    "SELECT id, started_at, username, function, array_to_string(arguments, ', '), outcome, steps, message "
    "FROM iasql.iasql_operation ORDER BY id DESC LIMIT {}"
)
_OPERATION = ("id", "started_at", "user", "function", "arguments", "outcome", "steps", "message")
_STEP = ("number", "action", "table", "description", "outcome", "message")
_STEPS = sql.SQL(
    "SELECT number, action, table_name, description, outcome, message FROM iasql.iasql_step "
    "WHERE operation = {} ORDER BY number"
)


_IS_THERE = sql.SQL("SELECT id FROM iasql.iasql_operation WHERE id = {}")
_NO_TABLE = sql.SQL("SELECT to_regclass({}) IS NULL")
#: `valid` is since and until.
_PAST = sql.SQL(
    "SELECT lower(valid), upper(valid), row_to_json(h) FROM {} AS h {} ORDER BY lower(valid) DESC LIMIT {}"
)


@_command(
    "history",
    click.argument("what", required=False, metavar="[OPERATION|TABLE]"),
    click.option("--at", metavar="TIME", help="The rows of a table as they were agreed on then."),
    click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True),
)
def history(own: Session, out: Output, what: str | None, at: str | None, limit: int) -> int:
    """List what was done, or what rows have been.

    The last operations, the steps of one, or what the rows of a table have been.
    """
    if what is None:
        out.rows("operation", _OPERATION, own.rows(_OPERATIONS.format(limit)), "nothing has been done yet")
    elif what.isdecimal():
        if not own.rows(_IS_THERE.format(int(what))):
            raise Refused(_wrong(f"there is no operation {what}", "`iasql history` lists them."))
        out.rows("journal", _STEP, own.rows(_STEPS.format(int(what))), "it had no steps")
    else:
        _past(own, out, what, at, limit)
    return DONE


def _past(own: Session, out: Output, table: str, at: str | None, limit: int) -> None:
    """What the rows of a table have been, the latest first."""
    name = sql.Identifier("iasql_history", table)
    if own.rows(_NO_TABLE.format(name.as_string())) == [(True,)]:
        raise Refused(_wrong(f'no history is kept of a table "{table}"', "`iasql modules` lists modules."))
    when = sql.SQL("WHERE valid @> {}::timestamptz").format(at) if at else sql.SQL("")
    found = own.rows(_PAST.format(name, when, limit))
    columns = [each for each in (found[0][2] if found else ()) if each != "valid"]
    rows = [(since, until, *(row[each] for each in columns)) for since, until, row in found]
    out.rows("past", ("since", "until", *columns), rows, "nothing is remembered")


def _wrong(message: str, hint: str) -> Notice:
    return Notice(severity="ERROR", message=message, hint=hint, sqlstate="42704")


_MODULES = sql.SQL(
    "SELECT m.module_name, m.module_version, i.module_name IS NOT NULL, m.dependencies "
    "FROM iasql_modules_list() AS m LEFT JOIN iasql_modules_installed() AS i USING (module_name) ORDER BY 1"
)


@_command("modules")
def modules(own: Session, out: Output) -> int:
    """List the modules that there are."""
    rows = own.rows(_MODULES)
    out.rows("module", ("name", "version", "installed", "needs"), rows, "there are none")
    return DONE


def _of_modules(function: str) -> Callable[..., int]:
    def work(own: Session, out: Output, names: tuple[str, ...], region: str | None) -> int:
        given = sql.SQL(", ").join(map(sql.Literal, names))
        if region is None:
            call = sql.SQL("SELECT * FROM {}({})").format(sql.Identifier(function), given)
        else:
            call = sql.SQL("SELECT * FROM {}(ARRAY[{}]::text[], region => {})").format(
                sql.Identifier(function), given, sql.Literal(region)
            )
        with out.doing(names[0]):
            rows = own.rows(call)
        out.rows("table", ("module", "table", "rows"), rows, "no table had to change")
        return DONE

    return work


_NAMES = click.argument("names", nargs=-1, required=True, metavar="MODULE...")


@_command("install", _NAMES, _REGION)
def install(own: Session, out: Output, names: tuple[str, ...], region: str | None) -> int:
    """Make the tables of modules.

    They are filled with what AWS holds.
    """
    return _of_modules("iasql_install")(own, out, names, region)


@_command("uninstall", _NAMES, _REGION)
def uninstall(own: Session, out: Output, names: tuple[str, ...], region: str | None) -> int:
    """Drop the tables of modules. Touches nothing in AWS."""
    return _of_modules("iasql_uninstall")(own, out, names, region)


@_command("review", _REGION, _MODE, _SET)
def review(own: Session, out: Output, region: str | None) -> int:
    """Print the plan as Markdown.

    It is for a pull request. Ends with 0 whether there is something to do or not.
    """
    ((text,),) = own.call("iasql_review", region=region)
    out.text("review", text)
    return DONE


_FORMS = {"dot": graph.dot, "mermaid": graph.mermaid, "svg": graph.svg}


@_command(
    "graph",
    click.option("--format", "form", type=click.Choice(sorted(_FORMS)), default="mermaid", show_default=True),
    _ONLY,
    _REGION,
)
def graph_command(own: Session, out: Output, form: str, only: str | None, region: str | None) -> int:
    """Print the steps of the plan as a picture.

    It has which step waits for which.
    """
    steps = own.call("iasql_plan_steps", only=only, region=region)
    nodes = [
        graph.Node(number=number, action=action, table=table, description=description, after=tuple(after))
        for number, action, table, description, after in steps
    ]
    out.text("graph", _FORMS[form](nodes))
    return DONE


@_command(
    "sql",
    click.argument("operation", type=int, required=False),
    click.option("--since", metavar="TIME", help="Of all that was done since, as one change."),
    _REGION,
)
def sql_command(
    own: Session, out: Output, operation: int | None, since: str | None, region: str | None
) -> int:
    """Print SQL that makes a change elsewhere.

    That is the change of an OPERATION, your last one if none is named.
    """
    if operation is not None and since is not None:
        raise click.UsageError("an OPERATION or --since, not both")
    rows = own.call("iasql_sql", operation=operation, since=since, region=region)
    out.text("sql", "\n".join(statement for (statement,) in rows))
    return DONE


def _ask(question: str, does: str) -> None:
    """Go on only if somebody at a terminal says yes.

    Raises:
        Refused: there is nobody, or the answer is no.
    """
    if not sys.stdin.isatty():
        hint = f"--yes {does} without asking."
        raise Refused(Notice(severity="ERROR", message="there is nobody to ask", hint=hint))
    try:
        answer = click.prompt(f"{question} Only yes is taken for it", default="no", err=True)
    except click.Abort:  # Ctrl-C, or the end of the input
        click.echo(err=True)
        answer = "no"
    if not re.fullmatch(r"\s*yes\s*", str(answer)):
        raise Refused(Notice(severity="ERROR", message="nothing was done"))


BY_NAME = {
    each.name: each
    for each in (
        apply,
        diff,
        drift,
        graph_command,
        history,
        install,
        modules,
        plan,
        review,
        sql_command,
        sync,
        undo,
        uninstall,
    )
}
