"""Network ACLs, what they let through, and which subnet has which."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_vpc.scene import MAIN, NETWORK, all_applied

#: An ACL of the VPC with a rule, which the subnet has.
ACL = (
    'INSERT INTO network_acl (vpc_id, tags) SELECT id, \'{"Name": "web"}\' FROM vpc WHERE NOT is_default;'
    "INSERT INTO network_acl_entry (network_acl_id, is_egress, rule_number, protocol, rule_action, "
    "cidr_block, from_port, to_port) SELECT id, false, 110, 'tcp', 'allow', '0.0.0.0/0', 443, 443 "
    "FROM network_acl "
    "WHERE NOT is_default;"
    "UPDATE subnet SET network_acl_id = (SELECT id FROM network_acl WHERE NOT is_default) "
    "WHERE cidr_block = '10.1.1.0/24';"
)
_MADE = ("vpc", "internet_gateway", "subnet", "network_acl", "network_acl_entry")
MADE = {("create", table) for table in _MADE}
_OURS = "network_acl_id IN (SELECT id FROM network_acl WHERE tags ->> 'Name' = 'web')"


def vpcs(ec2: Any) -> list[str]:
    return [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]


def acls(ec2: Any, default: bool) -> list[dict[str, Any]]:
    """The ACLs of the VPC that is not the default one."""
    found = ec2.describe_network_acls()["NetworkAcls"]
    return [each for each in found if each["VpcId"] in vpcs(ec2) and each["IsDefault"] is default]


def acl(ec2: Any, default: bool = False) -> dict[str, Any]:
    [found] = acls(ec2, default)
    return found


def entries(ec2: Any, default: bool = False) -> dict[tuple[bool, int], dict[str, Any]]:
    """The entries that are not AWS's last ones, by direction and number."""
    return {
        (each["Egress"], each["RuleNumber"]): {
            name: value for name, value in each.items() if name not in ("Egress", "RuleNumber")
        }
        for each in acl(ec2, default)["Entries"]
        if each["RuleNumber"] < 32767
    }


ALL = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
WEB = {
    "Protocol": "6",
    "RuleAction": "allow",
    "CidrBlock": "0.0.0.0/0",
    "PortRange": {"From": 443, "To": 443},
}


async def test_acls_entries_and_subnets_are_imported(session: Session, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    name = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=name,
        RuleNumber=50,
        Protocol="1",
        RuleAction="deny",
        Egress=True,
        CidrBlock="10.0.0.0/8",
        IcmpTypeCode={"Type": 8, "Code": -1},
    )
    [association] = [
        each["NetworkAclAssociationId"]
        for each in acl(ec2, True)["Associations"]
        if each["SubnetId"] == subnet
    ]
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=name)
    await session("iasql_install", "aws_vpc")
    assert await session.rows(
        "SELECT a.network_acl_id, a.is_default, is_egress, rule_number, protocol, rule_action::text, "
        "e.cidr_block, from_port, icmp_type, icmp_code FROM network_acl_entry AS e "
        "JOIN network_acl AS a ON a.id = e.network_acl_id JOIN vpc ON vpc.id = a.vpc_id "
        "WHERE NOT vpc.is_default ORDER BY rule_number, is_egress"
    ) == [
        (name, False, True, 50, "1", "deny", "10.0.0.0/8", None, 8, -1),
        (acl(ec2, True)["NetworkAclId"], True, False, 100, "-1", "allow", "0.0.0.0/0", None, None, None),
        (acl(ec2, True)["NetworkAclId"], True, True, 100, "-1", "allow", "0.0.0.0/0", None, None, None),
    ]
    assert (
        await session.value(
            "SELECT a.network_acl_id FROM subnet AS s JOIN network_acl AS a ON a.id = s.network_acl_id "
            f"WHERE subnet_id = '{subnet}'"
        )
        == name
    )
    assert await session.value("SELECT count(*) FROM subnet WHERE network_acl_id IS NULL") == 0
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_an_acl_is_made_with_its_entries_for_a_new_subnet_and_deleted(
    installed: Session, ec2: Any
) -> None:
    await installed.execute(NETWORK + ACL)
    assert await all_applied(installed) == MADE
    assert entries(ec2) == {(False, 110): WEB}
    [subnet] = [each["SubnetId"] for each in acl(ec2)["Associations"]]
    network = f"SELECT cidr_block FROM subnet WHERE subnet_id = '{subnet}'"
    assert await installed.value(network) == "10.1.1.0/24"
    # What the subnet is to have then is said by its row.
    await installed.execute(
        "UPDATE subnet SET network_acl_id = (SELECT a.id FROM network_acl AS a WHERE a.is_default "
        "AND a.vpc_id = subnet.vpc_id); DELETE FROM network_acl WHERE NOT is_default"
    )
    assert await all_applied(installed) == {
        ("update", "subnet"),
        ("delete", "network_acl"),
        ("delete", "network_acl_entry"),
    }
    assert acls(ec2, False) == []
    assert [each["SubnetId"] for each in acl(ec2, True)["Associations"]] == [subnet]


