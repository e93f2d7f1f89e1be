"""Private repositories with their policies, and public repositories."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": ["ecr:GetDownloadUrlForLayer"]}
    ],
}
_MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"digest": "sha256:" + "0" * 64},
    "layers": [],
}


@pytest.fixture
def ecr(simulator: Cloud) -> Any:
    return simulator.client("ecr")


@pytest.fixture
async def installed(session: Session) -> Session:
    """A session with one repository and its policy applied."""
    await session("iasql_install", "aws_ecr")
    await session.execute(
        "INSERT INTO repository (repository_name, image_tag_mutability, scan_on_push) "
        "VALUES ('app', 'IMMUTABLE', true);"
        "INSERT INTO repository_policy (repository_name, policy_text) "
        f"VALUES ('app', '{json.dumps(_POLICY)}')"
    )
    assert [row[:2] for row in await session.apply()] == [
        ("create", "repository"),
        ("create", "repository_policy"),
    ]
    return session


def repository(ecr: Any, name: str = "app") -> dict[str, Any]:
    return dict(ecr.describe_repositories(repositoryNames=[name])["repositories"][0])


def policy(ecr: Any) -> Any:
    return json.loads(ecr.get_repository_policy(repositoryName="app")["policyText"])


async def test_repositories_are_imported(session: Session, ecr: Any, simulator: Cloud) -> None:
    ecr.create_repository(repositoryName="there", imageTagMutability="IMMUTABLE")
    ecr.create_repository(repositoryName="bare")
    ecr.set_repository_policy(repositoryName="there", policyText=json.dumps(_POLICY))
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


async def test_a_repository_is_made_with_its_policy(installed: Session, ecr: Any) -> None:
    made = repository(ecr)
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    assert policy(ecr) == _POLICY
    assert await installed.rows("SELECT repository_arn, repository_uri FROM repository") == [
        (made["repositoryArn"], made["repositoryUri"])
    ]
    assert await installed.value("SELECT registry_id FROM repository_policy") == "123456789012"


async def test_all_of_a_repository_changes_at_once(installed: Session, ecr: Any) -> None:
    other = {**_POLICY, "Statement": [{**_POLICY["Statement"][0], "Action": "ecr:BatchGetImage"}]}
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


async def test_a_policy_compares_by_what_it_says(installed: Session) -> None:
    same = {
        "Statement": [{**_POLICY["Statement"][0], "Action": "ecr:GetDownloadUrlForLayer",
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


async def test_another_name_is_another_repository(installed: Session, ecr: Any) -> None:
    await installed.execute(
        "DELETE FROM repository_policy; UPDATE repository SET repository_name = 'renamed'"
    )
    await installed.apply()
    assert [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]] == ["renamed"]


async def test_a_repository_with_images_stays(installed: Session, ecr: Any) -> None:
    ecr.put_image(repositoryName="app", imageManifest=json.dumps(_MANIFEST), imageTag="latest")
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
    assert "batch-delete-image" in error.hint
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


async def test_public_repositories_are_made_renamed_and_deleted(session: Session, simulator: Cloud) -> None:
    public = simulator.client("ecr-public")
    await session("iasql_install", "aws_ecr")
    await session.execute("INSERT INTO public_repository (repository_name) VALUES ('open')")
    assert await session.apply() == [("create", "public_repository", None, "open")]
    [made] = public.describe_repositories()["repositories"]
    assert await session.rows(
        "SELECT repository_arn, registry_id, repository_uri FROM public_repository"
    ) == [(made["repositoryArn"], made["registryId"], made["repositoryUri"])]
    await session.execute("UPDATE public_repository SET repository_name = 'wide'")
    await session.apply()
    assert [each["repositoryName"] for each in public.describe_repositories()["repositories"]] == ["wide"]
    simulator.push_public_image("wide", "latest")
    await session.execute("DELETE FROM public_repository")
    with pytest.raises(OperationError) as refused:
        await session("iasql_apply")
    assert (refused.value.sqlstate, refused.value.table) == ("2BP01", "public_repository")
    await session("iasql_sync")
    assert await session.value("SELECT count(*) FROM public_repository") == 1
