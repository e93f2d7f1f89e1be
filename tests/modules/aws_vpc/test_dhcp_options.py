"""Sets of DHCP options, and which VPC has which."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.modules.aws_vpc.scene import MAIN, all_applied

#: A set for a VPC.
SET = (
    "INSERT INTO dhcp_options (dhcp_configurations, tags) VALUES "
    """('{"domain-name": "a.test", "domain-name-servers": ["10.1.0.2", "10.1.0.3"]}', '{"Name": "a"}');"""
    "INSERT INTO vpc (cidr_block, dhcp_options_id) SELECT '10.1.0.0/16', id FROM dhcp_options "
    "WHERE tags ->> 'Name' = 'a';"
)
_FREE = "UPDATE vpc SET dhcp_options_id = NULL WHERE NOT is_default;"
_OURS = "tags ->> 'Name' = 'a'"


def sets(ec2: Any) -> dict[str, dict[str, list[str]]]:
    """The options of each set."""
    return {
        each["DhcpOptionsId"]: {
            one["Key"]: [value["Value"] for value in one["Values"]] for one in each["DhcpConfigurations"]
        }
        for each in ec2.describe_dhcp_options()["DhcpOptions"]
    }


def had(ec2: Any) -> str:
    """The set of the VPC that is not the default one."""
    [found] = [each["DhcpOptionsId"] for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]
    return str(found)


async def of_aws(session: Session) -> str:
    """AWS's set for the region, which the default VPC has."""
    return str(
        await session.value(
            "SELECT o.dhcp_options_id FROM vpc JOIN dhcp_options AS o ON o.id = vpc.dhcp_options_id "
            "WHERE is_default"
        )
    )


async def test_sets_are_imported(session: Session, ec2: Any) -> None:
    name = ec2.create_dhcp_options(
        DhcpConfigurations=[
            {"Key": "ntp-servers", "Values": ["10.0.0.4"]},
            {"Key": "ipv6-address-preferred-lease-time", "Values": ["7200"]},
        ],
        TagSpecifications=[{"ResourceType": "dhcp-options", "Tags": [{"Key": "team", "Value": "x"}]}],
    )["DhcpOptions"]["DhcpOptionsId"]
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.associate_dhcp_options(DhcpOptionsId=name, VpcId=vpc)
    await session("iasql_install", "aws_vpc")
    shown = await session.rows(
        "SELECT o.dhcp_options_id, dhcp_configurations, o.tags FROM vpc "
        "JOIN dhcp_options AS o ON o.id = vpc.dhcp_options_id ORDER BY is_default"
    )
    assert [(set, json.loads(options), json.loads(tags)) for set, options, tags in shown] == [
        (name, {"ntp-servers": ["10.0.0.4"], "ipv6-address-preferred-lease-time": ["7200"]}, {"team": "x"}),
        (
            await of_aws(session),
            {"domain-name-servers": ["AmazonProvidedDNS"], "domain-name": ["ec2.internal"]},
            {},
        ),
    ]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_new_vpc_shows_the_set_that_aws_gives_it(installed: Session, ec2: Any) -> None:
    await installed.execute("INSERT INTO vpc (cidr_block) VALUES ('10.1.0.0/16')")
    assert await all_applied(installed) == {("create", "vpc")}
    assert await installed.value("SELECT count(DISTINCT dhcp_options_id) FROM vpc") == 1
    assert had(ec2) == await of_aws(installed)