async def test_a_subnet_lets_go_of_an_acl_that_is_deleted(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK + ACL)
    await all_applied(installed)
    await installed.execute(
        "UPDATE subnet SET network_acl_id = NULL WHERE cidr_block = '10.1.1.0/24';"
        "DELETE FROM network_acl WHERE NOT is_default"
    )
    assert ("update", "subnet") in await all_applied(installed)
    assert acls(ec2, False) == []
    assert len(acl(ec2, True)["Associations"]) == 1
    assert await installed.value("SELECT count(*) FROM subnet WHERE network_acl_id IS NULL") == 0


async def test_what_an_apply_makes_refers_to_a_row_that_it_restores(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK)
    await all_applied(installed)
    await installed.execute(
        "UPDATE subnet SET network_acl_id = NULL; DELETE FROM network_acl;"
        "INSERT INTO subnet (availability_zone, vpc_id, cidr_block) "
        "SELECT 'us-east-1b', id, '10.1.9.0/24' FROM vpc WHERE NOT is_default"
    )
    assert [row[:2] for row in await installed("iasql_apply")] == [("create", "subnet")]
    assert await installed("iasql_plan_sync") == []
    assert await installed.value("SELECT count(*) FROM subnet WHERE network_acl_id IS NULL") == 0


async def test_entries_change_in_place(installed: Session, ec2: Any, simulator: Cloud) -> None:
    await installed.execute(NETWORK + ACL)
    await all_applied(installed)
    for change, told in (
        ("rule_action = 'deny'", {**WEB, "RuleAction": "deny"}),
        ("to_port = 444", {**WEB, "RuleAction": "deny", "PortRange": {"From": 443, "To": 444}}),
        (
            "cidr_block = NULL, ipv6_cidr_block = '::/0', rule_action = 'allow', protocol = '17'",
            {
                "Protocol": "17",
                "RuleAction": "allow",
                "Ipv6CidrBlock": "::/0",
                "PortRange": {"From": 443, "To": 444},
            },
        ),
        (
            "protocol = 'icmpv6', from_port = NULL, to_port = NULL, icmp_type = -1, icmp_code = -1",
            {
                "Protocol": "58",
                "RuleAction": "allow",
                "Ipv6CidrBlock": "::/0",
                "IcmpTypeCode": {"Type": -1, "Code": -1},
            },
        ),
    ):
        await installed.execute(f"UPDATE network_acl_entry SET {change} WHERE {_OURS}")
        assert await all_applied(installed) == {("update", "network_acl_entry")}
        assert entries(ec2) == {(False, 110): told}
    assert simulator.called("DeleteNetworkAclEntry") == 0
    await installed.execute(f"UPDATE network_acl_entry SET rule_number = 120 WHERE {_OURS}")
    assert await all_applied(installed) == {("create", "network_acl_entry"), ("delete", "network_acl_entry")}
    assert list(entries(ec2)) == [(False, 120)]
    await installed.execute(f"DELETE FROM network_acl_entry WHERE {_OURS}")
    assert await all_applied(installed) == {("delete", "network_acl_entry")}
    assert entries(ec2) == {}


