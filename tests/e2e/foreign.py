"""An account that somebody else has made, by other tools and in the console: some 2,000 resources.

Much of it is as people leave it: no names, odd names, what the tables have no columns for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from tests.fixtures.cloud import MANIFEST, Cloud

_OWNER = "123456789012"
_TAGS = {"Name": "größe & 'quote' \"double\"", "aws-like:team": "a=b,c", "empty": ""}
_IMAGE = "ami-0abcdef1234567890"


def make(cloud: Cloud) -> None:
    """Make all of it."""
    _identities(cloud)
    keys = _keys(cloud)
    network = _networks(cloud)
    _groups(cloud, network)
    _machines(cloud, network)
    _logs_and_alarms(cloud)
    _messages(cloud)
    _storage(cloud, keys)
    _names(cloud, network)
    _containers(cloud, network)
    _databases(cloud, network)
    _parameters(cloud)


def _pairs(tags: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in tags.items()]


def _trusting(*services: str, **more: Any) -> str:
    principal = {"Service": list(services)} if services else more
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _allowing(*actions: str) -> str:
    statement = {"Sid": "", "Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def _identities(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    policies = [
        iam.create_policy(
            PolicyName=f"own-{number}", Path=("/", "/team/")[number % 2], PolicyDocument=_allowing("s3:Get*")
        )["Policy"]["Arn"]
        for number in range(40)
    ]
    for number in range(3):  # five versions, of which the second counts
        for _ in range(4):
            iam.create_policy_version(PolicyArn=policies[number], PolicyDocument=_allowing("s3:List*"))
        iam.set_default_policy_version(PolicyArn=policies[number], VersionId="v2")
    for number in range(100):
        name = f"role-{number}"
        trust = _trusting("ec2.amazonaws.com") if number % 3 else _trusting(AWS=_OWNER)
        more: dict[str, Any] = {"PermissionsBoundary": policies[0]} if number % 10 == 0 else {}
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=trust,
            Path="/service/" if number % 4 == 0 else "/",
            MaxSessionDuration=7200,
            Description="",
            Tags=_pairs(_TAGS) if number % 5 == 0 else [],
            **more,
        )
        iam.attach_role_policy(RoleName=name, PolicyArn=policies[number % 40])
        if number % 2:
            iam.put_role_policy(RoleName=name, PolicyName="in line", PolicyDocument=_allowing("logs:*"))
        if number < 20:
            iam.create_instance_profile(InstanceProfileName=f"profile-{number}")
            if number % 2:  # the others have no role
                iam.add_role_to_instance_profile(InstanceProfileName=f"profile-{number}", RoleName=name)
    for number in range(10):
        iam.create_group(GroupName=f"group-{number}", Path="/people/")
        iam.put_group_policy(GroupName=f"group-{number}", PolicyName="p", PolicyDocument=_allowing("ec2:*"))
    for number in range(40):
        iam.create_user(UserName=f"some.one+{number}@example.com")
        iam.add_user_to_group(GroupName=f"group-{number % 10}", UserName=f"some.one+{number}@example.com")
        if number < 10:
            iam.create_access_key(UserName=f"some.one+{number}@example.com")
            iam.create_login_profile(UserName=f"some.one+{number}@example.com", Password="Long-enough-1")
    iam.create_open_id_connect_provider(
        Url="https://token.example.com/x", ClientIDList=["b", "a"], ThumbprintList=["0" * 40]
    )


def _keys(cloud: Cloud) -> list[str]:
    kms = cloud.client("kms")
    keys = [
        kms.create_key(Description=("", "the key")[number % 2], Tags=[])["KeyMetadata"]["KeyId"]
        for number in range(20)
    ]
    for number, key in enumerate(keys[:15]):
        kms.create_alias(AliasName=f"alias/some/key-{number}", TargetKeyId=key)
    kms.disable_key(KeyId=keys[16])
    kms.schedule_key_deletion(KeyId=keys[17], PendingWindowInDays=7)
    return keys


def _networks(cloud: Cloud) -> list[dict[str, Any]]:
    """VPCs, of which two are alike and have no names."""
    ec2 = cloud.client("ec2")
    made = []
    for number, block in enumerate(("10.1.0.0/16", "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16")):
        vpc = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
        if number > 1:
            ec2.create_tags(Resources=[vpc], Tags=_pairs({"Name": f"vpc {number}"}))
        subnets = [
            ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"{block[:5]}{index}.0/24",
                AvailabilityZone=f"{cloud.region}{'abc'[index % 3]}",
            )["Subnet"]["SubnetId"]
            for index in range(15)
        ]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
        for index, subnet in enumerate(subnets):
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            target = {"GatewayId": gateway} if index < 3 else {"NatGatewayId": nat}
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
        made.append({"vpc": vpc, "subnets": subnets})
    for _ in range(10):
        ec2.allocate_address(Domain="vpc")
    ec2.create_internet_gateway()  # attached to nothing
    return made


def _groups(cloud: Cloud, networks: list[dict[str, Any]]) -> None:
    """Groups that name each other, the same names in several VPCs, rules of every kind of source."""
    ec2 = cloud.client("ec2")
    for network in networks:
        groups = [
            ec2.create_security_group(
                GroupName=f"launch-wizard-{number}", Description="made by a wizard", VpcId=network["vpc"]
            )["GroupId"]
            for number in range(45)
        ]
        network["groups"] = groups
        for number, group in enumerate(groups):
            sources: list[dict[str, Any]] = [
                {"IpRanges": [{"CidrIp": f"10.{number}.0.0/16", "Description": "an office"}]},
                {"UserIdGroupPairs": [{"GroupId": groups[number - 1]}]},
            ]
            if number % 9 == 0:
                sources.append({"Ipv6Ranges": [{"CidrIpv6": "::/0"}]})
            for source in sources:
                rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **source}
                ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
            ping = {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ping])


def _machines(cloud: Cloud, networks: list[dict[str, Any]]) -> None:
    ec2 = cloud.client("ec2")
    for number in range(20):
        ec2.create_key_pair(KeyName=f"key pair {number}")
    for network in networks:
        for number in range(10):
            ec2.run_instances(
                ImageId=_IMAGE,
                MinCount=1,
                MaxCount=1,
                InstanceType="t3.micro",
                SubnetId=network["subnets"][number % 15],
                SecurityGroupIds=network["groups"][:2],
                UserData="#!/bin/sh\nexport TOKEN=s3cr3t",
            )
    for number in range(20):
        ec2.create_volume(
            AvailabilityZone=f"{cloud.region}a", Size=8 + number, VolumeType=("gp2", "gp3")[number % 2]
        )


def _logs_and_alarms(cloud: Cloud) -> None:
    logs, watch = cloud.client("logs"), cloud.client("cloudwatch")
    for number in range(200):
        logs.create_log_group(logGroupName=f"/aws/lambda/some.thing#{number}")
        if number % 3 == 0:
            logs.put_retention_policy(logGroupName=f"/aws/lambda/some.thing#{number}", retentionInDays=14)
    for number in range(80):
        watch.put_metric_alarm(
            AlarmName=f"CPU > {number} % (web)",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=3,
            MetricName="CPUUtilization",
            Namespace="AWS/EC2",
            Period=300,
            Statistic="Average",
            Threshold=number + 0.5,
        )


def _messages(cloud: Cloud) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    for number in range(60):
        fifo = ".fifo" if number % 10 == 0 else ""
        attributes = {"FifoQueue": "true"} if fifo else {"DelaySeconds": "7"}
        queue = sqs.create_queue(QueueName=f"Queue_{number}{fifo}", Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = sns.create_topic(
            Name=f"Topic_{number}{fifo}",
            Attributes={"FifoTopic": "true"} if fifo else {"DisplayName": "a topic"},
        )["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)


def _storage(cloud: Cloud, keys: list[str]) -> None:
    s3, ecr, secrets = cloud.client("s3"), cloud.client("ecr"), cloud.client("secretsmanager")
    for number in range(30):
        name = f"somebodys.bucket-{number}"
        s3.create_bucket(Bucket=name)
        if number % 3 == 0:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
            s3.put_object(Bucket=name, Key="an object", Body=b"x")
        if number % 5 == 0:
            rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
            s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    for number in range(40):
        name = f"team/app.{number}"
        ecr.create_repository(repositoryName=name, imageTagMutability=("MUTABLE", "IMMUTABLE")[number % 2])
        if number % 4 == 0:
            ecr.put_image(repositoryName=name, imageManifest=MANIFEST, imageTag="latest")
    for number in range(40):
        more = {"KmsKeyId": keys[number % 10]} if number % 2 else {}
        secrets.create_secret(Name=f"prod/app-{number}/Key", SecretString="geheim", **more)
    secrets.delete_secret(SecretId="prod/app-39/Key")


def _names(cloud: Cloud, networks: list[dict[str, Any]]) -> None:
    zones, acm = cloud.client("route53"), cloud.client("acm")
    for number in range(8):
        more: dict[str, Any] = {}
        if number % 4 == 0:
            more["VPC"] = {"VPCRegion": cloud.region, "VPCId": networks[0]["vpc"]}
            more["HostedZoneConfig"] = {"PrivateZone": True, "Comment": ""}
        zone = zones.create_hosted_zone(
            Name=f"zone-{number // 2}.example", CallerReference=f"{number}", **more
        )
        changes = list(islice(_records(f"zone-{number // 2}.example"), 20))
        zones.change_resource_record_sets(
            HostedZoneId=zone["HostedZone"]["Id"], ChangeBatch={"Changes": changes}
        )
        acm.request_certificate(
            DomainName=f"*.zone-{number}.example", ValidationMethod=("DNS", "EMAIL")[number % 2]
        )


def _records(zone: str) -> Iterator[dict[str, Any]]:
    def record(name: str, kind: str, *values: str, **more: Any) -> dict[str, Any]:
        own = {"Name": f"{name}{zone}", "Type": kind, "TTL": 60, **more}
        return {
            "Action": "CREATE",
            "ResourceRecordSet": own | {"ResourceRecords": [{"Value": each} for each in values]},
        }

    yield record("*.", "CNAME", "somewhere.example.org")
    yield record("", "MX", "10 mail.example.org", "20 other.example.org")
    yield record("", "TXT", '"v=spf1 -all"', '"another \\"text\\""')
    yield record("_dmarc.", "TXT", '"v=DMARC1"')
    for weight in (1, 2):
        yield record("w.", "A", f"192.0.2.{weight}", SetIdentifier=f"w {weight}", Weight=weight)
    for number in range(30):
        yield record(f"host-{number}.", "A", f"198.51.100.{number}")


def _containers(cloud: Cloud, networks: list[dict[str, Any]]) -> None:
    """Clusters with services of one name, load balancers whose listeners do what no column says."""
    elb, ecs = cloud.client("elbv2"), cloud.client("ecs")
    subnets = networks[3]["subnets"]
    targets = [
        elb.create_target_group(
            Name=f"group-{number}", Protocol="HTTP", Port=80, VpcId=networks[3]["vpc"], TargetType=kind
        )["TargetGroups"][0]["TargetGroupArn"]
        for number, kind in zip(range(20), ("ip", "instance") * 10, strict=True)
    ]
    said = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "nothing"}
    both = {
        "TargetGroups": [{"TargetGroupArn": each, "Weight": 1 + at} for at, each in enumerate(targets[:2])]
    }
    moved = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    actions = (
        {"Type": "fixed-response", "FixedResponseConfig": said},
        {"Type": "forward", "ForwardConfig": both},
        {"Type": "redirect", "RedirectConfig": moved},
    )
    for number in range(10):
        balancer = elb.create_load_balancer(
            Name=f"balancer-{number}",
            Subnets=subnets[:2],
            SecurityGroups=networks[3]["groups"][:1],
            Scheme=("internal", "internet-facing")[number % 2],
            Tags=_pairs({"kubernetes.io/service-name": "a/b"}),
        )["LoadBalancers"][0]["LoadBalancerArn"]
        for port, action in zip((80, 81, 82), actions, strict=True):
            elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=[action])
    for number in range(30):
        container: dict[str, Any] = {
            "name": "app",
            "image": f"public.ecr.aws/x/y:{number}@sha256:{'0' * 64}",
            "essential": True,
            "memory": 128,
            "environment": [{"name": "GRÖSSE", "value": "=;\"'"}],
            "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
        }
        sidecar = {"name": "sidecar", "image": "envoy", "essential": False, "dependsOn": []}
        ecs.register_task_definition(
            family=f"family_{number % 10}",
            containerDefinitions=[container, sidecar],
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
        )
    for name in ("one", "two", "three"):
        ecs.create_cluster(clusterName=name)
        ecs.create_service(
            cluster=name,
            serviceName="web",
            taskDefinition="family_1",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": subnets[:2], "securityGroups": networks[3]["groups"][:1]}
            },
        )


def _databases(cloud: Cloud, networks: list[dict[str, Any]]) -> None:
    rds = cloud.client("rds")
    for number in range(4):
        rds.create_db_parameter_group(
            DBParameterGroupName=f"parameters-{number}", DBParameterGroupFamily="postgres16", Description="x"
        )
        rds.create_db_subnet_group(
            DBSubnetGroupName=f"subnets-{number}",
            DBSubnetGroupDescription="x",
            SubnetIds=networks[number]["subnets"][:3],
        )
        rds.create_db_instance(
            DBInstanceIdentifier=f"db-{number}",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="somebody",
            MasterUserPassword="geheim-geheim",
            DBSubnetGroupName=f"subnets-{number}",
            DBParameterGroupName=f"parameters-{number}",
        )


def _parameters(cloud: Cloud) -> None:
    ssm, clock = cloud.client("ssm"), cloud.client("scheduler")
    for stage, number in product(("test", "prod"), range(40)):
        kind = ("String", "SecureString", "StringList")[number % 3]
        ssm.put_parameter(Name=f"/{stage}/app/{number}", Value="a,b", Type=kind)
    clock.create_schedule_group(Name="nightly")
    for number in range(30):
        target = {
            "Arn": f"arn:aws:sqs:{cloud.region}:{_OWNER}:Queue_1",
            "RoleArn": f"arn:aws:iam::{_OWNER}:role/role-1",
        }
        more = {"GroupName": "nightly"} if number % 2 else {}
        clock.create_schedule(
            Name=f"job-{number}",
            ScheduleExpression=f"rate({number + 1} hours)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
            **more,
        )
