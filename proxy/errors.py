"""Errors on their way to and from the wire.

    OperationError                (engine)
    ├── BackendLostError          the connection to the backing PostgreSQL has gone
    ├── RefusedError              a call where it cannot be performed
    ├── DatabaseError
    │   └── StatementError        Postgres refused the client's statement, before the call was performed
    └── UpstreamUnreachableError  (proxy/transport/upstream.py)

https://www.postgresql.org/docs/current/protocol-error-fields.html
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from types import CodeType, FrameType

from engine.errors import DatabaseError, OperationError
from proxy.sql.intercept import Refusal

_IDENTIFIERS = {"s": "schema", "t": "table", "c": "column", "n": "constraint"}


@dataclass(eq=False)
class BackendLostError(OperationError):
    """The connection to the backing PostgreSQL has gone."""

    message: str = "the backing PostgreSQL closed the connection"
    sqlstate: str = "57P01"


@dataclass(eq=False)
class RefusedError(OperationError):
    """A call where it cannot be performed."""

    sqlstate: str = "0A000"

    @classmethod
    def because(cls, refusal: Refusal) -> RefusedError:
        return cls(refusal.message, hint=refusal.hint)


@dataclass(eq=False)
class StatementError(DatabaseError):
    """Postgres has refused the client's own statement; its position is one in that."""

    @classmethod
    def at(cls, error: DatabaseError, offset: int) -> StatementError:
        """What Postgres says of a statement that stands elsewhere in what it was given.

        Args:
            offset: what to add to a position, in characters.
        """
        fields = dict(error.fields)
        if "P" in fields:
            fields["P"] = str(int(fields["P"]) + offset)
        return cls(error.message, error.sqlstate, detail=error.detail, hint=error.hint, fields=fields)


def fields_of(error: OperationError, severity: str = "ERROR") -> dict[str, str]:
    """The fields of the ErrorResponse for an error."""
    if isinstance(error, StatementError):
        return error.fields
    if isinstance(error, DatabaseError) and error.fields:
        # The position is one in the engine's statement, not in the client's.
        return {kind: value for kind, value in error.fields.items() if kind != "P"}
    fields = {"S": severity, "V": severity, "C": error.sqlstate, "M": printable(error.message)}
    for kind, value in (("D", error.detail), ("H", error.hint)):
        if value:
            fields[kind] = printable(value, lines=True)
    for kind, attribute in _IDENTIFIERS.items():
        if getattr(error, attribute):
            fields[kind] = getattr(error, attribute)
    return fields | _source_of(error, sys._getframe(1))


def _source_of(error: OperationError, sayer: FrameType) -> dict[str, str]:
    """Where an error was raised, as Postgres says of its own; or who says it, if it was not raised."""
    if (traceback := error.__traceback__) is None:
        return _source(sayer.f_code, sayer.f_lineno)
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return _source(traceback.tb_frame.f_code, traceback.tb_lineno)


def _source(code: CodeType, line: int) -> dict[str, str]:
    return {"F": os.path.basename(code.co_filename), "L": str(line), "R": code.co_name}


#: What a terminal obeys, or what makes a text look like another: controls, and marks of direction.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: str, *, lines: bool = False) -> str:
    """A text in which names that others have given cannot pretend to be something else.

    Args:
        lines: whether it may have several lines.
    """

    def escaped(found: re.Match[str]) -> str:
        character = found[0]
        return character if lines and character == "\n" else character.encode("unicode_escape").decode()

    return _CONTROLS.sub(escaped, text)


def database_error(fields: dict[str, str]) -> DatabaseError:
    """The error that an ErrorResponse means."""
    return DatabaseError(
        fields.get("M", ""),
        fields.get("C", "XX000"),
        detail=fields.get("D"),
        hint=fields.get("H"),
        schema=fields.get("s"),
        table=fields.get("t"),
        column=fields.get("c"),
        constraint=fields.get("n"),
        fields=fields,
    )


def aborting_block(error: OperationError) -> str:
    """A statement that fails as the operation did, so that what is open in Postgres is aborted.

    The server's log then shows the operation's own error.
    """
    code = error.sqlstate if len(error.sqlstate) == 5 and error.sqlstate.isalnum() else "XX000"
    message = _quoted(error.message.replace("\0", ""), "message")
    body = f"BEGIN RAISE EXCEPTION USING MESSAGE = {message}, ERRCODE = '{code}'; END"
    return f"DO LANGUAGE plpgsql {_quoted(body, 'operation')}"


def _quoted(text: str, tag: str) -> str:
    while f"${tag}$" in text:
        tag += "_"
    return f"${tag}${text}${tag}$"
