"""Private repositories."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_ecr.scene import POLICY, policy, repository

_MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"digest": "sha256:" + "0" * 64},
    "layers": [],
}


async def test_repositories_are_imported(session: Session, ecr: Any, simulator: Cloud) -> None:
    ecr.create_repository(repositoryName="there", imageTagMutability="IMMUTABLE")
    ecr.create_repository(repositoryName="bare")
    ecr.set_repository_policy(repositoryName="there", policyText=json.dumps(POLICY))
    simulator.client("ecr-public").create_repository(repositoryName="open")
    await session("iasql_install", "aws_ecr")
    assert await session.rows(
        "SELECT repository_name, repository_arn, r.registry_id, repository_uri, image_tag_mutability::text, "
        "scan_on_push, policy_text IS NOT NULL FROM repository AS r LEFT JOIN repository_policy "
        "USING (repository_name) WHERE created_at IS NOT NULL ORDER BY 1"
    ) == [
        (
            name, repository(ecr, name)["repositoryArn"], "123456789012",
            repository(ecr, name)["repositoryUri"], mutability, False, name == "there",
        )
        for name, mutability in (("bare", "MUTABLE"), ("there", "IMMUTABLE"))
    ]  # fmt: skip
    assert await session.rows("SELECT repository_name, repository_uri FROM public_repository") == [
        ("open", "public.ecr.aws/simulated/open")
    ]
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_all_of_a_repository_changes_at_once(installed: Session, ecr: Any) -> None:
    other = {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": "ecr:BatchGetImage"}]}
    await installed.execute(
        "UPDATE repository SET image_tag_mutability = 'MUTABLE', scan_on_push = false;"
        f"UPDATE repository_policy SET policy_text = '{json.dumps(other)}'"
    )
    assert {row[:2] for row in await installed.apply()} == {
        ("update", "repository"),
        ("update", "repository_policy"),
    }
    changed = repository(ecr)
    assert changed["imageTagMutability"] == "MUTABLE"
    assert changed["imageScanningConfiguration"] == {"scanOnPush": False}
    assert policy(ecr) == other


async def test_another_name_is_another_repository(installed: Session, ecr: Any) -> None:
    await installed.execute(
        "DELETE FROM repository_policy; UPDATE repository SET repository_name = 'renamed'"
    )
    await installed.apply()
    assert [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]] == ["renamed"]


async def test_a_repository_with_images_stays(installed: Session, ecr: Any) -> None:
    ecr.put_image(repositoryName="app", imageManifest=json.dumps(_MANIFEST), imageTag="latest")
    await installed("iasql_sync")
    await installed.execute(
        "DELETE FROM repository_policy; DELETE FROM repository;"
        "INSERT INTO repository (repository_name) VALUES ('fine')"
    )
    with pytest.raises(OperationError) as refused:
        await installed("iasql_apply")
    error = refused.value
    assert (error.sqlstate, error.table) == ("2BP01", "repository")
    assert error.detail is not None
    assert "RepositoryNotEmptyException" in error.detail
    assert error.hint is not None
    assert "repository_image" in error.hint
    assert {each["repositoryName"] for each in ecr.describe_repositories()["repositories"]} == {"app", "fine"}
    assert (
        await installed.value("SELECT repository_uri FROM repository")
        == repository(ecr, "fine")["repositoryUri"]
    )
    ecr.batch_delete_image(repositoryName="app", imageIds=[{"imageTag": "latest"}])
    assert [row[:2] for row in await installed.apply()] == [("delete", "repository")]


@pytest.mark.parametrize("table", ["repository", "public_repository"])
async def test_a_name_that_aws_refuses(session: Session, table: str) -> None:
    await session("iasql_install", "aws_ecr")
    await session.execute(f"INSERT INTO {table} (repository_name) VALUES ('UPPER_case repository')")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    error = refused.value
    assert (error.sqlstate, error.table) == ("22023", table)
    assert error.detail is not None
    assert "InvalidParameterException" in error.detail
    assert error.hint is not None


async def test_a_renamed_repository_keeps_its_settings_and_says_that_images_are_lost(
    session: Session, simulator: Cloud
) -> None:
    ecr = simulator.client("ecr")
    ecr.create_repository(repositoryName="old", encryptionConfiguration={"encryptionType": "KMS"})
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9}
    policy = json.dumps(
        {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
    )
    ecr.put_lifecycle_policy(repositoryName="old", lifecyclePolicyText=policy)
    ecr.put_image(repositoryName="old", imageManifest=json.dumps(_MANIFEST), imageTag="v1")
    await session("iasql_install", "aws_ecr")
    await session.execute("UPDATE repository SET repository_name = 'new'")
    with pytest.raises(OperationError, match="would lose") as refused:
        await session("iasql_apply")
    assert refused.value.detail == "repository old: its images (1)"
    await session.execute("SET iasql.allow_loss = on")
    await session.apply()
    [new] = ecr.describe_repositories()["repositories"]
    assert (new["repositoryName"], new["encryptionConfiguration"]["encryptionType"]) == ("new", "KMS")
    assert ecr.get_lifecycle_policy(repositoryName="new")["lifecyclePolicyText"] == policy


def arn_of(ecr: Any, name: str) -> str:
    [found] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    return str(found["repositoryArn"])


async def test_who_names_a_replaced_repository_is_said(session: Session, simulator: Cloud) -> None:
    ecr, sqs = simulator.client("ecr"), simulator.client("sqs")
    ecr.create_repository(repositoryName="old")
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": arn_of(ecr, "old")}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.create_queue(QueueName="q", Attributes={"Policy": document})
    await session("iasql_install", "aws_ecr", "aws_sqs")
    await session.execute("UPDATE repository SET repository_name = 'new'")
    [row] = [row for row in await session("iasql_diff") if row[8]]
    assert f"goes on naming {arn_of(ecr, 'old')}" in row[8]
    changed = document.replace("repository/old", "repository/new")
    await session.execute(f"UPDATE queue SET policy = '{changed}'")
    await session.apply()
