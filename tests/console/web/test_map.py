"""The account as a map."""

from __future__ import annotations

from typing import Any

from console.web import plot
from tests.console.web.conftest import Browser, Execute
from tests.console.web.test_attacks import HOSTILE, check_harmless


def subnet(id: int, name: str | None, zone: str) -> dict[str, Any]:
    block = f"10.0.{id}.0/24"
    return {"id": id, "subnet_id": name, "cidr_block": block, "availability_zone": zone, "vpc_id": 1}


ROWS: dict[str, list[dict[str, Any]]] = {
    "vpc": [
        {"id": 2, "vpc_id": "vpc-2", "cidr_block": "10.1.0.0/16", "is_default": True},
        {"id": 1, "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/16", "is_default": False},
    ],
    "subnet": [subnet(1, "subnet-1", "a"), subnet(2, None, "b"), subnet(3, "subnet-3", "a")],
    "instance": [
        {"id": 1, "instance_id": "i-1", "instance_type": "t3.nano", "state": "running", "subnet_id": 1}
    ],
    "load_balancer": [
        {
            "load_balancer_name": "web",
            "load_balancer_arn": "arn:web",
            "scheme": "internal",
            "vpc": None,
            "subnets": ["subnet-3"],
        }
    ],
    "listener": [
        {"load_balancer_name": "web", "protocol": "HTTP", "port": 80, "target_group_name": "shop"},
        {"load_balancer_name": "web", "protocol": "HTTPS", "port": 443, "target_group_name": None},
    ],
    "service": [
        {
            "name": "shop",
            "arn": "arn:shop",
            "desired_count": 2,
            "subnets": ["subnet-1"],
            "target_group_name": "shop",
        }
    ],
}


def test_what_is_in_a_network_is_in_its_zones_and_the_fullest_comes_first() -> None:
    first, second = plot.networks(ROWS, frozenset())
    assert (first.thing.name, second.thing.about) == ("10.0.0.0/16", "the default one")
    assert {zone: [each.thing.name for each in some] for zone, some in first.zones.items()} == {
        "a": ["10.0.1.0/24", "10.0.3.0/24"],
        "b": ["10.0.2.0/24"],
    }
    one, other = first.zones["a"]
    assert [(each.table, each.name) for each in one.things] == [("instance", "i-1"), ("service", "shop")]
    assert [(each.table, each.name) for each in other.things] == [("load_balancer", "web")]
    assert first.zones["b"][0].thing.is_new
    assert (second.zones, second.balancers) == ({}, [])


def test_a_load_balancer_leads_to_its_targets() -> None:
    (balancer,) = plot.networks(ROWS, frozenset())[0].balancers
    told = [(what, [(each.table, each.name) for each in to]) for what, to in balancer.leads]
    assert told == [("HTTP 80", [("target_group", "shop"), ("service", "shop")]), ("HTTPS 443", [])]


def test_what_has_been_seen_to_differ_is_marked() -> None:
    found = plot.networks(ROWS, frozenset({("vpc", "vpc-1"), ("instance", "i-1"), ("subnet", "vpc-2")}))
    assert [each.thing.drifts for each in found] == [True, False]
    assert [each.drifts for each in found[0].zones["a"][0].things] == [True, False]


async def test_the_map_has_what_there_is_and_links_to_its_rows(browser: Browser, execute: Execute) -> None:
    assert (await browser.get("/map")).status == 200
    await execute(
        "SELECT * FROM iasql_install('aws_vpc')",
        "INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16')",
    )
    page = await browser.get("/map")
    assert "172.31.0.0/16" in page.text
    assert "us-east-1a" in page.text
    assert '<a href="/tables/public/vpc?column=id&amp;is=1">172.31.0.0/16</a>' in page.text
    assert "not in AWS" in page.text
    assert "lost" not in page.text


async def test_injection_by_names_on_the_map(browser: Browser, execute: Execute) -> None:
    quoted = HOSTILE.replace("'", "''")
    await execute(
        "SELECT * FROM iasql_install('aws_vpc')",
        f"INSERT INTO subnet (availability_zone, cidr_block, vpc_id) VALUES ('{quoted}', '{quoted}', 1)",
    )
    page = await browser.get("/map")
    assert "&lt;script&gt;" in page.text
    check_harmless(page.text)


async def test_a_table_that_one_may_not_read_is_not_on_the_map(browser: Browser, execute: Execute) -> None:
    await execute("SELECT * FROM iasql_install('aws_vpc')", "REVOKE SELECT ON subnet FROM current_user")
    page = await browser.get("/map")
    assert (page.status, "172.31.0.0/16" in page.text, "us-east-1a" in page.text) == (200, True, False)
