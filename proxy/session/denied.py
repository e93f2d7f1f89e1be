"""Says which GRANT is missing where Postgres itself says that permission is denied. Pure.

Postgres checks the client's statement before the engine sees it, and gives no hint.
"""

from __future__ import annotations

import re

from engine.database.functions import OPERATIONS
from engine.database.sql import identifier
from engine.errors import DatabaseError

_DENIED = re.compile(r"permission denied for (?P<kind>table|view|sequence|schema|function) (?P<name>.+)")
_INSERT = re.compile(r'\s*insert\s+into\s+(?:"?\w+"?\s*\.\s*)?"?(?P<name>\w+)', re.IGNORECASE)
_DENIED_STATE = "42501"


def hinted(error: DatabaseError, role: str, statement: str = "") -> DatabaseError:
    """An error with the GRANT as its hint, if it is that a permission is denied and has none.

    Args:
        role: the session's current role.
        statement: the client's, if it is its statement that is refused.
    """
    if error.sqlstate != _DENIED_STATE or error.hint is not None:
        return error
    found = _DENIED.fullmatch(error.message)  # servers that speak another language get no hint
    grant = _grant(found["kind"], found["name"], statement) if found else None
    return error.hinted(f"Its owner can grant it: GRANT {grant} TO {identifier(role)};") if grant else error


def _grant(kind: str, name: str, statement: str) -> str | None:
    if kind == "function":
        signatures = [each.signature for each in OPERATIONS if each.name == name]
        return f"EXECUTE ON FUNCTION {', '.join(signatures)}" if signatures else None
    if kind in ("sequence", "schema"):
        return f"USAGE ON {kind.upper()} {identifier(name)}"
    inserted = _INSERT.match(statement)
    privilege = "INSERT" if inserted and inserted["name"].lower() == name.lower() else "SELECT"
    return f"{privilege} ON {identifier(name)}"
