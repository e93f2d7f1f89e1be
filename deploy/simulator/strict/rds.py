"""RDS: what is in use, what is put off to the next window, parameters, last snapshots, and names.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Existing, Outcome, Rule, backend

#: Some parameters of every group, and whether a database can take them while it runs.
_KNOWN = {
    "max_connections": "static",
    "shared_buffers": "static",
    "time_zone": "dynamic",
    "work_mem": "dynamic",
}
_MOST_PARAMETERS = 20
#: Parameters that wait for the window without ApplyImmediately, and what makes a value of their text.
_PUT_OFF: Mapping[str, Callable[[str], Any]] = {
    "AllocatedStorage": int,
    "BackupRetentionPeriod": int,
    "CACertificateIdentifier": str,
    "DBInstanceClass": str,
    "EngineVersion": str,
    "Iops": int,
    "LicenseModel": str,
    "MultiAZ": lambda text: text == "true",
    "StorageThroughput": int,
    "StorageType": str,
}
#: Parameters that moto does not show again, where they are shown, and what makes a value of their text.
_SHOWN: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "DBPortNumber": ("port", int),
    "DatabaseInsightsMode": ("database_insights_mode", str),
    "DedicatedLogVolume": ("dedicated_log_volume", lambda text: text == "true"),
    "EnablePerformanceInsights": ("performance_insights_enabled", lambda text: text == "true"),
    "NetworkType": ("network_type", str),
    "PerformanceInsightsKMSKeyId": ("performance_insights_kms_key_id", str),
    "PerformanceInsightsRetentionPeriod": ("performance_insights_retention_period", int),
    "PromotionTier": ("promotion_tier", int),
}


# Parameter groups --------------------------------------------------------------------------------------


def _group_name(call: AwsCall) -> str:
    return (call.text("DBClusterParameterGroupName") or call.text("DBParameterGroupName")).lower()


def _group(call: AwsCall) -> Any:
    rds = backend(call, "rds")
    groups = rds.db_cluster_parameter_groups if "Cluster" in call.operation else rds.db_parameter_groups
    return groups.get(_group_name(call))


def parameters_are_told(call: AwsCall) -> Outcome:
    """All that a group has, or what somebody has set; moto knows the latter only."""
    group = _group(call)
    if group is None:
        return None
    some = {name: {"ParameterName": name, "ApplyType": kind} for name, kind in _KNOWN.items()}
    if call.text("Source") == "user":
        some = {}
    for name, each in group.parameters.items():
        some[name] = {"ApplyType": "dynamic", **some.get(name, {}), **each}
    return _answer(call, "<Parameters>", [("Parameter", each) for each in some.values()], "</Parameters>")


def parameters_are_reset(call: AwsCall) -> Outcome:
    """Some of what has been set is AWS's again; moto has no such call."""
    group, refused = _group(call), parameters_can_be_changed(call)
    if refused is not None or group is None:
        return refused or _not_found(call)
    for name in _parameters(call):
        group.parameters.pop(name, None)
    return _answer(call, f"<DBParameterGroupName>{_group_name(call)}</DBParameterGroupName>", [], "")


def parameters_can_be_changed(call: AwsCall) -> Outcome:
    """Not AWS's own, not more than twenty at once, and static ones with a restart only."""
    if _group_name(call).startswith("default."):
        return AwsError("InvalidDBParameterGroupState", f"{_group_name(call)} cannot be modified.")
    some = _parameters(call)
    if len(some) > _MOST_PARAMETERS:
        return AwsError("InvalidParameterValue", "A maximum of 20 parameters can be modified at once.")
    for name, method in some.items():
        if method == "immediate" and _KNOWN.get(name) == "static":
            message = f"cannot use immediate apply method for static parameter: {name}"
            return AwsError("InvalidParameterCombination", message)
    return None


def _parameters(call: AwsCall) -> dict[str, str]:
    """The names in a call's list, and how each is to be applied."""
    found: dict[str, str] = {}
    while name := call.text(f"Parameters.Parameter.{len(found) + 1}.ParameterName"):
        found[name] = call.text(f"Parameters.Parameter.{len(found) + 1}.ApplyMethod")
    return found


