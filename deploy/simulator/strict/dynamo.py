"""DynamoDB's tables: one change at a time, what goes with what, and what of a table moto forgets.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from moto.kms.models import KmsBackend
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Completion, Outcome, Rule, backend

Document = dict[str, Any]

#: The state in which a table is on its way after a call, and how AWS says so.
STATES = {"CreateTable": "CREATING", "UpdateTable": "UPDATING", "DeleteTable": "DELETING"}
WORDS = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}
_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}", re.ASCII)
#: Of which one call changes only one.
_APART = (
    "BillingMode",
    "GlobalSecondaryIndexUpdates",
    "StreamSpecification",
    "TableClass",
    "SSESpecification",
)


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _bad(message: str) -> AwsError:
    return _invalid(f"One or more parameter values were invalid: {message}")


def one_change_at_a_time(call: AwsCall) -> Outcome:
    """One call changes the throughput, the stream, or one index."""
    found, asked = table(call), call.parameters
    if found is None:
        return None
    changes = [name for name in _APART if name in asked]
    updates = asked.get("GlobalSecondaryIndexUpdates") or []
    others = [each for each in updates if "Update" not in each]
    if "BillingMode" in changes and not others:
        changes = [each for each in changes if each != "GlobalSecondaryIndexUpdates"]
    if len(changes) > 1:
        return _invalid(f"Only one of these can be changed at a time: {', '.join(changes)}")
    if len(others) > 1:
        return AwsError(
            "LimitExceededException",
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
            "table",
        )
    return None


def names_and_types_are_some(call: AwsCall) -> Outcome:
    """A name has few kinds of characters, and an attribute of a key is a text, a number or bytes."""
    name = call.text("TableName").rpartition("/")[2]
    if not _NAME.fullmatch(name):
        return _invalid(
            f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint"
        )
    for each in call.parameters.get("AttributeDefinitions") or ():
        if each["AttributeType"] not in ("S", "N", "B"):
            return _invalid("1 validation error detected: Value at 'attributeType' failed: [B, N, S]")
    return None


def units_go_with_the_mode(call: AwsCall) -> Outcome:
    """A table that is not paid by request has units, and each of its indexes."""
    asked, found = call.parameters, table(call)
    if "BillingMode" not in asked and "ProvisionedThroughput" not in asked:
        return None
    mode = asked.get("BillingMode", getattr(found, "billing_mode", "PROVISIONED"))
    units = asked.get("ProvisionedThroughput")
    if mode == "PAY_PER_REQUEST":
        if units is not None:
            return _bad("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified")
        return None
    if found is None:
        wanting = [
            each for each in asked.get("GlobalSecondaryIndexes") or () if "ProvisionedThroughput" not in each
        ]
        return _bad("ProvisionedThroughput must be specified for index") if wanting else None
    if found.billing_mode == mode:
        now = {name: found.throughput[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")}
        return _invalid("The provisioned throughput for the table will not change.") if units == now else None
    if units is None:
        return _bad("ReadCapacityUnits and WriteCapacityUnits must both be specified")
    given = {each["Update"]["IndexName"] for each in asked.get("GlobalSecondaryIndexUpdates") or ()}
    if {each.name for each in found.global_indexes} - given:
        return _bad("ProvisionedThroughput must be specified for every index")
    return None


def indexes_are_there_or_not(call: AwsCall) -> Outcome:
    """What is made is not there yet, and says of which type its attributes are; what goes is there."""
    found = table(call)
    if found is None:
        return None
    names = {each.name for each in found.global_indexes}
    for each in call.parameters.get("GlobalSecondaryIndexUpdates") or ():
        [(kind, index)] = each.items()
        if (index["IndexName"] in names) is (kind == "Create"):
            return _bad(f"Index {index['IndexName']} is {'' if kind == 'Create' else 'not '}there: {kind}")
        if kind == "Create":
            wanted = {one["AttributeName"] for one in index["KeySchema"]}
            told = {one["AttributeName"] for one in call.parameters.get("AttributeDefinitions") or ()}
            if wanted - told:
                return _bad(f"Some index key attributes are not defined in AttributeDefinitions: {wanted}")
            used = wanted | {name for name, _ in _keys(found)}
            if told - used:
                return _bad("Some AttributeDefinitions are not used")
            if (found.billing_mode == "PROVISIONED") is not ("ProvisionedThroughput" in index):
                return _bad(f"ProvisionedThroughput does not fit the table: {index['IndexName']}")
        if kind == "Update" and "BillingMode" not in call.parameters:
            there = next(one for one in found.global_indexes if one.name == index["IndexName"])
            if all(there.throughput[name] == value for name, value in index["ProvisionedThroughput"].items()):
                return _invalid(f"The provisioned throughput for the index {there.name} will not change.")
    return None


def streams_are_one_at_a_time(call: AwsCall) -> Outcome:
    """A stream is not made beside another, and none is taken away where there is none."""
    found, asked = table(call), call.parameters.get("StreamSpecification")
    if found is None or asked is None:
        return None
    there = bool((found.stream_specification or {}).get("StreamEnabled"))
    if there is asked["StreamEnabled"]:
        return _invalid(
            f"Table {'already has' if there else 'does not have'} an enabled stream: {found.name}"
        )
    if asked["StreamEnabled"] is not ("StreamViewType" in asked):
        return _bad("StreamViewType goes with StreamEnabled")
    if not there:
        found.latest_stream_label = None  # moto makes no other one
    return None


def encryption_changes_something(call: AwsCall) -> Outcome:
    """A key of one's own is there, and is another one."""
    asked, found = call.parameters.get("SSESpecification"), table(call)
    if asked is None:
        return None
    if not asked.get("Enabled") and asked.get("KMSMasterKeyId"):
        return _bad("KMSMasterKeyId must not be specified when encryption is not enabled")
    key = asked.get("KMSMasterKeyId", "")
    kms: KmsBackend = backend(call, "kms")
    if key and "alias/" not in key and key.rpartition("/")[2] not in kms.keys:
        return _invalid(
            f"KMS validation exception occurred. TableName: {call.text('TableName')} KeyId: {key}"
        )
    if found is not None and call.operation == "UpdateTable":
        there = (found.sse_specification or {}).get("Enabled", False)
        if there is bool(asked.get("Enabled")) and (
            not key or key == (found.sse_specification or {}).get("KMSMasterKeyId")
        ):
            return _invalid("Table is already encrypted so.")
    return None


