"""The table aws_regions."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session
from tests.fixtures.cloud import REGION


async def test_every_region_of_the_account_is_there_with_its_place(session: Session, boto: Any) -> None:
    await session("iasql_install", "aws_regions")
    listed = boto("ec2").describe_regions(AllRegions=True)["Regions"]
    assert await session.rows("SELECT region, opt_in_status FROM aws_regions ORDER BY 1") == sorted(
        (each["RegionName"], each["OptInStatus"]) for each in listed
    )
    placed = "SELECT region, schema FROM aws_regions WHERE schema IS NOT NULL ORDER BY 1"
    assert await session.rows(placed) == [(REGION, "public")]
    await session("iasql_add_region", "eu-west-1")
    assert await session.rows(placed) == [("eu-west-1", "eu_west_1"), (REGION, "public")]
    await session("iasql_remove_region", "eu-west-1")
    assert await session.rows(placed) == [(REGION, "public")]
    assert await session("iasql_plan_apply") == []


async def test_edits_are_undone(session: Session) -> None:
    await session("iasql_install", "aws_regions")
    before = await session.rows("TABLE aws_regions")
    await session.execute(
        "UPDATE aws_regions SET opt_in_status = 'mine'; DELETE FROM aws_regions WHERE region ~ '^eu'"
    )
    await session("iasql_apply")
    assert sorted(await session.rows("TABLE aws_regions")) == sorted(before)
