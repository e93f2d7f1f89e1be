"""Faults that a test asks for: late, refused or lost calls, and processes killed at a call.

A fault counts the calls that match it, from the moment it was set, and acts on the
`nth` and on as many after it as `times` says.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError, error_reply

Action = Literal["delay", "error", "throttle", "drop_before", "drop_after", "kill_before", "kill_after"]

_THROTTLED = {
    "ec2": ("RequestLimitExceeded", 503),
    "iam": ("Throttling", 400),
    "elasticloadbalancing": ("Throttling", 400),
}


class DroppedError(ConnectionResetError):
    """The connection is closed without a reply."""


@dataclass(kw_only=True)
class Fault:
    """One planned fault.

    Attributes:
        service, operation, mutating: which calls it concerns; None is all of them.
        nth: the first matching call that it acts on, counted from 1.
        times: how many calls it acts on; 0 is all that follow.
        seconds: the delay of `delay`, applied before the call is performed.
        pid: the process that `kill_before` and `kill_after` kill.
        code, message, status: what `error` answers.
    """

    action: Action
    service: str | None = None
    operation: str | None = None
    mutating: bool | None = None
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    pid: int = 0
    code: str = "InternalFailure"
    message: str = "Simulated failure"
    status: int = 500
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise ValueError(f"unknown action {self.action!r}, not one of {', '.join(get_args(Action))}")
        if self.action.startswith("kill") and self.pid <= 1:
            raise ValueError("a fault that kills needs the pid of a process")

    def strikes(self, call: AwsCall) -> bool:
        """Count the call if it matches, and say whether this is one to act on."""
        if self.service not in (None, call.service) or self.operation not in (None, call.operation):
            return False
        if self.mutating not in (None, call.mutating):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


@dataclass(kw_only=True)
class Record:
    """A call that was received: what, when, and how it ended (HTTP status, or None if it got no reply)."""

    service: str
    operation: str
    mutating: bool
    start: float
    end: float | None = None
    status: int | None = None


class Faults:
    """The faults planned and the calls seen; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._records: list[Record] = []

    def plan(self, documents: Iterable[dict[str, Any]]) -> None:
        """Add faults, each given by the attributes of `Fault`."""
        faults = [Fault(**document) for document in documents]
        with self._lock:
            self._faults += faults

    def forget(self) -> None:
        """Drop all faults and all records."""
        with self._lock:
            self._faults = []
            self._records = []

    def calls(self) -> list[dict[str, Any]]:
        """All calls seen, in the order of their arrival."""
        with self._lock:
            return [asdict(record) for record in self._records]

    @contextmanager
    def around(self, call: AwsCall) -> Iterator[Outcome]:
        """Record a call and let the faults that strike it act before and after the body."""
        with self._lock:
            record = Record(
                service=call.service, operation=call.operation, mutating=call.mutating, start=time.time()
            )
            self._records.append(record)
            striking = [fault for fault in self._faults if fault.strikes(call)]
        outcome = Outcome()
        try:
            _before(striking, call, outcome)
            yield outcome
            _after(striking)
            record.status = outcome.reply.status_code if outcome.reply else None
        finally:
            record.end = time.time()


@dataclass
class Outcome:
    """Where the reply to a call is left, by a fault or by whoever performs the call."""

    reply: Response | None = None


def _before(faults: list[Fault], call: AwsCall, outcome: Outcome) -> None:
    for fault in faults:
        match fault.action:
            case "delay":
                time.sleep(fault.seconds)
            case "error":
                outcome.reply = error_reply(call, AwsError(fault.code, fault.message, fault.status))
            case "throttle":
                code, status = _THROTTLED.get(call.service, ("ThrottlingException", 400))
                outcome.reply = error_reply(call, AwsError(code, "Rate exceeded", status))
            case "drop_before":
                raise DroppedError
            case "kill_before":
                _kill(fault.pid)
                raise DroppedError
            case _:
                pass


def _after(faults: list[Fault]) -> None:
    for fault in faults:
        if fault.action == "kill_after":
            _kill(fault.pid)
        if fault.action in {"kill_after", "drop_after"}:
            raise DroppedError


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