def group_in_use_stays(call: AwsCall) -> Outcome:
    """A group that a database has cannot be deleted."""
    rds, name = backend(call, "rds"), _group_name(call)
    users = (
        [each for each in rds.clusters.values() if each.parameter_group == name]
        if "Cluster" in call.operation
        else [each for each in rds.databases.values() if each.db_parameter_group_name == name]
    )
    if users or name.startswith("default."):
        return AwsError("InvalidDBParameterGroupState", f"{name} is in use, or AWS's own.")
    return None


def _not_found(call: AwsCall) -> AwsError:
    return AwsError("DBParameterGroupNotFound", f"DBParameterGroup not found: {_group_name(call)}", 404)


# Subnet groups -----------------------------------------------------------------------------------------


def subnets_are_of_two_zones(call: AwsCall) -> Outcome:
    """A database needs two zones to go to."""
    wanted = call.members("SubnetIds.SubnetIdentifier")
    zones = backend(call, "ec2").subnets.values()
    subnets = [each for zone in zones for each in zone.values() if each.id in wanted]
    if len(subnets) < len(set(wanted)):
        return AwsError("InvalidSubnet", "Some input subnets are invalid.")
    if len({each.availability_zone for each in subnets}) < 2:
        message = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement."
        return AwsError("DBSubnetGroupDoesNotCoverEnoughAZs", message)
    return None


def subnet_group_name_is_unique(call: AwsCall) -> Outcome:
    """moto would put the new one in the place of the old one."""
    name = call.text("DBSubnetGroupName").lower()
    if name in backend(call, "rds").subnet_groups:
        return AwsError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{name}' already exists.")
    return None


def subnet_group_is_kept(call: AwsCall) -> Outcome:
    """moto forgets a group that it has changed: `complete` puts it back."""
    rds, name = backend(call, "rds"), call.text("DBSubnetGroupName").lower()
    if name not in rds.subnet_groups:
        return AwsError("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.", 404)
    rds.changed_subnet_group = rds.subnet_groups[name]
    return None


def subnet_group_in_use_stays(call: AwsCall) -> Outcome:
    """A group in which a database stands cannot be deleted."""
    rds, name = backend(call, "rds"), call.text("DBSubnetGroupName").lower()
    if any(each.db_subnet_group_name == name for each in (*rds.databases.values(), *rds.clusters.values())):
        return AwsError("InvalidDBSubnetGroupStateFault", f"Cannot delete the subnet group '{name}'.")
    return None


# Instances and clusters --------------------------------------------------------------------------------


def somebody_has_the_password(call: AwsCall) -> Outcome:
    """A database is made with a password of its own, unless it is a cluster's instance."""
    if call.text("DBClusterIdentifier") and call.operation == "CreateDBInstance":
        return None
    if call.text("ManageMasterUserPassword") == "true" or call.text("MasterUserPassword"):
        return None
    return AwsError("InvalidParameterValue", "The parameter MasterUserPassword must be provided.")


def backups_have_names_of_their_own(call: AwsCall) -> Outcome:
    """moto names a new database's first backup like that of an old one of the same minute."""
    rds = backend(call, "rds")
    name = call.text("DBInstanceIdentifier" if "Instance" in call.operation else "DBClusterIdentifier")
    for some in (rds.database_snapshots, rds.cluster_snapshots):
        for old in [each for each in some if each.startswith(f"rds:{name}-")]:
            new = f"{old}-{uuid4().hex[:8]}"
            some[new] = some.pop(old)
            kind = "db_snapshot" if some is rds.database_snapshots else "db_cluster_snapshot"
            setattr(some[new], f"{kind}_identifier", new)
    return None


def cluster_is_new(call: AwsCall) -> Outcome:
    """moto would put the new one in the place of the old one."""
    if call.text("DBClusterIdentifier") in backend(call, "rds").clusters:
        return AwsError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    return None


