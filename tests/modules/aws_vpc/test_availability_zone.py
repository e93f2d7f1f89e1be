"""Availability zones."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session


async def test_zones_are_shown_and_edits_undone(installed: Session, ec2: Any) -> None:
    told = ec2.describe_availability_zones()["AvailabilityZones"]
    shown = "SELECT name, zone_id, state, managed_by FROM availability_zone ORDER BY name"
    expected = [(each["ZoneName"], each["ZoneId"], each["State"], "AWS") for each in told]
    assert await installed.rows(shown) == sorted(expected)
    await installed.execute(
        "UPDATE availability_zone SET state = 'gone' WHERE name = 'us-east-1a';"
        "DELETE FROM availability_zone WHERE name = 'us-east-1b'"
    )
    assert await installed.apply() == []
    assert await installed.rows(shown) == sorted(expected)
