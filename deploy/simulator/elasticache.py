"""ElastiCache, of which moto has too little: groups of subnets and of parameters, clusters and replication
groups, kept in memory.

What is made, changed or deleted takes its time, and is not changed meanwhile. Nodes have interfaces in their
subnets, which keep these and their security groups.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from moto.backends import get_backend
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.clock import Clock
from deploy.simulator.forms import read_form
from deploy.simulator.modelled import Document, Operation, RefusedError, answer, page
from deploy.simulator.replies import json_reply
from deploy.simulator.rest import model

_PAGE = 100
_NAME = re.compile(r"[a-z](?:-?[a-z0-9])*")
#: Versions by engine: what can be asked for, and what that is. The first one is what nobody asks for.
_VERSIONS = {
    "redis": {
        "7.1": "7.1.0",
        "7.0": "7.0.7",
        "6.x": "6.2.6",
        "6.2": "6.2.6",
        "6.0": "6.0.5",
        "5.0.6": "5.0.6",
        "5.0.5": "5.0.5",
    },
    "valkey": {"8.0": "8.0.1", "7.2": "7.2.6"},
    "memcached": {"1.6.22": "1.6.22", "1.6.17": "1.6.17"},
}
_FAMILIES = {"redis": "default.redis", "valkey": "default.valkey", "memcached": "default.memcached"}
#: AWS's own parameter groups, and their families.
_DEFAULTS = {
    f"default.{family}{mode}": family
    for family in ("redis5", "redis6", "redis7", "valkey7", "valkey8", "memcached1.6")
    for mode in ("", ".cluster.on")
    if not (mode and family.startswith("memcached"))
}
#: What a change of a group changes of its nodes, and of itself.
_OF_NODES = ("PreferredMaintenanceWindow", "AutoMinorVersionUpgrade")
_OF_GROUP = ("SnapshotRetentionLimit", "SnapshotWindow", "AutoMinorVersionUpgrade", "TransitEncryptionMode")


@dataclass
class Thing:
    """A cluster, a replication group, a subnet group or a parameter group.

    Attributes:
        told: as AWS describes it, but for what changes by itself.
        doing: what AWS is at since a moment: `creating`, `modifying` or `deleting`.
        interfaces: those of its nodes.
        set: of a parameter group, what somebody has set.
    """

    place: tuple[str, str]
    name: str
    told: Document
    doing: str = ""
    since: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)
    interfaces: list[str] = field(default_factory=list)
    set: dict[str, str] = field(default_factory=dict)


class ElastiCache:
    """The caches of all accounts and regions; not safe for threads by itself."""

    def __init__(self, clock: Clock, pending: Callable[[], float]) -> None:
        """
        Args:
            pending: seconds that AWS takes for what it is asked for.
        """
        self._clock = clock
        self._pending = pending
        self._subnets: list[Thing] = []
        self._parameters: list[Thing] = []
        self._clusters: list[Thing] = []
        self._groups: list[Thing] = []
        self._operations: dict[str, Operation] = {
            "CreateCacheSubnetGroup": self._create_subnets,
            "ModifyCacheSubnetGroup": self._modify_subnets,
            "DeleteCacheSubnetGroup": self._delete_subnets,
            "DescribeCacheSubnetGroups": lambda call: _listed(
                call, "CacheSubnetGroups", self._described(call, self._subnets)
            ),
            "CreateCacheParameterGroup": self._create_parameters,
            "ModifyCacheParameterGroup": self._modify_parameters,
            "ResetCacheParameterGroup": self._modify_parameters,
            "DeleteCacheParameterGroup": self._delete_parameters,
            "DescribeCacheParameterGroups": lambda call: _listed(
                call, "CacheParameterGroups", self._described(call, self._parameters)
            ),
            "DescribeCacheParameters": self._told_parameters,
            "CreateCacheCluster": self._create_cluster,
            "ModifyCacheCluster": self._modify_cluster,
            "DeleteCacheCluster": self._delete_cluster,
            "DescribeCacheClusters": lambda call: _listed(
                call, "CacheClusters", self._described(call, self._clusters)
            ),
            "CreateReplicationGroup": self._create_group,
            "ModifyReplicationGroup": self._modify_group,
            "IncreaseReplicaCount": self._count_replicas,
            "DecreaseReplicaCount": self._count_replicas,
            "ModifyReplicationGroupShardConfiguration": self._count_shards,
            "DeleteReplicationGroup": self._delete_group,
            "DescribeReplicationGroups": lambda call: _listed(
                call, "ReplicationGroups", self._described(call, self._groups)
            ),
            "ListTagsForResource": lambda call: {"TagList": _pairs(self._by_arn(call))},
            "AddTagsToResource": self._tag,
            "RemoveTagsFromResource": self._untag,
        }

    def answer(self, call: AwsCall) -> Response:
        """Perform a call of the `elasticache` service."""
        for things in (self._clusters, self._groups):
            for each in [one for one in things if one.doing == "deleting" and not self._is_at_it(one)]:
                self._remove(each, things)
        shape = model("elasticache").operation_model(call.operation).input_shape
        return answer(replace(call, parameters=read_form(shape, call.parameters) or {}), self._operations)

    def knows(self, call: AwsCall) -> bool:
        """Whether a call asks for the tags of several of its resources."""
        wanted = call.parameters.get("ResourceARNList") or ("",)
        return call.operation == "GetResources" and all(":elasticache:" in each for each in wanted)

    def tagged(self, call: AwsCall) -> Response:
        """The tags of several of its resources, those that have none apart."""
        wanted = call.parameters["ResourceARNList"]
        found = [each for some in self._all() for each in some if each.told["ARN"] in wanted and each.tags]
        some = [{"ResourceARN": each.told["ARN"], "Tags": _pairs(each)} for each in found]
        return json_reply({"ResourceTagMappingList": some})

    def forget(self, account: str) -> None:
        """Let an account have nothing."""
        for things in self._all():
            things[:] = [each for each in things if each.place[0] != account]

    def _all(self) -> tuple[list[Thing], ...]:
        return self._subnets, self._parameters, self._clusters, self._groups

    # Subnet groups ------------------------------------------------------------------------------------

    def _create_subnets(self, call: AwsCall) -> Document:
        name = call.text("CacheSubnetGroupName").lower()
        if self._has(call, self._subnets, name):
            raise RefusedError("CacheSubnetGroupAlreadyExists", f"Cache subnet group {name} already exists.")
        made = Thing((call.account, call.region), name, {}, tags=_tags(call))
        made.told = {
            "CacheSubnetGroupName": name,
            "CacheSubnetGroupDescription": call.text("CacheSubnetGroupDescription"),
            **_of_subnets(call, call.parameters["SubnetIds"]),
            "ARN": _arn(call, "subnetgroup", name),
        }
        self._subnets.append(made)
        return {"CacheSubnetGroup": made.told}

    def _modify_subnets(self, call: AwsCall) -> Document:
        found = self._find_subnets(call, call.text("CacheSubnetGroupName"))
        if (wanted := call.parameters.get("SubnetIds")) is not None:
            used = {each for one in self._users(found) for each in _subnets_of(call, one)}
            if used - set(wanted):
                raise RefusedError("SubnetInUse", f"The subnet {min(used - set(wanted))} is in use.")
            found.told |= _of_subnets(call, wanted)
        if (text := call.parameters.get("CacheSubnetGroupDescription")) is not None:
            found.told["CacheSubnetGroupDescription"] = text
        return {"CacheSubnetGroup": found.told}

    def _delete_subnets(self, call: AwsCall) -> Document:
        found = self._find_subnets(call, call.text("CacheSubnetGroupName"))
        if any(self._users(found)):
            message = f"Cache subnet group {found.name} is currently in use by a cache cluster."
            raise RefusedError("CacheSubnetGroupInUse", message)
        self._subnets.remove(found)
        return {}

    def _users(self, subnets: Thing) -> Iterator[Thing]:
        for each in self._clusters:
            if each.place == subnets.place and each.told["CacheSubnetGroupName"] == subnets.name:
                yield each

    def _find_subnets(self, call: AwsCall, name: str) -> Thing:
        found = self._has(call, self._subnets, name.lower())
        if found is None:
            message = f"CacheSubnetGroup {name} not found."
            raise RefusedError("CacheSubnetGroupNotFoundFault", message)
        return found

    def _subnets_for(self, call: AwsCall) -> Thing:
        """The subnet group of something new: the default VPC's subnets for who names none."""
        name = call.text("CacheSubnetGroupName") or "default"
        if name == "default" and not self._has(call, self._subnets, name):
            zones = get_backend("ec2")[call.account][call.region].subnets.values()
            ids = sorted(each.id for zone in zones for each in zone.values() if each.default_for_az)
            more = {"CacheSubnetGroupName": name, "CacheSubnetGroupDescription": "Default", "SubnetIds": ids}
            self._create_subnets(replace(call, parameters=more))
        return self._find_subnets(call, name)

    # Parameter groups ---------------------------------------------------------------------------------

    def _create_parameters(self, call: AwsCall) -> Document:
        name, family = call.text("CacheParameterGroupName").lower(), call.text("CacheParameterGroupFamily")
        if self._has(call, self._parameters, name) or name in _DEFAULTS:
            raise RefusedError("CacheParameterGroupAlreadyExists", f"{name} already exists.")
        if family not in _DEFAULTS.values() or not _NAME.fullmatch(name):
            message = f"CacheParameterGroupFamily {family} or CacheParameterGroupName {name} is not valid."
            raise RefusedError("InvalidParameterValue", message)
        made = Thing((call.account, call.region), name, {}, tags=_tags(call))
        made.told = _parameter_group(call, name, family, call.text("Description"))
        self._parameters.append(made)
        return {"CacheParameterGroup": made.told}

    def _modify_parameters(self, call: AwsCall) -> Document:
        found = self._find_parameters(call)
        given = call.parameters.get("ParameterNameValues") or []
        if not given or len(given) > 20:
            raise RefusedError("InvalidParameterValue", "A call has one to twenty parameters.")
        for each in given:
            if call.operation.startswith("Modify"):
                found.set[each["ParameterName"]] = each["ParameterValue"]
            else:
                found.set.pop(each["ParameterName"], None)
        return {"CacheParameterGroupName": found.name}

    def _delete_parameters(self, call: AwsCall) -> Document:
        found = self._find_parameters(call)
        for each in self._here(call, self._clusters):
            if each.told["CacheParameterGroup"]["CacheParameterGroupName"] == found.name:
                message = f"One or more cache clusters are still members of this parameter group {found.name}"
                raise RefusedError("InvalidCacheParameterGroupState", message)
        self._parameters.remove(found)
        return {}

    def _told_parameters(self, call: AwsCall) -> Document:
        name = call.text("CacheParameterGroupName")
        some = {} if name in _DEFAULTS else self._find_parameters(call).set
        told = [
            {"ParameterName": each, "ParameterValue": value, "Source": "user", "IsModifiable": True}
            for each, value in sorted(some.items())
        ]
        return _listed(call, "Parameters", told)

    def _find_parameters(self, call: AwsCall) -> Thing:
        """A group that can be changed."""
        name = call.text("CacheParameterGroupName").lower()
        if name in _DEFAULTS:
            message = "Default CacheParameterGroups cannot be modified or deleted."
            raise RefusedError("InvalidParameterValue", message)
        found = self._has(call, self._parameters, name)
        if found is None:
            message = f"CacheParameterGroup {name} not found."
            raise RefusedError("CacheParameterGroupNotFound", message, 404)
        return found

    def _check_parameters(self, call: AwsCall, engine: str) -> None:
        """A parameter group that is asked for is there, and for the engine."""
        if not (name := call.text("CacheParameterGroupName").lower()):
            return
        family = _DEFAULTS.get(name) or self._find_parameters(call).told["CacheParameterGroupFamily"]
        if not family.startswith(engine):
            message = f"Expected a parameter group of family {engine}, but found {family}."
            raise RefusedError("InvalidParameterCombination", message)

    # Clusters -----------------------------------------------------------------------------------------

    def _create_cluster(self, call: AwsCall) -> Document:
        name = _name(call, "CacheClusterId")
        if self._has(call, self._clusters, name):
            raise RefusedError("CacheClusterAlreadyExists", "Cache cluster already exists")
        count = call.parameters.get("NumCacheNodes") or 1
        if call.text("Engine") != "memcached" and count > 1:
            message = "Cannot create a Redis cluster with a NumCacheNodes parameter greater than 1."
            raise RefusedError("InvalidParameterValue", message)
        made = self._add(call, name, count)
        made.tags = _tags(call)
        return {"CacheCluster": self._cluster(made)}

    def _add(self, call: AwsCall, name: str, count: int, **more: Any) -> Thing:
        """Make a cluster, alone or in a replication group."""
        engine, subnets = call.text("Engine") or "redis", self._subnets_for(call)
        version = _version(engine, call.text("EngineVersion"))
        self._check_parameters(call, engine)
        if not call.text("CacheNodeType").startswith("cache."):
            raise RefusedError("InvalidParameterValue", "Invalid Cache Node Type.")
        groups = call.parameters.get("SecurityGroupIds") or [_default_group(call, subnets)]
        _check_groups(call, groups)
        family = f"{_FAMILIES[engine]}{version.partition('.')[0] if engine != 'memcached' else '1.6'}"
        told = {
            "CacheClusterId": name,
            "CacheNodeType": call.text("CacheNodeType"),
            "Engine": engine,
            "EngineVersion": version,
            "NumCacheNodes": count,
            "PreferredMaintenanceWindow": call.text("PreferredMaintenanceWindow") or "sun:05:00-sun:06:00",
            "CacheParameterGroup": {
                "CacheParameterGroupName": call.text("CacheParameterGroupName") or family,
                "ParameterApplyStatus": "in-sync",
            },
            "CacheSubnetGroupName": subnets.name,
            "AutoMinorVersionUpgrade": call.parameters.get("AutoMinorVersionUpgrade", True),
            "SecurityGroups": [{"SecurityGroupId": each, "Status": "active"} for each in groups],
            "SnapshotRetentionLimit": call.parameters.get("SnapshotRetentionLimit") or 0,
            "SnapshotWindow": call.text("SnapshotWindow") or "03:00-04:00",
            "AuthTokenEnabled": bool(call.text("AuthToken")),
            "TransitEncryptionEnabled": call.parameters.get("TransitEncryptionEnabled", False),
            "AtRestEncryptionEnabled": call.parameters.get("AtRestEncryptionEnabled", False),
            "ARN": _arn(call, "cluster", name),
            "Port": int(call.text("Port") or (11211 if engine == "memcached" else 6379)),
            "PreferredAvailabilityZone": call.text("PreferredAvailabilityZone") or f"{call.region}a",
            **({"NotificationConfiguration": _topic(call)} if call.text("NotificationTopicArn") else {}),
            **more,
        }
        made = Thing((call.account, call.region), name, told)
        self._clusters.append(made)
        self._connect(call, made, subnets)
        self._begin(made, "creating")
        return made

    def _connect(self, call: AwsCall, made: Thing, subnets: Thing) -> None:
        """Give a cluster's nodes interfaces."""
        ec2 = get_backend("ec2")[call.account][call.region]
        groups = [each["SecurityGroupId"] for each in made.told["SecurityGroups"]]
        for number in range(len(made.interfaces), made.told["NumCacheNodes"]):
            some = subnets.told["Subnets"]
            at = (number + len(list(self._users(subnets)))) % len(some)
            subnet = ec2.get_subnet(some[at]["SubnetIdentifier"])
            made.interfaces.append(ec2.create_network_interface(subnet, [], group_ids=groups).id)

    def _modify_cluster(self, call: AwsCall) -> Document:
        found = self._find_cluster(call)
        if found.told.get("ReplicationGroupId"):
            raise RefusedError("InvalidCacheClusterState", "It is part of a replication group.")
        self._check_available(found, "InvalidCacheClusterState")
        count, there = call.parameters.get("NumCacheNodes"), found.told["NumCacheNodes"]
        leaving = len(call.parameters.get("CacheNodeIdsToRemove") or ())
        if count is not None and leaving != max(there - count, 0):
            message = "CacheNodeIdsToRemove has to name as many nodes as are to go."
            raise RefusedError("InvalidParameterCombination", message)
        self._modify(call, found)
        if count is not None:
            found.told["NumCacheNodes"] = count
            self._disconnect(found, count)
            self._connect(call, found, self._find_subnets(call, found.told["CacheSubnetGroupName"]))
        if (limit := call.parameters.get("SnapshotRetentionLimit")) is not None:
            found.told["SnapshotRetentionLimit"] = limit
        if window := call.text("SnapshotWindow"):
            found.told["SnapshotWindow"] = window
        return {"CacheCluster": self._cluster(found)}

    def _modify(self, call: AwsCall, found: Thing) -> None:
        """Change one cluster, at once or in the next window."""
        told, given = found.told, call.parameters
        pending: Document = told.pop("PendingModifiedValues", {})
        later = {name: given[name] for name in ("CacheNodeType", "EngineVersion") if name in given}
        if given.get("ApplyImmediately"):
            pending, later = {}, {**pending, **later}
            told |= {name: value for name, value in later.items() if name == "CacheNodeType"}
            # https://github.com/hashicorp/terraform-provider-aws/issues/31063
            version, wanted = told["EngineVersion"], later.get("EngineVersion")
            if wanted and not (wanted == "6.x" and version.startswith("5.")):
                told["Engine"] = call.text("Engine") or told["Engine"]
                told["EngineVersion"] = _version(told["Engine"], wanted)
        else:
            pending |= later
        if pending:
            told["PendingModifiedValues"] = pending
        told |= {name: given[name] for name in _OF_NODES if name in given}
        if (groups := given.get("SecurityGroupIds")) is not None:
            _check_groups(call, groups)
            told["SecurityGroups"] = [{"SecurityGroupId": each, "Status": "active"} for each in groups]
            ec2 = get_backend("ec2")[call.account][call.region]
            for each in found.interfaces:
                ec2.modify_network_interface_attribute(each, groups)
        self._check_parameters(call, told["Engine"])
        if name := call.text("CacheParameterGroupName"):
            told["CacheParameterGroup"] = {**told["CacheParameterGroup"], "CacheParameterGroupName": name}
        if call.text("NotificationTopicArn"):
            told["NotificationConfiguration"] = _topic(call)
        if call.text("NotificationTopicStatus") == "inactive":
            told.pop("NotificationConfiguration", None)
        self._begin(found, "modifying")

    def _delete_cluster(self, call: AwsCall) -> Document:
        found = self._find_cluster(call)
        if found.told.get("ReplicationGroupId"):
            raise RefusedError("InvalidCacheClusterState", "It is part of a replication group.")
        self._check_available(found, "InvalidCacheClusterState")
        self._begin(found, "deleting")
        return {"CacheCluster": self._cluster(found)}

    def _find_cluster(self, call: AwsCall) -> Thing:
        found = self._has(call, self._clusters, call.text("CacheClusterId").lower())
        if found is None:
            message = f"CacheCluster not found: {call.text('CacheClusterId')}"
            raise RefusedError("CacheClusterNotFound", message, 404)
        return found

    # Replication groups -------------------------------------------------------------------------------

    def _create_group(self, call: AwsCall) -> Document:
        name, given = _name(call, "ReplicationGroupId"), call.parameters
        if self._has(call, self._groups, name):
            raise RefusedError("ReplicationGroupAlreadyExists", f"Replication group {name} already exists.")
        shards = given.get("NumNodeGroups") or 1
        replicas = given.get("ReplicasPerNodeGroup") or (given.get("NumCacheClusters") or 1) - 1
        clustered = shards > 1 or call.text("CacheParameterGroupName").endswith(".cluster.on")
        failover = given.get("AutomaticFailoverEnabled", clustered)
        _check_failover(failover, given.get("MultiAZEnabled", False), replicas, clustered)
        if call.text("AuthToken") and not given.get("TransitEncryptionEnabled"):
            message = "AuthToken can only be used with TransitEncryptionEnabled."
            raise RefusedError("InvalidParameterCombination", message)
        if call.text("KmsKeyId") and not given.get("AtRestEncryptionEnabled"):
            message = "A KMS key can only be used with AtRestEncryptionEnabled."
            raise RefusedError("InvalidParameterCombination", message)
        made = Thing((call.account, call.region), name, {}, tags=_tags(call))
        made.told = {
            "ReplicationGroupId": name,
            "Description": call.text("ReplicationGroupDescription"),
            "Shards": shards,
            "Replicas": replicas,
            "AutomaticFailover": _word(failover),
            "MultiAZ": _word(given.get("MultiAZEnabled", False)),
            "SnapshotRetentionLimit": given.get("SnapshotRetentionLimit") or 0,
            "SnapshotWindow": call.text("SnapshotWindow") or "03:00-04:00",
            "ClusterEnabled": clustered,
            "CacheNodeType": call.text("CacheNodeType"),
            "AuthTokenEnabled": bool(call.text("AuthToken")),
            "TransitEncryptionEnabled": given.get("TransitEncryptionEnabled", False),
            "AtRestEncryptionEnabled": given.get("AtRestEncryptionEnabled", False),
            "ARN": _arn(call, "replicationgroup", name),
            "AutoMinorVersionUpgrade": given.get("AutoMinorVersionUpgrade", True),
            "NetworkType": call.text("NetworkType") or "ipv4",
            "IpDiscovery": call.text("IpDiscovery") or "ipv4",
            "ClusterMode": "enabled" if clustered else "disabled",
            "Engine": call.text("Engine") or "redis",
            **({"KmsKeyId": call.text("KmsKeyId")} if call.text("KmsKeyId") else {}),
            **({"TransitEncryptionMode": "required"} if given.get("TransitEncryptionEnabled") else {}),
        }
        if made.told["Engine"] == "memcached":
            raise RefusedError("InvalidParameterValue", "Invalid engine for a replication group.")
        self._fill(call, made)
        self._groups.append(made)
        self._begin(made, "creating")
        return {"ReplicationGroup": self._group(made)}

    def _fill(self, call: AwsCall, group: Thing) -> None:
        """Make the members that a group lacks, and let go of those that it has no room for."""
        wanted = list(_members(group))
        for each in [one for one in self._members(group) if one.name not in wanted]:
            self._remove(each, self._clusters)
        there = self._members(group)
        like = _as_made(there[0].told) if there else {}
        for name in wanted:
            if not any(each.name == name for each in there):
                more = replace(call, parameters={**call.parameters, **like})
                self._add(more, name, 1, ReplicationGroupId=group.name)

    def _modify_group(self, call: AwsCall) -> Document:
        found, given = self._find_group(call), call.parameters
        self._check_available(found, "InvalidReplicationGroupState")
        told = found.told
        failover = given.get("AutomaticFailoverEnabled", told["AutomaticFailover"] == "enabled")
        several = given.get("MultiAZEnabled", told["MultiAZ"] == "enabled")
        _check_failover(failover, several, told["Replicas"], told["ClusterEnabled"])
        for each in self._members(found):
            self._modify(call, each)
        if (text := given.get("ReplicationGroupDescription")) is not None:
            told["Description"] = text
        told |= {"AutomaticFailover": _word(failover), "MultiAZ": _word(several)}
        told |= {name: given[name] for name in _OF_GROUP if name in given}
        if "TransitEncryptionEnabled" in given:
            if given.get("TransitEncryptionMode") != "preferred" and not told["TransitEncryptionEnabled"]:
                message = "Transit encryption has to be preferred before it can be required."
                raise RefusedError("InvalidParameterCombination", message)
            told["TransitEncryptionEnabled"] = given["TransitEncryptionEnabled"]
        member = self._members(found)[0].told
        told |= {"CacheNodeType": member["CacheNodeType"], "Engine": member["Engine"]}
        self._begin(found, "modifying")
        return {"ReplicationGroup": self._group(found)}

    def _count_replicas(self, call: AwsCall) -> Document:
        found, count = self._find_group(call), int(call.text("NewReplicaCount") or 0)
        self._check_available(found, "InvalidReplicationGroupState")
        there, more = found.told["Replicas"], call.operation.startswith("Increase")
        if not call.parameters.get("ApplyImmediately"):
            raise RefusedError("InvalidParameterValue", "ApplyImmediately has to be true.")
        if count == there or more is not (count > there) or count > 5:
            raise RefusedError("InvalidParameterValue", f"There are {there} replicas already.")
        several, failover = found.told["MultiAZ"] == "enabled", found.told["AutomaticFailover"] == "enabled"
        _check_failover(failover, several, count, found.told["ClusterEnabled"])
        found.told["Replicas"] = count
        self._fill(call, found)
        self._begin(found, "modifying")
        return {"ReplicationGroup": self._group(found)}

    def _count_shards(self, call: AwsCall) -> Document:
        found, count = self._find_group(call), int(call.text("NodeGroupCount"))
        self._check_available(found, "InvalidReplicationGroupState")
        if not found.told["ClusterEnabled"]:
            raise RefusedError("InvalidParameterValue", "Cluster mode is disabled.")
        if count < found.told["Shards"] and len(call.parameters.get("NodeGroupsToRetain") or ()) != count:
            raise RefusedError("InvalidParameterValue", "NodeGroupsToRetain has to name those that stay.")
        found.told["Shards"] = count
        self._fill(call, found)
        self._begin(found, "modifying")
        return {"ReplicationGroup": self._group(found)}

    def _delete_group(self, call: AwsCall) -> Document:
        found = self._find_group(call)
        self._check_available(found, "InvalidReplicationGroupState")
        for each in (found, *self._members(found)):
            self._begin(each, "deleting")
        return {"ReplicationGroup": self._group(found)}

    def _find_group(self, call: AwsCall) -> Thing:
        found = self._has(call, self._groups, call.text("ReplicationGroupId").lower())
        if found is None:
            message = f"ReplicationGroup {call.text('ReplicationGroupId')} not found."
            raise RefusedError("ReplicationGroupNotFoundFault", message, 404)
        return found

    def _members(self, group: Thing) -> list[Thing]:
        return [
            each
            for each in self._clusters
            if each.place == group.place and each.told.get("ReplicationGroupId") == group.name
        ]

    # As AWS tells it ----------------------------------------------------------------------------------

    def _described(self, call: AwsCall, things: list[Thing]) -> list[Document]:
        """All of a kind, or the one that is asked for."""
        if things is self._clusters:
            some = [self._find_cluster(call)] if call.text("CacheClusterId") else self._here(call, things)
            return [self._cluster(each) for each in some]
        if things is self._groups:
            some = [self._find_group(call)] if call.text("ReplicationGroupId") else self._here(call, things)
            return [self._group(each) for each in some]
        if things is self._parameters:
            some = self._here(call, things)
            own = [_parameter_group(call, *each, f"Default of {each[1]}") for each in _DEFAULTS.items()]
            return own + [each.told for each in some]
        name = call.text("CacheSubnetGroupName")
        some = [self._find_subnets(call, name)] if name else self._here(call, things)
        return [each.told for each in some]

    def _cluster(self, found: Thing) -> Document:
        told = {**found.told, "CacheClusterStatus": self._status(found)}
        if told["Engine"] == "memcached" and told["CacheClusterStatus"] != "creating":
            told["ConfigurationEndpoint"] = _endpoint(found, "cfg")
        nodes = range(1, told["NumCacheNodes"] + 1)
        told["CacheNodes"] = [
            {"CacheNodeId": f"{number:04}", "Endpoint": _endpoint(found, f"{number:04}")} for number in nodes
        ]
        return told

    def _group(self, found: Thing) -> Document:
        told = {**found.told, "Status": self._status(found), "MemberClusters": list(_members(found))}
        if told["Status"] == "creating":
            return told
        port = self._members(found)[0].told["Port"] if self._members(found) else 6379
        if told["ClusterEnabled"]:
            told["ConfigurationEndpoint"] = _endpoint(found, "clustercfg", port)
        told["NodeGroups"] = [
            {
                "NodeGroupId": f"{shard:04}",
                "Status": "available",
                "NodeGroupMembers": [{"CacheClusterId": each} for each in names],
                **({} if told["ClusterEnabled"] else _endpoints(found, port)),
            }
            for shard, names in _shards(found)
        ]
        return told

    def _status(self, found: Thing) -> str:
        return found.doing if self._is_at_it(found) else "available"

    def _is_at_it(self, found: Thing) -> bool:
        return self._clock.now() - found.since < self._pending()

    def _begin(self, found: Thing, doing: str) -> None:
        found.doing, found.since = doing, self._clock.now()

    def _check_available(self, found: Thing, code: str) -> None:
        if self._status(found) != "available":
            raise RefusedError(code, f"{found.name} is not in available state.")

    def _remove(self, found: Thing, things: list[Thing]) -> None:
        self._disconnect(found, 0)
        things.remove(found)

    def _disconnect(self, found: Thing, count: int) -> None:
        account, region = found.place
        for each in found.interfaces[count:]:
            get_backend("ec2")[account][region].delete_network_interface(each)
        del found.interfaces[count:]

    def _here(self, call: AwsCall, things: list[Thing]) -> list[Thing]:
        some = [each for each in things if each.place == (call.account, call.region)]
        return sorted(some, key=lambda each: each.name)

    def _has(self, call: AwsCall, things: list[Thing], name: str) -> Thing | None:
        return next((each for each in self._here(call, things) if each.name == name), None)

    def _by_arn(self, call: AwsCall) -> Thing:
        for each in chain.from_iterable(self._all()):
            if each.told["ARN"] == call.text("ResourceName"):
                return each
        raise RefusedError("InvalidARN", f"The ARN {call.text('ResourceName')} is not known.")

    def _tag(self, call: AwsCall) -> Document:
        found = self._by_arn(call)
        found.tags |= _tags(call)
        return {"TagList": _pairs(found)}

    def _untag(self, call: AwsCall) -> Document:
        found = self._by_arn(call)
        for name in call.parameters.get("TagKeys") or ():
            found.tags.pop(name, None)
        return {"TagList": _pairs(found)}


