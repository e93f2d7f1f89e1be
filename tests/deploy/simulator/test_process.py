"""The simulator's process answers when it says so, and ends with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from urllib.request import urlopen

from deploy.simulator.process import SimulatorProcess


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_answers_at_the_endpoint_it_names_and_ends_when_stopped() -> None:
    with SimulatorProcess() as simulator:
        with urlopen(f"{simulator.endpoint}/simulator/calls", timeout=10) as reply:
            assert reply.read() == b"[]"
        pid = simulator.pid
    assert not alive(pid)


def test_it_ends_when_its_parent_is_killed() -> None:
    program = (
        "import time; from deploy.simulator.process import SimulatorProcess;"
        "print(SimulatorProcess().pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        deadline = time.monotonic() + 5
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert not alive(pid)
