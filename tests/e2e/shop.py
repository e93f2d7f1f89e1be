"""What the three tiers are in AWS, asked with boto3."""

from __future__ import annotations

from typing import Any

from tests.fixtures.cloud import Cloud

NETWORK = "10.20.0.0/16"


def network(cloud: Cloud) -> dict[str, Any]:
    """The shop's VPC: its subnets with where they lead, and who lets in whom."""
    ec2 = cloud.client("ec2")
    [vpc] = [each for each in ec2.describe_vpcs()["Vpcs"] if each["CidrBlock"] == NETWORK]
    here = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    leads = {
        association["SubnetId"]: next(
            kind
            for route in table["Routes"]
            for kind in ("NatGatewayId", "GatewayId")
            if route["DestinationCidrBlock"] == "0.0.0.0/0" and route.get(kind)
        )
        for table in ec2.describe_route_tables(Filters=here)["RouteTables"]
        for association in table["Associations"]
        if "SubnetId" in association
    }
    subnets = ec2.describe_subnets(Filters=here)["Subnets"]
    groups = {
        each["GroupId"]: each["GroupName"]
        for each in ec2.describe_security_groups(Filters=here)["SecurityGroups"]
    }
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": list(groups)}])
    return {
        "stage": {each["Key"]: each["Value"] for each in vpc["Tags"]}.get("stage"),
        "subnets": {
            each["CidrBlock"]: (each["AvailabilityZone"][-1], leads[each["SubnetId"]]) for each in subnets
        },
        "lets in": sorted(
            (groups[each["GroupId"]], each["FromPort"], groups.get(source, each.get("CidrIpv4")))
            for each in rules["SecurityGroupRules"]
            if not each["IsEgress"] and groups[each["GroupId"]] != "default"
            for source in [each.get("ReferencedGroupInfo", {}).get("GroupId")]
        ),
        "described": sorted(
            {each.get("Description") for each in rules["SecurityGroupRules"] if each.get("CidrIpv4")}, key=str
        ),
    }


def application(cloud: Cloud) -> dict[str, Any]:
    """What answers: listeners, service, database, and what they are set to."""
    elb, ecs, rds = cloud.client("elbv2"), cloud.client("ecs"), cloud.client("rds")
    [balancer] = elb.describe_load_balancers()["LoadBalancers"]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    [target] = elb.describe_target_groups()["TargetGroups"]
    [service] = ecs.describe_services(cluster="shop", services=["shop"])["services"]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    [cluster] = rds.describe_db_clusters()["DBClusters"]
    return {
        "listeners": sorted((each["Port"], each["DefaultActions"][0]["Type"]) for each in listeners),
        "certificates": [one["CertificateArn"] for each in listeners for one in each.get("Certificates", ())],
        "health": target["HealthCheckPath"],
        "behind": service["loadBalancers"][0]["targetGroupArn"] == target["TargetGroupArn"],
        "cpu": definition["cpu"],
        "tasks": service["desiredCount"],
        "members": sorted(each["DBInstanceIdentifier"] for each in cluster["DBClusterMembers"]),
        "password": "SecretArn" in cluster["MasterUserSecret"],
        "backups": cluster["BackupRetentionPeriod"],
        **_beside(cloud),
    }


def _beside(cloud: Cloud) -> dict[str, Any]:
    cache, scaling = cloud.client("elasticache"), cloud.client("application-autoscaling")
    [group] = cache.describe_replication_groups()["ReplicationGroups"]
    [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    sources = cloud.client("lambda").list_event_source_mappings()
    return {
        "cache": sorted(group["MemberClusters"]),
        "scales": (
            target["MinCapacity"],
            target["MaxCapacity"],
            policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"],
        ),
        "works off": [
            (each["EventSourceArn"].rpartition(":")[2], each["BatchSize"])
            for each in sources["EventSourceMappings"]
        ],
    }


def around(cloud: Cloud, region: str) -> dict[str, Any]:
    """What is around them: keys, queues, alarms, names, what is served from near, what is done by itself."""
    kms, sqs, watch = cloud.client("kms"), cloud.client("sqs"), cloud.client("cloudwatch")
    [alias] = [each for each in kms.list_aliases()["Aliases"] if each["AliasName"] == "alias/shop"]
    [topic] = cloud.client("sns").list_topics()["Topics"]
    alarms = watch.describe_alarms(AlarmNamePrefix="shop-")["MetricAlarms"]
    queue = sqs.get_queue_url(QueueName="shop-jobs")["QueueUrl"]
    schedule = cloud.client("scheduler").get_schedule(Name="shop-nightly")
    logs = cloud.client("logs").describe_log_groups()["logGroups"]
    return {
        "key": kms.describe_key(KeyId=alias["TargetKeyId"])["KeyMetadata"]["Description"],
        "alarms": {each["AlarmName"]: each["Threshold"] for each in alarms},
        "told": all(each["AlarmActions"] == [topic["TopicArn"]] for each in alarms),
        "visibility": sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"][
            "VisibilityTimeout"
        ],
        "schedule": schedule["ScheduleExpression"],
        "asks": schedule["Target"]["Arn"].rpartition(":")[2],
        "logs": {each["logGroupName"]: each["retentionInDays"] for each in logs},
        **_served(cloud, region),
    }


def _served(cloud: Cloud, region: str) -> dict[str, Any]:
    zones, near = cloud.client("route53"), cloud.client("cloudfront")
    [zone] = [each for each in zones.list_hosted_zones()["HostedZones"] if each["Name"].startswith(region)]
    records = zones.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    [one] = [
        each
        for each in near.list_distributions()["DistributionList"].get("Items", ())
        if each["Comment"] == f"shop {region}"
    ]
    policy = cloud.client("s3").get_bucket_policy(Bucket=f"shop-assets-{region}")["Policy"]
    [certificate] = cloud.client("acm").list_certificates()["CertificateSummaryList"]
    return {
        "names": sorted(each["Type"] for each in records),
        "certificate": certificate["Status"],
        "price": one["PriceClass"],
        "from": one["Origins"]["Items"][0]["DomainName"],
        "reads": one["ARN"] in policy,
    }