def _listed(call: AwsCall, name: str, some: list[Document]) -> Document:
    shown, more = page(some, call.text("Marker"), int(call.text("MaxRecords") or _PAGE))
    return {name: shown, "Marker": more}


def _arn(call: AwsCall, kind: str, name: str) -> str:
    return f"arn:aws:elasticache:{call.region}:{call.account}:{kind}:{name}"


def _parameter_group(call: AwsCall, name: str, family: str, description: str) -> Document:
    return {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": family,
        "Description": description,
        "IsGlobal": False,
        "ARN": _arn(call, "parametergroup", name),
    }


def _tags(call: AwsCall) -> dict[str, str]:
    return {each["Key"]: each.get("Value", "") for each in call.parameters.get("Tags") or ()}


def _pairs(found: Thing) -> list[Document]:
    return [{"Key": name, "Value": value} for name, value in found.tags.items()]


def _topic(call: AwsCall) -> Document:
    return {"TopicArn": call.text("NotificationTopicArn"), "TopicStatus": "active"}


def _word(on: bool) -> str:
    return "enabled" if on else "disabled"


def _name(call: AwsCall, parameter: str) -> str:
    name = call.text(parameter).lower()
    if not _NAME.fullmatch(name) or len(name) > (40 if parameter == "ReplicationGroupId" else 50):
        raise RefusedError("InvalidParameterValue", f"The parameter {parameter} is not a valid identifier.")
    return name


