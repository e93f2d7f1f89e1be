"""What compiled code tells Python: it makes these values, and nothing else crosses over from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far one direction has come.

    Attributes:
        received: bytes that came.
        skip: bytes of the current message that are still to come, and to pass.
        held: the beginning of a message; the client's is not sent on yet, the server's is.
        unsent: bytes that are still to be sent on, before everything else; as they are on the wire.
    """

    received: int
    skip: int
    held: bytes
    unsent: bytes


@dataclass(frozen=True)
class State:
    """What has passed since a session lent its connections.

    Attributes:
        log: types of messages, in order, since everything had been answered; a client's has FROM_CLIENT.
        status: the last ReadyForQuery's transaction status.
        encoding: the last ParameterStatus of client_encoding, or nothing if none came.
    """

    log: bytes
    status: bytes
    encoding: bytes
    to_server: Progress
    to_client: Progress


@dataclass(frozen=True)
class Leased:
    """How compiled code knows a server's connection that may be used again (`proxy.entry.idle.Lease`).

    Attributes:
        key: the body of the server's own BackendKeyData.
        answers: what clients are told, from AuthenticationOk to ReadyForQuery.
        until: when it is too old for another client, on the clock of time.monotonic(); 0: it must have none.
    """

    key: bytes
    answers: bytes
    until: float


@dataclass(frozen=True)
class Visit:
    """A client that compiled code has accepted, and that Python is to go on with.

    Attributes:
        client, server: descriptors; -1 where there is no server's connection yet.
        peer: the client's address, as the system has it.
        began: when it came, on the clock of time.monotonic().
        logged_in: when it was let in; 0 if it was not.
        said: what it has said to begin with.
        asked: which kinds of encryption it has asked for, and was denied: 1 for SSL, 2 for GSSAPI.
        answer: what the server has said to that, as long as nobody has been let in.
        key: the body of the BackendKeyData that the client was told.
        lease: of a server's connection that may be used again; None if it may not.
    """

    client: int
    server: int
    peer: bytes
    began: float
    logged_in: float
    said: bytes
    asked: int
    answer: bytes
    key: bytes
    lease: Leased | None


@dataclass(frozen=True)
class Departure:
    """A client that has come and gone, of whom Python has heard nothing until now.

    Attributes:
        peer: the client's address, as the system has it.
        began, logged_in, ended: when it came, was let in (0 if it was not) and went, on the clock of
            time.monotonic().
        packet: its StartupMessage; nothing if it has sent none.
        from_client, from_server: how many bytes have come.
        outcome: how it has ended, as compiled code counts.
    """

    peer: bytes
    began: float
    logged_in: float
    ended: float
    packet: bytes
    from_client: int
    from_server: int
    outcome: int
