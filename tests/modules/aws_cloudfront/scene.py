"""What tests of several tables of the module do and look at."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session

CACHING = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CONTROL = "INSERT INTO origin_access_control (name) VALUES ('oac');"
#: A distribution of a bucket that is closed to everybody else.
DISTRIBUTION = (
    "INSERT INTO distribution (comment, default_cache_behavior) VALUES ('site', jsonb_build_object("
    "'TargetOriginId', 'bucket', 'ViewerProtocolPolicy', 'redirect-to-https', "
    f"'CachePolicyId', '{CACHING}'));"
    "INSERT INTO distribution_origin (distribution_id, origin_id, domain_name, origin_access_control_id) "
    "SELECT d.id, 'bucket', 'some-1.s3.us-east-1.amazonaws.com', o.id "
    "FROM distribution AS d LEFT JOIN origin_access_control AS o ON true WHERE d.comment = 'site';"
)


async def apply(session: Session) -> list[tuple[Any, ...]]:
    """Apply; the plan said the same before, and nothing is left to do after."""
    planned = await session("iasql_plan_apply")
    applied = await session("iasql_apply")
    assert applied == planned
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []
    return applied


def told(cloudfront: Any) -> dict[str, Any]:
    """The only distribution, as AWS describes it."""
    [listed] = cloudfront.list_distributions()["DistributionList"]["Items"]
    return dict(cloudfront.get_distribution(Id=listed["Id"])["Distribution"])


def config(cloudfront: Any) -> dict[str, Any]:
    """Its configuration."""
    return dict(told(cloudfront)["DistributionConfig"])


def change(cloudfront: Any, **more: Any) -> None:
    """Change its configuration as somebody else would."""
    found = cloudfront.get_distribution_config(Id=told(cloudfront)["Id"])
    new = {**found["DistributionConfig"], **more}
    cloudfront.update_distribution(Id=told(cloudfront)["Id"], IfMatch=found["ETag"], DistributionConfig=new)
