"""Public repositories: made, listed in pages, and deleted when they are empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud


@pytest.fixture
def ecr(boto: Callable[[str], Any]) -> Any:
    """The client of ECR Public."""
    return boto("ecr-public")


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    """The error code that a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    code: str = refused.value.response["Error"]["Code"]
    return code


def test_a_repository_is_described_as_it_was_made(ecr: Any) -> None:
    made = ecr.create_repository(repositoryName="team/app")["repository"]
    assert made["repositoryArn"] == "arn:aws:ecr-public::123456789012:repository/team/app"
    assert ecr.describe_repositories(repositoryNames=["team/app"])["repositories"] == [made]


def test_repositories_are_listed_in_pages(ecr: Any) -> None:
    for number in range(5):
        ecr.create_repository(repositoryName=f"app-{number}")
    first = ecr.describe_repositories(maxResults=2)
    assert len(first["repositories"]) == 2
    pages = ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2})
    names = [repository["repositoryName"] for page in pages for repository in page["repositories"]]
    assert names == [f"app-{number}" for number in range(5)]


def test_bad_and_taken_names_are_refused(ecr: Any) -> None:
    assert code_of(ecr.create_repository, repositoryName="UPPER case") == "InvalidParameterException"
    ecr.create_repository(repositoryName="app")
    assert code_of(ecr.create_repository, repositoryName="app") == "RepositoryAlreadyExistsException"


def test_a_repository_with_images_is_deleted_only_by_force(ecr: Any, simulator: Cloud) -> None:
    ecr.create_repository(repositoryName="app")
    simulator.push_public_image("app", "latest")
    assert code_of(ecr.delete_repository, repositoryName="app") == "RepositoryNotEmptyException"
    ecr.delete_repository(repositoryName="app", force=True)
    assert code_of(ecr.delete_repository, repositoryName="app") == "RepositoryNotFoundException"


def test_other_regions_have_no_public_registry(simulator: Cloud) -> None:
    elsewhere = simulator.client("ecr-public", "eu-west-1")
    assert code_of(elsewhere.describe_repositories) == "UnsupportedCommandException"