def _version(engine: str, wanted: str) -> str:
    known = _VERSIONS.get(engine)
    if known is None:
        raise RefusedError("InvalidParameterValue", f"Unrecognized engine: {engine}")
    wanted = wanted or next(iter(known))
    found = known.get(wanted) or (wanted if wanted in known.values() else None)
    if found is None:
        raise RefusedError("InvalidParameterCombination", f"Cannot find version {wanted} for {engine}")
    return found


def _check_failover(failover: bool, several: bool, replicas: int, clustered: bool) -> None:
    if failover and not replicas and not clustered:
        message = "Automatic failover is not supported without a replica."
        raise RefusedError("InvalidParameterCombination", message)
    if several and not (failover and replicas):
        message = "MultiAZ needs automatic failover, and a replica."
        raise RefusedError("InvalidParameterCombination", message)


def _of_subnets(call: AwsCall, wanted: list[str]) -> Document:
    zones = get_backend("ec2")[call.account][call.region].subnets.values()
    known = {each.id: each for zone in zones for each in zone.values()}
    if not all(each in known for each in wanted) or len({known[each].vpc_id for each in wanted}) != 1:
        raise RefusedError("InvalidSubnet", "Some input subnets are invalid, or of several VPCs.")
    subnets = [
        {"SubnetIdentifier": each, "SubnetAvailabilityZone": {"Name": known[each].availability_zone}}
        for each in wanted
    ]
    return {"VpcId": known[wanted[0]].vpc_id, "Subnets": subnets}


