"""The simulated AWS as a child process of whoever uses it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from importlib.util import find_spec
from types import TracebackType
from typing import Self

_READY_SECONDS = 30.0
_STOP_SECONDS = 5.0

#: Keys that the simulator takes as it takes any; nothing real is behind them.
DUMMY_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "simulated",
    "AWS_SECRET_ACCESS_KEY": "simulated",
}


def credentials(account: str) -> dict[str, str]:
    """Keys of one of the accounts that a simulator has; it has any that is asked for."""
    return DUMMY_CREDENTIALS | {"AWS_ACCESS_KEY_ID": f"simulated-{account}"}


class SimulatorError(Exception):
    """The simulated AWS did not start."""


class SimulatorProcess:
    """A running simulator; ends when stopped, and by itself when this process dies.

    Attributes:
        endpoint: where it answers, such as `http://127.0.0.1:40123`.
    """

    def __init__(self, *, port: int = 0, conditions: str = "plain") -> None:
        """Start it and wait until it answers.

        Args:
            conditions: name of them, as in `deploy.simulator.conditions.NAMED`.

        Raises:
            SimulatorError: it is not installed, ended, or did not get ready in time.
        """
        if find_spec("moto") is None:
            raise SimulatorError("the simulated AWS is not installed: pip install 'iasql[simulator]'")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "deploy.simulator", "--with-parent"),
                *("--port", str(port), "--conditions", conditions),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | DUMMY_CREDENTIALS,
            start_new_session=True,  # Ctrl-C is for us; we end it when we have finished
        )
        try:
            self.endpoint = self._first_line()
        except BaseException:
            self.stop()
            raise

    def _first_line(self) -> str:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _READY_SECONDS)
        line = self._process.stdout.readline().strip() if ready else ""
        if not line.startswith("http://"):
            raise SimulatorError("the simulated AWS did not start")
        return line

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """End it and wait for its end."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
