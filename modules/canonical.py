"""Forms in which values are read from AWS, sent to it, and compared. Pure functions only."""

from __future__ import annotations

import datetime
import ipaddress
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def timestamp(value: Any) -> str | None:
    """A datetime, or milliseconds since 1970, as ISO 8601 in UTC."""
    if value is None:
        return None
    if isinstance(value, int | float):
        value = datetime.datetime.fromtimestamp(value / 1000, datetime.UTC)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    return str(value)


def instant(value: Any) -> Any:
    """An ISO 8601 text of any zone as one moment; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)
    except ValueError:
        return value


def document(value: Any) -> Any:
    """A JSON text as what it says."""
    return json.loads(value) if isinstance(value, str) else value


def json_text(value: Any) -> str:
    """What a JSON column holds, as the text that AWS takes."""
    return json.dumps(value, separators=(",", ":"))


#: Elements of a policy whose one-element list and single value mean the same, and whose order means nothing.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
_SETS = {"Action", "NotAction", "Resource", "NotResource"}


def policy(value: Any) -> Any:
    """An IAM policy document such that two of the same meaning are equal."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    if not isinstance(value, dict):
        return value
    statements = value.get("Statement", [])
    if isinstance(statements, dict):
        statements = [statements]
    return {**value, "Statement": [_statement(each) for each in statements]}


def _statement(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "Sid" and inner == "":
            continue
        if name in _SETS:
            result[name] = _as_set(inner)
        elif name in {"Principal", "NotPrincipal"} and inner == "*":
            result[name] = {"AWS": ["*"]}
        elif isinstance(inner, dict):
            result[name] = {
                key: {k: _as_set(v) for k, v in each.items()} if isinstance(each, dict) else _as_set(each)
                for key, each in inner.items()
            }
        else:
            result[name] = inner
    return result


def _as_set(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return sorted({each if isinstance(each, str) else json.dumps(each) for each in values})


def unordered(value: Any) -> Any:
    """A list whose order and repetitions mean nothing; an empty one means the same as NULL."""
    if not value:
        return None
    return sorted(set(value), key=repr)


def cidr(value: Any) -> Any:
    """A network in its shortest form."""
    return _network(value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return value


def none_if_empty(value: Any) -> Any:
    """AWS's empty text or list as NULL."""
    return None if value in ("", [], {}) else value


# aws_security_group ------------------------------------------------------------------------------------

_PROTOCOLS = {"all": "-1", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}


def rule(values: Mapping[str, Any]) -> dict[str, Any]:
    """A rule: a protocol's name and number are the same, and ports of "all protocols" mean nothing."""
    protocol = str(values["ip_protocol"]).lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    result = {**values, "ip_protocol": protocol}
    if protocol == "-1":
        result |= {"from_port": None, "to_port": None}
    return result


# aws_ecs_fargate ---------------------------------------------------------------------------------------

#: vCPU to the gigabytes that Fargate combines with it.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
FARGATE_SIZES: dict[str, tuple[str, ...]] = {
    "0.25": ("0.5", "1", "2"),
    "0.5": ("1", "2", "3", "4"),
    "1": tuple(map(str, range(2, 9))),
    "2": tuple(map(str, range(4, 17))),
    "4": tuple(map(str, range(8, 31))),
}
CPU_MEMORY = tuple(f"vCPU{cpu}-{memory}GB" for cpu, sizes in FARGATE_SIZES.items() for memory in sizes)


def cpu_memory(description: Mapping[str, Any]) -> str | None:
    """A task definition's cpu units and MiB as one label, None for a pair that has no label."""
    try:
        cpu, memory = int(description["cpu"]) / 1024, int(description["memory"]) / 1024
    except (KeyError, TypeError, ValueError):
        return None
    label = f"vCPU{cpu:g}-{memory:g}GB"
    return label if label in CPU_MEMORY else None


def cpu_units(label: str) -> str:
    """`vCPU0.25-0.5GB` as cpu units, "256"."""
    return str(int(float(label.removeprefix("vCPU").split("-")[0]) * 1024))


def memory_mib(label: str) -> str:
    """`vCPU0.25-0.5GB` as MiB, "512"."""
    return str(int(float(label.split("-")[1].removesuffix("GB")) * 1024))


def split_image(image: str) -> tuple[str, str | None, str | None]:
    """`host:port/name:tag@digest` as name, tag and digest.

    Source: https://docs.docker.com/reference/cli/docker/image/tag/
    """
    name, _, digest = image.partition("@")
    head, slash, tail = name.rpartition("/")
    last, _, tag = tail.partition(":")
    return head + slash + last, tag or None, digest or None


def image_name(image: str | None) -> str | None:
    return split_image(image)[0] if image else None


def image_tag(image: str | None) -> str | None:
    return split_image(image)[1] if image else None


def image_digest(image: str | None) -> str | None:
    return split_image(image)[2] if image else None


def image(
    image: str | None,
    repository: str | None,
    public_repository: str | None,
    tag: str | None,
    digest: str | None,
) -> str | None:
    """The image that a container's columns name together."""
    name = image or repository or public_repository
    if name is None:
        return None
    return f"{name}@{digest}" if digest else f"{name}:{tag}" if tag else name


def container(values: Mapping[str, Any]) -> dict[str, Any]:
    """A container: a tag inside `image` is the same as one in `tag`; no port mapping has no protocol."""
    result = dict(values)
    if result.get("image") and not result.get("tag") and not result.get("digest"):
        result["image"], result["tag"], result["digest"] = split_image(result["image"])
    if result.get("container_port") is None:
        result |= {"host_port": None, "protocol": None}
    else:
        # In the awsvpc network mode, Fargate's only one, the host port is the container's.
        result["host_port"] = result.get("host_port") or result["container_port"]
        result["protocol"] = result.get("protocol") or "tcp"
    result["env_variables"] = variables(result.get("env_variables"))
    result["cpu"] = result.get("cpu") or None
    return result


def variables(value: Any) -> dict[str, str] | None:
    """Environment variables as an object, from that or from AWS's list of names and values."""
    value = document(value)
    if isinstance(value, list):
        value = {each["name"]: each["value"] for each in value}
    return {name: str(each) for name, each in sorted(value.items())} if value else None


def environment(value: Any) -> list[dict[str, str]]:
    """Environment variables as AWS's list of names and values."""
    return [{"name": name, "value": each} for name, each in (variables(value) or {}).items()]
