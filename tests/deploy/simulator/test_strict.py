"""The simulated AWS refuses what AWS refuses, with AWS's own error codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Boto = Callable[[str], Any]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    """The error code that a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    code: str = refused.value.response["Error"]["Code"]
    return code


@pytest.fixture
def subnets(boto: Boto) -> list[str]:
    """Two subnets of the default VPC, in two zones."""
    return [subnet["SubnetId"] for subnet in boto("ec2").describe_subnets()["Subnets"]][:2]


@pytest.fixture
def group(boto: Boto) -> str:
    """A security group in the default VPC."""
    vpc = boto("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    made: str = boto("ec2").create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    return made


@pytest.fixture
def balancer(boto: Boto, subnets: list[str], group: str) -> str:
    """ARN of a load balancer in the group."""
    reply = boto("elbv2").create_load_balancer(Name="web", Subnets=subnets, SecurityGroups=[group])
    arn: str = reply["LoadBalancers"][0]["LoadBalancerArn"]
    return arn


@pytest.fixture
def target(boto: Boto) -> str:
    """ARN of a target group for addresses."""
    vpc = boto("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    reply = boto("elbv2").create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip"
    )
    arn: str = reply["TargetGroups"][0]["TargetGroupArn"]
    return arn


@pytest.fixture
def listener(boto: Boto, balancer: str, target: str) -> dict[str, Any]:
    """What the load balancer's listener on port 80 was made of."""
    wanted = {
        "LoadBalancerArn": balancer,
        "Port": 80,
        "Protocol": "HTTP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": target}],
    }
    boto("elbv2").create_listener(**wanted)
    return wanted


def task_definition(boto: Boto, cpu: str = "256", memory: str = "512") -> str:
    """Register a Fargate task definition."""
    reply = boto("ecs").register_task_definition(
        family="web",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu=cpu,
        memory=memory,
        containerDefinitions=[{"name": "web", "image": "web", "essential": True}],
    )
    arn: str = reply["taskDefinition"]["taskDefinitionArn"]
    return arn


@pytest.fixture
def service(boto: Boto, subnets: list[str], group: str) -> dict[str, Any]:
    """What the service `web` of the cluster `web` was made of."""
    boto("ecs").create_cluster(clusterName="web")
    wanted = {
        "cluster": "web",
        "serviceName": "web",
        "launchType": "FARGATE",
        "desiredCount": 0,
        "taskDefinition": task_definition(boto),
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group]}},
    }
    boto("ecs").create_service(**wanted)
    return wanted


@pytest.mark.parametrize(
    "policy",
    [
        "not json",
        "[]",
        '{"Version": "2012-10-17", "Statement": []}',
        '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}',
        '{"Statement": {"Effect": "Perhaps", "Principal": "*", "Action": "sts:AssumeRole"}}',
        '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}}',
    ],
)
def test_a_malformed_trust_policy_is_refused(boto: Boto, policy: str) -> None:
    create = boto("iam").create_role
    assert code_of(create, RoleName="r", AssumeRolePolicyDocument=policy) == "MalformedPolicyDocument"
    create(RoleName="r", AssumeRolePolicyDocument=TRUST)
    update = boto("iam").update_assume_role_policy
    assert code_of(update, RoleName="r", PolicyDocument=policy) == "MalformedPolicyDocument"


def test_a_managed_policy_of_aws_can_be_attached(boto: Boto) -> None:
    boto("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    boto("iam").attach_role_policy(RoleName="r", PolicyArn=arn)
    assert boto("iam").list_attached_role_policies(RoleName="r")["AttachedPolicies"][0]["PolicyArn"] == arn


def test_the_default_security_group_cannot_be_deleted(boto: Boto) -> None:
    default = boto("ec2").describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]["GroupId"]
    assert code_of(boto("ec2").delete_security_group, GroupId=default) == "CannotDelete"


def test_a_security_group_goes_only_after_its_load_balancer(boto: Boto, group: str, balancer: str) -> None:
    delete = boto("ec2").delete_security_group
    assert code_of(delete, GroupId=group) == "DependencyViolation"
    boto("elbv2").delete_load_balancer(LoadBalancerArn=balancer)
    delete(GroupId=group)


def test_a_security_group_goes_only_after_its_service(
    boto: Boto, group: str, service: dict[str, Any]
) -> None:
    delete = boto("ec2").delete_security_group
    assert code_of(delete, GroupId=group) == "DependencyViolation"
    boto("ecs").delete_service(cluster="web", service="web")
    delete(GroupId=group)


