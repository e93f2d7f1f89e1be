"""Images in repositories: the tutorial's clean-up, and what happens without it."""

from __future__ import annotations

from tests.drivers.aws_cli.client import aws
from tests.drivers.psql.client import fail, rows, succeed
from tests.e2e.account import TUTORIAL, assert_holds_the_tutorial, assert_is_empty, inventory
from tests.fixtures.cloud import MANIFEST, REGION, Cloud
from tests.fixtures.databases import Database

REPOSITORY = "quickstart-repository"


def push(cloud: Cloud) -> None:
    """What the tutorial's `docker push` leaves in the repository."""
    cloud.client("ecr").put_image(repositoryName=REPOSITORY, imageManifest=MANIFEST, imageTag="latest")


def test_after_batch_delete_image_everything_can_be_deleted(deployed: Database, simulator: Cloud) -> None:
    push(simulator)
    aws(
        simulator, "ecr", "batch-delete-image", "--region", REGION,
        "--repository-name", REPOSITORY, "--image-ids", "imageTag=latest",
    )  # fmt: skip
    succeed(deployed, "SELECT delete_all_records(); SELECT * FROM iasql_apply();")
    assert_is_empty(simulator)


def test_a_repository_whose_images_nobody_has_seen_stays_until_they_are_deleted(
    deployed: Database, simulator: Cloud
) -> None:
    push(simulator)
    succeed(deployed, "SELECT delete_all_records();")
    printed = fail(deployed, "SELECT * FROM iasql_apply();")
    assert "40001: repository_image quickstart-repository sha256:" in printed
    assert "no row has shown it" in printed
    assert "HINT:" in printed
    assert_holds_the_tutorial(simulator)
    succeed(deployed, "SELECT * FROM iasql_sync(); SELECT delete_all_records();")
    printed = fail(deployed, "SELECT * FROM iasql_apply();")
    assert "RepositoryNotEmptyException" in printed
    assert "HINT:  Delete the rows of its images first" in printed
    assert inventory(simulator)["repository"] == TUTORIAL["repository"]
    succeed(
        deployed,
        "SELECT * FROM iasql_sync(); DELETE FROM repository_image; SELECT * FROM iasql_apply();"
        "SELECT delete_all_records(); SELECT * FROM iasql_apply();",
    )
    assert_is_empty(simulator)
    assert rows(deployed, "SELECT * FROM iasql_plan_apply()") == []