def ttl_changes_something(call: AwsCall) -> Outcome:
    """AWS deletes by one attribute, begins and stops once."""
    found, asked = table(call), call.parameters["TimeToLiveSpecification"]
    if found is None:
        return AwsError(
            "ResourceNotFoundException", f"Requested resource not found: {call.text('TableName')}"
        )
    there = found.ttl.get("AttributeName") if found.ttl["TimeToLiveStatus"] == "ENABLED" else None
    if asked["Enabled"] and there is not None:
        return _invalid(
            f"TimeToLive is active on a different AttributeName: current AttributeName is {there}"
        )
    if not asked["Enabled"] and there != asked["AttributeName"]:
        return _invalid("TimeToLive is already disabled")
    return None


def keep(call: AwsCall, reply: Response) -> None:
    """What a call says of a table and moto does not keep."""
    found, asked = table(call), call.parameters
    if "TableClass" in asked:
        found.table_class = asked["TableClass"]
    if "OnDemandThroughput" in asked:
        found.on_demand = asked["OnDemandThroughput"]
    if call.operation == "UpdateTable" and "SSESpecification" in asked:
        found.sse_specification = dict(asked["SSESpecification"])
        if asked["SSESpecification"].get("Enabled"):
            key = asked["SSESpecification"].get("KMSMasterKeyId")
            found.sse_specification["KMSMasterKeyId"] = key or found._get_default_encryption_key(
                call.account, call.region
            )
    if call.operation == "CreateTable" and asked.get("ResourcePolicy"):
        backend(call, "dynamodb").put_resource_policy(found.table_arn, asked["ResourcePolicy"], None)
    if found.billing_mode == "PAY_PER_REQUEST":
        for each in (found, *found.global_indexes):
            each.throughput = {**each.throughput, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    found.types = {**getattr(found, "types", {}), **_types(asked.get("AttributeDefinitions") or found.attr)}
    names = dict.fromkeys(name for name, _ in _keys(found))
    found.attr = [{"AttributeName": name, "AttributeType": found.types[name]} for name in names]


def forget(call: AwsCall, reply: Response) -> None:
    """A policy goes with its table."""
    arn = json.loads(reply.get_data())["TableDescription"]["TableArn"]
    backend(call, "dynamodb").resource_policies.pop(arn, None)


def as_aws_tells(call: AwsCall, document: Document) -> Document:
    """A table with all that has been said of it."""
    told = document.get("Table") or document["TableDescription"]
    found = table(call)
    if found is None:
        return document
    told["TableId"] = str(uuid5(NAMESPACE_URL, f"{found.table_arn} {found.created_at}"))
    if found.billing_mode != "PAY_PER_REQUEST":
        told.pop("BillingModeSummary", None)
    if getattr(found, "table_class", "STANDARD") != "STANDARD":
        told["TableClassSummary"] = {"TableClass": found.table_class}
    if getattr(found, "on_demand", None):
        told["OnDemandThroughput"] = found.on_demand
    for name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if not told.get(name):
            told.pop(name, None)
    return document


def table(call: AwsCall) -> Any:
    """The table that a call is about; None if there is none."""
    return backend(call, "dynamodb").tables.get(call.text("TableName").rpartition("/")[2])


def name(call: AwsCall) -> str:
    """What no other table is called by."""
    return f"table {call.account} {call.region} {call.text('TableName').rpartition('/')[2]}"


def _types(definitions: list[Document]) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in definitions}


def _keys(found: Any) -> Iterator[tuple[str, str]]:
    """The attributes of all keys of a table, and of what they are."""
    for each in (found, *found.indexes, *found.global_indexes):
        for one in each.schema:
            yield one["AttributeName"], each.name


_SERVICE = "dynamodb"
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    (_SERVICE, "CreateTable"): (
        names_and_types_are_some,
        units_go_with_the_mode,
        encryption_changes_something,
    ),
    (_SERVICE, "UpdateTable"): (
        names_and_types_are_some,
        one_change_at_a_time,
        units_go_with_the_mode,
        indexes_are_there_or_not,
        streams_are_one_at_a_time,
        encryption_changes_something,
    ),
    (_SERVICE, "UpdateTimeToLive"): (ttl_changes_something,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    (_SERVICE, "CreateTable"): keep,
    (_SERVICE, "UpdateTable"): keep,
    (_SERVICE, "DeleteTable"): forget,
}
TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    (_SERVICE, "CreateTable"): as_aws_tells,
    (_SERVICE, "UpdateTable"): as_aws_tells,
    (_SERVICE, "DescribeTable"): as_aws_tells,
}
