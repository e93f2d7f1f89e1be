"""Commands about a database as users start them: in a pipe, or on a terminal that shows them."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from click.testing import CliRunner

from console.cli import BY_NAME
from tests.fixtures.databases import Database

SECONDS = 60


def environment(database: Database, **more: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": database.url, "NO_COLOR": "1", **more}


def arguments(*given: str) -> list[str]:
    return [sys.executable, "-m", "deploy.command_line", *given]


def run(database: Database, *given: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A command, without a terminal."""
    return subprocess.run(
        arguments(*given),
        env=environment(database, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def run_here(database: Database, *given: str) -> tuple[int, str]:
    """Exit status and output of a command that is about a database, in this process: many are quick so."""
    name, *options = given
    ended = CliRunner().invoke(BY_NAME[name], options, env=environment(database))
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.stdout


@contextmanager
def terminal(database: Database, *given: str, columns: int = 80, **more: str) -> Iterator[Terminal]:
    """A command on a terminal of its own."""
    process, screen = pty.fork()
    if process == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environ = environment(database, TERM="xterm", **more)
        for each in ("COLUMNS", "LINES"):  # which readline sets where it is imported
            environ.pop(each, None)
        os.execve(sys.executable, arguments(*given), environ)
    shown = Terminal(process, screen, columns)
    try:
        yield shown
    finally:
        os.close(screen)
        if not shown.ended:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


class Terminal:
    """What somebody sees of a command, and types.

    Attributes:
        text: all that the command has written, as it came.
    """

    def __init__(self, process: int, screen: int, columns: int) -> None:
        self.process = process
        self.ended = False
        self.text = ""
        self._screen = screen
        self._columns = columns

    @property
    def seen(self) -> list[str]:
        """What is left on the screen, line by line."""
        return shown(self.text, self._columns)

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def until(self, text: str) -> None:
        """Read until a text is shown, or the command has ended."""
        deadline = time.monotonic() + SECONDS
        while text not in self.text:
            assert time.monotonic() < deadline, self.text
            if not self._read():
                return

    def status(self) -> int:
        """The exit status, once it has ended."""
        while self._read():
            pass
        _, status = os.waitpid(self.process, 0)
        self.ended = True
        return os.waitstatus_to_exitcode(status)

    def press(self, key: str) -> int:
        """Press a key until the command has ended; its exit status. Pressed before it listens, it is lost."""
        for _ in range(SECONDS):
            self.type(key)
            while select.select([self._screen], [], [], 1)[0]:
                if not self._read():
                    return self.status()
        raise AssertionError(self.text)

    def _read(self) -> bool:
        readable, _, _ = select.select([self._screen], [], [], SECONDS)
        assert readable, self.text
        try:
            self.text += os.read(self._screen, 65536).decode(errors="replace")
        except OSError:  # it has ended
            return False
        return True


_PIECES = re.compile(r"\x1b\[[?0-9;]*([A-Za-z])|(.)", re.DOTALL)


def plain(text: str) -> list[str]:
    """The lines that a command has written, whether or not they are still to be seen, without colours."""
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", text))


def shown(text: str, columns: int) -> list[str]:
    """The lines that a terminal shows in the end, as long as it may be: of what moves its cursor it knows
    what a progress bar needs."""
    lines, row, column = [""], 0, 0
    for found in _PIECES.finditer(text):
        what, letter = found[1], found[2]
        if what == "A":
            row = max(row - int(re.sub(r"\D", "", found[0]) or 1), 0)
        elif what == "K":
            lines[row] = ""
        elif what:
            continue
        elif letter == "\r":
            column = 0
        elif letter == "\n" or column == columns:
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        if letter and letter not in "\r\n":
            lines[row] = lines[row].ljust(column)[:column] + letter + lines[row][column + 1 :]
            column += 1
    return [each.rstrip() for each in lines]