def last_snapshot_is_decided_upon(call: AwsCall) -> Outcome:
    """A deletion says which snapshot is to be made, or that none is; of a cluster's instance none can be."""
    skipped, name = call.text("SkipFinalSnapshot") == "true", call.text("FinalDBSnapshotIdentifier")
    of_clusters = call.operation == "DeleteDBCluster"
    database = backend(call, "rds").databases.get(call.text("DBInstanceIdentifier"))
    is_member = not of_clusters and database is not None and bool(database.db_cluster_identifier)
    if is_member and not skipped:
        return AwsError("InvalidParameterCombination", "A cluster's instance has no last snapshot.")
    if skipped is bool(name):
        message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        return AwsError("InvalidParameterCombination", message)
    return None


def changes_wait_for_the_window(call: AwsCall) -> Outcome:
    """Without ApplyImmediately most of them do; with it, those of before are made as well."""
    database = backend(call, "rds").databases.get(call.text("DBInstanceIdentifier"))
    if database is None:
        return None
    pending: dict[str, Any] = getattr(database, "pending_modified_values", {})
    given = {name: str(value) for name, value in call.parameters.items()}
    if given.get("ApplyImmediately") == "true":
        given = {**{name: _text(value) for name, value in pending.items()}, **given}
        database.pending_modified_values = {}
    else:
        later = {name: read(given.pop(name)) for name, read in _PUT_OFF.items() if name in given}
        database.pending_modified_values = {**pending, **later}
    _show(call, database)
    return Existing(operation="ModifyDBInstance", parameters=given, reshape=lambda body: body)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def show_changed_group(call: AwsCall, reply: Response) -> None:
    """Lets moto show the group that it has changed."""
    rds = backend(call, "rds")
    rds.subnet_groups[rds.changed_subnet_group.name] = rds.changed_subnet_group


def show_what_was_told(call: AwsCall, reply: Response) -> None:
    """Lets moto show what it has been told of a database and forgets."""
    database = backend(call, "rds").databases[call.text("DBInstanceIdentifier")]
    database.dbi_resource_id = f"db-{uuid4().hex[:26].upper()}"
    _show(call, database)


def _show(call: AwsCall, database: Any) -> None:
    for name, (attribute, read) in _SHOWN.items():
        if name in call.parameters:
            setattr(database, attribute, read(call.text(name)))


def _answer(call: AwsCall, begin: str, some: Iterable[tuple[str, Mapping[str, str]]], end: str) -> Answer:
    inner = "".join(
        f"<{name}>{''.join(f'<{key}>{escape(value)}</{key}>' for key, value in each.items())}</{name}>"
        for name, each in some
    )
    name = call.operation
    return Answer(f"<{name}Response><{name}Result>{begin}{inner}{end}</{name}Result></{name}Response>")


_GROUPS = ("DBParameterGroup", "DBClusterParameterGroup")
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("rds", "DescribeDBParameters"): (parameters_are_told,),
    ("rds", "DescribeDBClusterParameters"): (parameters_are_told,),
    **{("rds", f"Modify{group}"): (parameters_can_be_changed,) for group in _GROUPS},
    **{("rds", f"Reset{group}"): (parameters_are_reset,) for group in _GROUPS},
    **{("rds", f"Delete{group}"): (group_in_use_stays,) for group in _GROUPS},
    ("rds", "CreateDBSubnetGroup"): (subnets_are_of_two_zones, subnet_group_name_is_unique),
    ("rds", "ModifyDBSubnetGroup"): (subnets_are_of_two_zones, subnet_group_is_kept),
    ("rds", "DeleteDBSubnetGroup"): (subnet_group_in_use_stays,),
    ("rds", "CreateDBInstance"): (somebody_has_the_password, backups_have_names_of_their_own),
    ("rds", "CreateDBCluster"): (somebody_has_the_password, cluster_is_new, backups_have_names_of_their_own),
    ("rds", "ModifyDBInstance"): (changes_wait_for_the_window,),
    ("rds", "DeleteDBInstance"): (last_snapshot_is_decided_upon,),
    ("rds", "DeleteDBCluster"): (last_snapshot_is_decided_upon,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("rds", "CreateDBInstance"): show_what_was_told,
    ("rds", "ModifyDBSubnetGroup"): show_changed_group,
}
