"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DhcpOptions.html"""

from collections.abc import Mapping
from typing import Any

from modules import ownership, tagging
from modules.spec import Call, Derived, List, Resource, Values, assigned, fixed

_TAGS = tagging.ec2("dhcp-options", "dhcp_options_id")


def _read(configurations: Any) -> Any:
    """Options as AWS tells them as an object of lists."""
    return {each["Key"]: [value["Value"] for value in each["Values"]] for each in configurations or ()}


def _comparable(options: Any) -> Any:
    """An object of lists of texts. One value is a list of one; the order of several counts."""
    if not isinstance(options, Mapping):
        return options
    return {name: [str(each) for each in _several(value)] for name, value in options.items()}


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _sent(options: Any) -> list[dict[str, Any]]:
    return [{"Key": name, "Values": values} for name, values in _comparable(options).items()]


def _newborn(row: Values, found: Values) -> bool:
    return all(
        form(row[name]) == form(found[name])
        for name, form in (("dhcp_configurations", _comparable), ("tags", tagging.own))
    )


def _called(values: Values) -> str | None:
    """The tag Name, or what the set says."""
    options = _comparable(values.get("dhcp_configurations")) or {}
    return tagging.name(values) or " ".join(",".join(each) for each in options.values())


DHCP_OPTIONS = Resource(
    table="dhcp_options",
    service="ec2",
    doc="Sets of DHCP options: what a VPC's machines are told of its name servers and its domain. AWS makes "
    "one for each region, and vpc.dhcp_options_id says which VPC has which.",
    key=("id",),
    identity="dhcp_options_id",
    natural_key=("dhcp_options_id",),
    called=_called,
    unique_in_aws=False,
    newborn=_newborn,
    unique_if_not_null=("dhcp_options_id",),
    checks=(("named_options", "jsonb_typeof(dhcp_configurations) = 'object'"),),
    columns=(
        assigned("dhcp_options_id", "varchar", "DhcpOptionsId", doc="AWS's id of the set."),
        fixed(
            "dhcp_configurations",
            "jsonb",
            "DhcpConfigurations",
            not_null=True,
            read=_read,
            canonical=_comparable,
            doc='An object, such as {"domain-name": ["x.test"], "domain-name-servers": ["10.0.0.2"]}. AWS '
            "changes no set: VPCs get a new one before the old one is deleted.",
        ),
        assigned("owner_id", "varchar", "OwnerId"),
        _TAGS.column,
        ownership.managed_by(_TAGS, ownership.another_account("OwnerId")),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(
        operation="describe_dhcp_options",
        items="DhcpOptions",
        params={"MaxResults": 1000},
        joins=ownership.ACCOUNT,
    ),
    create=(
        Call(
            operation="create_dhcp_options",
            params={
                "DhcpConfigurations": Derived(_sent, ("dhcp_configurations",)),
                **_TAGS.create,
            },
            result="DhcpOptions",
        ),
    ),
    fetch=Call(
        operation="describe_dhcp_options",
        params={"DhcpOptionsIds[0]": "dhcp_options_id"},
        result="DhcpOptions[0]",
    ),
    update=_TAGS.update,
    delete=(Call(operation="delete_dhcp_options", params={"DhcpOptionsId": "dhcp_options_id"}),),
    absent=("InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsID.NotFound"),
    busy=("DependencyViolation",),
    eventual=(("InvalidDhcpOptionID.NotFound", ""), ("InvalidDhcpOptionsID.NotFound", "")),
    hints={
        "DependencyViolation": "A VPC still has the set: point vpc.dhcp_options_id to another one.",
        "InvalidParameterValue": "AWS documents which options there are, and takes four name servers.",
    },
)
