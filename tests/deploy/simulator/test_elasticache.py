"""ElastiCache: what is in use or being changed stays, and an upgrade may be taken and not made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.simulator.conditions import Conditions
from tests.fixtures.cloud import Cloud


@pytest.fixture
def elasticache(boto: Callable[[str], Any]) -> Any:
    return boto("elasticache")


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    """The error code that a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    code: str = refused.value.response["Error"]["Code"]
    return code


def group(elasticache: Any, **more: Any) -> dict[str, Any]:
    """Make a replication group."""
    given = {"ReplicationGroupDescription": "d", "CacheNodeType": "cache.t4g.micro", **more}
    made = elasticache.create_replication_group(ReplicationGroupId="g", **given)
    return dict(made["ReplicationGroup"])


def test_nothing_is_changed_before_it_is_available(elasticache: Any, simulator: Cloud) -> None:
    simulator.be(Conditions(pending=60))
    assert group(elasticache, NumCacheClusters=2)["Status"] == "creating"
    modify = elasticache.modify_replication_group
    about = {"ReplicationGroupId": "g"}
    code = "InvalidReplicationGroupState"
    assert code_of(modify, **about, ReplicationGroupDescription="e") == code
    simulator.advance(60)
    assert modify(**about, ReplicationGroupDescription="e")["ReplicationGroup"]["Status"] == "modifying"
    assert code_of(elasticache.delete_replication_group, **about) == code
    simulator.advance(60)
    assert elasticache.delete_replication_group(**about)["ReplicationGroup"]["Status"] == "deleting"
    [cluster, _] = elasticache.describe_cache_clusters()["CacheClusters"]
    assert cluster["CacheClusterStatus"] == "deleting"
    simulator.advance(60)
    assert code_of(elasticache.describe_replication_groups, **about) == "ReplicationGroupNotFoundFault"
    assert elasticache.describe_cache_clusters()["CacheClusters"] == []


def test_caches_keep_their_subnets_and_groups(elasticache: Any, boto: Callable[[str], Any]) -> None:
    ec2 = boto("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    sg = ec2.create_security_group(GroupName="sg", Description="d")["GroupId"]
    given = {"CacheSubnetGroupName": "Net", "CacheSubnetGroupDescription": "d"}
    elasticache.create_cache_subnet_group(**given, SubnetIds=[subnet])
    create = elasticache.create_cache_subnet_group
    assert code_of(create, **given, SubnetIds=[subnet]) == "CacheSubnetGroupAlreadyExists"
    group(elasticache, CacheSubnetGroupName="net", SecurityGroupIds=[sg])
    delete = elasticache.delete_cache_subnet_group
    assert code_of(delete, CacheSubnetGroupName="net") == "CacheSubnetGroupInUse"
    assert code_of(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    assert code_of(ec2.delete_security_group, GroupId=sg) == "DependencyViolation"
    elasticache.delete_replication_group(ReplicationGroupId="g")
    elasticache.describe_replication_groups()
    delete(CacheSubnetGroupName="net")
    ec2.delete_security_group(GroupId=sg)
    ec2.delete_subnet(SubnetId=subnet)


def test_an_upgrade_from_5_to_6_x_is_taken_and_not_made(elasticache: Any) -> None:
    group(elasticache, Engine="redis", EngineVersion="5.0.6")
    for wanted, version in (("6.x", "5.0.6"), ("6.2", "6.2.6")):
        elasticache.modify_replication_group(
            ReplicationGroupId="g", EngineVersion=wanted, ApplyImmediately=True
        )
        [member] = elasticache.describe_cache_clusters()["CacheClusters"]
        assert member["EngineVersion"] == version


def test_a_change_waits_for_the_window_unless_it_is_to_be_made_at_once(elasticache: Any) -> None:
    group(elasticache)
    elasticache.modify_replication_group(ReplicationGroupId="g", CacheNodeType="cache.t4g.small")
    [member] = elasticache.describe_cache_clusters()["CacheClusters"]
    assert member["CacheNodeType"] == "cache.t4g.micro"
    assert member["PendingModifiedValues"] == {"CacheNodeType": "cache.t4g.small"}
    elasticache.modify_replication_group(ReplicationGroupId="g", ApplyImmediately=True)
    [member] = elasticache.describe_cache_clusters()["CacheClusters"]
    assert member["CacheNodeType"] == "cache.t4g.small"
    assert "PendingModifiedValues" not in member


def test_what_does_not_fit_together_is_refused(elasticache: Any) -> None:
    create = elasticache.create_replication_group
    about = {"ReplicationGroupDescription": "d", "CacheNodeType": "cache.t4g.micro"}
    for more, code in (
        ({"AutomaticFailoverEnabled": True}, "InvalidParameterCombination"),
        ({"MultiAZEnabled": True, "NumCacheClusters": 2}, "InvalidParameterCombination"),
        ({"AuthToken": "x" * 16}, "InvalidParameterCombination"),
        ({"KmsKeyId": "k"}, "InvalidParameterCombination"),
        ({"EngineVersion": "9.9"}, "InvalidParameterCombination"),
        ({"Engine": "memcached"}, "InvalidParameterValue"),
        ({"CacheSubnetGroupName": "none"}, "CacheSubnetGroupNotFoundFault"),
        ({"SecurityGroupIds": ["sg-1"]}, "InvalidParameterValue"),
    ):
        assert code_of(create, ReplicationGroupId="g", **{**about, **more}) == code
    assert code_of(create, ReplicationGroupId="1-", **about) == "InvalidParameterValue"
    group(elasticache)
    assert code_of(create, ReplicationGroupId="G", **about) == "ReplicationGroupAlreadyExists"
    change = elasticache.modify_cache_cluster
    assert code_of(change, CacheClusterId="g-001") == "InvalidCacheClusterState"
