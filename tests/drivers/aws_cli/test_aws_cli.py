"""The AWS CLI works with the simulated account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.drivers.aws_cli.client import aws
from tests.fixtures.cloud import MANIFEST, REGION, Cloud


def test_it_says_who_it_is(simulator: Cloud) -> None:
    assert aws(simulator, "sts", "get-caller-identity")["Account"] == "123456789012"


def test_it_deletes_the_images_of_a_repository(simulator: Cloud, boto: Callable[[str], Any]) -> None:
    boto("ecr").create_repository(repositoryName="quickstart-repository")
    boto("ecr").put_image(repositoryName="quickstart-repository", imageManifest=MANIFEST, imageTag="latest")
    answer = aws(
        simulator, "ecr", "batch-delete-image", "--region", REGION,
        "--repository-name", "quickstart-repository", "--image-ids", "imageTag=latest",
    )  # fmt: skip
    assert [image["imageTag"] for image in answer["imageIds"]] == ["latest"]
    assert boto("ecr").list_images(repositoryName="quickstart-repository")["imageIds"] == []
