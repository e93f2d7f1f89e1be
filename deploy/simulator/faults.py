"""Faults that a test asks for: late, refused, lost or outdated answers, and processes killed at a call.

A fault counts the calls that match it, from the moment it was set, and acts on the
`nth` and on as many after it as `times` says; of those on as many as `rate` says, by lot.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, Literal, get_args

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.clock import Clock
from deploy.simulator.outdated import Outdated
from deploy.simulator.replies import AwsError, error_reply
from deploy.simulator.throttling import refusal

Action = Literal[
    "delay",
    "error",
    "throttle",
    "drop_before",
    "drop_after",
    "hang_before",
    "hang_after",
    "kill_before",
    "kill_after",
    "stale",
]


class DroppedError(ConnectionResetError):
    """The connection is closed without a reply."""


@dataclass(kw_only=True)
class Fault:
    """One planned fault.

    Attributes:
        service, operation, region, mutating: which calls it concerns; None is all of them.
        agent: part of the user agent of the calls that it concerns.
        nth: the first matching call that it acts on, counted from 1.
        times: how many calls it acts on; 0 is all that follow.
        rate: on which part of those calls it acts.
        seed: decides on which.
        seconds: the delay of `delay`, before the call is performed, which ends when faults are dropped; how
            long a call hangs before its connection is closed; how old a change may be that `stale` does not
            show: a reading call is answered with what it was answered before that, if it was made before and
            after this was planned.
        pid: the process that `kill_before` and `kill_after` kill.
        signal: what they kill it with.
        code, message, status: what `error` answers.
    """

    action: Action
    service: str | None = None
    operation: str | None = None
    region: str | None = None
    mutating: bool | None = None
    agent: str = ""
    nth: int = 1
    times: int = 1
    rate: float = 1.0
    seed: int = 0
    seconds: float = 0.0
    pid: int = 0
    signal: int = signal.SIGKILL
    code: str = "InternalFailure"
    message: str = "Simulated failure"
    status: int = 500
    seen: int = field(default=0, init=False)
    dropped: threading.Event = field(default_factory=threading.Event, init=False)

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise ValueError(f"unknown action {self.action!r}, not one of {', '.join(get_args(Action))}")
        if self.action.startswith("kill") and self.pid <= 1:
            raise ValueError("a fault that kills needs the pid of a process")
        self._lots = Random(self.seed)

    def strikes(self, call: AwsCall) -> bool:
        """Count the call if it matches, and say whether this is one to act on."""
        if self.service not in (None, call.service) or self.operation not in (None, call.operation):
            return False
        if self.mutating not in (None, call.mutating) or self.region not in (None, call.region):
            return False
        if self.agent not in call.agent:
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times != 0 and self.seen >= self.nth + self.times):
            return False
        return self.rate >= 1 or self._lots.random() < self.rate


@dataclass(kw_only=True)
class Record:
    """A call that was received: what, when, and how it ended.

    Attributes:
        account, region: where it went.
        agent: the user agent that it came from.
        status: HTTP status, or None if it got no reply.
        fault: the action of the first fault that struck it.
    """

    service: str
    operation: str
    mutating: bool
    account: str
    region: str
    agent: str
    start: float
    end: float | None = None
    status: int | None = None
    fault: str | None = None


class Faults:
    """The faults planned and the calls seen; safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._lock = threading.Lock()
        self._outdated = Outdated(clock)
        self._faults: list[Fault] = []
        self._records: list[Record] = []

    def plan(self, documents: Iterable[dict[str, Any]]) -> None:
        """Add faults, each given by the attributes of `Fault`."""
        faults = [Fault(**document) for document in documents]
        with self._lock:
            self._faults += faults

    def cancel(self) -> None:
        """Drop all faults."""
        with self._lock:
            self._drop()

    def forget(self) -> None:
        """Drop all faults and all records."""
        with self._lock:
            self._records = []
            self._drop()

    def _drop(self) -> None:
        for each in self._faults:
            each.dropped.set()
        self._faults = []
        self._outdated.forget()

    def calls(self) -> list[dict[str, Any]]:
        """All calls seen, in the order of their arrival."""
        with self._lock:
            return [asdict(record) for record in self._records]

    @contextmanager
    def around(self, call: AwsCall) -> Iterator[Outcome]:
        """Record a call and let the faults that strike it act before and after the body."""
        with self._lock:
            record = Record(
                service=call.service,
                operation=call.operation,
                mutating=call.mutating,
                account=call.account,
                region=call.region,
                agent=call.agent,
                start=time.time(),
            )
            self._records.append(record)
            striking = [fault for fault in self._faults if fault.strikes(call)]
            outcome = Outcome()
            for fault in [each for each in striking if each.action == "stale"]:
                outcome.reply = self._outdated.answer(call, fault.seconds)
                if outcome.reply is None:
                    striking.remove(fault)  # there is nothing older to say
            record.fault = striking[0].action if striking else None
            began = self._outdated.began()
        try:
            _before(striking, call, outcome)
            yield outcome
            self._note(call, outcome, began, striking)
            _after(striking)
            record.status = outcome.reply.status_code if outcome.reply else None
        finally:
            record.end = time.time()

    def _note(self, call: AwsCall, outcome: Outcome, began: float, striking: list[Fault]) -> None:
        """Keep what a call was answered, or that it has changed something, while there are stale answers."""
        with self._lock:
            if any(each.action == "stale" for each in self._faults):
                if call.mutating:
                    self._outdated.change(call)
                elif outcome.reply is not None and not striking:
                    self._outdated.remember(call, outcome.reply, began)


@dataclass
class Outcome:
    """Where the reply to a call is left, by a fault or by whoever performs the call."""

    reply: Response | None = None


def _before(faults: list[Fault], call: AwsCall, outcome: Outcome) -> None:
    for fault in faults:
        match fault.action:
            case "delay":
                fault.dropped.wait(fault.seconds)
            case "error":
                outcome.reply = error_reply(call, AwsError(fault.code, fault.message, fault.status))
            case "throttle":
                outcome.reply = error_reply(call, refusal(call))
            case "drop_before":
                raise DroppedError
            case "hang_before":
                time.sleep(fault.seconds)
                raise DroppedError
            case "kill_before":
                _kill(fault)
                raise DroppedError
            case _:
                pass


def _after(faults: list[Fault]) -> None:
    for fault in faults:
        if fault.action == "kill_after":
            _kill(fault)
        if fault.action == "hang_after":
            time.sleep(fault.seconds)
        if fault.action in {"kill_after", "drop_after", "hang_after"}:
            raise DroppedError


def _kill(fault: Fault) -> None:
    try:
        os.kill(fault.pid, fault.signal)
    except ProcessLookupError:
        return
