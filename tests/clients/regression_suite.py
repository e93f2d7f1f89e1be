"""PostgreSQL's own regression tests: what psql prints, byte by byte.

They build on each other, so all are run, in the order of their schedule, each after the other.
https://www.postgresql.org/docs/current/regress-run.html
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from tests.clients import debian
from tests.clients.commands import Commands
from tests.clients.outcomes import Outcomes, of_output
from tests.clients.suite import Suite
from tests.clients.target import Target
from tests.fixtures.tools import missing, tool
from tests.fixtures.tools import run as run_tool

_DATABASE = "regression"
#: What pg_regress gives its database and its psql.
_MADE = f"""\
CREATE DATABASE {_DATABASE} TEMPLATE template0 LOCALE 'C';
ALTER DATABASE {_DATABASE} SET lc_messages TO 'C';
ALTER DATABASE {_DATABASE} SET lc_monetary TO 'C';
ALTER DATABASE {_DATABASE} SET lc_numeric TO 'C';
ALTER DATABASE {_DATABASE} SET lc_time TO 'C';
ALTER DATABASE {_DATABASE} SET bytea_output TO 'hex';
ALTER DATABASE {_DATABASE} SET timezone_abbreviations TO 'Default';
"""
_VARIABLES = {
    "PGDATABASE": _DATABASE,
    "PGTZ": "America/Los_Angeles",
    "PGDATESTYLE": "Postgres, MDY",
    "PGOPTIONS": "-c intervalstyle=postgres_verbose",
    "PG_DLSUFFIX": ".so",
}
_OPTIONS = (
    "--no-psqlrc",
    "--echo-all",
    "--quiet",
    "--set=HIDE_TABLEAM=on",
    "--set=HIDE_TOAST_COMPRESSION=on",
)
#: Libraries of the server's package that the tests load besides their own.
_LIBRARIES = ("autoinc", "refint")


def run(target: Target, folder: Path, wanted: Collection[str]) -> Outcomes:
    """Run all of it. A test passes if psql prints what its authors expect, but for white space."""
    built = _built(target)
    made = Commands(target, folder)("psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", script=_MADE)
    assert made.status == 0, made.text
    paths = {"PG_ABS_SRCDIR": str(built), "PG_ABS_BUILDDIR": str(built), "PG_LIBDIR": str(built)}
    outcomes = {}
    for name in _schedule((built / "parallel_schedule").read_text()):
        commands = Commands(target, built, _VARIABLES | paths | {"PGAPPNAME": f"pg_regress/{name}"})
        shown = commands("psql", *_OPTIONS, script=(built / "sql" / f"{name}.sql").read_text()).text
        expected = any(_same(shown, each.read_text()) for each in _expected(built, name))
        outcomes[name] = of_output(shown, failed=not expected)
    return outcomes


def _built(target: Target) -> Path:
    """A folder with the tests and their libraries, in which the server may read and write."""
    package = f"postgresql-{target.programs.parent.name}"
    source = debian.source_of(package, ["src/test/regress"]) / "regress"
    headers = debian.files_of(package.replace("-", "-server-dev-"), package) / "usr/include/postgresql"
    built = target.data.parent / "regress"
    shutil.rmtree(built, ignore_errors=True)
    shutil.copytree(source, built)
    (built / "results").mkdir()
    (built / "results").chmod(0o777)
    include = headers / target.programs.parent.name / "server"
    compiled = run_tool(
        [tool("cc"), "-shared", "-fPIC", "-I", include, "-o", built / "regress.so", built / "regress.c"]
    )
    if compiled.returncode != 0:
        missing(f"the tests' library cannot be compiled: {compiled.stderr[-400:]}")
    for name in _LIBRARIES:
        (built / f"{name}.so").symlink_to(target.programs.parent / "lib" / f"{name}.so")
    return built


def _schedule(text: str) -> Iterator[str]:
    """The names of the tests; those of a line could also be run at once."""
    for line in re.findall(r"^test: *(.*)$", text, re.MULTILINE):
        yield from line.split()


def _expected(built: Path, name: str) -> Iterator[Path]:
    """What a test may print; some have variants."""
    yield from (built / "expected").glob(f"{name}.out")
    yield from (built / "expected").glob(f"{name}_[0-9].out")


def _same(shown: str, expected: str) -> bool:
    return shown.removesuffix("exit status 0\n").split() == expected.split()


SUITE = Suite(
    name="PostgreSQL's regression tests",
    version=lambda: "of the server",
    run=run,
    origin="its own, from the source of the server's package",
    quick=False,
)
