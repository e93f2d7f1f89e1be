"""Commands that are run to their end, and what they, and the servers behind them, have used."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.processes import family, memory, stats

_SAMPLE_SECONDS = 0.2


class Peak:
    """The most memory that some processes have at once, with all that descend from them, while it is entered.

    Attributes:
        bytes: that memory.
        seen: seconds that each of the processes had used when it was last looked at.
    """

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = roots
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.bytes = 0
        self.seen: dict[int, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            every = stats()
            parents = {pid: stat.parent for pid, stat in every.items()}
            those = set[int]().union(*(family(root, parents) for root in self._roots))
            self.bytes = max(self.bytes, sum(map(memory, those)))
            self.seen |= {pid: every[pid].own for pid in those}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A command that has ended.

    Attributes:
        seconds: from its start to its end.
        cpu: seconds of the processor that it and its children have used.
        memory: the most bytes that it, its children and the servers behind it have had at once.
        said: what it printed.
    """

    status: int
    seconds: float
    cpu: float
    memory: int
    said: str


def ran(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    servers: Iterable[int] = (),
) -> Ended:
    """Run a command to its end.

    Args:
        env: added to this process's environment.
        servers: processes whose memory counts as well.
    """
    begun = time.perf_counter()
    process = started(command, cwd=cwd, env=env)
    with Peak([process.pid, *servers]) as peak:
        ended = awaited(process)
        seconds = time.perf_counter() - begun
    seen = sum(used for pid, used in peak.seen.items() if pid not in set(servers))
    return Ended(
        status=ended.status,
        seconds=seconds,
        cpu=max(ended.cpu, seen),  # who is not waited for is only seen
        memory=peak.bytes,
        said=ended.said,
    )


def started(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """A command in a process group of its own, whose output is one pipe."""
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def awaited(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a command that was started; its time and memory are not known."""
    assert process.stdout is not None
    with process.stdout as output:
        said = output.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(
        status=process.returncode, seconds=0, cpu=usage.ru_utime + usage.ru_stime, memory=0, said=said
    )
