"""Changes that somebody makes in AWS behind the engine's back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud
from tests.soak.agreement import Atoms
from tests.soak.edits import CIDRS, NAMES, POLICIES, PORTS, TAGGED, TAGS, TRUST, VALUES, description
from tests.soak.kinds import KINDS
from tests.soak.model import Key
from tests.soak.seen import everything


@dataclass(frozen=True)
class Drift:
    """What somebody has done.

    Attributes:
        made: what has become of what; None is that it is there no more.
    """

    said: str
    made: Atoms = field(default_factory=dict)

    def __str__(self) -> str:
        return self.said


NOTHING = Drift("nothing")


def change(account: Cloud, random: Random) -> Drift:
    """Change something, and say what; nothing if AWS refuses it."""
    done = random.choice(_CHANGES)
    try:
        return done(account, random)
    except ClientError as error:
        return Drift(f"{done.__name__.strip('_')} refused: {error.response['Error']['Code']}")


def _value(said: str, table: str, key: Key, name: str, value: Any) -> Drift:
    return Drift(f"{table} {'/'.join(map(str, key))} {said}", {(table, key, name): value})


def _resource(said: str, table: str, key: Key, **attributes: Any) -> Drift:
    """One that is there now, or has gone."""
    there = True if said == "created" else None
    made: Atoms = {(table, key, name): value for name, value in attributes.items() if value is not None}
    return Drift(f"{table} {'/'.join(map(str, key))} {said}", {(table, key, ""): there, **made})


def _log_group(account: Cloud, random: Random) -> Drift:
    logs, name = account.client("logs"), random.choice(NAMES)
    names = [each["logGroupName"] for each in everything(logs, "describe_log_groups", "logGroups")]
    if name in names:
        logs.delete_log_group(logGroupName=name)
        return _resource("deleted", "log_group", (name,))
    logs.create_log_group(logGroupName=name)
    return _resource("created", "log_group", (name,))


def _repository(account: Cloud, random: Random) -> Drift:
    ecr, name = account.client("ecr"), random.choice(NAMES)
    some = {each["repositoryName"]: each for each in everything(ecr, "describe_repositories", "repositories")}
    if name not in some:
        ecr.create_repository(repositoryName=name)
        return _resource("created", "repository", (name,), scan=False)
    if random.random() < 0.3:
        ecr.delete_repository(repositoryName=name)
        return _resource("deleted", "repository", (name,))
    return _scan(account, random)


def _scan(account: Cloud, random: Random) -> Drift:
    ecr = account.client("ecr")
    some = everything(ecr, "describe_repositories", "repositories")
    if not some:
        return NOTHING
    found = random.choice(some)
    scan, name = not found["imageScanningConfiguration"]["scanOnPush"], found["repositoryName"]
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": scan})
    return _value(f"scans on push: {scan}", "repository", (name,), "scan", scan)


def _rule(account: Cloud, random: Random) -> Drift:
    ec2 = account.client("ec2")
    rules = [each for each in _rules(ec2) if not each["IsEgress"]]
    if not rules:
        return NOTHING
    rule = random.choice(rules)
    group, about = rule["GroupId"], random.choice(("one", "two"))
    key = (_groups(account)[group], rule["FromPort"], rule["CidrIpv4"])
    if random.random() < 0.5:
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
        return _resource("revoked", "security_group_rule", key)
    said = {name: rule[name] for name in ("IpProtocol", "FromPort", "ToPort", "CidrIpv4")}
    changed = {
        "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
        "SecurityGroupRule": {**said, "Description": about},
    }
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[changed])
    return _value(f"described as {about}", "security_group_rule", key, "description", about)


def _new_rule(account: Cloud, random: Random) -> Drift:
    groups = {name: group for group, name in _groups(account).items() if name in NAMES}
    if not groups:
        return NOTHING
    name, port, cidr = random.choice(sorted(groups)), random.choice(PORTS), random.choice(CIDRS)
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}
    account.client("ec2").authorize_security_group_ingress(GroupId=groups[name], IpPermissions=[permission])
    return _resource("created", "security_group_rule", (name, port, cidr))


def _group(account: Cloud, random: Random) -> Drift:
    ec2, name = account.client("ec2"), random.choice(NAMES)
    group = {name: group for group, name in _groups(account).items()}.get(name)
    if group is None:
        ec2.create_security_group(GroupName=name, Description=description(name))
        made = _resource("created", "security_group", (name,))
        return Drift(made.said, {**made.made, ("security_group_rule", (name, None, "0.0.0.0/0"), ""): True})
    ec2.delete_security_group(GroupId=group)
    return _resource("deleted", "security_group", (name,))


def _rules(ec2: Any) -> list[dict[str, Any]]:
    return everything(ec2, "describe_security_group_rules", "SecurityGroupRules")


def _groups(account: Cloud) -> dict[str, str]:
    """The names of all groups."""
    some = everything(account.client("ec2"), "describe_security_groups", "SecurityGroups")
    return {each["GroupId"]: each["GroupName"] for each in some}


def _balancer_groups(account: Cloud, random: Random) -> Drift:
    """One more group for a load balancer, or one less."""
    elb, groups = account.client("elbv2"), _groups(account)
    some = everything(elb, "describe_load_balancers", "LoadBalancers")
    named = {name: group for group, name in groups.items() if name in NAMES}
    if not some or not named:
        return NOTHING
    balancer, name = random.choice(some), random.choice(sorted(named))
    chosen = set(balancer["SecurityGroups"]) ^ {named[name]}
    if not chosen:
        return NOTHING
    elb.set_security_groups(LoadBalancerArn=balancer["LoadBalancerArn"], SecurityGroups=sorted(chosen))
    has = True if named[name] in chosen else None
    key = (balancer["LoadBalancerName"],)
    return _value(f"has group {name}: {has}", "load_balancer", key, f"groups.{name}", has)


def _listener(account: Cloud, random: Random) -> Drift:
    elb = account.client("elbv2")
    targets = {
        each["TargetGroupName"]: each["TargetGroupArn"]
        for each in everything(elb, "describe_target_groups", "TargetGroups")
    }
    for balancer in everything(elb, "describe_load_balancers", "LoadBalancers"):
        for each in everything(
            elb, "describe_listeners", "Listeners", LoadBalancerArn=balancer["LoadBalancerArn"]
        ):
            key = (balancer["LoadBalancerName"], each["Port"])
            if random.random() < 0.3:
                elb.delete_listener(ListenerArn=each["ListenerArn"])
                return _resource("deleted", "listener", key)
            target = random.choice(sorted(targets))
            action = {"Type": "forward", "TargetGroupArn": targets[target]}
            elb.modify_listener(ListenerArn=each["ListenerArn"], DefaultActions=[action])
            return _value(f"forwards to {target}", "listener", key, "target", target)
    return NOTHING


def _service(account: Cloud, random: Random) -> Drift:
    ecs = account.client("ecs")
    for cluster in everything(ecs, "list_clusters", "clusterArns"):
        for service in everything(ecs, "list_services", "serviceArns", cluster=cluster):
            name = service.rpartition("/")[2]
            if random.random() < 0.5:
                count = random.randint(0, 3)
                ecs.update_service(cluster=cluster, service=service, desiredCount=count)
                return _value(f"has {count} tasks", "service", (name,), "count", count)
            return _service_groups(account, random, cluster, service)
    return NOTHING


def _service_groups(account: Cloud, random: Random, cluster: str, service: str) -> Drift:
    """One more group for a service, or one less: a part of it."""
    ecs, name = account.client("ecs"), service.rpartition("/")[2]
    named = {name: group for group, name in _groups(account).items() if name in NAMES}
    [found] = ecs.describe_services(cluster=cluster, services=[service])["services"]
    if not named or found["status"] != "ACTIVE":
        return NOTHING
    network = found["networkConfiguration"]["awsvpcConfiguration"]
    group = random.choice(sorted(named))
    chosen = set(network["securityGroups"]) ^ {named[group]}
    if not chosen:
        return NOTHING
    network = {**network, "securityGroups": sorted(chosen)}
    ecs.update_service(
        cluster=cluster, service=service, networkConfiguration={"awsvpcConfiguration": network}
    )
    has = True if named[group] in chosen else None
    return _value(f"has group {group}: {has}", "service", (name,), f"groups.{group}", has)


def _role(account: Cloud, random: Random) -> Drift:
    iam, name = account.client("iam"), random.choice(NAMES)
    if name not in [each["RoleName"] for each in everything(iam, "list_roles", "Roles")]:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        return _resource("created", "role", (name,))
    if random.random() < 0.5:
        about = random.choice(("one", "two"))
        iam.update_role(RoleName=name, Description=about)
        return _value(f"described as {about}", "role", (name,), "description", about)
    return _policy(account, random, name)


def _policy(account: Cloud, random: Random, name: str) -> Drift:
    iam, policy = account.client("iam"), random.choice(POLICIES)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    if policy in [each["PolicyArn"] for each in attached]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy)
        return _value("has a policy less", "role", (name,), f"policies.{policy}", None)
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    return _value("has a policy more", "role", (name,), f"policies.{policy}", True)


def _alone(account: Cloud, random: Random) -> Drift:
    """A column of a table that stands alone."""
    kind = random.choice([each for each in KINDS if each.set is not None])
    names = [name for (name,), _ in kind.seen(account)]
    if not names or kind.set is None:
        return NOTHING
    name, column = random.choice(names), random.choice(sorted(kind.values))
    value = random.choice(kind.values[column])
    kind.set(account, name, column, value)
    return _value(f"{column}: {value}", kind.table, (name,), column, value)


def _tag(account: Cloud, random: Random) -> Drift:
    """A tag is added, changed or taken away."""
    table, tag, value = random.choice(sorted(TAGGED)), random.choice(TAGS), random.choice((*VALUES, None))
    name = random.choice(NAMES)
    _TAGGING[table](account, name, tag, value)
    return _value(f"has tag {tag}: {value}", table, (name,), f"tags.{tag}", value)


def _tag_cluster(account: Cloud, name: str, tag: str, value: str | None) -> None:
    ecs = account.client("ecs")
    found = ecs.describe_clusters(clusters=[name])["clusters"]
    arn = found[0]["clusterArn"] if found else "arn:aws:ecs:us-east-1:123456789012:cluster/none"
    if value is None:
        ecs.untag_resource(resourceArn=arn, tagKeys=[tag])
    else:
        ecs.tag_resource(resourceArn=arn, tags=[{"key": tag, "value": value}])


def _tag_log_group(account: Cloud, name: str, tag: str, value: str | None) -> None:
    logs = account.client("logs")
    if value is None:
        logs.untag_log_group(logGroupName=name, tags=[tag])
    else:
        logs.tag_log_group(logGroupName=name, tags={tag: value})


def _tag_repository(account: Cloud, name: str, tag: str, value: str | None) -> None:
    ecr = account.client("ecr")
    [found] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    if value is None:
        ecr.untag_resource(resourceArn=found["repositoryArn"], tagKeys=[tag])
    else:
        ecr.tag_resource(resourceArn=found["repositoryArn"], tags=[{"Key": tag, "Value": value}])


def _tag_role(account: Cloud, name: str, tag: str, value: str | None) -> None:
    iam = account.client("iam")
    if value is None:
        iam.untag_role(RoleName=name, TagKeys=[tag])
    else:
        iam.tag_role(RoleName=name, Tags=[{"Key": tag, "Value": value}])


def _tag_group(account: Cloud, name: str, tag: str, value: str | None) -> None:
    ec2 = account.client("ec2")
    group = {name: group for group, name in _groups(account).items()}.get(name, "sg-0123456789abcdef0")
    if value is None:
        ec2.delete_tags(Resources=[group], Tags=[{"Key": tag}])
    else:
        ec2.create_tags(Resources=[group], Tags=[{"Key": tag, "Value": value}])


_TAGGING: dict[str, Callable[[Cloud, str, str, str | None], None]] = {
    "cluster": _tag_cluster,
    "log_group": _tag_log_group,
    "repository": _tag_repository,
    "role": _tag_role,
    "security_group": _tag_group,
}
_CHANGES: tuple[Callable[[Cloud, Random], Drift], ...] = (
    *(_log_group, _repository, _scan, _rule, _new_rule, _group, _balancer_groups, _listener),
    *(_service, _service, _role, _role, _tag, _tag, _tag, _alone, _alone, _alone),
)
