"""Errors of steps, with what failed, where, and what to do."""

from __future__ import annotations

from engine.errors import OperationError
from engine.plan.model import Step
from modules.spec import Resource


def explained(error: OperationError, resource: Resource, step: Step) -> OperationError:
    """An error of a step, with what failed, where, and what to do."""
    code = getattr(error, "code", "")
    return OperationError(
        message=f"could not {step}: {error.message}",
        sqlstate=error.sqlstate,
        detail=error.detail,
        hint=resource.hints.get(code) or error.hint or _general_hint(error.sqlstate),
        table=resource.table,
    )


def line(error: OperationError) -> str:
    """An error of a step within that of another: what failed, what AWS said, and what to do."""
    said = f" ({error.detail})" if error.detail else ""
    return f"Also: {error.message}{said}" + (f". Hint: {error.hint}" if error.hint else "")


def _general_hint(state: str) -> str | None:
    return {
        "22023": "Correct the row and apply again.",
        "2BP01": "Something still needs it. Remove that first, then apply again.",
        "23505": "AWS has one of that name already; iasql_sync() shows it as a row.",
        "42501": "The credentials of the iasql server lack this permission. Grant it, then apply again.",
        "53000": "AWS is limiting the rate of calls. Apply again later; what was done is kept.",
        "53400": "A quota of the AWS account is used up. Have AWS raise it, or remove something; then "
        "apply again.",
        "58000": "AWS had a fault of its own. Apply again; what was done is kept.",
    }.get(state)
