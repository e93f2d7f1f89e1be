"""Sizes of tasks, images and environments of containers: as AWS has them, as columns show them, and as two of
them are compared. Pure functions only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules import canonical

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
    """An image without tag and digest; with its tag if it has both, as rows have one of them at most."""
    name, tag, digest = split_image(image or "")
    return (f"{name}:{tag}" if tag and digest else name) or None


def image_repository(image: str | None) -> str | None:
    """The repository of an image that a row can say by repository, and tag or digest."""
    name, tag, digest = split_image(image or "")
    return None if tag and digest else name or None


def image_tag(image: str | None) -> str | None:
    _, tag, digest = split_image(image or "")
    return None if digest else tag


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
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def container(values: Mapping[str, Any]) -> dict[str, Any]:
    """A container: a tag inside `image` is the same as one in `tag`; no port mapping has no protocol."""
    result = dict(values)
    if result.get("image"):
        result["image"], tag, digest = split_image(result["image"])
        result["tag"], result["digest"] = result.get("tag") or tag, result.get("digest") or digest
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
    value = canonical.document(value)
    if isinstance(value, list):
        value = {each["name"]: each["value"] for each in value}
    return {name: str(each) for name, each in sorted(value.items())} if value else None


def environment(value: Any) -> list[dict[str, str]]:
    """Environment variables as AWS's list of names and values."""
    return [{"name": name, "value": each} for name, each in (variables(value) or {}).items()]