async def test_a_set_is_made_for_a_vpc_replaced_and_deleted(installed: Session, ec2: Any) -> None:
    await installed.execute(SET)
    assert await all_applied(installed) == {("create", "dhcp_options"), ("create", "vpc")}
    first = had(ec2)
    assert sets(ec2)[first] == {"domain-name": ["a.test"], "domain-name-servers": ["10.1.0.2", "10.1.0.3"]}
    # The order of name servers counts, and a set is never changed.
    await installed.execute(
        "UPDATE dhcp_options SET dhcp_configurations = jsonb_set(dhcp_configurations, "
        f"'{{domain-name-servers}}', '[\"10.1.0.3\", \"10.1.0.2\"]') WHERE {_OURS}"
    )
    assert await all_applied(installed) == {("replace", "dhcp_options"), ("update", "vpc")}
    assert had(ec2) != first
    assert first not in sets(ec2)
    assert sets(ec2)[had(ec2)]["domain-name-servers"] == ["10.1.0.3", "10.1.0.2"]
    await installed.execute(
        "UPDATE vpc SET dhcp_options_id = (SELECT dhcp_options_id FROM vpc WHERE is_default);"
        f"DELETE FROM dhcp_options WHERE {_OURS}"
    )
    assert await all_applied(installed) == {("update", "vpc"), ("delete", "dhcp_options")}
    assert list(sets(ec2)) == [had(ec2)] == [await of_aws(installed)]


async def test_a_vpc_lets_go_of_a_set_that_is_deleted(installed: Session, ec2: Any) -> None:
    await installed.execute(SET)
    await all_applied(installed)
    await installed.execute(_FREE)
    assert await installed("iasql_plan_apply") == []  # which set it has is left to AWS
    await installed.execute(f"DELETE FROM dhcp_options WHERE {_OURS}")
    assert await all_applied(installed) == {("update", "vpc"), ("delete", "dhcp_options")}
    assert had(ec2) == "default"
    assert list(sets(ec2)) == [await of_aws(installed)]
    assert await installed.value("SELECT count(*) FROM vpc WHERE dhcp_options_id IS NULL") == 1


@pytest.mark.parametrize("none", [False, True])
async def test_a_replaced_vpc_keeps_its_set(installed: Session, ec2: Any, none: bool) -> None:
    await installed.execute(SET)
    await all_applied(installed)
    if none:
        vpc = await installed.value("SELECT vpc_id FROM vpc WHERE NOT is_default")
        ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
        await installed("iasql_sync")
    before = had(ec2)
    await installed.execute("UPDATE vpc SET cidr_block = '10.2.0.0/16' WHERE NOT is_default")
    assert await all_applied(installed) == {("replace", "vpc"), *MAIN}
    assert had(ec2) == before
    assert (before == "default") is none


async def test_tags_change_in_place(installed: Session, ec2: Any) -> None:
    await installed.execute(SET)
    await all_applied(installed)
    await installed.execute(f'UPDATE dhcp_options SET tags = \'{{"team": "x"}}\' WHERE {_OURS}')
    assert await all_applied(installed) == {("update", "dhcp_options")}
    [found] = ec2.describe_dhcp_options(DhcpOptionsIds=[had(ec2)])["DhcpOptions"]
    assert found["Tags"] == [{"Key": "team", "Value": "x"}]


async def test_options_that_aws_does_not_know_are_refused(installed: Session, ec2: Any) -> None:
    with pytest.raises(Exception, match="named_options"):
        await installed.execute("INSERT INTO dhcp_options (dhcp_configurations) VALUES ('[]')")
    await installed.execute(
        """INSERT INTO dhcp_options (dhcp_configurations) VALUES ('{"nowhere": ["x"]}')"""
    )
    with pytest.raises(OperationError, match="InvalidParameterValue"):
        await installed("iasql_apply")
    assert list(sets(ec2)) == [await of_aws(installed)]


async def test_a_set_that_a_stranger_gives_a_vpc_is_not_deleted(installed: Session, ec2: Any) -> None:
    """AWS refuses, and says which column has to change."""
    await installed.execute(SET)
    await all_applied(installed)
    ours = had(ec2)
    stranger = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.associate_dhcp_options(DhcpOptionsId=ours, VpcId=stranger)
    await installed.execute(_FREE + f"DELETE FROM dhcp_options WHERE {_OURS}")
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    assert refused.value.hint
    assert ours in sets(ec2)


async def test_the_set_of_a_vpc_that_nobody_may_change_stays(installed: Session, ec2: Any) -> None:
    before = await of_aws(installed)
    await installed.execute("SELECT delete_all_records()")
    assert await installed.apply() == []
    assert await of_aws(installed) == before
    assert list(sets(ec2)) == [before]
