"""Tells the client of rows that a plan leaves out because they cannot be used. An apply refuses them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.caller import Caller
from engine.errors import OperationError
from engine.plan.around import Around
from engine.plan.model import Key


def tell(
    caller: Caller,
    around: Around,
    unusable: Mapping[tuple[str, Key], OperationError],
    conflicting: Collection[tuple[str, Key]] = (),
) -> None:
    """Warn of what a plan leaves out.

    Args:
        unusable: what is wrong with each row.
        conflicting: rows that are left out since they are in conflict with AWS, of which the client is told
            apart.
    """
    for error in unusable.values():
        caller.notice(
            error.message,
            severity="WARNING",
            detail="The plan leaves the row out, and what refers to it; an apply is refused.",
            hint=error.hint,
        )
    for table, key in sorted(around.rows - unusable.keys() - set(conflicting), key=str):
        row = ", ".join(map(str, key))
        _too(caller, f"row {row} of {table}", "it needs a row that is left out, or is needed by one")
    for table, identity in sorted(around.resources):
        _too(caller, f"{table} {identity}", "a row that is left out needs it")


def _too(caller: Caller, what: str, why: str) -> None:
    caller.notice(f"{what} is left out of the plan too: {why}", severity="WARNING")
