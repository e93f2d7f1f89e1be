"""Images."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session
from tests.modules.aws_ec2.scene import AMI


async def test_own_images_are_shown_and_edits_are_undone(session: Session, ec2: Any) -> None:
    [made] = ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1)["Instances"]
    image = ec2.create_image(InstanceId=made["InstanceId"], Name="mine")["ImageId"]
    await session("iasql_install", "aws_ec2")
    assert await session.rows("SELECT image_id, name, managed_by FROM ami") == [(image, "mine", None)]
    await session.execute("UPDATE ami SET name = 'other'; DELETE FROM ami")
    assert await session("iasql_apply") == []
    assert await session.rows("SELECT image_id, name FROM ami") == [(image, "mine")]
