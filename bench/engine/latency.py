"""How long AWS takes for each operation: as the simulated AWS has it, by botocore's names."""

from __future__ import annotations

from botocore import xform_name

from deploy.simulator import latency

_LATENCIES = {xform_name(name): seconds for name, seconds in latency.LATENCIES.items()}


def mutating(operation: str) -> bool:
    """Whether an operation changes something."""
    return not operation.startswith(("describe_", "list_", "get_"))


def seconds(operation: str) -> float:
    """How long an operation takes."""
    return _LATENCIES.get(operation, latency.CHANGE if mutating(operation) else latency.READ)
