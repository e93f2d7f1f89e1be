"""The policies of private repositories."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.direct import Session
from tests.modules.aws_ecr.scene import POLICY, policy, repository


async def test_a_repository_is_made_with_its_policy(installed: Session, ecr: Any) -> None:
    made = repository(ecr)
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    assert policy(ecr) == POLICY
    assert await installed.rows("SELECT repository_arn, repository_uri FROM repository") == [
        (made["repositoryArn"], made["repositoryUri"])
    ]
    assert await installed.value("SELECT registry_id FROM repository_policy") == "123456789012"


async def test_a_policy_compares_by_what_it_says(installed: Session) -> None:
    same = {
        "Statement": [{**POLICY["Statement"][0], "Action": "ecr:GetDownloadUrlForLayer",
                       "Principal": {"AWS": "*"}}],
        "Version": "2012-10-17",
    }  # fmt: skip
    await installed.execute(f"UPDATE repository_policy SET policy_text = '{json.dumps(same)}'")
    assert await installed("iasql_plan_apply") == []


async def test_a_policy_moves_to_another_repository(installed: Session, ecr: Any) -> None:
    await installed.execute(
        "INSERT INTO repository (repository_name) VALUES ('other');"
        "UPDATE repository_policy SET repository_name = 'other'"
    )
    await installed.apply()
    assert ecr.get_repository_policy(repositoryName="other")["policyText"]
    with pytest.raises(ecr.exceptions.RepositoryPolicyNotFoundException):
        policy(ecr)


async def test_a_policy_is_deleted_and_then_its_repository(installed: Session, ecr: Any) -> None:
    await installed.execute("DELETE FROM repository_policy")
    assert await installed.apply() == [("delete", "repository_policy", None, "app")]
    with pytest.raises(ecr.exceptions.RepositoryPolicyNotFoundException):
        policy(ecr)
    await installed.execute("DELETE FROM repository")
    assert [row[:2] for row in await installed.apply()] == [("delete", "repository")]
    assert ecr.describe_repositories()["repositories"] == []


async def test_a_repository_and_its_policy_are_deleted_together(installed: Session, ecr: Any) -> None:
    await installed.execute("DELETE FROM repository_policy; DELETE FROM repository")
    assert {row[:2] for row in await installed.apply()} == {
        ("delete", "repository_policy"),
        ("delete", "repository"),
    }
    assert ecr.describe_repositories()["repositories"] == []
