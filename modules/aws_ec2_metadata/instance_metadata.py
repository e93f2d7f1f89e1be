"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.spec import Batched, List, OnChange, Resource, assigned, ref

_THERE = ["pending", "running", "stopping", "stopped"]
_TAGS = tagging.ec2("instance", "instance_id")


def _host(address: Any) -> str | None:
    """An address as a network of one."""
    return f"{address}/32" if address else None


INSTANCE_METADATA = Resource(
    table="instance_metadata",
    service="ec2",
    doc="What AWS tells of instances: their addresses, processors and memory. It is shown; edits are undone.",
    key=("instance_id",),
    identity="instance_id",
    natural_key=("instance_id",),
    unique=(("id",),),
    columns=(
        assigned("instance_id", "varchar", "InstanceId", not_null=True),
        ref(
            "id",
            "instance",
            "InstanceId",
            on_change=OnChange.ASSIGNED,
            not_null=True,
            cascade=True,
            doc="The row of the instance.",
        ),
        assigned("architecture", "varchar", "Architecture", doc="Such as x86_64 or arm64."),
        assigned("private_ip_address", "cidr", "PrivateIpAddress", read=_host),
        assigned("public_ip_address", "cidr", "PublicIpAddress", read=_host),
        assigned("public_dns_name", "varchar", "PublicDnsName", read=canonical.none_if_empty),
        assigned(
            "launch_time",
            "timestamptz",
            "LaunchTime",
            read=canonical.timestamp,
            canonical=canonical.instant,
            doc="When it was started last.",
        ),
        assigned("cpu_cores", "integer", "CpuOptions.CoreCount", doc="Each has a thread or two."),
        assigned("mem_size_mb", "integer", "Memory", doc="MiB."),
        assigned("ebs_optimized", "boolean", "EbsOptimized"),
        assigned("root_device_type", "varchar", "RootDeviceType"),
        assigned("root_device_name", "varchar", "RootDeviceName"),
        ownership.managed_by(_TAGS),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    within="id",
    listing=List(
        operation="describe_instances",
        items="Reservations[].Instances[]",
        params={"Filters": [{"Name": "instance-state-name", "Values": _THERE}], "MaxResults": 1000},
    ),
    batched=(
        Batched(
            operation="describe_instance_types",
            ids="InstanceTypes",
            of="InstanceType",
            batch=100,
            items="InstanceTypes",
            by="InstanceType",
            value="MemoryInfo.SizeInMiB",
            into="Memory",
        ),
    ),
    protected=lambda description: True,
)
