"""Programs that are compared by what they print."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.clients.target import Target

_SECONDS = 120.0
_ROOT = str(Path(__file__).parents[2])

#: What no two runs print the same: process ids, the key of a dump, the numbers of new large objects.
_OWN = re.compile(r"(?<=PID )\d+|(?<=restrict )\w{40,}|(?<=lo_(?:import|unlink) )\d{5,}")


@dataclass(frozen=True)
class Printed:
    """What a program did.

    Attributes:
        text: what it wrote to both of its outputs, and its exit status.
    """

    text: str
    status: int


@dataclass(frozen=True)
class Commands:
    """Runs PostgreSQL's programs, in a folder, connected by libpq's variables.

    Attributes:
        variables: further ones.
    """

    target: Target
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, program: str, *arguments: str | Path, script: str = "") -> Printed:
        """Run one to its end.

        Args:
            script: what it reads.
        """
        process = self._start(program, arguments)
        output, _ = process.communicate(script.encode(), timeout=_SECONDS)
        return self._printed(output, process.returncode)

    def interrupt(self, after: float, program: str, *arguments: str | Path, script: str = "") -> Printed:
        """Run one, and send it an interrupt after some seconds."""
        process = self._start(program, arguments)
        assert process.stdin is not None
        process.stdin.write(script.encode())
        process.stdin.close()
        process.stdin = None
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=_SECONDS)
        return self._printed(output, process.returncode)

    def _start(self, program: str, arguments: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        own = {"LC_ALL": "C.UTF-8", "PAGER": "cat", "PYTHONPATH": _ROOT}
        return subprocess.Popen(
            [self.target.programs / program, *arguments],
            cwd=self.folder,
            env=inherited | self.target.environment | own | dict(self.variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _printed(self, output: bytes, status: int) -> Printed:
        text = self.target.neutral(output.decode(errors="backslashreplace"))
        return Printed(f"{_OWN.sub('…', text)}exit status {status}\n", status)
