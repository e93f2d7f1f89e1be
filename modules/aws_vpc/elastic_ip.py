"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Address.html"""

from modules import ownership, tagging
from modules.spec import Call, Carry, Const, Description, List, Lost, Old, Resource, assigned, fixed

_TAGS = tagging.ec2("elastic-ip", "allocation_id")


def _service(description: Description) -> str | None:
    """The service that has allocated the address for something of its own."""
    service = description.get("ServiceManaged")
    return f"AWS service {service}" if service else None


ELASTIC_IP = Resource(
    table="elastic_ip",
    service="ec2",
    doc="Public IPv4 addresses. One that has been released cannot be had again.",
    key=("id",),
    identity="allocation_id",
    natural_key=("public_ip",),
    called=tagging.name,
    unique_in_aws=False,
    unique=(("public_ip",),),
    newborn=lambda row, found: (
        tagging.own(row["tags"]) == tagging.own(found["tags"]) and found["association_id"] is None
    ),
    columns=(
        assigned("allocation_id", "varchar", "AllocationId", doc="AWS's id of the address."),
        assigned("public_ip", "varchar", "PublicIp", doc="The address."),
        fixed(
            "network_border_group",
            "varchar",
            "NetworkBorderGroup",
            left_to_aws=True,
            doc="The zones in which AWS announces it; NULL is the region.",
        ),
        fixed("public_ipv4_pool", "varchar", "PublicIpv4Pool", left_to_aws=True, doc="NULL is Amazon's."),
        assigned("association_id", "varchar", "AssociationId", doc="NULL while nothing has the address."),
        assigned("network_interface_id", "varchar", "NetworkInterfaceId"),
        assigned("private_ip_address", "varchar", "PrivateIpAddress"),
        _TAGS.column,
        ownership.managed_by(_TAGS, _service),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(operation="describe_addresses", items="Addresses"),
    create=(
        Call(
            operation="allocate_address",
            params={
                "Domain": Const("vpc"),
                "NetworkBorderGroup": "network_border_group",
                "PublicIpv4Pool": "public_ipv4_pool",
                "CustomerOwnedIpv4Pool": Old("CustomerOwnedIpv4Pool"),
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    fetch=Call(
        operation="describe_addresses", params={"AllocationIds[0]": "allocation_id"}, result="Addresses[0]"
    ),
    update=_TAGS.update,
    carry=Carry(
        lost=(Lost(of="PublicIp", what="its address"),),
        not_kept={
            "Address": "an address that is in use cannot be given away and had again",
            "IpamPoolId": "PublicIpv4Pool says from which pool it is",
        },
    ),
    delete=(Call(operation="release_address", params={"AllocationId": "allocation_id"}),),
    absent=("InvalidAllocationID.NotFound", "InvalidAddress.NotFound"),
    # AWS says so while a NAT gateway that is being deleted still has it.
    busy=("AuthFailure", "InvalidIPAddress.InUse"),
    eventual=(("InvalidAllocationID.NotFound", ""),),
    hints={
        "AuthFailure": "Something still has it: elastic_ip.network_interface_id says which interface.",
        "InvalidIPAddress.InUse": "Something has the address still; take it off that first.",
    },
)
