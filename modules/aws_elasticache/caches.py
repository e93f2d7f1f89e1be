"""What clusters and replication groups have in common. Pure functions only.

**At once, or in the window.** With `ApplyImmediately` AWS makes not only these changes but all that somebody
has put off before. An apply changes things at once, unless something is put off: then AWS makes both in the
window. What has been asked for counts as AWS's value, wherever AWS has not come to it yet.

A replication group does not tell all of itself: the rest is what its members tell, which are alike.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modules.pending import PENDING
from modules.spec import Derived, Description, Edited

#: Where the description of a replication group has its members.
MEMBERS = "Members"
#: What waits for nothing but AWS itself.
_NEVER_PUT_OFF = {"AuthTokenStatus", "LogDeliveryConfigurations", "TransitEncryptionMode"}
_VERSION = re.compile(r"(\d+\.\w+)\.\d+")


#: Parameters that are no column's and not kept, with the reason.
NOT_KEPT: Mapping[str, str] = {
    "AuthToken": "a password is no column, and AWS does not tell it",
    "AuthTokenUpdateStrategy": "a password is no column",
    "CacheSecurityGroupNames": "they were for networks that AWS has no more",
    "SnapshotArns": "it is of one call",
    "SnapshotName": "it is of one call",
}


def version(value: Any) -> Any:
    """A version as it can be asked for: from 6 on AWS chooses the last number."""
    found = _VERSION.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found and int(value.partition(".")[0]) >= 6 else value


def is_on(*words: str) -> Callable[[Any], bool | None]:
    """Reads one of AWS's words for on, and for what is about to be."""
    return lambda word: word in words if word is not None else None


def nothing_is_put_off(clusters: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether no change waits for the next window."""
    pending = ((each.get(PENDING) or {}) for each in clusters or ())
    return not any(set(each) - _NEVER_PUT_OFF for each in pending)


def topic_status() -> Edited:
    """Whether AWS tells somebody what happens."""
    return Edited("@", lambda there, arn: "active" if arn else "inactive", ("notification_topic_arn",))


def not_aws_own(column: str) -> Derived:
    """A parameter group of a new cache, unless it is the one that AWS gives: another engine has another."""
    return Derived(lambda name: None if name.startswith("default.") else name, (column,))


def logs(there: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]] | None:
    """Where logs go, as AWS takes it."""
    names = ("LogType", "DestinationType", "DestinationDetails", "LogFormat")
    return [{name: each[name] for name in names if name in each} for each in there or ()] or None


# Replication groups ------------------------------------------------------------------------------------


def port(group: Description | None) -> int | None:
    """Where clients connect to, once there is something to connect to."""
    group = group or {}
    endpoint: Mapping[str, Any] = (
        group.get("ConfigurationEndpoint") or _first_shard(group).get("PrimaryEndpoint") or {}
    )
    found: int | None = endpoint.get("Port")
    return found


def shards(there: Sequence[Any] | None) -> int | None:
    """How many parts the data are in; None as long as AWS makes them."""
    return len(there) if there else None


def replicas(group: Description | None) -> int | None:
    """How many nodes each part has beside its primary one."""
    nodes = _first_shard(group or {}).get("NodeGroupMembers")
    return len(nodes) - 1 if nodes else None


def _first_shard(group: Description) -> Mapping[str, Any]:
    return next(iter(group.get("NodeGroups") or ()), {})


def one_shard_at_least(there: Any, some: int | None, replicas: int | None) -> int | None:
    """How many parts to make: who asks for replicas has to say."""
    return some if some is not None or replicas is None else 1


def more_replicas(group: Description | None, wanted: int | None) -> int | None:
    """How many replicas to have, if that is more than there are."""
    there = replicas(group)
    return wanted if wanted is not None and (there is None or wanted > there) else None


def fewer_replicas(group: Description | None, wanted: int | None) -> int | None:
    """The same, if that is less."""
    return wanted if wanted is not None and wanted < (replicas(group) or 0) else None


def staying(there: Sequence[Mapping[str, Any]] | None, wanted: int | None) -> list[str] | None:
    """The parts to which AWS moves the data of those that go."""
    names = sorted(each["NodeGroupId"] for each in there or ())
    return names[:wanted] if wanted is not None and wanted < len(names) else None


def is_not_clustered(group: Description, wanted: Mapping[str, Any]) -> bool:
    """Whether AWS lets a group have one part only."""
    return not group.get("ClusterEnabled")


# Clusters ----------------------------------------------------------------------------------------------


def is_alone(cluster: Description) -> bool:
    """Whether a cluster is a row: the members of a replication group are not."""
    return not cluster.get("ReplicationGroupId")


def leaving_nodes(cluster: Description | None, wanted: int | None) -> list[str] | None:
    """The nodes that go where there are to be fewer: the last ones."""
    names = sorted(each["CacheNodeId"] for each in (cluster or {}).get("CacheNodes") or ())
    return names[wanted:] if wanted is not None and wanted < len(names) else None


def endpoint(name: str) -> Callable[[Description | None], Any]:
    """Reads where clients connect to."""

    def read(cluster: Description | None) -> Any:
        some = cluster or {}
        node: Mapping[str, Any] = next(iter(some.get("CacheNodes") or ()), {})
        found = some.get("ConfigurationEndpoint") or node.get("Endpoint") or {}
        return found.get(name)

    return read
