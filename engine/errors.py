"""Errors that carry what PostgreSQL's ErrorResponse carries.

    OperationError              ends the statement that made the call, with its own SQLSTATE
    ├── DatabaseError           Postgres refused one of the engine's own statements
    ├── Stopped                 the operation was asked to stop (cancel, timeout, lost client)
    └── CloudError              AWS, or the way to it, refused (engine/aws/errors.py)

SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from modules.spec.names import bare, schema_of


def listed(lines: Sequence[str], most: int) -> str:
    """Lines of a detail; of many the first, and how many there are besides."""
    more = [f"… and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])


@dataclass(eq=False)
class OperationError(Exception):
    """What a failed operation says to the client.

    Attributes:
        message: the primary message, one line, no trailing full stop.
        sqlstate: five characters.
        detail, hint: further lines, or None.
        schema, table, column, constraint: the names of what is concerned, or None. A table given without a
            schema is given by the name that it goes by (`modules.spec.names`).
    """

    message: str
    sqlstate: str = "XX000"
    detail: str | None = None
    hint: str | None = None
    schema: str | None = None
    table: str | None = None
    column: str | None = None
    constraint: str | None = None

    def __post_init__(self) -> None:
        if self.table is not None and self.schema is None:
            self.schema, self.table = schema_of(self.table), bare(self.table)

    def __str__(self) -> str:
        return self.message


@dataclass(eq=False)
class DatabaseError(OperationError):
    """Postgres' own error, with every field as it sent it.

    Attributes:
        fields: the ErrorResponse's fields by their one-letter type, as received.
    """

    fields: dict[str, str] = field(default_factory=dict)

    def hinted(self, hint: str) -> DatabaseError:
        """The same error with another hint."""
        return replace(self, hint=hint, fields={**self.fields, "H": hint} if self.fields else {})


@dataclass(eq=False)
class Stopped(OperationError):
    """The operation reached a safe point after it was asked to stop."""

    sqlstate: str = "57014"
