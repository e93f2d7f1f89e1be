"""What is written down of a connection and of an operation: a line of the log, and a report to the observer.

Nothing that a client has sent is in them but the names in its StartupMessage.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from engine.errors import OperationError, Stopped
from engine.observer import CloudCall, StepEnd, observed_by
from proxy.errors import BackendLostError
from proxy.observer import ConnectionEnd, Observer, OperationEnd, Outcome
from proxy.wire.startup import StartupMessage

_log = structlog.get_logger("proxy")

#: The longest name of a client's own that is written down.
_LONGEST = 128

#: At which level the line of a connection is written; the others at `info`.
_LEVELS = {
    Outcome.NO_REQUEST: "debug",
    Outcome.REFUSED: "warning",
    Outcome.VIOLATION: "warning",
    Outcome.CRASHED: "error",
}


class Connection:
    """Who a client is, and how its connection ended: from its first byte to its last.

    Args:
        logged_in: whether the observer knows already that it has come, and has a session.

    Attributes:
        began: when, on the clock of time.monotonic().
        client: its address.
        startup: what it has asked for.
        tls: the version of TLS.
    """

    __slots__ = (
        "_ended",
        "_error",
        "_logged_in",
        "_observer",
        "_outcome",
        "began",
        "client",
        "startup",
        "tls",
    )

    def __init__(
        self, client: str, observer: Observer, *, began: float | None = None, logged_in: bool = False
    ) -> None:
        self._observer = observer
        self.began = time.monotonic() if began is None else began
        self._logged_in = logged_in
        self._ended = False
        self._outcome: Outcome | None = None
        self._error: OperationError | None = None
        self.client = client
        self.startup: StartupMessage | None = None
        self.tls: str | None = None
        if not logged_in:
            observer.connected()

    @property
    def log(self) -> Any:
        """The log, with who this is."""
        startup = self.startup
        if startup is None:
            return _log.bind(client=self.client)
        return _log.bind(client=self.client, user=_short(startup.user), database=_short(startup.database))

    def logged_in(self) -> None:
        """A session begins."""
        self._logged_in = True
        self._observer.logged_in(time.monotonic() - self.began)
        _log.debug("connected", client=self.client)

    def note(self, outcome: Outcome, error: OperationError | None = None) -> None:
        """Say why the connection ends; the first reason is the one that is written down."""
        if self._outcome is None:
            self._outcome, self._error = outcome, error

    def end(self, *, bytes_in: int = 0, bytes_out: int = 0, at: float | None = None) -> None:
        """Write it down; harmless when that was done.

        Args:
            at: when it ended, on the clock of time.monotonic(); None if that was just now.
        """
        if self._ended:
            return
        self._ended = True
        startup, error = self.startup, self._error
        end = ConnectionEnd(
            client=self.client,
            user=_short(startup.user) if startup else None,
            database=_short(startup.database) if startup else None,
            application_name=_short(startup.parameters.get("application_name", "")) if startup else None,
            tls=self.tls,
            logged_in=self._logged_in,
            outcome=self._outcome or Outcome.NO_REQUEST,
            sqlstate=error.sqlstate if error else None,
            seconds=round((time.monotonic() if at is None else at) - self.began, 3),
            bytes_in=bytes_in,
            bytes_out=bytes_out,
        )
        self._observer.disconnected(end)
        reason = {"error": error.message, "detail": error.detail} if error else {}
        _write(_LEVELS.get(end.outcome, "info"), "connection", _fields(end) | reason)


class Tally:
    """Counts what one operation does, and passes it on."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.calls = 0
        self.steps = 0

    def called(self, call: CloudCall) -> None:
        self.calls += 1
        self._observer.called(call)

    def stepped(self, step: StepEnd) -> None:
        self.steps += step.outcome != "skipped"
        self._observer.stepped(step)


@contextmanager
def operation(connection: Connection, observer: Observer, function: str) -> Iterator[None]:
    """Write down an operation, which is what is done within.

    Raises:
        OperationError: also for what is a fault of the engine's own.
    """
    tally = Tally(observer)
    began = time.monotonic()
    outcome, sqlstate = "stopped", None
    try:
        with observed_by(tally):
            yield
        outcome = "done"
    except OperationError as error:
        outcome = "stopped" if isinstance(error, Stopped | BackendLostError) else "failed"
        sqlstate = error.sqlstate
        raise
    except Exception as error:
        outcome, sqlstate = "crashed", "XX000"
        connection.log.exception("operation crashed", function=function)
        raise OperationError(
            f"internal error in {function}()",
            hint="The proxy's log has the details. Call it again: it continues from what is true now.",
        ) from error
    finally:
        end = OperationEnd(
            function=function,
            outcome=outcome,
            sqlstate=sqlstate,
            seconds=round(time.monotonic() - began, 3),
            steps=tally.steps,
            calls=tally.calls,
        )
        observer.performed(end)
        connection.log.info("operation", **_told(_fields(end)))


def _write(level: str, event: str, told: dict[str, Any]) -> None:
    getattr(_log, level)(event, **_told(told))


def _fields(end: ConnectionEnd | OperationEnd) -> dict[str, Any]:
    return {name: getattr(end, name) for name in end.__slots__}


def _told(said: dict[str, Any]) -> dict[str, Any]:
    """What is not there is left out."""
    return {
        name: str(value) if isinstance(value, Outcome) else value
        for name, value in said.items()
        if value not in (None, "")
    }


def _short(name: str) -> str:
    return name.encode("utf-8", "replace").decode()[:_LONGEST]


def address_of(peer: Any) -> str:
    """A socket's `peername` as text."""
    if not isinstance(peer, tuple):
        return "unix"
    host, port, *_ = peer
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
