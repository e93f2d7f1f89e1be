"""Mistakes in declarations are found, each by a sentence that says what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.check.check import faults, module_faults
from engine.check.fault import Fault
from modules.aws_acm.certificate import CERTIFICATE
from modules.aws_autoscaling.scalable_target import SCALABLE_TARGET
from modules.aws_cloudfront.distribution import DISTRIBUTION
from modules.aws_cloudwatch.log_group import LOG_GROUP
from modules.aws_dynamo.dynamo_table import DYNAMO_TABLE
from modules.aws_ec2.launch_template import LAUNCH_TEMPLATE
from modules.aws_ecs_fargate.service import SERVICE
from modules.aws_ecs_fargate.task_definition import TASK_DEFINITION
from modules.aws_elb.listener import LISTENER
from modules.aws_elb.load_balancer import LOAD_BALANCER
from modules.aws_elb.target_group import TARGET_GROUP
from modules.aws_iam.iam_policy import IAM_POLICY
from modules.aws_iam.role import ROLE
from modules.aws_lambda.lambda_permission import LAMBDA_PERMISSION
from modules.aws_regions.aws_regions import AWS_REGIONS
from modules.aws_route53.resource_record_set import RESOURCE_RECORD_SET
from modules.aws_s3.bucket import BUCKET
from modules.aws_security_group.security_group import SECURITY_GROUP
from modules.aws_security_group.security_group_rule import SECURITY_GROUP_RULE
from modules.aws_sqs.queue import QUEUE
from modules.aws_vpc.endpoint_gateway import ENDPOINT_GATEWAY
from modules.aws_vpc.endpoints import DELETE, GONE
from modules.aws_vpc.subnet import SUBNET
from modules.aws_vpc.vpc import VPC
from modules.catalogue import Catalogue, find_modules
from modules.spec import (
    SET,
    Answered,
    Batch,
    Call,
    Carry,
    Choice,
    Clear,
    Const,
    Derived,
    Each,
    Edited,
    EnumType,
    Kept,
    Old,
    Only,
    Reference,
    Resource,
    Source,
    Update,
    Waiter,
)

CATALOGUE = find_modules()


def create(resource: Resource, params: dict[str, Source] | None = None, **more: str) -> Resource:
    """The resource, its create call changed; a parameter of None is left out."""
    first: Call = resource.create[0]
    sent = {name: each for name, each in {**first.params, **(params or {})}.items() if each is not None}
    return replace(resource, create=(replace(first, params=sent, **more), *resource.create[1:]))  # type: ignore[arg-type]


def column(resource: Resource, name: str, **change: object) -> Resource:
    """The resource, one of its columns changed."""
    changed = [replace(each, **change) if each.name == name else each for each in resource.columns]  # type: ignore[arg-type]
    return replace(resource, columns=tuple(changed))


def _less(kept: Kept, name: str) -> Kept:
    """The call without a parameter."""
    return replace(kept, params={path: each for path, each in kept.params.items() if path != name})


#: A parameter, and what no answer has.
_NO_ANSWER: dict[str, Source] = {"DefaultVersion": Answered("create_launch_template_version", "Version")}


def updates(resource: Resource, change: Callable[[Update], Update]) -> Resource:
    """The resource, its update calls changed."""
    return replace(
        resource,
        update=tuple(change(each) if isinstance(each, Update) else each for each in resource.update),
    )


def _with_room(update: Update, **change: Any) -> Update:
    """The update, what makes room for it changed."""
    return replace(update, room=replace(update.room, **change)) if update.room else update


def _with_found(clear: Call, operation: str) -> Call:
    """The call, what finds what it takes away changed."""
    assert isinstance(clear, Clear)
    return replace(clear, found=replace(clear.found, operation=operation))


def container_with(path: str) -> Resource:
    """The task definition with one more parameter in its containers."""
    containers = TASK_DEFINITION.create[0].params["containerDefinitions"]
    assert isinstance(containers, Each)
    assert isinstance(containers.element, Mapping)
    element = {**containers.element, path: "memory"}
    return create(TASK_DEFINITION, {"containerDefinitions": replace(containers, element=element)})


def fetch(resource: Resource, params: dict[str, Source]) -> Resource:
    """The resource, parameters of its fetch changed."""
    assert resource.fetch is not None
    return replace(resource, fetch=replace(resource.fetch, params={**resource.fetch.params, **params}))


def came_with(resource: Resource, params: dict[str, Source]) -> Resource:
    """The resource, parameters changed of the call that finds what comes with it."""
    [each] = resource.comes_with
    find = replace(each.find, params={**each.find.params, **params})
    return replace(resource, comes_with=(replace(each, find=find),))


_NAMED: dict[str, Source] = {"TableName": "table_name"}
_RULE = "SecurityGroupRules[0].SecurityGroupRule."
MISTAKES: dict[str, tuple[Resource, str]] = {
    "operation": (create(VPC, operation="create_vcp"), "no operation create_vcp in ec2"),
    "parameter": (
        create(SUBNET, {"CidrBlok": "cidr_block"}),
        "create_subnet has no parameter CidrBlok: CreateSubnetRequest has no member CidrBlok",
    ),
    "table that is brought": (replace(QUEUE, brings=("cue",)), "brings: no table cue"),
    "letting go of what no NULL leaves to AWS": (
        column(QUEUE, "delay_seconds", reference=Reference(table="queue", let_go=True)),
        "delay_seconds can let go of nothing: it is not left_to_aws, or never changed in place",
    ),
    "secret that is read": (
        column(QUEUE, "delay_seconds", secret=True),
        "delay_seconds is not told by AWS: it has no path and no read, and is left_to_aws",
    ),
    "mask of a part of a list": (
        column(VPC, "cidr_block", path="CidrBlockAssociationSet[0].CidrBlock", masked=True),
        "cidr_block is masked: its path is names joined by dots",
    ),
    "what is waited for after a call": (
        create(VPC, then=Waiter(name="vpc_made", params={})),  # type: ignore[arg-type]
        "no waiter vpc_made in ec2",
    ),
    "what has to come about before it is used": (
        replace(CERTIFICATE, awaited=replace(CERTIFICATE.awaited, result="Certificate.State")),  # type: ignore[type-var]
        "describe_certificate answers no Certificate.State: CertificateDetail has no member State",
    ),
    "what a reference sets": (
        column(
            SCALABLE_TARGET,
            "service_name",
            reference=Reference(table="service", cascade=True, sets=("count",)),
        ),
        "service_name sets service's count, which is no column",
    ),
    "what is seen before a call": (
        updates(QUEUE, lambda each: replace(each, seen=Call(operation="see_queue", params={}))),
        "no operation see_queue in sqs",
    ),
    "value that what is seen before a call has not": (
        updates(
            DISTRIBUTION,
            lambda each: replace(
                each, params={**each.params, "IfMatch": Edited("Etag", lambda there: there, (), seen=True)}
            ),
        ),
        "get_distribution answers no @.Etag: GetDistributionResult has no member Etag",
    ),
    "column that is to be shown, and that no change is made for": (
        updates(DISTRIBUTION, lambda each: replace(each, shows=("status",))),
        "update_distribution shows status, which is not in `when`",
    ),
    "nothing is seen before a call that sends it": (
        updates(DISTRIBUTION, lambda each: replace(each, seen=None, outdated=())),
        "update_distribution: `seen` says what is seen before it",
    ),
    "parameter inside another": (
        updates(
            SECURITY_GROUP_RULE,
            lambda each: replace(each, params={**each.params, _RULE + "CidrIp": "cidr_ipv4"}),
        ),
        f"modify_security_group_rules has no parameter {_RULE}CidrIp: "
        "SecurityGroupRuleRequest has no member CidrIp",
    ),
    "parameter of a part": (
        container_with("memoryReserved"),
        "register_task_definition containerDefinitions has no parameter memoryReserved: "
        "ContainerDefinition has no member memoryReserved",
    ),
    "parameter of another type": (
        create(SERVICE, {"desiredCount": "arn"}),
        "create_service desiredCount is a integer, but arn is varchar",
    ),
    "what is kept from us of several at once": (
        replace(SERVICE, describe=replace(SERVICE.describe, hidden=("AccessDeniedException",))),  # type: ignore[type-var]
        "describe_services: hidden is of one, but it describes 10 at once",
    ),
    "what makes room": (
        updates(IAM_POLICY, lambda each: _with_room(each, listed="PolicyVersions")),
        "delete_policy_version: its description has no PolicyVersions[].VersionId: ManagedPolicyDetail has "
        "no member PolicyVersions",
    ),
    "what is in the way": (
        replace(IAM_POLICY, delete=(_with_found(IAM_POLICY.delete[0], "list_policy_version"),)),
        "no operation list_policy_version in iam",
    ),
    "refusal for want of room": (
        updates(IAM_POLICY, lambda each: _with_room(each, refusal=("LimitExeeded", ""))),
        "no error code of iam: LimitExeeded",
    ),
    "code of a detail that is not there": (
        replace(ROLE, details=(replace(ROLE.details[0], absent=("NoSuchEntiti",)),)),
        "no error code of iam: NoSuchEntiti",
    ),
    "only row of several": (
        create(LOAD_BALANCER, {"Subnets": Only("load_balancer_security_groups", {})}),
        "create_load_balancer Subnets: load_balancer_security_groups may have several rows: its key has to "
        "be load_balancer_name",
    ),
    "only row of no part": (
        create(SERVICE, {"loadBalancers": Only("service_group", {})}),
        "create_service loadBalancers: no part service_group",
    ),
    "given for no column or part": (
        create(BUCKET, given=("polcy", SET)),  # type: ignore[arg-type]
        "create_bucket: given names no column: polcy",
    ),
    "what shows that a name is taken": (
        replace(BUCKET, taken=Call(operation="head_bucket", params={"Name": "name"})),
        "head_bucket has no parameter Name: HeadBucketRequest has no member Name",
    ),
    "no owner": (
        replace(LOG_GROUP, columns=tuple(each for each in LOG_GROUP.columns if each.name != "managed_by")),
        "no column managed_by: ownership.managed_by() is one",
    ),
    "another kind of owner": (
        column(LOG_GROUP, "managed_by", not_null=True),
        "managed_by is another column than ownership.managed_by() makes",
    ),
    "missing parameter": (
        create(ROLE, {"AssumeRolePolicyDocument": None}),  # type: ignore[dict-item]
        "create_role needs AssumeRolePolicyDocument in CreateRoleRequest",
    ),
    "parameter's column": (
        create(SERVICE, {"desiredCount": "desired_cuont"}),
        "create_service desiredCount: no column or lookup desired_cuont",
    ),
    "path of an answer": (
        create(VPC, result="Vpcs[0]"),
        "create_vpc answers no Vpcs[0]: CreateVpcResult has no member Vpcs",
    ),
    "path of a column": (
        column(LISTENER, "target_group_name", path="DefaultAction[0].TargetGroupArn"),
        "target_group_name: its description has no DefaultAction[0].TargetGroupArn: "
        "Listener has no member DefaultAction",
    ),
    "path of a detail": (
        column(ROLE, "attached_policies_arns", path="AttachedPolicies[].Arn"),
        "attached_policies_arns: its description has no AttachedPolicies[].Arn: "
        "AttachedPolicy has no member Arn",
    ),
    "type of a column": (
        column(LISTENER, "port", type="varchar"),
        "port is varchar, but its description has a integer",
    ),
    "waiter": (
        replace(SUBNET, ready=replace(SUBNET.ready, name="subnet_availible")),  # type: ignore[type-var]
        "no waiter subnet_availible in ec2",
    ),
    "waiter of a call": (
        updates(RESOURCE_RECORD_SET, lambda each: replace(each, until=Waiter(name="changed", params={}))),
        "no waiter changed in route53",
    ),
    "list of a batch": (
        updates(RESOURCE_RECORD_SET, lambda each: replace(each, batch=Batch(parameter="Changes", limit=2))),
        "change_resource_record_sets: no list Changes",
    ),
    "what is told of another resource": (
        replace(
            RESOURCE_RECORD_SET,
            listing=replace(
                RESOURCE_RECORD_SET.listing,
                per=replace(RESOURCE_RECORD_SET.listing.per, joins={"ZoneName": "zone_name"}),  # type: ignore[type-var]
            ),
        ),
        "list_resource_record_sets: hosted_zone has no column zone_name",
    ),
    "enum": (
        column(VPC, "state", type=EnumType(name="vpc_state_enum", values=("available",))),
        "state: vpc_state_enum lacks pending",
    ),
    "uncovered change": (
        updates(SERVICE, lambda each: replace(each, when=each.when[1:])),
        "desired_count is changed in place, but no update sends it",
    ),
    "update of nothing": (
        updates(SERVICE, lambda each: replace(each, when=(*each.when, "subnet"))),
        "an update is made for no column or part: subnet",
    ),
    "natural key": (replace(VPC, natural_key=("cidr",)), "natural_key names no column: cidr"),
    "reference": (
        column(SUBNET, "vpc_id", reference=replace(SUBNET.column("vpc_id").reference, table="vcp")),  # type: ignore[type-var]
        "vpc_id refers to no table: vcp",
    ),
    "error code": (
        replace(ROLE, absent=("NoSuchEntityException",)),
        "no error code of iam: NoSuchEntityException",
    ),
    "path in a map": (
        column(QUEUE, "delay_seconds", path="DelaySecond"),
        "delay_seconds: its description has no DelaySecond: QueueAttributeMap has no key DelaySecond",
    ),
    "parameter in a map": (
        create(QUEUE, {"Attributes.VisibilityTimeuot": Derived(str, ("visibility_timeout",))}),
        "create_queue has no parameter Attributes.VisibilityTimeuot: "
        "QueueAttributeMap has no key VisibilityTimeuot",
    ),
    "constant": (
        fetch(QUEUE, {"AttributeNames[0]": Const("Everything")}),
        "get_queue_attributes AttributeNames[0]: constant 'Everything' is none of QueueAttributeName",
    ),
    "what a waiter waits out": (
        replace(DYNAMO_TABLE, gone=Waiter(name="table_exists", params=_NAMED, unless="Table.Indexes")),
        "describe_table answers no Table.Indexes: TableDescription has no member Indexes",
    ),
    "state that never comes": (
        replace(ENDPOINT_GATEWAY, gone=replace(GONE, done=("gone",))),
        "describe_vpc_endpoints: VpcEndpoints[].State is never gone",
    ),
    "state that is not told": (
        replace(ENDPOINT_GATEWAY, gone=replace(GONE, state="VpcEndpoints[].Status")),
        "describe_vpc_endpoints answers no VpcEndpoints[].Status: VpcEndpoint has no member Status",
    ),
    "code by which it is gone": (
        replace(ENDPOINT_GATEWAY, gone=replace(GONE, gone=("InvalidVpcEndpoint.Gone",))),
        "no error code of ec2: InvalidVpcEndpoint.Gone",
    ),
    "what an answer refuses": (
        replace(ENDPOINT_GATEWAY, delete=(replace(DELETE, refused="Unsuccessful[]"),)),
        "delete_vpc_endpoints answers no Unsuccessful[].[Code, Message]: UnsuccessfulItem has no member Code",
    ),
    "text that says a list": (
        replace(
            LAMBDA_PERMISSION,
            listing=replace(LAMBDA_PERMISSION.listing, items="from_json(Polcy).Statement"),
        ),
        "get_policy answers no from_json(Polcy).Statement: GetPolicyResponse has no member Polcy",
    ),
    "function of a path": (
        replace(
            LAMBDA_PERMISSION,
            listing=replace(LAMBDA_PERMISSION.listing, items="to_array(Policy)"),
        ),
        "get_policy answers no to_array(Policy): the expression has a function_expression",
    ),
    "constant of a listing": (
        replace(SERVICE, listing=replace(SERVICE.listing, params={"launchType": "FARGAT"})),
        "list_services launchType: constant 'FARGAT' is none of LaunchType",
    ),
    "filter": (
        came_with(SECURITY_GROUP, {"Filters[0].Name": Const("groupid")}),
        "describe_security_group_rules Filters[0].Name: no filter groupid",
    ),
    "filter of a listing": (
        replace(VPC, listing=replace(VPC.listing, params={"Filters": [{"Name": "vpcid", "Values": ["v"]}]})),
        "describe_vpcs Filters: no filter vpcid",
    ),
    "error code of EC2": (
        replace(VPC, absent=("InvalidVpcId.NotFound",)),
        "no error code of ec2: InvalidVpcId.NotFound",
    ),
    "error code of an older protocol": (
        replace(QUEUE, absent=("QueueDoesNotExist",)),
        "no error code of sqs: QueueDoesNotExist",
    ),
    "key in a condition": (
        replace(VPC, protected=lambda description: bool(description.get("Default"))),
        "protected asks for Default, which the description does not have",
    ),
    "key in a condition's second half": (
        replace(
            TASK_DEFINITION,
            where=lambda description: (
                description.get("status") == "ACTIVE"
                and "FARGATE" in (description.get("compatibility") or ())
            ),
        ),
        "where asks for compatibility, which the description does not have",
    ),
    "key in what reads a column": (
        column(TASK_DEFINITION, "cpu_memory", read=lambda description: description["cpus"]),
        "read of cpu_memory asks for cpus, which the description does not have",
    ),
    "key in what reads a map": (
        column(QUEUE, "arn", path=None, read=lambda description: description.get("Arn")),
        "read of arn asks for Arn, which the description does not have",
    ),
    "key in a default": (
        column(
            SECURITY_GROUP,
            "vpc_id",
            reference=replace(
                SECURITY_GROUP.column("vpc_id").reference,  # type: ignore[type-var]
                default=lambda vpc: bool(vpc["Default"]),
            ),
        ),
        "default of vpc_id asks for Default, which the description does not have",
    ),
    "column in a choice": (
        column(
            LOAD_BALANCER,
            "subnets",
            chosen=Choice(table="subnet", choose=lambda values, subnets: [each["id"] for each, _ in subnets]),
        ),
        "chosen of subnets asks for id, which subnet does not have",
    ),
    "column in a comparison": (
        replace(SECURITY_GROUP_RULE, canonical=lambda values: {"protocol": values["protocol"]}),
        "canonical asks for protocol, which security_group_rule does not have",
    ),
    "what reads a value that AWS leaves out": (
        column(QUEUE, "delay_seconds", read=int),
        "read of delay_seconds fails on None, which it gets where AWS leaves the value out",
    ),
    "what an answer does not have beside": (
        replace(QUEUE, fetch=replace(QUEUE.fetch, beside={"Tags": "Tags"})),  # type: ignore[type-var]
        "get_queue_attributes answers no Tags: GetQueueAttributesResult has no member Tags",
    ),
    "value that is not known before the fetch": (
        fetch(QUEUE, {"QueueUrl": "arn"}),
        "get_queue_attributes needs arn, but only the identity is kept of a create's answer",
    ),
    "name that is not joined": (
        replace(QUEUE, describe=replace(QUEUE.describe, joins={})),  # type: ignore[type-var]
        "url: its description has no QueueUrl: QueueAttributeMap has no key QueueUrl",
    ),
    "key of several columns": (
        column(SUBNET, "vpc_id", reference=Reference(table="pair", by="a")),
        "vpc_id refers to pair, whose key is of several columns",
    ),
    "list that a replacement does not keep": (
        replace(TASK_DEFINITION, carry=Carry(whole=("containerDefinitions.env",))),
        "carry: register_task_definition has no parameter containerDefinitions.env",
    ),
    "parameter that some changes would leave out": (
        updates(LISTENER, lambda each: replace(each, params={**each.params, "ListenerArn": "protocol"})),
        "modify_listener needs ListenerArn, which a change of other columns would leave out",
    ),
    "answer of a call that comes later": (
        replace(LAUNCH_TEMPLATE, update=LAUNCH_TEMPLATE.update[1:]),
        "modify_launch_template: no earlier call of an update is create_launch_template_version",
    ),
    "path in an earlier answer": (
        updates(
            replace(LAUNCH_TEMPLATE, update=LAUNCH_TEMPLATE.update[:2]),
            lambda each: replace(each, params={**each.params, **_NO_ANSWER}) if each.needs else each,
        ),
        "create_launch_template_version answers no Version: CreateLaunchTemplateVersionResult has no member "
        "Version",
    ),
    "map": (
        updates(QUEUE, lambda each: replace(each, maps=("Attribute",))),
        "set_queue_attributes has no map Attribute",
    ),
    "value that the description has not": (
        create(LISTENER, {"Certificates": Edited("Certificate", lambda there: there, ())}),
        "create_listener Certificates: its description has no Certificate: Listener has no member "
        "Certificate",
    ),
    "column that AWS needs, and that can be NULL": (
        column(SECURITY_GROUP, "description", needed=False),
        "description: AWS makes none without it, and it can be NULL: not_null or needed",
    ),
    "parameter of a call that keeps what no column shows": (
        replace(
            LOG_GROUP,
            carry=replace(
                LOG_GROUP.carry, calls=tuple(_less(each, "distribution") for each in LOG_GROUP.carry.calls)
            ),
        ),
        "put_subscription_filter: distribution is no column's, not kept, and not said to be lost",
    ),
    "parameter that nobody sends": (
        create(ROLE, {"Path": None}),  # type: ignore[dict-item]
        "create_role: Path is no column's, not kept, and not said to be lost",
    ),
    "key of a map that nobody sends": (
        create(QUEUE, {"Attributes.RedrivePolicy": None}),  # type: ignore[dict-item]
        "create_queue: Attributes.RedrivePolicy is no column's, not kept, and not said to be lost",
    ),
    "path in the old description": (
        create(ROLE, {"Path": Old("Pth")}),
        "carry: its description has no Pth: Role has no member Pth",
    ),
    "what is not kept and is not there": (
        replace(ROLE, carry=replace(ROLE.carry, not_kept={"Paths": "x"})),
        "carry: no call has a parameter Paths",
    ),
    "call that keeps something": (
        replace(
            ROLE, carry=replace(ROLE.carry, calls=(Kept(operation="put_policy", params={}, of="Policies"),))
        ),
        "no operation put_policy in iam",
    ),
    "look that a call compares with": (
        replace(
            TARGET_GROUP,
            carry=replace(
                TARGET_GROUP.carry, calls=(replace(TARGET_GROUP.carry.calls[0], unless="Attribs"),)
            ),
        ),
        "carry: modify_target_group_attributes: no look gives Attribs",
    ),
    "service": (replace(VPC, service="ec3"), "no service ec3"),
}
#: A table with a key that no foreign key can refer to.
PAIR = replace(LOG_GROUP, table="pair", key=("a", "b"))
RESOURCES = {**CATALOGUE.resources, "pair": PAIR}


def found(resource: Resource) -> dict[str, Fault]:
    return {each.what: each for each in faults(resource, RESOURCES)}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_mistake_is_found(mistake: str) -> None:
    resource, what = MISTAKES[mistake]
    assert what in found(resource)


def test_what_is_allowed_is_said_the_likeliest_first() -> None:
    [misspelt] = faults(replace(VPC, absent=("InvalidVpcId.NotFound",)), RESOURCES)
    assert misspelt.allowed[0] == "InvalidVpcID.NotFound"
    few = found(replace(AWS_REGIONS, natural_key=("name",)))["natural_key names no column: name"]
    assert set(few.allowed) == {column.name for column in AWS_REGIONS.columns}


def test_a_module_is_put_together_of_what_there_is() -> None:
    vpc = replace(CATALOGUE.by_name["aws_vpc"], tables=("vpc", "subnets"), dependencies=("aws_acount",))
    group = replace(CATALOGUE.by_name["aws_security_group"], dependencies=("aws_account",))
    said = {each.what for module in (vpc, group) for each in module_faults(module, CATALOGUE)}
    assert said >= {
        "its tables and those of its resources differ in subnets",
        "no module aws_acount",
        "security_group refers to vpc, of no dependency",
    }
    double = Catalogue((*CATALOGUE.modules, replace(vpc, name="mine")))
    assert "another module has a table vpc" in {each.what for each in module_faults(vpc, double)}
    assert "no file vpc.py" in {each.what for each in module_faults(double.by_name["mine"], double)}
