"""What processes have used of processor and memory so far: read from /proc.

https://docs.kernel.org/filesystems/proc.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Stat:
    """What the kernel tells of a process.

    Attributes:
        own, ended: seconds of the processor that it has used, and its children that have ended.
    """

    parent: int
    own: float
    ended: float

    @classmethod
    def parse(cls, text: str) -> Stat:
        """The content of /proc/PID/stat; the name in it may have blanks and brackets."""
        fields = text.rpartition(")")[2].split()
        own, ended = (sum(map(int, fields[at : at + 2])) / _TICKS for at in (11, 13))
        return cls(parent=int(fields[1]), own=own, ended=ended)

    @classmethod
    def of(cls, pid: int) -> Stat:
        """That of a process which is there."""
        return cls.parse((_PROC / str(pid) / "stat").read_text())


def stats() -> dict[int, Stat]:
    """Those of all processes."""
    found = {}
    for each in _PROC.iterdir():
        if each.name.isdecimal():
            try:
                found[int(each.name)] = Stat.of(int(each.name))
            except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                continue
    return found


def family(root: int, parents: Mapping[int, int]) -> set[int]:
    """A process and all that descend from it.

    Args:
        parents: of each process.
    """
    found, more = set[int](), {root} & parents.keys()
    while more:
        found |= more
        more = {pid for pid, parent in parents.items() if parent in more} - found
    return found


def cpu(root: int) -> float:
    """Seconds that a process, and all that descend from it, have used so far."""
    every = stats()
    those = family(root, {pid: stat.parent for pid, stat in every.items()})
    return sum(every[pid].own + every[pid].ended for pid in those)


def memory(pid: int) -> int:
    """Bytes of memory that a process has, shared ones by its part; 0 if it has ended."""
    try:
        return proportional((_PROC / str(pid) / "smaps_rollup").read_text())
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0


def proportional(text: str) -> int:
    """Bytes of memory that a /proc/PID/smaps_rollup says a process has, shared ones by its part."""
    kilobytes = next((line.split()[1] for line in text.splitlines() if line.startswith("Pss:")), "0")
    return int(kilobytes) * 1024
