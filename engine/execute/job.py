"""What one step of a plan has to do."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from engine.aws.calls import Trail
from engine.plan.model import Change, Desired, Found
from modules.spec import Resource


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one step has to do.

    Attributes:
        number: of the step.
        desired: the row with nothing pending; None for a removal.
        token: the journal's name for what the step makes, the same when the step is tried again.
        trail: what has become of its calls so far.
    """

    resource: Resource
    change: Change
    number: int = -1
    desired: Desired | None = None
    token: str = ""
    trail: Trail = field(default_factory=Trail)

    @property
    def row(self) -> Desired:
        assert self.desired is not None
        return self.desired

    @property
    def found(self) -> Found:
        assert self.change.found is not None
        return self.change.found

    @property
    def client_token(self) -> str:
        """What AWS knows a repetition by: other values are no repetition. At most 32 characters.

        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_Idempotency.html
        """
        text = json.dumps([self.token, self.row.values, self.row.parts], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]
