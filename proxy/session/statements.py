"""The client's prepared statements and portals in which there is a call."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.sql.intercept import CallSite
from proxy.wire.client import Parse


@dataclass(eq=False, frozen=True)
class Prepared:
    """A prepared statement with a call."""

    parse: Parse
    site: CallSite


@dataclass(eq=False)
class Portal:
    """A portal of such a statement.

    Attributes:
        name: its name, empty for the unnamed one.
        prepared: the statement that it was bound to.
        bind: body of the client's Bind.
        batch: number of the batch in which it was bound.
        performed: whether its call has been performed.
    """

    name: bytes
    prepared: Prepared
    bind: bytes
    batch: int
    performed: bool = False


class Statements:
    """What the client has prepared and bound, as far as there are calls in it."""

    __slots__ = ("_portals", "_prepared")

    def __init__(self) -> None:
        self._prepared: dict[bytes, Prepared] = {}
        self._portals: dict[bytes, Portal] = {}

    def __bool__(self) -> bool:
        return bool(self._prepared or self._portals)

    def prepare(self, prepared: Prepared) -> None:
        """A statement with a call was prepared."""
        self._prepared[prepared.parse.statement] = prepared

    def forget(self, statement: bytes) -> None:
        """A statement was closed, or replaced by one without a call."""
        self._prepared.pop(statement, None)

    def bind(self, portal: bytes, statement: bytes, body: bytes, batch: int) -> None:
        """A portal was bound."""
        prepared = self._prepared.get(statement)
        if prepared is None:
            self._portals.pop(portal, None)
        else:
            self._portals[portal] = Portal(portal, prepared, body, batch)

    def close(self, portal: bytes) -> None:
        """A portal was closed."""
        self._portals.pop(portal, None)

    def portal(self, name: bytes) -> Portal | None:
        """The portal of that name, if there is a call in it."""
        return self._portals.get(name)

    def is_current(self, prepared: Prepared) -> bool:
        """Whether the statement still has its name."""
        return self._prepared.get(prepared.parse.statement) is prepared
