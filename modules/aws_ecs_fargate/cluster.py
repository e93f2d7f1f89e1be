"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html"""

import re

from modules import ownership, tagging
from modules.spec import Call, Carry, Const, Describe, Description, List, Look, Resource, assigned, fixed

_TAGS = tagging.ecs("cluster_arn")


def _batch(description: Description) -> str | None:
    """The compute environment of AWS Batch that the cluster was made for, by the name that it then has."""
    found = _OF_BATCH.fullmatch(description.get("clusterName") or "")
    return f"Batch compute environment {found[1] or found[2]}" if found else None


_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_OF_BATCH = re.compile(rf"AWSBatch-(.+)-{_UUID}|(.+)_Batch_{_UUID}")


CLUSTER = Resource(
    table="cluster",
    service="ecs",
    doc="Groups of services. Deleted clusters, which AWS goes on showing as INACTIVE, are not shown.",
    key=("cluster_name",),
    identity="cluster_arn",
    natural_key=("cluster_name",),
    columns=(
        fixed("cluster_name", "varchar", "clusterName", not_null=True),
        assigned("cluster_arn", "varchar", "clusterArn"),
        assigned("cluster_status", "varchar", "status"),
        _TAGS.column,
        ownership.managed_by(_TAGS, _batch),
    ),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    settles=30,
    listing=List(operation="list_clusters", items="clusterArns"),
    describe=Describe(
        operation="describe_clusters",
        ids="clusters",
        batch=100,
        items="clusters",
        params={"include": ["TAGS"]},
    ),
    where=lambda description: description.get("status") != "INACTIVE",
    create=(
        Call(
            operation="create_cluster",
            params={"clusterName": "cluster_name", **_TAGS.create},
            result="cluster",
        ),
    ),
    update=_TAGS.update,
    carry=Carry(
        description=True,
        whole=("tags",),
        looks=(
            Look(
                operation="describe_clusters",
                params={
                    "clusters[0]": "cluster_arn",
                    "include": Const(["SETTINGS", "CONFIGURATIONS"]),
                },
                result="clusters[0]",
                into="",
            ),
        ),
    ),
    delete=(Call(operation="delete_cluster", params={"cluster": "cluster_arn"}),),
    absent=("ClusterNotFoundException",),
    busy=("ClusterContainsTasksException", "UpdateInProgressException"),
    hints={"ClusterContainsServicesException": "The cluster has services that are not in these tables."},
)
