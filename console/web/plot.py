"""An account as places in places: regions, networks, zones, subnets, and what is in them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: What is read of each table that the map knows.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "vpc": ("id", "vpc_id", "cidr_block", "is_default"),
    "subnet": ("id", "subnet_id", "cidr_block", "availability_zone", "vpc_id"),
    "instance": ("id", "instance_id", "instance_type", "state", "subnet_id"),
    "nat_gateway": ("id", "nat_gateway_id", "connectivity_type", "subnet_id"),
    "internet_gateway": ("id", "internet_gateway_id", "vpc_id"),
    "load_balancer": ("load_balancer_name", "load_balancer_arn", "scheme", "vpc", "subnets"),
    "listener": ("load_balancer_name", "protocol", "port", "target_group_name"),
    "service": ("name", "arn", "desired_count", "subnets", "target_group_name"),
}
#: What has been seen to differ: table and AWS's name.
Drift = frozenset[tuple[str, str]]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A resource.

    Attributes:
        column, key: where its row is.
        name: what people call it.
        about: what else is worth a word.
        is_new: whether AWS does not have it yet.
        drifts: whether it has been seen to differ.
    """

    table: str
    column: str
    key: str
    name: str
    about: str = ""
    is_new: bool = False
    drifts: bool = False


@dataclass(frozen=True, kw_only=True)
class Balancer:
    """A load balancer, and for each listener what it is and what it leads to."""

    thing: Thing
    leads: list[tuple[str, list[Thing]]]


@dataclass(frozen=True, kw_only=True)
class Subnet:
    thing: Thing
    things: list[Thing]


@dataclass(frozen=True, kw_only=True)
class Network:
    """A VPC.

    Attributes:
        zones: its subnets, by the zone that they are in.
        things: what is of it and in no subnet.
    """

    thing: Thing
    zones: Mapping[str, list[Subnet]]
    balancers: list[Balancer]
    things: list[Thing] = field(default_factory=list)


def networks(rows: Rows, drift: Drift) -> list[Network]:
    """The networks of a region, the ones with most in them first.

    Args:
        rows: by tables, with their `COLUMNS`.
    """

    def of(table: str, **wanted: object) -> Iterable[Mapping[str, Any]]:
        for row in rows.get(table, ()):
            if all(row[name] == value for name, value in wanted.items()):
                yield row

    def thing(table: str, row: Mapping[str, Any], name: str, about: object = "") -> Thing:
        key, aws = COLUMNS[table][:2]
        known = row[aws]
        return Thing(
            table=table,
            column=key,
            key=str(row[key]),
            name=str(row[name] or "new"),
            about=str(about or ""),
            is_new=known is None,
            drifts=(table, known) in drift,
        )

    def subnet(row: Mapping[str, Any]) -> Subnet:
        inside = [
            thing("instance", each, "instance_id", f"{each['instance_type']}, {each['state']}")
            for each in of("instance", subnet_id=row["id"])
        ]
        inside += [
            thing("nat_gateway", each, "nat_gateway_id", each["connectivity_type"])
            for each in of("nat_gateway", subnet_id=row["id"])
        ]
        for table in ("load_balancer", "service"):
            found = (each for each in of(table) if row["subnet_id"] in (each["subnets"] or ()))
            inside += [thing(table, each, COLUMNS[table][0]) for each in found]
        return Subnet(thing=thing("subnet", row, "cidr_block"), things=inside)

    def balancer(row: Mapping[str, Any]) -> Balancer:
        leads = []
        for each in of("listener", load_balancer_name=row["load_balancer_name"]):
            group = each["target_group_name"]
            targets = (
                []
                if group is None
                else [Thing(table="target_group", column="target_group_name", key=group, name=group)]
            )
            if group is not None:
                targets += [
                    thing("service", to, "name", f"{to['desired_count']} wanted")
                    for to in of("service", target_group_name=group)
                ]
            leads.append((f"{each['protocol']} {each['port']}", targets))
        return Balancer(thing=thing("load_balancer", row, "load_balancer_name", row["scheme"]), leads=leads)

    def network(row: Mapping[str, Any]) -> Network:
        zones: dict[str, list[Subnet]] = {}
        own = sorted(
            of("subnet", vpc_id=row["id"]),
            key=lambda each: (each["availability_zone"], each["cidr_block"] or ""),
        )
        for each in own:
            zones.setdefault(each["availability_zone"], []).append(subnet(each))
        names = {each["subnet_id"] for each in own}
        balancers = [
            balancer(each)
            for each in of("load_balancer")
            if each["vpc"] == row["id"]
            or (
                each["vpc"] is None
                and (names & set(each["subnets"] or ()) or (not each["subnets"] and row["is_default"]))
            )
        ]
        gateways = [
            thing("internet_gateway", each, "internet_gateway_id")
            for each in of("internet_gateway", vpc_id=row["id"])
        ]
        about = "the default one" if row["is_default"] else row["vpc_id"]
        return Network(
            thing=thing("vpc", row, "cidr_block", about), zones=zones, balancers=balancers, things=gateways
        )

    found = [network(each) for each in of("vpc")]
    return sorted(
        found, key=lambda each: -len(each.balancers) - sum(len(some) for some in each.zones.values())
    )
