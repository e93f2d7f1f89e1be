"""What became of the calls of one step."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Trail:
    """What became of the calls of one step.

    Attributes:
        attempts: how often the call was sent that was sent most often.
        requests: AWS's ids of the requests that it answered.
    """

    attempts: int = 0
    requests: list[str] = field(default_factory=list)
