"""Changes that somebody makes in AWS behind the engine's back."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.fixtures.cloud import Cloud


def change(account: Cloud, random: Random) -> str:
    """Change something, and say what."""
    return str(random.choice((_log_group, _repository, _rule, _service, _role))(account, random))


def _log_group(account: Cloud, random: Random) -> str:
    logs = account.client("logs")
    names = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
    if names and random.random() < 0.5:
        name = random.choice(sorted(names))
        logs.delete_log_group(logGroupName=name)
        return f"log group {name} deleted"
    if "three" in names:
        return "nothing"
    logs.create_log_group(logGroupName="three")
    return "log group three created"


def _repository(account: Cloud, random: Random) -> str:
    ecr = account.client("ecr")
    some = ecr.describe_repositories()["repositories"]
    if not some:
        return "nothing"
    found = random.choice(some)
    scan = not found["imageScanningConfiguration"]["scanOnPush"]
    name = found["repositoryName"]
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": scan})
    return f"repository {name} scans on push: {scan}"


def _rule(account: Cloud, random: Random) -> str:
    ec2 = account.client("ec2")
    rules = [each for each in _rules(ec2) if not each["IsEgress"]]
    if not rules:
        return "nothing"
    rule = random.choice(rules)
    ec2.revoke_security_group_ingress(
        GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
    )
    return f"rule {rule['SecurityGroupRuleId']} revoked"


def _rules(ec2: Any) -> list[dict[str, Any]]:
    pages = ec2.get_paginator("describe_security_group_rules").paginate()
    return [each for page in pages for each in page["SecurityGroupRules"]]


def _service(account: Cloud, random: Random) -> str:
    ecs = account.client("ecs")
    for cluster in ecs.list_clusters()["clusterArns"]:
        for service in ecs.list_services(cluster=cluster)["serviceArns"]:
            count = random.randint(0, 3)
            ecs.update_service(cluster=cluster, service=service, desiredCount=count)
            return f"service {service.rpartition('/')[2]} has {count} tasks"
    return "nothing"


def _role(account: Cloud, random: Random) -> str:
    iam = account.client("iam")
    for role in iam.list_roles()["Roles"]:
        for policy in iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=policy["PolicyArn"])
            return f"policy detached from role {role['RoleName']}"
    return "nothing"
