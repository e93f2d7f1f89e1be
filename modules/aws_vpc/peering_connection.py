"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcPeeringConnection.html"""

from modules import ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Context,
    Description,
    Kept,
    List,
    Old,
    Resource,
    Settled,
    Update,
    Waiter,
    assigned,
    column,
    ref,
)

_TAGS = tagging.ec2("vpc-peering-connection", "peering_connection_id")
_ACCEPT = Call(
    operation="accept_vpc_peering_connection",
    given=("accepted", True),
    params={"VpcPeeringConnectionId": "peering_connection_id"},
)
_ACCEPTED = ("provisioning", "active")
_THERE = ("initiating-request", "pending-acceptance", *_ACCEPTED)


def _is_within(description: Description) -> bool:
    """Whether a connection is there, and between two VPCs of this account and region.

    AWS goes on showing for a while what has gone, been rejected, or has failed.
    """
    here = description.get("Account"), description.get("Here")
    sides = (description.get(name) or {} for name in ("RequesterVpcInfo", "AccepterVpcInfo"))
    return description.get("Status", {}).get("Code") in _THERE and all(
        (each.get("OwnerId"), each.get("Region")) == here for each in sides
    )


def _names_are_resolved(side: str) -> Kept:
    """That one side resolves the other one's names to private addresses, where it does."""
    path = "PeeringOptions.AllowDnsResolutionFromRemoteVpc"
    return Kept(
        operation="modify_vpc_peering_connection_options",
        of=f"{side}VpcInfo.{path}",
        params={
            "VpcPeeringConnectionId": "peering_connection_id",
            f"{side}PeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc": Old(f"{side}VpcInfo.{path}"),
        },
    )


PEERING_CONNECTION = Resource(
    table="peering_connection",
    service="ec2",
    doc="Connections of two VPCs of the account in the region; traffic takes them by routes of both. Those "
    "with a VPC of another account or region are not shown, and left alone.",
    key=("id",),
    identity="peering_connection_id",
    natural_key=("requester_id", "accepter_id"),
    unique=(("requester_id", "accepter_id"),),
    checks=(("two_vpcs", "requester_id <> accepter_id"),),
    columns=(
        assigned("peering_connection_id", "varchar", "VpcPeeringConnectionId", doc="AWS's id of it."),
        assigned("state", "varchar", "Status.Code"),
        ref("requester_id", "vpc", "RequesterVpcInfo.VpcId", not_null=True),
        ref("accepter_id", "vpc", "AccepterVpcInfo.VpcId", not_null=True),
        column(
            "accepted",
            "boolean",
            "Status.Code",
            read=lambda code: code in _ACCEPTED,
            not_null=True,
            default="true",
            doc="One that nobody accepts within a week expires. Once accepted, it stays so.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_vpc_peering_connections",
        items="VpcPeeringConnections",
        params={"MaxResults": 1000},
        joins={**ownership.ACCOUNT, "Here": Context("region")},
    ),
    where=_is_within,
    # The networks are those of the VPCs.
    reflects=("RequesterVpcInfo", "AccepterVpcInfo"),
    create=(
        Call(
            operation="create_vpc_peering_connection",
            params={"VpcId": "requester_id", "PeerVpcId": "accepter_id", **_TAGS.create},
            result="VpcPeeringConnection",
        ),
        _ACCEPT,
    ),
    fetch=Call(
        operation="describe_vpc_peering_connections",
        params={"VpcPeeringConnectionIds[0]": "peering_connection_id"},
        result="VpcPeeringConnections[0]",
    ),
    update=(
        Update(operation=_ACCEPT.operation, when=("accepted",), given=_ACCEPT.given, params=_ACCEPT.params),
        *_TAGS.update,
    ),
    settled={
        "accepted": Settled(
            of=lambda description, values: not values["accepted"],
            why="AWS has no way back from an accepted connection.",
            hint="Delete its row instead.",
        )
    },
    carry=Carry(
        calls=(_names_are_resolved("Requester"), _names_are_resolved("Accepter")),
        not_kept={
            "PeerOwnerId": "both VPCs are the account's",
            "PeerRegion": "both VPCs are in the region",
            **{
                f"{side}PeeringConnectionOptions.{name}": "AWS has no ClassicLink any more"
                for side in ("Requester", "Accepter")
                for name in (
                    "AllowEgressFromLocalClassicLinkToRemoteVpc",
                    "AllowEgressFromLocalVpcToRemoteClassicLink",
                )
            },
        },
    ),
    delete=(
        Call(
            operation="delete_vpc_peering_connection",
            params={"VpcPeeringConnectionId": "peering_connection_id"},
        ),
    ),
    gone=Waiter(
        name="vpc_peering_connection_deleted",
        params={"VpcPeeringConnectionIds[0]": "peering_connection_id"},
        seconds=300,
    ),
    absent=("InvalidVpcPeeringConnectionID.NotFound",),
    eventual=(
        ("InvalidVpcID.NotFound", ""),
        ("InvalidVpcPeeringConnectionID.NotFound", ""),
        # AWS is still initiating it.
        ("InvalidStateTransition", ""),
    ),
    hints={
        "InvalidStateTransition": "AWS makes none between VPCs whose networks overlap.",
        "VpcPeeringConnectionAlreadyExists": "The VPCs have one, perhaps with the sides changed.",
    },
)
