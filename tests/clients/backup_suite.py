"""PostgreSQL's other programs: dumps, base backups, streams of WAL and of changes, maintenance."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.clients.commands import Commands
from tests.clients.outcomes import Outcome, Outcomes, of_output
from tests.clients.psql_suite import SCHEMA
from tests.clients.suite import Suite
from tests.clients.target import DATABASE, Target

_CHANGES = (
    "INSERT INTO shop.event (at) SELECT now() FROM generate_series(1, 100); SELECT pg_switch_wal() > '0/0'"
)


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run all of it."""
    with TemporaryDirectory(dir=folder) as name:
        commands = Commands(target, Path(name))
        made = commands("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file", SCHEMA)
        outcomes = {"the schema is made": of_output(made.text, failed=made.status != 0)}
        return outcomes | _dumps(commands) | _restored(commands) | _maintenance(commands) | _streams(commands)


def _dumps(commands: Commands) -> dict[str, Outcome]:
    options: tuple[tuple[str, ...], ...] = (
        (),
        ("--inserts",),
        ("--schema-only",),
        ("--data-only",),
        ("--column-inserts", "--rows-per-insert=7"),
        ("--clean", "--create", "--if-exists"),
        ("--table=shop.c*",),
        ("--serializable-deferrable",),
        ("--encoding=LATIN1",),
        ("--snapshot=00000000-1",),
        ("--strict-names", "--table=nowhere"),
    )
    dumps = {" ".join(("pg_dump", *each)): _run(commands, "pg_dump", *each) for each in options}
    return dumps | {
        "pg_dumpall": _run(commands, "pg_dumpall", "--no-role-passwords", "--exclude-database=other_*")
    }


def _restored(commands: Commands) -> dict[str, Outcome]:
    """Dumps in other formats, shown as what was restored from them."""
    outcomes = {}
    for form, jobs in (("custom", 1), ("directory", 2), ("tar", 1)):
        database = f"other_{form}"
        steps = [
            commands("pg_dump", f"--format={form}", f"--jobs={jobs}", f"--file={form}"),
            commands("createdb", database),
            commands("pg_restore", f"--dbname={database}", f"--jobs={1 if form == 'tar' else 2}", form),
            commands("pg_dump", database),
            commands("dropdb", database),
        ]
        failed = any(step.status for step in steps)
        outcomes[f"pg_dump and pg_restore, {form}"] = of_output(
            "".join(step.text for step in steps), failed=failed
        )
    return outcomes


def _maintenance(commands: Commands) -> dict[str, Outcome]:
    runs = {
        "pg_isready": ["pg_isready", "--quiet"],
        "createuser": ["createuser", "--no-login", "made"],
        "dropuser": ["dropuser", "made"],
        "dropuser of nobody": ["dropuser", "made"],
        "createdb that exists": ["createdb", DATABASE],
        "vacuumdb": ["vacuumdb", "--all", "--analyze", "--jobs=3"],
        "reindexdb": ["reindexdb", "--jobs=3", "--schema=shop"],
        "clusterdb": ["clusterdb", "--all"],
        "vacuumlo": ["vacuumlo", "--dry-run", DATABASE],
        "oid2name": ["oid2name", "--indexes", "--quiet", f"--dbname={DATABASE}", "--table=nowhere"],
        "pg_amcheck": ["pg_amcheck", "--install-missing", "--jobs=3", f"--database={DATABASE}"],
    }
    return {name: _run(commands, *arguments) for name, arguments in runs.items()}


def _streams(commands: Commands) -> dict[str, Outcome]:
    outcomes = {}
    for method, form in (("stream", "plain"), ("fetch", "plain"), ("stream", "tar"), ("none", "tar")):
        into = f"backup-{method}-{form}"
        backup = [f"--pgdata={into}", f"--wal-method={method}", f"--format={form}", "--checkpoint=fast"]
        steps = [commands("pg_basebackup", *backup)]
        if form == "plain":
            steps.append(commands("pg_verifybackup", "--quiet", into))
        text = re.sub(r"[0-9A-F]+/[0-9A-F]+", "LSN", "".join(step.text for step in steps))
        outcomes[f"pg_basebackup, {method}, {form}"] = of_output(
            text, failed=any(step.status for step in steps)
        )
    return outcomes | _received(commands)


def _received(commands: Commands) -> dict[str, Outcome]:
    (commands.folder / "wal").mkdir()
    slot = ["--slot=receiving"]
    made = commands("pg_receivewal", *slot, "--create-slot")
    changed = commands("psql", "-At", "-c", _CHANGES)
    end = _position(commands)
    received = commands(
        "pg_receivewal", *slot, "--directory=wal", f"--endpos={end}", "--no-loop", "--synchronous"
    )
    dropped = commands("pg_receivewal", *slot, "--drop-slot")
    complete = [file for file in (commands.folder / "wal").iterdir() if file.stat().st_size == 16 << 20]
    decoding = ["--slot=decoding", f"--dbname={DATABASE}"]
    steps = [commands("pg_recvlogical", *decoding, "--create-slot", "--plugin=test_decoding")]
    steps.append(commands("psql", "-At", "-c", _CHANGES))
    options = [
        "--start",
        "--no-loop",
        "--file=changes",
        f"--endpos={_position(commands)}",
        "--option=include-xids=0",
    ]
    steps.append(commands("pg_recvlogical", *decoding, *options))
    steps.append(commands("pg_recvlogical", *decoding, "--drop-slot"))
    kinds = [line.split(":")[0] for line in (commands.folder / "changes").read_text().splitlines()]
    return {
        "pg_receivewal": of_output(
            f"{made.text}{changed.text}{dropped.text}{bool(complete)}",
            received.text,
            failed=received.status != 0,
        ),
        "pg_recvlogical": of_output(f"{''.join(step.text for step in steps)}{kinds}"),
    }


def _position(commands: Commands) -> str:
    """Where the server's WAL ends now, and is written down."""
    flushed = "SELECT pg_switch_wal(); SELECT pg_current_wal_flush_lsn()"
    return commands("psql", "-At", "-c", flushed).text.splitlines()[-2]


def _run(commands: Commands, *arguments: str) -> Outcome:
    return of_output(commands(*arguments).text)


SUITE = Suite(
    name="pg_dump, pg_basebackup, …",
    version=lambda: "of the server",
    run=run,
    origin="the programs themselves",
    quick=False,
)
