"""What a service runs on, and where the requests come from that it answers. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modules.spec import Qualified


def plain(name: str | None) -> str | None:
    """The name that ECS knows a service by, without that of its cluster."""
    return name and Qualified.plain(name)


def load_balancers(
    there: Sequence[Mapping[str, Any]] | None,
    target_group: str | None,
    container: str | None,
    port: int | None,
) -> list[dict[str, Any]]:
    """A service's load balancers with another first target group, or without one.

    The container that requests go to stays the one it is; a service without any gets the first with a port.

    Args:
        there: as AWS has them; None for a new service.
        target_group: its ARN.
        container, port: of the task definition's first container with a port.
    """
    first, *others = [dict(each) for each in there or ()] or [{}]
    if target_group is None:
        return others
    if not first:
        first = {"containerName": container, "containerPort": port}
    return [{**first, "targetGroupArn": target_group}, *others]


def launch_type(there: Mapping[str, Any] | None) -> str | None:
    """What a new service's tasks run on: Fargate, unless the service that it replaces says something else.

    Args:
        there: the replaced service's description.
    """
    if there is None:
        return "FARGATE"
    return None if there.get("capacityProviderStrategy") else there.get("launchType", "FARGATE")


def is_deployed_by_others(description: Mapping[str, Any]) -> bool:
    """Whether CodeDeploy, or a controller that is not AWS's, says what a service's tasks run.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
    """
    kind = (description.get("deploymentController") or {}).get("type", "ECS")
    return kind in ("CODE_DEPLOY", "EXTERNAL")
