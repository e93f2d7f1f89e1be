"""What AWS does not do at once: new things that are not seen or ready yet, old ones that are not gone yet.

Each takes the seconds that `Conditions` gives it, by the simulator's clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Response

from deploy.simulator import markup
from deploy.simulator.call import AwsCall
from deploy.simulator.clock import Clock
from deploy.simulator.conditions import Conditions
from deploy.simulator.replies import AwsError
from deploy.simulator.strict import (
    dynamo,
    endpoints,
    events,
    functions,
    instances,
    network_acls,
    networks,
    permissions,
)
from deploy.simulator.strict.outcome import backend

_ELB = "elasticloadbalancing"
_NOT_YET_VALID = AwsError("ClientException", "Role is not valid")
_STILL_DRAINING = AwsError("InvalidParameterException", "Unable to Start a service that is still Draining.")
#: The state in which instances are on their way after a call.
_TURNING = {
    "RunInstances": "pending",
    "StartInstances": "pending",
    "StopInstances": "stopping",
    "TerminateInstances": "shutting-down",
}
_IN_USE = AwsError(
    "ResourceInUseException",
    "The operation cannot be performed at this time. The event source mapping is being created.",
    400,
)
_NOT_ASSUMED = AwsError(
    "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
)
_STILL_TASKS = AwsError(
    "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
)


class Lifecycle:
    """When things were made or deleted, and what follows from that; not safe for threads."""

    def __init__(self, clock: Clock, conditions: Conditions) -> None:
        self._clock = clock
        self.conditions = conditions
        self._made: dict[tuple[str, str], float] = {}
        self._left: dict[tuple[str, str], float] = {}
        self._turning: dict[str, tuple[str, float]] = {}

    def judge(self, call: AwsCall) -> AwsError | None:
        """What stands against a call because something is too new or not gone yet."""
        if call.service == "ec2" and call.mutating:
            networks.let_go_of_gateways(call, self._is_gone)
        match call.service, call.operation:
            case "ecs", "RegisterTaskDefinition":
                arns = (call.text("taskRoleArn"), call.text("executionRoleArn"))
                return _NOT_YET_VALID if any(self._unseen(call, arn) for arn in arns if arn) else None
            case "ecs", "CreateService":
                return _STILL_DRAINING if self._draining(_service(call)) else None
            case "ecs", "DeleteCluster":
                return _STILL_TASKS if self._cluster_drains(call) else None
            case ("elasticloadbalancing", "CreateLoadBalancer" | "SetSecurityGroups"):
                return self._unseen_group(call.members("SecurityGroups.member"))
            case "elasticloadbalancing", "DeleteLoadBalancer":
                self._leave_interfaces(_networks_of_balancer(call))
            case "ecs", "DeleteService":
                self._leave_interfaces(_networks_of_service(call))
            case "ec2", "DeleteVpcEndpoints":
                self._leave_interfaces(endpoints.networks(call))
            case "ec2", "StartInstances" | "StopInstances" | "ModifyInstanceAttribute":
                return self._turns(call)
            case "ec2", "TerminateInstances":
                for name in instances.networks(call):
                    self._left["instance", name] = self._clock.now()
            case "lambda", "CreateFunction":
                return _NOT_ASSUMED if self._unseen(call, call.text("Role")) else None
            case "lambda", "AddPermission" if ":role/" in call.text("Principal"):
                return permissions.not_a_principal() if self._unseen(call, call.text("Principal")) else None
            case "dynamodb", "CreateTable" | "UpdateTable" | "DeleteTable" | "UpdateTimeToLive":
                return self._table_changes(call)
            case "events", "PutRule" | "PutTargets":
                roles = [arn for arn in events.asked_roles(call) if self._unseen(call, arn)]
                return events.not_assumed(roles[0]) if roles else None
            case "lambda", "UpdateFunctionConfiguration" | "UpdateFunctionCode":
                return self._changes(call)
            case "lambda", "UpdateEventSourceMapping" | "DeleteEventSourceMapping":
                new = self._younger(self._made.get(("mapping", call.text("UUID"))), self.conditions.pending)
                return _IN_USE if new else None
            case "lambda", "DeleteFunction":
                self._leave_interfaces(functions.networks(call))
            case "ec2", "DeleteSecurityGroup":
                return self._interfaces_of(call.text("GroupId"))
            case "ec2", "DeleteSubnet":
                return self._interfaces_of(call.text("SubnetId"))
        return None

    def note(self, call: AwsCall, reply: Response) -> None:
        """Remember what a call that was performed has made or deleted."""
        if reply.status_code not in (200, 201, 202):
            return
        match call.service, call.operation:
            case "iam", "CreateRole":
                self._begin("role", [call.text("RoleName")])
            case "iam", "DeleteRole":
                self._made.pop(("role", call.text("RoleName")), None)
            case "ec2", "CreateSecurityGroup":
                self._begin("group", markup.texts(markup.parse(reply), "groupId"))
            case "elasticloadbalancing", "CreateLoadBalancer":
                self._begin("balancer", markup.texts(markup.parse(reply), "LoadBalancerArn"))
            case "elasticloadbalancing", "DeleteLoadBalancer":
                self._made.pop(("balancer", call.text("LoadBalancerArn")), None)
            case "ec2", "CreateNatGateway":
                names = list(markup.texts(markup.parse(reply), "natGatewayId"))
                networks.fail_without_way_out(call, names)
                self._begin("gateway", names)
            case "ec2", "CreateVpcEndpoint":
                self._begin("endpoint", markup.texts(markup.parse(reply), "vpcEndpointId"))
            case "ec2", "DeleteVpcEndpoints":
                for name in call.members("VpcEndpointId"):
                    self._left["endpoint", name] = self._clock.now()
            case "ec2", "DeleteNatGateway":
                self._left["gateway", call.text("NatGatewayId")] = self._clock.now()
            case "ec2", "DeleteSubnet":
                networks.disassociate(call)
                network_acls.forget(call)
            case "ec2", "RunInstances" | "StartInstances" | "StopInstances" | "TerminateInstances":
                for name in markup.texts(markup.parse(reply), "instanceId"):
                    self._turning[name] = _TURNING[call.operation], self._clock.now()
            case "ecs", "DeleteService":
                self._left["service", _service(call)] = self._clock.now()
            case "dynamodb", "CreateTable" | "UpdateTable" | "DeleteTable":
                self._turning[dynamo.name(call)] = dynamo.STATES[call.operation], self._clock.now()
            case "lambda", "CreateFunction":
                self._made["function", functions.arn(call)] = self._clock.now()
            case "lambda", "CreateEventSourceMapping":
                self._begin("mapping", [json.loads(reply.get_data())["UUID"]])
            case "lambda", "UpdateFunctionConfiguration" | "UpdateFunctionCode":
                self._turning[functions.arn(call)] = "InProgress", self._clock.now()

    def show(self, call: AwsCall, reply: Response) -> Response:
        """An answer with the states that things are still in."""
        if reply.status_code != 200:
            return reply
        match call.service, call.operation:
            case "elasticloadbalancing", "CreateLoadBalancer" | "DescribeLoadBalancers":
                self._show_balancers(reply)
            case "ec2", "CreateNatGateway" | "DescribeNatGateways":
                self._show_made(reply, "gateway", "natGatewayId", "natGateway")
            case "ec2", "CreateVpcEndpoint" | "DescribeVpcEndpoints":
                self._show_made(reply, "endpoint", "vpcEndpointId", "vpcEndpoint")
            case "ec2", "RunInstances" | "DescribeInstances":
                self._show_instances(reply)
            case "ecs", "DescribeServices" | "DeleteService":
                self._show_services(reply)
            case "dynamodb", "DescribeTable" | "CreateTable" | "UpdateTable":
                self._show_table(call, reply)
            case "lambda", "GetFunction" | "GetFunctionConfiguration":
                self._show_function(call, reply)
            case "lambda", "ListEventSourceMappings" | "GetEventSourceMapping":
                self._show_mappings(reply)
        return reply

    def _is_gone(self, gateway: str) -> bool:
        """Whether a NAT gateway that was deleted has let go of its address and its interface."""
        return not self._younger(self._left.get(("gateway", gateway)), self.conditions.pending)

    def _begin(self, kind: str, names: Iterable[str]) -> None:
        for name in names:
            self._made.setdefault((kind, name), self._clock.now())

    def _younger(self, since: float | None, seconds: float) -> bool:
        return since is not None and self._clock.now() - since < seconds

    def _unseen(self, call: AwsCall, arn: str) -> bool:
        """Whether ECS does not know a role: it is too new, or there is none."""
        name = arn.rpartition("/")[2]
        if self._younger(self._made.get(("role", name)), self.conditions.unseen):
            return True
        roles = backend(call, "iam", everywhere=True).roles.values()
        return all(role.name != name for role in roles)

    def _unseen_group(self, groups: Iterable[str]) -> AwsError | None:
        for group in groups:
            if self._younger(self._made.get(("group", group)), self.conditions.unseen):
                return AwsError("InvalidSecurityGroup", f"Security group '{group}' does not exist")
        return None

    def _draining(self, service: str) -> bool:
        return self._younger(self._left.get(("service", service)), self.conditions.draining)

    def _cluster_drains(self, call: AwsCall) -> bool:
        cluster = call.text("cluster").rpartition("/")[2] + "/"
        services = [name for kind, name in self._left if kind == "service"]
        return any(name.startswith(cluster) and self._draining(name) for name in services)

    def _leave_interfaces(self, networks: Iterable[str]) -> None:
        for name in networks:
            self._left["network", name] = self._clock.now()

    def _interfaces_of(self, name: str) -> AwsError | None:
        lingering = self._younger(self._left.get(("network", name)), self.conditions.lingering)
        if lingering or self._younger(self._left.get(("instance", name)), self.conditions.pending):
            return AwsError("DependencyViolation", f"resource {name} has a dependent object")
        return None

    def _show_balancers(self, reply: Response) -> None:
        root = markup.parse(reply)
        for member in root.iter("member"):
            arn, state = member.findtext("LoadBalancerArn"), member.find("State/Code")
            if arn and state is not None:
                new = self._younger(self._made.get(("balancer", arn)), self.conditions.provisioning)
                state.text = "provisioning" if new else "active"
        markup.put(reply, root)

    def _show_made(self, reply: Response, kind: str, id: str, alone: str) -> None:
        """
        Args:
            id, alone: the elements with the name of one, and around the only one.
        """
        root = markup.parse(reply)
        for each in [*root.iter("item"), *root.iter(alone)]:
            name, state = each.findtext(id), each.find("state")
            if name and state is not None:
                if self._younger(self._left.get((kind, name)), self.conditions.pending):
                    state.text = "deleting"
                elif self._younger(self._made.get((kind, name)), self.conditions.pending):
                    state.text = "pending"
        markup.put(reply, root)

    def _turning_to(self, instance: str) -> str | None:
        """The state in which an instance is on its way, if it has not arrived."""
        state, since = self._turning.get(instance, ("", None))
        return state if self._younger(since, self.conditions.pending) else None

    def _turns(self, call: AwsCall) -> AwsError | None:
        """Why an instance that is being started or stopped is not changed."""
        turning = [name for name in instances.names(call) if self._turning_to(name)]
        return instances.incorrect_state(turning[0]) if turning else None

    def _show_instances(self, reply: Response) -> None:
        root = markup.parse(reply)
        for instance in root.iter("item"):
            name, state = instance.findtext("instanceId"), instance.find("instanceState/name")
            turning = self._turning_to(name) if name else None
            if state is not None and turning:
                state.text = turning
        markup.put(reply, root)

    def _changes(self, call: AwsCall) -> AwsError | None:
        """Why a function is not changed."""
        arn, role = functions.arn(call), call.text("Role")
        new = self._younger(self._made.get(("function", arn)), self.conditions.pending)
        if new or self._turning_to(arn):
            what = "The operation cannot be performed at this time. An update is in progress for resource: "
            return AwsError("ResourceConflictException", what + arn, 409)
        if role and self._unseen(call, role):
            return _NOT_ASSUMED
        if call.operation == "UpdateFunctionConfiguration" and "VpcConfig" in call.parameters:
            self._leave_interfaces(functions.networks(call))
        return None

    def _show_function(self, call: AwsCall, reply: Response) -> None:
        document = json.loads(reply.get_data())
        told, arn = document.get("Configuration", document), functions.arn(call)
        if self._younger(self._made.get(("function", arn)), self.conditions.pending):
            told["State"] = "Pending"
        elif self._turning_to(arn):
            told["LastUpdateStatus"] = "InProgress"
        reply.set_data(json.dumps(document))

    def _table_changes(self, call: AwsCall) -> AwsError | None:
        """Why a table is neither changed nor deleted, or none of its name made."""
        state = self._turning_to(dynamo.name(call))
        if state is None:
            return None
        what = f"Attempt to change a resource which is still in use: Table is being {dynamo.WORDS[state]}: "
        return AwsError("ResourceInUseException", what + call.text("TableName"))

    def _show_table(self, call: AwsCall, reply: Response) -> None:
        state = self._turning_to(dynamo.name(call))
        if state is None:
            return
        document = json.loads(reply.get_data())
        told = document.get("Table") or document["TableDescription"]
        told["TableStatus"] = state
        for each in told.get("GlobalSecondaryIndexes", ()) if state == "UPDATING" else ():
            each["IndexStatus"] = state
        reply.set_data(json.dumps(document))

    def _show_mappings(self, reply: Response) -> None:
        document = json.loads(reply.get_data())
        for each in document.get("EventSourceMappings", [document]):
            if self._younger(self._made.get(("mapping", each["UUID"])), self.conditions.pending):
                each["State"] = "Creating"
        reply.set_data(json.dumps(document))

    def _show_services(self, reply: Response) -> None:
        document = json.loads(reply.get_data())
        for service in [*document.get("services", []), *filter(None, [document.get("service")])]:
            name = "/".join(service["serviceArn"].split("/")[-2:])
            if service["status"] != "ACTIVE" and self._draining(name):
                service["status"] = "DRAINING"
        reply.set_data(json.dumps(document))


def _service(call: AwsCall) -> str:
    """Cluster and name of a service."""
    cluster = (call.text("cluster") or "default").rpartition("/")[2]
    name = call.text("serviceName") or call.text("service")
    return f"{cluster}/{name.rpartition('/')[2]}"


def _networks_of_balancer(call: AwsCall) -> list[str]:
    """Security groups and subnets of the load balancer that a call deletes."""
    balancer = backend(call, "elbv2").load_balancers.get(call.text("LoadBalancerArn"))
    if balancer is None:
        return []
    return [*(balancer.security_groups or []), *(subnet.id for subnet in balancer.subnets)]


def _networks_of_service(call: AwsCall) -> list[str]:
    """Those of the service that a call deletes."""
    wanted = _service(call)
    found: list[str] = []
    for service in backend(call, "ecs").services.values():
        if f"{service.cluster_name}/{service.name}" == wanted and service.status != "INACTIVE":
            network: dict[str, Any] = (service.network_configuration or {}).get("awsvpcConfiguration") or {}
            found += [*(network.get("securityGroups") or []), *(network.get("subnets") or [])]
    return found