async def test_a_default_acl_stays_and_lets_through_what_its_rows_say(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK)
    await all_applied(installed)
    assert entries(ec2, True) == {(False, 100): ALL, (True, 100): ALL}
    default = (
        "network_acl_id IN (SELECT a.id FROM network_acl AS a JOIN vpc ON vpc.id = a.vpc_id "
        "WHERE NOT vpc.is_default)"
    )
    await installed.execute(
        f"DELETE FROM network_acl_entry WHERE is_egress AND {default};"
        f"UPDATE network_acl_entry SET cidr_block = '10.0.0.0/8' WHERE NOT is_egress AND {default}"
    )
    assert await all_applied(installed) == {("delete", "network_acl_entry"), ("update", "network_acl_entry")}
    ours = {(False, 100): {**ALL, "CidrBlock": "10.0.0.0/8"}}
    assert entries(ec2, True) == ours
    await installed.execute("UPDATE subnet SET network_acl_id = NULL; DELETE FROM network_acl")
    await all_applied(installed)
    assert await installed.value("SELECT count(*) FROM network_acl") == 2
    assert entries(ec2, True) == ours
    # The VPC that takes its place has what the rows say, and nothing that AWS lets through besides.
    await installed.execute(
        "UPDATE subnet SET cidr_block = '10.2.1.0/24' WHERE cidr_block = '10.1.1.0/24';"
        "UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default"
    )
    assert await all_applied(installed) >= MAIN
    assert entries(ec2, True) == ours


async def test_a_replaced_vpc_takes_its_acls_along(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK + ACL)
    await all_applied(installed)
    await installed.execute(
        "UPDATE subnet SET cidr_block = '10.2.1.0/24' WHERE cidr_block = '10.1.1.0/24';"
        "UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default"
    )
    assert await all_applied(installed) >= {("replace", "network_acl"), ("replace", "subnet")}
    assert entries(ec2) == {(False, 110): WEB}
    assert entries(ec2, True) == {(False, 100): ALL, (True, 100): ALL}
    assert len(acl(ec2)["Associations"]) == 1
    await installed.execute(
        "DELETE FROM internet_gateway; DELETE FROM subnet; DELETE FROM network_acl; DELETE FROM vpc"
    )
    assert {action for action, _ in await all_applied(installed)} == {"delete"}
    assert vpcs(ec2) == []


async def test_rules_of_aws_and_entries_that_are_not_whole_are_refused(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK + ACL)
    await all_applied(installed)
    for change, check in (
        ("rule_number = 32767", "rule_number_of_ours"),
        ("cidr_block = NULL", "one_network"),
        ("icmp_type = 8", "ports_or_types"),
    ):
        with pytest.raises(Exception, match=check):
            await installed.execute(f"UPDATE network_acl_entry SET {change} WHERE {_OURS}")
    await installed.execute(f"UPDATE network_acl_entry SET from_port = NULL, to_port = NULL WHERE {_OURS}")
    with pytest.raises(OperationError, match="MissingParameter") as refused:
        await installed("iasql_apply")
    assert "from_port" in (refused.value.hint or "")
    assert entries(ec2) == {(False, 110): WEB}


async def test_tags_of_an_acl_change_in_place(installed: Session, ec2: Any) -> None:
    await installed.execute(NETWORK + ACL)
    await all_applied(installed)
    await installed.execute('UPDATE network_acl SET tags = \'{"team": "x"}\' WHERE NOT is_default')
    assert await all_applied(installed) == {("update", "network_acl")}
    assert acl(ec2)["Tags"] == [{"Key": "team", "Value": "x"}]
