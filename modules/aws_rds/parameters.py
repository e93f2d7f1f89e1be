"""Parameters of databases: what somebody has set, how AWS takes it, and when it takes effect.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from modules import canonical, ownership, parameters, tagging
from modules.spec import (
    Call,
    Carry,
    List,
    Resource,
    assigned,
    fixed,
)


def to_set(both: Mapping[str, Any]) -> list[dict[str, str]]:
    """What sets some parameters: those that a database can take while it runs at once, and others with its
    next restart.

    Args:
        both: `item`, values by name, and `seen`, all parameters that the group has.
    """
    return [
        {"ParameterName": name, "ParameterValue": value, "ApplyMethod": _method(name, both["seen"])}
        for name, value in both["item"].items()
    ]


def to_reset(both: Mapping[str, Any]) -> list[dict[str, str]]:
    """What sets some parameters back to what AWS would have; the argument is as for `to_set`."""
    return [{"ParameterName": name, "ApplyMethod": _method(name, both["seen"])} for name in both["item"]]


def _method(name: str, known: Iterable[Mapping[str, Any]] | None) -> str:
    static = any(each["ParameterName"] == name and each.get("ApplyType") == "static" for each in known or ())
    return "pending-reboot" if static else "immediate"


def group(table: str, kind: str, *, of: str, user: str, family: str) -> Resource:
    """The groups of parameters of instances, or of clusters, which AWS has two kinds of calls for.

    Args:
        table: which operations are named after, too.
        kind: AWS's name of what a group is.
        of, user: what it is for, as many and as one.
        family: examples of what it is for more closely.
    """
    tags, name, arn = tagging.rds("arn"), f"{kind}Name", f"{kind}Arn"
    operations = table if table.startswith("db_") else f"db_{table}"
    describe = f"describe_{operations.removesuffix('_group')}s"
    return Resource(
        table=table,
        service="rds",
        doc=f"Parameters of database {of}. AWS's own, default.…, cannot be changed or deleted.",
        key=("id",),
        identity="arn",
        natural_key=("name",),
        unique=(("name",), ("arn",)),
        columns=(
            fixed("name", "varchar", name, not_null=True, canonical=canonical.lower),
            assigned("arn", "varchar", arn),
            fixed(
                "family",
                "varchar",
                "DBParameterGroupFamily",
                not_null=True,
                doc=f"What it is for, such as {family}.",
            ),
            fixed("description", "varchar", "Description", not_null=True),
            parameters.what_is_set('{"max_connections": "200"}'),
            tags.column,
            ownership.managed_by(tags),
        ),
        listing=List(operation=f"describe_{operations}s", items=f"{kind}s"),
        details=(parameters.told(describe, name), tagging.of_rds(arn)),
        create=(
            Call(
                operation=f"create_{operations}",
                params={
                    name: "name",
                    "DBParameterGroupFamily": "family",
                    "Description": "description",
                    **tags.create,
                },
                result=kind,
            ),
        ),
        update=(
            *parameters.changed(
                {name: "name"},
                "Parameters",
                put=f"modify_{operations}",
                to_set=to_set,
                take=f"reset_{operations}",
                to_reset=to_reset,
                seen=Call(operation=describe, params={name: "name"}, result="Parameters"),
            ),
            *tags.update,
        ),
        carry=Carry(not_kept={"ResetAllParameters": "a row says which parameters are set back"}),
        delete=(Call(operation=f"delete_{operations}", params={name: "name"}),),
        absent=("DBParameterGroupNotFound",),
        # Also for as long as what had it is being changed or deleted.
        busy=("InvalidDBParameterGroupState",),
        protected=lambda group: (group.get(name) or "").startswith("default."),
        hints={
            "InvalidDBParameterGroupState": f"{user} uses it, or AWS is still at work on one that did.",
            "InvalidParameterValue": f"Check the names and values of {table}.parameters.",
        },
    )
