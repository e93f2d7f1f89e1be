"""The operations of S3 and others: which method, path and query mean which. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.session import Session

_OF_BUCKET = {
    "accelerate": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "BucketAnalyticsConfigurations",
    "cors": "BucketCors",
    "encryption": "BucketEncryption",
    "intelligent-tiering": "BucketIntelligentTieringConfigurations",
    "inventory": "BucketInventoryConfigurations",
    "lifecycle": "BucketLifecycleConfiguration",
    "logging": "BucketLogging",
    "metadataConfiguration": "BucketMetadataConfiguration",
    "metrics": "BucketMetricsConfigurations",
    "notification": "BucketNotificationConfiguration",
    "object-lock": "ObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "BucketReplication",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "versions": "ObjectVersions",
    "website": "BucketWebsite",
}
_LISTED = ("analytics", "intelligent-tiering", "inventory", "metrics", "versions")
_VERBS = {"GET": "Get", "HEAD": "Head", "PUT": "Put", "POST": "Post", "DELETE": "Delete"}
_WHOLE = {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket", "GET": "ListObjects"}


def of_s3(method: str, path: str, query: Mapping[str, str]) -> tuple[str, str]:
    """AWS's name of an operation, and the bucket that it is about, "" for none."""
    bucket, _, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListBuckets", ""
    verb = _VERBS.get(method, method)
    if key:
        return f"{verb}Object", bucket
    for name, what in _OF_BUCKET.items():
        if name in query:
            return ("List" if name in _LISTED and method == "GET" else verb) + what, bucket
    return _WHOLE.get(method, verb), bucket


def of_model(
    service: str,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
) -> tuple[str, Mapping[str, Any]]:
    """AWS's name of an operation, and all of its parameters by their names in AWS's model."""
    fitting = (
        (operation, found)
        for verb, pattern, asked, operation in _operations(service)
        if verb == method and asked.items() <= query.items()
        if (found := pattern.fullmatch(path)) is not None
    )
    operation, found = next(fitting, (None, None))
    if operation is None or found is None:
        return f"{method} {path}", query
    shape, parameters = operation.input_shape, dict[str, Any](found.groupdict())
    for name, member in shape.members.items() if shape is not None else ():
        places = {"querystring": query, "header": headers}
        place = places.get(member.serialization.get("location"), {})
        told = place.get(member.serialization.get("name", name))
        if told is not None:
            parameters[name] = told
    if body:
        parameters |= _of_body(shape, body, model(service).protocol == "rest-json")
    return operation.name, parameters


def _of_body(shape: Any, body: bytes, is_json: bool) -> dict[str, Any]:
    """The parameters that are in a body; what is handed to a function is none."""
    payload = shape.serialization.get("payload")
    within = shape.members[payload] if payload else shape
    if within.type_name == "blob":
        return {}
    told = json.loads(body) if is_json else _read(within, ElementTree.fromstring(body))
    return {payload: told} if payload else dict(told)


@cache
def model(service: str) -> Any:
    """botocore's model of a service, which has the paths and the XML."""
    return Session().get_service_model(service)


@cache
def _operations(service: str) -> list[tuple[str, re.Pattern[str], Mapping[str, str], Any]]:
    """Method, path, query and model of each operation; those that ask for more of a query, and those whose
    paths have no names in them, first.
    """
    names = model(service).operation_names
    some = [(_asked(each), each) for each in map(model(service).operation_model, names)]
    some.sort(key=lambda each: (-len(each[0]), "{" in each[1].http["requestUri"]))
    return [(each.http["method"], _pattern(each), asked, each) for asked, each in some]


def _asked(operation: Any) -> dict[str, str]:
    """What an operation's query always has."""
    query = operation.http["requestUri"].partition("?")[2]
    return dict(parse_qsl(query, keep_blank_values=True))


def _pattern(operation: Any) -> re.Pattern[str]:
    members = operation.input_shape.members if operation.input_shape is not None else {}
    names = {each.serialization.get("name", name): name for name, each in members.items()}
    path = operation.http["requestUri"].partition("?")[0].rstrip("/")
    words = re.split(r"\{(\w+)\+?\}", path)
    some = (f"(?P<{names[word]}>[^/]+)" if at % 2 else re.escape(word) for at, word in enumerate(words))
    return re.compile("".join(some) + "/?")


def _read(shape: Any, element: ElementTree.Element) -> Any:
    """What an element of XML says."""
    match shape.type_name:
        case "structure":
            return dict(_members(shape, element))
        case "list":
            return [_read(shape.member, each) for each in element]
        case "boolean":
            return element.text == "true"
        case "integer" | "long":
            return int(element.text or 0)
    return element.text or ""


def _members(shape: Any, element: ElementTree.Element) -> Iterator[tuple[str, Any]]:
    there = {each.tag.rpartition("}")[2]: each for each in element}
    for name, member in shape.members.items():
        tag = member.serialization.get("name", name)
        if tag in there:
            yield name, _read(member, there[tag])
