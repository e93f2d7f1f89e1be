"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

GROUP = "INSERT INTO security_group (group_name, description) VALUES ('web', 'the web');"


def rule(group: str, columns: str) -> str:
    """An INSERT of one rule: egress, protocol, ports, v4, v6, prefix list, description."""
    return (
        "INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, "
        "cidr_ipv4, cidr_ipv6, prefix_list_id, description) "
        f"SELECT id, {columns} FROM security_group WHERE group_name = '{group}';"
    )


HTTP = rule("web", "false, 'tcp', 80, 80, '10.0.0.0/8', NULL, NULL, 'http'")


OUT = rule("web", "true, '-1', NULL, NULL, '0.0.0.0/0', NULL, NULL, NULL")


def group(ec2: Any, name: str) -> dict[str, Any]:
    [found] = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])[
        "SecurityGroups"
    ]
    return dict(found)


def rules(ec2: Any, name: str) -> list[dict[str, Any]]:
    """The rules of a group, what in goes before what goes out."""
    return rules_of(ec2, group(ec2, name)["GroupId"])


def rules_of(ec2: Any, group_id: str) -> list[dict[str, Any]]:
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group_id]}])
    return sorted(found["SecurityGroupRules"], key=lambda each: (each["IsEgress"], each.get("FromPort") or 0))


VPC = "INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16');"
