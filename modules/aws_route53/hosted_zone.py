"""https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.aws_route53 import linked, names
from modules.spec import (
    Batched,
    Call,
    Carry,
    ComesWith,
    Derived,
    Describe,
    Description,
    Edited,
    Item,
    Kept,
    List,
    Look,
    Lost,
    PerKey,
    Resource,
    Source,
    Token,
    Update,
    assigned,
    column,
    fixed,
)

_ZONE: dict[str, Source] = {"HostedZoneId": "hosted_zone_id"}
_SEEN = Call(operation="get_hosted_zone", params={"Id": "hosted_zone_id"}, result="VPCs")
_TAGS = tagging.route53("hostedzone", "hosted_zone_id")


def _first(vpcs: Any) -> dict[str, str] | None:
    """The VPC that a private zone is made with; others are associated afterwards."""
    return next((_vpc(id, region) for id, region in sorted(vpcs.items())), None)


def _vpc(id: str, region: str) -> dict[str, str]:
    return {"VPCId": id, "VPCRegion": region}


def _missing(of: Any) -> dict[str, str] | None:
    """The VPC that a call is for, unless it is associated already."""
    [(id, region)] = of["item"].items()
    return None if any(each["VPCId"] == id for each in of["seen"] or ()) else _vpc(id, region)


def _leaving(of: Any) -> dict[str, str] | None:
    """The VPC that a call is for, if it is associated still."""
    return next((each for each in of["seen"] or () if each["VPCId"] in of["item"]), None)


def _service(description: Description) -> str | None:
    return linked.service(description.get("HostedZone", {}))


def _comes_with(record_type: str) -> ComesWith:
    """What AWS makes with each zone: who answers for it."""
    return ComesWith(
        table="resource_record_set",
        by="parent_hosted_zone_id",
        values={"record_type": record_type, "is_apex": True},
        find=Call(
            operation="list_resource_record_sets",
            params={"HostedZoneId": "parent_hosted_zone_id"},
            # The apex comes first.
            result=f"ResourceRecordSets[?Type=='{record_type}']",
            joins={"HostedZoneId": "parent_hosted_zone_id"},
        ),
    )


HOSTED_ZONE = Resource(
    table="hosted_zone",
    service="route53",
    doc="Zones of the Domain Name System, public and private. AWS gives another zone other name servers, "
    "which have to be made known where the domain is registered: so does a change of domain_name or "
    "private_zone, which makes another zone, with the records that have rows.",
    key=("id",),
    identity="hosted_zone_id",
    natural_key=("domain_name", "private_zone"),
    unique_in_aws=False,
    unique=(("hosted_zone_id",),),
    checks=(("hosted_zone_is_private_in_vpcs", "private_zone OR vpcs = '{}'"),),
    columns=(
        assigned("hosted_zone_id", "varchar", "HostedZone.Id", read=names.bare, doc="Such as Z0123456789."),
        fixed(
            "domain_name",
            "varchar",
            "HostedZone.Name",
            not_null=True,
            read=names.shown,
            canonical=names.comparable,
            doc="Such as example.com; with or without a dot at the end.",
        ),
        fixed(
            "private_zone",
            "boolean",
            "HostedZone.Config.PrivateZone",
            not_null=True,
            default="false",
            read=bool,
            doc="Whether only its VPCs see it.",
        ),
        column(
            "vpcs",
            "jsonb",
            "VPCs",
            not_null=True,
            default="'{}'",
            read=lambda vpcs: {each["VPCId"]: each["VPCRegion"] for each in vpcs or ()},
            doc='The VPCs that see a private zone, with their regions, such as {"vpc-1": "us-east-1"}: one '
            "at least.",
        ),
        column("comment", "varchar", "HostedZone.Config.Comment", canonical=canonical.none_if_empty),
        assigned(
            "name_servers",
            "varchar[]",
            "DelegationSet.NameServers",
            doc="Who answers for a public zone: what its parent zone, or the registrar, has to name.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS, _service),
    ),
    listing=List(operation="list_hosted_zones", items="HostedZones[].Id"),
    describe=Describe(
        operation="get_hosted_zone",
        ids="Id",
        batch=1,
        items="@",
        joins={"ZoneId": Item(read=names.bare)},
    ),
    batched=(
        Batched(
            operation="list_tags_for_resources",
            ids="ResourceIds",
            params={"ResourceType": "hostedzone"},
            of="ZoneId",
            batch=10,
            items="ResourceTagSets",
            by="ResourceId",
            value="Tags",
            into="Tags",
        ),
    ),
    comes_with=(_comes_with("NS"), _comes_with("SOA")),
    create=(
        Call(
            operation="create_hosted_zone",
            params={
                "Name": "domain_name",
                "CallerReference": Token(),
                "HostedZoneConfig.Comment": "comment",
                "HostedZoneConfig.PrivateZone": "private_zone",
                "VPC": Derived(_first, ("vpcs",)),
                # A set of name servers that somebody keeps for several zones.
                "DelegationSetId": Edited(
                    "DelegationSet.Id", lambda there, private: None if private else there, ("private_zone",)
                ),
            },
            result="@",
        ),
    ),
    fetch=Call(operation="get_hosted_zone", params={"Id": "hosted_zone_id"}, result="@"),
    update=(
        Update(
            operation="update_hosted_zone_comment",
            when=("comment",),
            params={
                "Id": "hosted_zone_id",
                "Comment": Derived(lambda zone, text: text or "", ("hosted_zone_id", "comment")),
            },
        ),
        # A private zone always has a VPC: others come before some go.
        PerKey(
            operation="associate_vpc_with_hosted_zone",
            column="vpcs",
            which="set",
            most=1,
            new=True,
            seen=_SEEN,
            needs="VPC",
            params={**_ZONE, "VPC": Item(read=_missing)},
        ),
        PerKey(
            operation="disassociate_vpc_from_hosted_zone",
            column="vpcs",
            which="removed",
            most=1,
            seen=_SEEN,
            needs="VPC",
            params={**_ZONE, "VPC": Item(read=_leaving)},
            tolerate=("VPCAssociationNotFound",),
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        looks=(
            Look(
                operation="get_dnssec",
                params=_ZONE,
                result="KeySigningKeys[].Name",
                into="SigningKeys",
                # Of private zones, which AWS does not sign.
                tolerate=("InvalidArgument", "InvalidInput"),
            ),
            Look(
                operation="list_query_logging_configs",
                params=_ZONE,
                result="QueryLoggingConfigs[].CloudWatchLogsLogGroupArn",
                into="QueryLogs",
            ),
            Look(
                operation="list_vpc_association_authorizations",
                params=_ZONE,
                result="VPCs",
                into="Authorized",
                # Of public zones.
                tolerate=("InvalidInput",),
            ),
        ),
        calls=(
            Kept(
                operation="create_query_logging_config",
                of="QueryLogs",
                each=True,
                params={**_ZONE, "CloudWatchLogsLogGroupArn": Item()},
            ),
        ),
        lost=(
            Lost(of="[DelegationSet][?!Id].NameServers[]", what="its name servers"),
            Lost(of="SigningKeys", what="its DNSSEC keys"),
            Lost(of="Authorized[].VPCId", what="what lets other accounts' VPCs see it"),
        ),
        not_kept={"Comment": "of the zone: the row has it; of a change: AWS does not keep it"},
    ),
    delete=(Call(operation="delete_hosted_zone", params={"Id": "hosted_zone_id"}),),
    absent=("NoSuchHostedZone",),
    hints={
        "HostedZoneNotEmpty": "The zone has records, or DNSSEC keys, that are in no row: iasql_sync() shows "
        "the records.",
        "ConflictingDomainExists": "A VPC can see one private zone of a name: see hosted_zone.vpcs.",
        "LastVPCAssociation": "A private zone keeps one VPC at least: delete the zone instead.",
        "PublicZoneVPCAssociation": "Only private zones have VPCs: see hosted_zone.private_zone.",
        "InvalidVPCId": "hosted_zone.vpcs has the ids of VPCs that are there, with their regions.",
        "TooManyHostedZones": "AWS allows 500 in an account unless its owner has asked for more.",
    },
)
