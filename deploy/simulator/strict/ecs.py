"""ECS: what Fargate accepts, what a service needs, and what is gone after a delete."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.ecs.models import Service

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.elb import forward_targets
from deploy.simulator.strict.outcome import Existing, Outcome, Rule, backend

Document = dict[str, Any]

_GB = 1024
#: CPU units and the memory (MiB) that Fargate offers with them.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
FARGATE_SIZES: Mapping[int, frozenset[int]] = {
    256: frozenset({512, 1 * _GB, 2 * _GB}),
    512: frozenset(range(1 * _GB, 4 * _GB + 1, _GB)),
    1024: frozenset(range(2 * _GB, 8 * _GB + 1, _GB)),
    2048: frozenset(range(4 * _GB, 16 * _GB + 1, _GB)),
    4096: frozenset(range(8 * _GB, 30 * _GB + 1, _GB)),
    8192: frozenset(range(16 * _GB, 60 * _GB + 1, 4 * _GB)),
    16384: frozenset(range(32 * _GB, 120 * _GB + 1, 8 * _GB)),
}


_in_network = Service._validate_network


def _in_any_network(service: Service, given: Document) -> Document:
    """moto cannot do without subnets and groups. AWS takes a VPC's own group where none is named.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
    """
    network = {"subnets": [], "securityGroups": [], **(given.get("awsvpcConfiguration") or {})}
    made: Document = _in_network(service, {"awsvpcConfiguration": network})
    return made


setattr(Service, "_validate_network", _in_any_network)  # noqa: B010


def fargate_size_exists(call: AwsCall) -> Outcome:
    """A Fargate task definition names a pair of CPU and memory that is on offer, and awsvpc."""
    if "FARGATE" not in (call.parameters.get("requiresCompatibilities") or []):
        return None
    if call.text("networkMode") != "awsvpc":
        return AwsError("ClientException", "Fargate only supports network mode 'awsvpc'.")
    cpu, memory = call.text("cpu"), call.text("memory")
    if (
        not cpu.isdigit()
        or not memory.isdigit()
        or int(memory) not in FARGATE_SIZES.get(int(cpu), frozenset())
    ):
        return AwsError("ClientException", "No Fargate configuration exists for given values: "
                        f"{cpu or 'no'} CPU, {memory or 'no'} memory.")  # fmt: skip
    return None


def fargate_logs_need_a_role(call: AwsCall) -> Outcome:
    """Fargate sends logs, and fetches images from private repositories, as the execution role."""
    if "FARGATE" not in (call.parameters.get("requiresCompatibilities") or []):
        return None
    if call.text("executionRoleArn"):
        return None
    for container in call.parameters.get("containerDefinitions") or []:
        if (container.get("logConfiguration") or {}).get("logDriver") == "awslogs":
            return _needs_role("log driver awslogs")
        if ".dkr.ecr." in (container.get("image") or ""):
            return _needs_role("ECR images")
    return None


def _needs_role(what: str) -> AwsError:
    message = f"Fargate requires task definition to have execution role ARN to support {what}."
    return AwsError("ClientException", message)


def cluster_name_has_its_form(call: AwsCall) -> Outcome:
    """A name has letters, digits, hyphens and underscores."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,255}", call.text("clusterName") or "default"):
        return None
    return AwsError("InvalidParameterException", "Invalid identifier: Identifier is for a cluster.")


def cluster_is_found_again(call: AwsCall) -> Outcome:
    """Creating an active cluster again returns it."""
    name = call.text("clusterName") or "default"
    cluster = backend(call, "ecs").clusters.get(name)
    if cluster is None or cluster.status == "INACTIVE":
        return None
    return Existing(
        operation="DescribeClusters",
        parameters={"clusters": [name]},
        reshape=lambda body: json.dumps({"cluster": json.loads(body)["clusters"][0]}).encode(),
    )


def cluster_with_services_stays(call: AwsCall) -> Outcome:
    """A cluster goes only after its services."""
    name = call.text("cluster").split("/")[-1]
    if not any(service.cluster_name == name for service in _active_services(call)):
        return None
    message = "The Cluster cannot be deleted while Services are active."
    return AwsError("ClusterContainsServicesException", message)


def service_name_is_unique(call: AwsCall) -> Outcome:
    """A cluster has one active service of a name."""
    cluster = (call.text("cluster") or "default").split("/")[-1]
    taken = {(service.cluster_name, service.name) for service in _active_services(call)}
    if (cluster, call.text("serviceName")) not in taken:
        return None
    return AwsError("InvalidParameterException", "Creation of service was not idempotent.")


def service_has_its_network(call: AwsCall) -> Outcome:
    """A Fargate service names subnets and security groups that exist."""
    if call.text("launchType") != "FARGATE":
        return None
    configuration = call.parameters.get("networkConfiguration") or {}
    network = configuration.get("awsvpcConfiguration") or {}
    if not network.get("subnets"):
        message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        return AwsError("InvalidParameterException", message)
    ec2 = backend(call, "ec2")
    for group_id in network.get("securityGroups") or []:
        if ec2.get_security_group_from_id(group_id) is None:
            message = (
                f"Error retrieving security group information: the security group '{group_id}' does not exist"
            )
            return AwsError("InvalidParameterException", message)
    return None


def service_targets_are_served(call: AwsCall) -> Outcome:
    """A service's target group exists and a listener forwards to it."""
    elb = backend(call, "elbv2")
    served = {
        arn
        for balancer in elb.load_balancers.values()
        for listener in balancer.listeners.values()
        for arn in forward_targets(listener)
    }
    for entry in call.parameters.get("loadBalancers") or []:
        arn = entry.get("targetGroupArn")
        if arn and arn not in elb.target_groups:
            return AwsError("InvalidParameterException", f"The specified target group does not exist: {arn}")
        if arn and arn not in served:
            message = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            return AwsError("InvalidParameterException", message)
    return None


def without_inactive_services(call: AwsCall, document: Document) -> Document:
    """A deleted service is no longer listed."""
    active = {service.arn for service in _active_services(call)}
    return document | {"serviceArns": [arn for arn in document.get("serviceArns", []) if arn in active]}


def without_inactive_clusters(call: AwsCall, document: Document) -> Document:
    """A deleted cluster is no longer listed."""
    clusters = backend(call, "ecs").clusters.values()
    active = {cluster.arn for cluster in clusters if cluster.status != "INACTIVE"}
    return document | {"clusterArns": [arn for arn in document.get("clusterArns", []) if arn in active]}


def _active_services(call: AwsCall) -> list[Any]:
    return [service for service in backend(call, "ecs").services.values() if service.status != "INACTIVE"]


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ecs", "RegisterTaskDefinition"): (fargate_size_exists, fargate_logs_need_a_role),
    ("ecs", "CreateCluster"): (cluster_name_has_its_form, cluster_is_found_again),
    ("ecs", "DeleteCluster"): (cluster_with_services_stays,),
    ("ecs", "CreateService"): (
        service_name_is_unique,
        service_has_its_network,
        service_targets_are_served,
    ),
}

TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    ("ecs", "ListServices"): without_inactive_services,
    ("ecs", "ListClusters"): without_inactive_clusters,
}
