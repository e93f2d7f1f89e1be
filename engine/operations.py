"""What a user can ask of the engine: the table of contents of an operation."""

from __future__ import annotations

from dataclasses import dataclass

from engine.caller import Caller


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of an engine function, found in a statement.

    Attributes:
        function: unqualified name of the function, such as `iasql_apply`.
        arguments: its arguments, evaluated by Postgres.
    """

    function: str
    arguments: tuple[str | None, ...] = ()


#: Functions that the proxy hands to the engine. All others are ordinary SQL functions.
FUNCTIONS: frozenset[str] = frozenset(
    {
        "iasql_install",
        "iasql_uninstall",
        "iasql_apply",
        "iasql_plan_apply",
        "iasql_preview_apply",
        "iasql_sync",
        "iasql_plan_sync",
        "iasql_preview_sync",
        "iasql_upgrade",
    }
)


class Engine:
    """Performs calls for any number of sessions at once."""

    async def prepare_database(self, database: str) -> None:
        """Make sure that the functions of this version exist in a database.

        Uses a connection of the engine's own. Cheap when nothing is missing.

        Raises:
            OperationError: they could not be created.
        """
        raise NotImplementedError

    async def perform(self, call: Call, caller: Caller) -> None:
        """Perform one call and leave its rows where the function in the statement finds them.

        Raises:
            OperationError: the statement is to fail with this.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Release AWS clients and connections."""
