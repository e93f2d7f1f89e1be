"""psql: what it prints, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from tests.clients.commands import Commands
from tests.clients.outcomes import Outcome, Outcomes, of_output
from tests.clients.psql_scripts import listings, scripts
from tests.clients.suite import Suite
from tests.clients.target import Target

SCHEMA = Path(__file__).parent / "schema.sql"

_OPTIONS = ("--no-psqlrc", "--echo-all", "--pset=pager=off")


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run all of it."""
    commands = Commands(target, folder)
    made = commands("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file", SCHEMA)
    outcomes = {"the schema is made": of_output(made.text, failed=made.status != 0)}
    listed = {listing: f"SET search_path = shop;\n{listing}\n" for listing in listings()}
    for name, script in (listed | dict(scripts())).items():
        outcomes[name] = of_output(commands("psql", *_OPTIONS, script=script).text)
    for name, arguments in _ARGUMENTS.items():
        outcomes[name] = of_output(commands("psql", "--no-psqlrc", *arguments).text)
    return outcomes | _interrupted(commands)


_ARGUMENTS = {
    "-c, several": ["-c", "SELECT 1", "-c", "SELECT 2; SELECT 3", "-c", r"\d shop.customer"],
    "-c, an error in the middle": ["-c", "CREATE TABLE half (a int); SELECT 1 / 0", "-c", r"\dt half"],
    "-1": ["-1", "-c", "CREATE TABLE whole (a int)", "-c", "SELECT 1 / 0"],
    "-l": ["-l"],
    "-At --csv": ["--csv", "-c", "SELECT * FROM shop.customer ORDER BY id LIMIT 5"],
    "-H": ["-H", "-c", "SELECT * FROM shop.customer ORDER BY id LIMIT 5"],
    "-z -0": ["-At", "-z", "-0", "-c", "SELECT 1, 2 UNION ALL SELECT 3, 4"],
    "-v ON_ERROR_STOP": ["-v", "ON_ERROR_STOP=1", "-c", "SELECT 1 / 0", "-c", "SELECT 'never'"],
    "a database that does not exist": ["nowhere"],
    "a role that does not exist": ["-U", "nobody_of_that_name"],
    "a service of one's own": ["service=nowhere"],
    "two hosts": ["host=localhost,localhost", "-c", "SELECT 1"],
    "options": ["options=-cstatement_timeout=3s", "-c", "SHOW statement_timeout"],
    "keepalives": ["keepalives_idle=1 tcp_user_timeout=10000", "-c", "SELECT 1"],
}


def _interrupted(commands: Commands) -> dict[str, Outcome]:
    """What Ctrl-C does."""
    sleeping = "SELECT 'before';\nSELECT pg_sleep(30);\nSELECT 'after';\n"
    copying = "COPY (SELECT generate_series(1, 2000000000)) TO '/dev/null';\nSELECT 'after';\n"
    watched = commands.interrupt(1.5, "psql", "--no-psqlrc", script="SELECT 'seen' AS w \\watch 0.2\n").text
    lines = {line.strip() for line in watched.splitlines() if not re.search(r"\d\d:\d\d:\d\d", line)}
    return {
        "Ctrl-C in a statement": of_output(commands.interrupt(1, "psql", *_OPTIONS, script=sleeping).text),
        "Ctrl-C in a transaction": of_output(
            commands.interrupt(1, "psql", *_OPTIONS, script=f"BEGIN;\n{sleeping}COMMIT;\n").text
        ),
        "Ctrl-C in a COPY": of_output(commands.interrupt(1, "psql", *_OPTIONS, script=copying).text),
        "Ctrl-C in a file": of_output(
            commands.interrupt(1, "psql", "--no-psqlrc", "-c", "SELECT pg_sleep(30)", "-c", "SELECT 2").text
        ),
        r"\watch, and Ctrl-C": of_output("\n".join(sorted(lines))),
    }


def _version() -> str:
    return "of the server"


SUITE = Suite(name="psql", version=_version, run=run, origin="written for this project")
