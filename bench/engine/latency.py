"""How long AWS takes for each operation: round figures of the order of its own."""

from __future__ import annotations

READ = 0.15
CHANGE = 0.35

#: Where an operation takes longer or shorter than others of its kind, in seconds.
LATENCIES = {
    "get_caller_identity": 0.1,
    "list_roles": 0.25,
    "describe_load_balancers": 0.25,
    "create_load_balancer": 1.2,
    "create_listener": 0.4,
    "create_service": 0.8,
    "register_task_definition": 0.4,
}


def mutating(operation: str) -> bool:
    """Whether an operation changes something."""
    return not operation.startswith(("describe_", "list_", "get_"))


def seconds(operation: str) -> float:
    """How long an operation takes."""
    return LATENCIES.get(operation, CHANGE if mutating(operation) else READ)