def test_a_security_group_named_in_anothers_rule_stays(boto: Boto, group: str) -> None:
    ec2 = boto("ec2")
    other = ec2.create_security_group(GroupName="other", Description="other")["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
    assert code_of(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    ec2.delete_security_group(GroupId=other)
    ec2.delete_security_group(GroupId=group)


def test_subnets_and_vpcs_with_something_in_them_stay(boto: Boto, subnets: list[str], balancer: str) -> None:
    ec2 = boto("ec2")
    assert code_of(ec2.delete_subnet, SubnetId=subnets[0]) == "DependencyViolation"
    boto("elbv2").delete_load_balancer(LoadBalancerArn=balancer)
    ec2.delete_subnet(SubnetId=subnets[0])
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    inner = ec2.create_security_group(GroupName="inner", Description="inner", VpcId=vpc)["GroupId"]
    assert code_of(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.delete_security_group(GroupId=inner)
    ec2.delete_vpc(VpcId=vpc)


def test_a_load_balancer_needs_two_zones_and_known_groups(boto: Boto, subnets: list[str]) -> None:
    create = boto("elbv2").create_load_balancer
    assert code_of(create, Name="a", Subnets=subnets[:1]) == "ValidationError"
    assert code_of(create, Name="a", Subnets=subnets, SecurityGroups=["sg-0"]) == "InvalidSecurityGroup"


def test_creating_the_same_load_balancing_again_finds_it(
    boto: Boto, balancer: str, target: str, listener: dict[str, Any], subnets: list[str]
) -> None:
    elb = boto("elbv2")
    again = elb.create_load_balancer(Name="web", Subnets=subnets)
    assert again["LoadBalancers"][0]["LoadBalancerArn"] == balancer
    vpc = elb.describe_target_groups()["TargetGroups"][0]["VpcId"]
    group = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip"}
    assert elb.create_target_group(**group)["TargetGroups"][0]["TargetGroupArn"] == target
    elb.create_listener(**listener)
    assert len(elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]) == 1


def test_the_same_name_or_port_with_other_settings_is_refused(
    boto: Boto, listener: dict[str, Any], subnets: list[str]
) -> None:
    elb = boto("elbv2")
    balancer = {"Name": "web", "Subnets": subnets, "Scheme": "internal"}
    assert code_of(elb.create_load_balancer, **balancer) == "DuplicateLoadBalancerName"
    group = {"Name": "web", "Protocol": "HTTP", "Port": 81, "VpcId": "vpc-0", "TargetType": "ip"}
    assert code_of(elb.create_target_group, **group) == "DuplicateTargetGroupName"
    other = listener | {
        "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    }
    assert code_of(elb.create_listener, **other) == "DuplicateListener"


def test_a_target_group_goes_only_after_its_listener(
    boto: Boto, target: str, listener: dict[str, Any]
) -> None:
    assert code_of(boto("elbv2").delete_target_group, TargetGroupArn=target) == "ResourceInUse"


@pytest.mark.parametrize(("cpu", "memory"), [("256", "8192"), ("300", "512"), ("2048", "4095")])
def test_fargate_sizes_that_are_not_on_offer_are_refused(boto: Boto, cpu: str, memory: str) -> None:
    assert code_of(task_definition, boto=boto, cpu=cpu, memory=memory) == "ClientException"


def test_a_service_name_is_taken_until_the_service_is_deleted(boto: Boto, service: dict[str, Any]) -> None:
    ecs = boto("ecs")
    assert code_of(ecs.create_service, **service) == "InvalidParameterException"
    ecs.delete_service(cluster="web", service="web")
    assert ecs.list_services(cluster="web")["serviceArns"] == []
    ecs.create_service(**service)
    assert len(ecs.list_services(cluster="web")["serviceArns"]) == 1


def test_a_fargate_service_needs_a_network_that_exists(boto: Boto, service: dict[str, Any]) -> None:
    ecs = boto("ecs")
    bare = service | {"serviceName": "other"}
    network = bare.pop("networkConfiguration")["awsvpcConfiguration"]
    assert code_of(ecs.create_service, **bare) == "InvalidParameterException"
    unknown = {"awsvpcConfiguration": network | {"securityGroups": ["sg-0"]}}
    assert code_of(ecs.create_service, **bare, networkConfiguration=unknown) == "InvalidParameterException"


def test_a_service_may_name_no_groups_but_has_subnets(boto: Boto, service: dict[str, Any]) -> None:
    ecs, other = boto("ecs"), service | {"serviceName": "other"}
    subnets = other.pop("networkConfiguration")["awsvpcConfiguration"]["subnets"]
    made = ecs.create_service(**other, networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}})
    assert made["service"]["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == subnets
    spot = other | {"serviceName": "spot", "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}
    del spot["launchType"]
    nowhere: dict[str, Any] = {"awsvpcConfiguration": {"subnets": []}}
    assert code_of(ecs.create_service, **spot, networkConfiguration=nowhere) == "InvalidParameterException"


def test_a_services_target_group_must_be_behind_a_load_balancer(
    boto: Boto, service: dict[str, Any], target: str, balancer: str
) -> None:
    served = [{"targetGroupArn": target, "containerName": "web", "containerPort": 80}]
    wanted = service | {"serviceName": "served", "loadBalancers": served}
    assert code_of(boto("ecs").create_service, **wanted) == "InvalidParameterException"
    action = {"Type": "forward", "TargetGroupArn": target}
    boto("elbv2").create_listener(LoadBalancerArn=balancer, Port=80, Protocol="HTTP", DefaultActions=[action])
    boto("ecs").create_service(**wanted)


def test_a_cluster_goes_after_its_services_and_is_no_longer_listed(
    boto: Boto, service: dict[str, Any]
) -> None:
    ecs = boto("ecs")
    assert code_of(ecs.delete_cluster, cluster="web") == "ClusterContainsServicesException"
    ecs.delete_service(cluster="web", service="web")
    ecs.delete_cluster(cluster="web")
    assert ecs.list_clusters()["clusterArns"] == []


def test_creating_an_active_cluster_again_keeps_its_services(boto: Boto, service: dict[str, Any]) -> None:
    again = boto("ecs").create_cluster(clusterName="web")["cluster"]
    assert again["clusterName"] == "web"
    assert len(boto("ecs").list_services(cluster="web")["serviceArns"]) == 1


def test_a_queues_attributes_have_limits_and_only_fifo_queues_say_that_they_are(boto: Boto) -> None:
    create = boto("sqs").create_queue
    assert code_of(create, QueueName="q", Attributes={"DelaySeconds": "901"}) == "InvalidAttributeValue"
    assert code_of(create, QueueName="q", Attributes={"FifoQueue": "false"}) == "InvalidAttributeName"
    url = create(QueueName="q", Attributes={"DelaySeconds": "900"})["QueueUrl"]
    change = boto("sqs").set_queue_attributes
    refused = code_of(change, QueueUrl=url, Attributes={"MessageRetentionPeriod": "59"})
    assert refused == "InvalidAttributeValue"


def test_a_new_log_group_has_no_tags_of_an_older_one(boto: Any) -> None:
    logs = boto("logs")
    logs.create_log_group(logGroupName="a", tags={"team": "x"})
    logs.delete_log_group(logGroupName="a")
    logs.create_log_group(logGroupName="a")
    assert logs.list_tags_log_group(logGroupName="a")["tags"] == {}


def test_names_have_their_form(boto: Boto) -> None:
    assert code_of(boto("logs").create_log_group, logGroupName="bad name!!") == "InvalidParameterException"
    assert code_of(boto("ecs").create_cluster, clusterName="bad name") == "InvalidParameterException"


def test_a_zone_is_of_the_region_and_a_port_is_one(boto: Boto, group: str) -> None:
    ec2, elb = boto("ec2"), boto("elbv2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    code = code_of(ec2.create_subnet, VpcId=vpc, CidrBlock="172.31.200.0/24", AvailabilityZone="xx-west-9a")
    assert code == "InvalidParameterValue"
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 99999, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    code = code_of(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule])
    assert code == "InvalidParameterValue"
    code = code_of(elb.create_target_group, Name="t", Protocol="HTTP", Port=99999, VpcId=vpc, TargetType="ip")
    assert code == "ValidationError"


def test_a_listener_that_encrypts_has_a_certificate(boto: Boto, balancer: str, target: str) -> None:
    code = code_of(
        boto("elbv2").create_listener,
        LoadBalancerArn=balancer,
        Port=443,
        Protocol="HTTPS",
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target}],
    )
    assert code == "ValidationError"
