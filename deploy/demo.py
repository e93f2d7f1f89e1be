"""`make demo`: the tutorial, run as an outside client against a simulated AWS account.

It starts `iasql up --simulate` on a free port with a data directory that it throws away,
and talks to it with psql alone. On a terminal it then stays up; otherwise it ends.
"""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import sqlparse

from deploy import tutorial
from deploy.embedded_postgres import BINARIES
from deploy.output import lines

_CONSOLE = "Console: "
_READY_SECONDS = 60.0
_STOP_SECONDS = 60.0
_STATEMENT_SECONDS = 120.0


class DemoError(Exception):
    """A step of the tutorial failed."""


class Up:
    """`iasql up --simulate` as a child process.

    Args:
        console: where the console is to be, or `off`.

    Attributes:
        url: what to connect with.
        console: the console's address and what to sign in with, None if there is none.
    """

    def __init__(self, data_dir: Path, console: str) -> None:
        command = ["up", "--simulate", "--listen", "127.0.0.1:0", "--data-dir", str(data_dir)]
        command += ["--console", console]
        self.console: str | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for us; we end it when we have finished
        )
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self.stop()
            raise

    def _wait_for_url(self) -> str:
        for line in lines(self._process, _READY_SECONDS):
            print(f"  {line.rstrip()}", flush=True)
            if line.startswith(_CONSOLE):
                self.console = line.removeprefix(_CONSOLE).strip()
            if "postgresql://" in line:
                return "postgresql://" + line.split("postgresql://", 1)[1].strip()
        raise DemoError("`iasql up --simulate` did not get ready")

    def stop(self) -> None:
        """End it, and all that it started."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def demo(console: str) -> int:
    """Run the demo and return the exit status.

    Args:
        console: where the console is to be, or `off`.
    """
    for ending in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal must not leave the servers behind
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    _say("iasql up --simulate")
    with tempfile.TemporaryDirectory(prefix="iasql-demo-") as folder:
        try:
            up = Up(Path(folder) / "data", console)
        except DemoError as error:
            print(f"iasql: {error}", file=sys.stderr)
            return 1
        try:
            _tutorial(up.url)
            if sys.stdin.isatty() and sys.stdout.isatty():
                _stay(up)
        except DemoError as error:
            print(f"iasql: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print()
        finally:
            up.stop()
    return 0


def _tutorial(url: str) -> None:
    project = tutorial.placeholders()["project_name"]
    _run_file(url, tutorial.V1)
    _run_file(url, tutorial.V2)
    _look_up(url, f"SELECT repository_uri FROM repository WHERE repository_name = '{project}-repository';")
    _look_up(url, f"SELECT dns_name FROM load_balancer WHERE load_balancer_name = '{project}-load-balancer';")
    print("\n-- Everything away? First a look at what would happen, then the undo.")
    _run(url, "SELECT delete_all_records();")
    _run(url, "SELECT * FROM iasql_plan_apply();")
    _run(url, "SELECT * FROM iasql_sync();")
    _run(url, "SELECT * FROM iasql_plan_apply();")
    print("\n-- And now in earnest.")
    _run(url, "SELECT delete_all_records();")
    _run(url, "SELECT * FROM iasql_apply();")


def _stay(up: Up) -> None:
    print("\nThe demo stays up until Ctrl-C. Connect with:\n")
    print(f"  {shlex.join([str(BINARIES / 'psql'), up.url])}\n", flush=True)
    if up.console is not None:
        print(f"Or look at it in a browser:\n\n  {up.console}\n", flush=True)
    while True:
        time.sleep(3600)


def _run_file(url: str, file: Path) -> None:
    script = tutorial.migration(file)
    _say(f"psql -f {file.name}   (with the tutorial's placeholder values)")
    for statement in sqlparse.split(sqlparse.format(script, strip_comments=True)):
        print(textwrap.indent(statement, "  "), flush=True)
    print()
    _psql(url, "--echo-errors", "--quiet", script=script)


def _run(url: str, statement: str) -> None:
    _say(f'psql -c "{statement}"')
    _psql(url, "-c", statement)


def _look_up(url: str, statement: str) -> None:
    _say(f'psql -At -c "{statement}"')
    _psql(url, "-At", "-c", statement)


def _psql(url: str, *arguments: str, script: str | None = None) -> None:
    quiet = ["--no-psqlrc", "--pset=pager=off", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=default"]
    sys.stdout.flush()
    try:
        result = subprocess.run(
            [BINARIES / "psql", *quiet, url, *arguments],
            input=script or "",
            stderr=subprocess.STDOUT,  # progress comes as notices, and belongs before the result
            text=True,
            timeout=_STATEMENT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DemoError(f"a statement took more than {_STATEMENT_SECONDS:.0f} s") from None
    if result.returncode != 0:
        raise DemoError(f"psql ended with status {result.returncode}")


def _say(command: str) -> None:
    print(f"\n$ {command}", flush=True)


if __name__ == "__main__":
    sys.exit(demo("off"))
