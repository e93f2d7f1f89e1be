"""What can go wrong with a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: How long the client waits for an answer that does not come; in earnest it is a minute.
PATIENCE = 3.0


@dataclass(frozen=True)
class Trouble:
    """One kind of fault.

    Attributes:
        fault: as `deploy.simulator.faults.Fault` wants it.
    """

    name: str
    fault: Mapping[str, Any]


TROUBLES = (
    Trouble("late by 0.5 s", {"action": "delay", "seconds": 0.5}),
    Trouble("throttled", {"action": "throttle"}),
    Trouble("refused, 500", {"action": "error", "status": 500}),
    Trouble("refused, 503", {"action": "error", "status": 503, "code": "ServiceUnavailable"}),
    Trouble("connection lost before the call", {"action": "drop_before"}),
    Trouble("connection lost after the call", {"action": "drop_after"}),
    Trouble("no answer, not performed", {"action": "hang_before", "seconds": PATIENCE + 0.5}),
    Trouble("no answer, performed", {"action": "hang_after", "seconds": PATIENCE + 0.5}),
    Trouble(
        "still in use",
        {"action": "error", "mutating": True, "service": "ec2", "status": 400, "code": "DependencyViolation"},
    ),
)
RATES = (0.01, 0.05, 0.2)