def _subnets_of(call: AwsCall, cluster: Thing) -> Iterator[str]:
    ec2 = get_backend("ec2")[call.account][call.region]
    yield from (ec2.enis[each].subnet.id for each in cluster.interfaces)


def _default_group(call: AwsCall, subnets: Thing) -> str:
    groups = get_backend("ec2")[call.account][call.region].groups[subnets.told["VpcId"]].values()
    return str(next(each.id for each in groups if each.name == "default"))


def _check_groups(call: AwsCall, wanted: list[str]) -> None:
    ec2 = get_backend("ec2")[call.account][call.region]
    known = {each.id for groups in ec2.groups.values() for each in groups.values()}
    if not set(wanted) <= known:
        raise RefusedError("InvalidParameterValue", "Some security groups do not exist.")


def _shards(group: Thing) -> Iterator[tuple[int, list[str]]]:
    """The members of each shard."""
    nodes = range(1, group.told["Replicas"] + 2)
    for shard in range(1, group.told["Shards"] + 1):
        begin = f"{group.name}-{shard:04}" if group.told["ClusterEnabled"] else group.name
        yield shard, [f"{begin}-{number:03}" for number in nodes]


def _members(group: Thing) -> Iterator[str]:
    for _, names in _shards(group):
        yield from names


def _as_made(told: Document) -> Document:
    """What another member of a group is made with."""
    return {
        **{
            name: told[name]
            for name in ("CacheNodeType", "Engine", "EngineVersion", "CacheSubnetGroupName", "Port")
        },
        **{name: told[name] for name in _OF_NODES},
        "CacheParameterGroupName": told["CacheParameterGroup"]["CacheParameterGroupName"],
        "SecurityGroupIds": [each["SecurityGroupId"] for each in told["SecurityGroups"]],
    }


def _endpoint(found: Thing, kind: str, port: int | None = None) -> Document:
    address = f"{found.name}.abc123.{kind}.use1.cache.amazonaws.com"
    return {"Address": address, "Port": port or found.told["Port"]}


def _endpoints(group: Thing, port: int) -> Document:
    return {
        "PrimaryEndpoint": _endpoint(group, "ng.0001", port),
        "ReaderEndpoint": _endpoint(group, "ro.ng.0001", port),
    }
