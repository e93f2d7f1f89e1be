"""Clusters."""

from __future__ import annotations

from typing import Any

from tests.engine.direct import Session


async def test_a_renamed_cluster_takes_its_service_along(applied: Session, ecs: Any) -> None:
    await applied.execute(
        "INSERT INTO cluster (cluster_name) VALUES ('d'); UPDATE service SET cluster_name = 'd';"
        "DELETE FROM cluster WHERE cluster_name = 'c'"
    )
    assert [row[:2] for row in await applied.apply()] == [
        ("create", "cluster"),
        ("replace", "service"),
        ("delete", "cluster"),
    ]
    assert [arn.rpartition("/")[2] for arn in ecs.list_clusters()["clusterArns"]] == ["d"]
