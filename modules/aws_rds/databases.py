"""What instances and clusters have in common. Pure functions only.

**At once, or in the window.** Without `ApplyImmediately` AWS puts most changes off to the next maintenance
window; with it AWS makes not only these changes but all that somebody has put off before. An apply changes
things at once, so it sends true, unless something is put off that its row does not change: then it sends
false, and AWS makes both in the window. What AWS changes at once whatever it is told is not affected.

What has been asked for counts as AWS's value, wherever AWS has not come to it yet.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modules.pending import PENDING, asked
from modules.spec import Derived, Description, Edited, Source, with_others

#: What AWS never puts off: it is under way where it is shown as pending.
_NEVER_PUT_OFF = {"MasterUserPassword", "PendingCloudwatchLogsExports"}
#: Columns that AWS wants together, of instances and clusters alike, and what goes to CloudWatch.
INSIGHTS = (
    "performance_insights_enabled",
    "performance_insights_kms_key_id",
    "performance_insights_retention_period",
)
MONITORING = "monitoring_interval", "monitoring_role_arn"
LOGS = "enable_cloudwatch_logs_exports"
#: Of the instances of these services RDS tells as well; they have calls of their own.
_OTHER_SERVICES = ("docdb", "neptune")


def own(name: str) -> Callable[[Description | None], Any]:
    """Reads what AWS never puts off, of a whole description; NULL of a cluster's instance."""
    return own_told(lambda description: description.get(name))


def own_asked(name: str) -> Callable[[Description | None], Any]:
    """The same of what AWS may put off, as it has been asked to make it."""
    return own_told(asked(name))


def own_told(read: Callable[[Description], Any]) -> Callable[[Description | None], Any]:
    """Reads something else of a whole description; NULL of a cluster's instance."""
    return lambda description: read(description) if description and not is_member(description) else None


def is_member(description: Description) -> bool:
    """Whether an instance is of a cluster."""
    return bool(description.get("DBClusterIdentifier"))


def is_instance(description: Description) -> bool:
    """Whether an instance is a row: not what belongs to another service, or what a Multi-AZ cluster makes."""
    engine = description.get("Engine") or ""
    return is_of_rds(description) and (not is_member(description) or engine.startswith("aurora"))


def is_of_rds(description: Description) -> bool:
    """Whether an instance or a cluster does not belong to a service that shares RDS' calls."""
    return (description.get("Engine") or "") not in _OTHER_SERVICES


def protection(description: Description) -> str | None:
    """Why AWS would not delete an instance or a cluster."""
    return "deletion protection" if description.get("DeletionProtection") else None


def is_password_managed(description: Description | None) -> bool:
    """Whether AWS keeps an instance's password; that of a cluster's instance is the cluster's."""
    return bool(description and (is_member(description) or description.get("MasterUserSecret")))


def replicated(description: Description | None) -> str | None:
    """What an instance is a replica of."""
    some = description or {}
    return some.get("ReadReplicaSourceDBInstanceIdentifier") or some.get(
        "ReadReplicaSourceDBClusterIdentifier"
    )


def subnet_group(description: Description) -> str | None:
    """The subnet group that an instance is in, or is to move to."""
    pending: str | None = (description.get(PENDING) or {}).get("DBSubnetGroupName")
    there: str | None = (description.get("DBSubnetGroup") or {}).get("DBSubnetGroupName")
    return pending or there


def port(description: Description) -> int | None:
    """An instance's port; AWS tells 0 before there is one."""
    pending = (description.get(PENDING) or {}).get("Port")
    there = (description.get("Endpoint") or {}).get("Port")
    return pending or there or description.get("DbInstancePort") or None


def option_group(memberships: Sequence[Mapping[str, Any]] | None) -> str | None:
    """The option group that an instance has been given."""
    stays = [each for each in memberships or () if "removal" not in (each.get("Status") or "")]
    return stays[-1].get("OptionGroupName") if stays else None


# Logs --------------------------------------------------------------------------------------------------


def logs(description: Description | None) -> list[str] | None:
    """The logs that go to CloudWatch, or are about to."""
    if description is None:
        return None
    pending = (description.get(PENDING) or {}).get("PendingCloudwatchLogsExports") or {}
    off = pending.get("LogTypesToDisable") or ()
    some = [
        *(description.get("EnabledCloudwatchLogsExports") or ()),
        *(pending.get("LogTypesToEnable") or ()),
    ]
    return [each for each in some if each not in off]


def logs_on(there: Description | None, wanted: Sequence[str] | None) -> list[str] | None:
    """The logs to begin with."""
    return [each for each in wanted or () if each not in (logs(there) or ())] or None


def logs_off(there: Description | None, wanted: Sequence[str] | None) -> list[str] | None:
    """The logs to end with."""
    return [each for each in logs(there) or () if each not in (wanted or ())] or None


# Storage -----------------------------------------------------------------------------------------------


def iops(there: Description | None, wanted: int | None, kind: str | None, size: int | None) -> int | None:
    """The operations a second to ask for: where they are bought AWS wants them with each change of the
    storage, and where they come with the storage it takes only others.
    """
    if wanted is None or (kind or "").startswith("io"):
        return wanted
    return None if asked("Iops")(there) == wanted else wanted


def bought_storage(description: Description | None) -> int | None:
    """The storage of a cluster that has a size of its own."""
    if description is None or not description.get("DBClusterInstanceClass"):
        return None
    size: int | None = asked("AllocatedStorage")(description)
    return size


def size_limit(there: int | None, limit: int | None) -> int | None:
    """Up to where the storage grows by itself; to its own size if it does not grow."""
    return there if limit is None else limit


def grows_to(description: Description) -> int | None:
    """Up to where an instance's storage grows by itself; None if it does not."""
    limit = description.get("MaxAllocatedStorage")
    return None if limit == description.get("AllocatedStorage") else limit


# When --------------------------------------------------------------------------------------------------


def at_once(columns: Mapping[str, str], others: Sequence[str]) -> Edited:
    """`ApplyImmediately`.

    Args:
        columns: what AWS may put off, and the column that asks for it.
        others: the other columns that the call changes.
    """

    def nothing_else_is_put_off(pending: Mapping[str, Any] | None, *values: Any) -> bool:
        wanted = dict(zip(columns, values, strict=False))
        return not any(
            name not in _NEVER_PUT_OFF and (name not in wanted or wanted[name] in (None, value))
            for name, value in (pending or {}).items()
        )

    return Edited(PENDING, nothing_else_is_put_off, (*columns.values(), *others))


def not_aws_own(column: str) -> Derived:
    """A group of a new database, unless it is the one that AWS gives: another engine has another."""
    return Derived(lambda name: None if name.startswith(("default.", "default:")) else name, (column,))


#: What AWS wants together, by parameter.
TOGETHER: dict[str, Source] = {
    "AllocatedStorage": with_others("allocated_storage", "iops"),
    "MonitoringInterval": with_others(*MONITORING),
    "MonitoringRoleArn": with_others("monitoring_role_arn", "monitoring_interval"),
    "EnablePerformanceInsights": with_others(*INSIGHTS),
    "PerformanceInsightsKMSKeyId": "performance_insights_kms_key_id",
    "PerformanceInsightsRetentionPeriod": "performance_insights_retention_period",
}
