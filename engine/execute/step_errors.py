"""Errors of steps, with what failed, where, and what to do."""

from __future__ import annotations

from engine.errors import OperationError
from modules.spec import Resource

#: What a step is called to users.
VERBS = {"make": "create", "change": "update", "remove": "delete"}


def explained(error: OperationError, resource: Resource, kind: str, description: str) -> OperationError:
    """An error of a step, with what failed, where, and what to do."""
    code = getattr(error, "code", "")
    verb = VERBS[kind]
    return OperationError(
        message=f"could not {verb} {resource.table} {description}: {error.message}",
        sqlstate=error.sqlstate,
        detail=error.detail,
        hint=resource.hints.get(code) or error.hint or _general_hint(error.sqlstate),
        table=resource.table,
    )


def _general_hint(state: str) -> str | None:
    return {
        "22023": "Correct the row and apply again.",
        "2BP01": "Something still needs it. Remove that first, then apply again.",
        "23505": "AWS has one of that name already; iasql_sync() shows it as a row.",
        "42501": "The credentials of the iasql server lack this permission.",
        "53000": "AWS is limiting the rate of calls. Apply again later; what was done is kept.",
        "53400": "A quota of the AWS account is used up.",
        "58000": "AWS had a fault of its own. Apply again; what was done is kept.",
    }.get(state)
