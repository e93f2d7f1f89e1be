"""Origin access controls."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_cloudfront.scene import CONTROL, DISTRIBUTION, apply

_THEIRS = {
    "Name": "theirs",
    "Description": "d",
    "SigningProtocol": "sigv4",
    "SigningBehavior": "never",
    "OriginAccessControlOriginType": "lambda",
}


def controls(cloudfront: Any) -> list[dict[str, Any]]:
    return list(cloudfront.list_origin_access_controls()["OriginAccessControlList"].get("Items", []))


async def test_a_control_is_imported(session: Session, cloudfront: Any) -> None:
    made = cloudfront.create_origin_access_control(OriginAccessControlConfig=_THEIRS)["OriginAccessControl"]
    await session("iasql_install", "aws_cloudfront")
    assert await session.rows(
        "SELECT name, origin_access_control_id, description, origin_type, signing_behavior, "
        "signing_protocol, managed_by FROM origin_access_control"
    ) == [("theirs", made["Id"], "d", "lambda", "never", "sigv4", None)]
    assert await session("iasql_plan_apply") == []


async def test_a_control_is_made_and_each_column_changed_and_it_is_deleted(
    installed: Session, cloudfront: Any, simulator: Cloud
) -> None:
    await installed.execute("INSERT INTO origin_access_control (name, description) VALUES ('oac', 'd')")
    assert [row[:2] for row in await apply(installed)] == [("create", "origin_access_control")]
    [made] = controls(cloudfront)
    assert await installed.value("SELECT origin_access_control_id FROM origin_access_control") == made["Id"]
    assert made == {
        "Id": made["Id"],
        "Name": "oac",
        "Description": "d",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    for column, value, name, shown in (
        ("name", "'other'", "Name", "other"),
        ("description", "NULL", "Description", ""),
        ("origin_type", "'lambda'", "OriginAccessControlOriginType", "lambda"),
        ("signing_behavior", "'never'", "SigningBehavior", "never"),
    ):
        await installed.execute(f"UPDATE origin_access_control SET {column} = {value}")
        assert [row[0] for row in await apply(installed)] == ["update"]
        made = {**made, name: shown}
        assert controls(cloudfront) == [made]
    await installed.execute("DELETE FROM origin_access_control")
    assert [row[0] for row in await apply(installed)] == ["delete"]
    assert controls(cloudfront) == []


async def test_what_somebody_changes_right_before_a_change_is_kept(
    installed: Session, cloudfront: Any, simulator: Cloud
) -> None:
    await installed.execute(CONTROL)
    await apply(installed)
    simulator.plan(
        {
            "operation": "UpdateOriginAccessControl",
            "action": "error",
            "code": "PreconditionFailed",
            "status": 412,
        }
    )
    await installed.execute("UPDATE origin_access_control SET description = 'mine'")
    await apply(installed)
    assert controls(cloudfront)[0]["Description"] == "mine"
    assert simulator.called("UpdateOriginAccessControl") == 2


async def test_a_control_of_a_name_that_is_taken_is_refused(installed: Session, cloudfront: Any) -> None:
    cloudfront.create_origin_access_control(OriginAccessControlConfig={**_THEIRS, "Name": "one"})
    await installed("iasql_sync")
    await installed.execute("INSERT INTO origin_access_control (name) VALUES ('two')")
    await apply(installed)
    cloudfront.create_origin_access_control(OriginAccessControlConfig={**_THEIRS, "Name": "three"})
    await installed.execute("UPDATE origin_access_control SET name = 'three' WHERE name = 'two'")
    with pytest.raises(OperationError):
        await installed("iasql_apply")
    assert sorted(each["Name"] for each in controls(cloudfront)) == ["one", "three", "two"]


async def test_a_control_that_a_distribution_has_stays(
    installed: Session, cloudfront: Any, simulator: Cloud
) -> None:
    await installed.execute(CONTROL + DISTRIBUTION)
    await apply(installed)
    with pytest.raises(Exception, match="still referenced"):
        await installed.execute("DELETE FROM origin_access_control")
