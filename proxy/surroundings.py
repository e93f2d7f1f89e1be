"""What all sessions of a proxy share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.operations import Engine
from proxy.cancel import Keys
from proxy.upstream import Upstream

if TYPE_CHECKING:
    from proxy.greeting import Greeting
    from proxy.session import Session


@dataclass(frozen=True)
class Surroundings:
    """Where the server is, what performs calls, and who is connected.

    Attributes:
        keys: for CancelRequest.
        greetings: connections of which it is not known yet what they want.
    """

    upstream: Upstream
    engine: Engine
    keys: Keys = field(default_factory=Keys)
    sessions: set[Session] = field(default_factory=set)
    greetings: set[Greeting] = field(default_factory=set)
