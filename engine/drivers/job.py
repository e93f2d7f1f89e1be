"""What one step of a plan has to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.plan.model import Change, Desired, Found
from engine.trail import Trail
from modules.spec import Resource


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one step has to do, with nothing pending.

    Attributes:
        number: of the step.
        desired: what its row asks for; for a removal, which has no row, what the resource is.
        token: the journal's name for what the step makes, the same when the step is tried again.
        changed: the columns and parts that are changed in place.
        answers: what the calls of that have answered so far, by operation.
        trail: what has become of its calls so far.
    """

    number: int
    resource: Resource
    change: Change
    desired: Desired
    token: str
    changed: frozenset[str] | None = None
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)

    @property
    def found(self) -> Found:
        """The resource as it was when the plan was made."""
        assert self.change.found is not None
        return self.change.found

    def named(self, found: Found) -> Job:
        """The same for a resource that AWS has named meanwhile."""
        name = self.resource.identity
        if name is None:
            return self
        values = {**self.desired.values, name: found.values[name]}
        return replace(self, desired=Desired(self.desired.row, values, self.desired.parts))
