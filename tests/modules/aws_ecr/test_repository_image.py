"""Images in private repositories."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.simulator.conditions import Conditions
from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud

_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"


def push(ecr: Any, name: str, tag: str, of: str = "", kind: str = _IMAGE, repository: str = "app") -> str:
    """An image's digest, which depends on its layer's name, or on what a list is of."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": kind,
        "layers": [{"digest": name, "size": 7}],
        "manifests": [{"digest": of}] if of else [],
    }
    made = ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
    return str(made["image"]["imageId"]["imageDigest"])


def images(ecr: Any, repository: str = "app") -> set[str]:
    return {each["imageDigest"] for each in ecr.list_images(repositoryName=repository)["imageIds"]}


@pytest.fixture
async def filled(session: Session, ecr: Any) -> Session:
    """A session with a repository of two images, one of which has two tags."""
    ecr.create_repository(repositoryName="app")
    push(ecr, "a", "v1")
    push(ecr, "a", "latest")
    push(ecr, "b", "v2")
    await session("iasql_install", "aws_ecr")
    return session


async def test_images_are_shown_with_their_tags(filled: Session, ecr: Any) -> None:
    told = {each["imageDigest"]: each for each in ecr.describe_images(repositoryName="app")["imageDetails"]}
    rows = await filled.rows(
        "SELECT image_digest, image_tags, pushed_at, size_in_bytes, media_type, registry_id "
        "FROM repository_image WHERE repository_name = 'app'"
    )
    assert {row[0]: (sorted(row[1]), row[2], *row[3:]) for row in rows} == {
        digest: (
            sorted(each["imageTags"]),
            each["imagePushedAt"],
            each["imageSizeInBytes"],
            _IMAGE,
            "123456789012",
        )
        for digest, each in told.items()
    }
    assert await filled("iasql_plan_apply") == []
    assert await filled("iasql_plan_sync") == []
    # Tags and images come and go by others' pushes.
    push(ecr, "b", "latest")
    third = push(ecr, "c", "v3")
    await filled("iasql_sync")
    shown = await filled.rows("SELECT image_digest, image_tags FROM repository_image")
    assert sorted(sorted(tags) for _, tags in shown) == [["latest", "v2"], ["v1"], ["v3"]]
    assert (third, ["v3"]) in shown


async def test_an_image_is_deleted_under_all_its_tags_and_none_is_made(
    filled: Session, ecr: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "BatchDeleteImage", "action": "drop_after"})
    await filled.execute("DELETE FROM repository_image WHERE 'v1' = ANY (image_tags)")
    assert [row[:2] for row in await filled.apply()] == [("delete", "repository_image")]
    [left] = images(ecr)
    await filled.execute("UPDATE repository_image SET image_tags = '{mine}', size_in_bytes = 1")
    await filled("iasql_apply")
    assert await filled.rows("SELECT image_digest, image_tags FROM repository_image") == [(left, ["v2"])]
    await filled.execute(
        "INSERT INTO repository_image (repository_name, image_digest) VALUES ('app', 'sha256:0')"
    )
    assert await filled("iasql_apply") == []
    assert await filled.value("SELECT count(*) FROM repository_image") == 1
    assert images(ecr) == {left}


async def test_many_images_are_read_in_pages_and_deleted_a_hundred_a_call(
    session: Session, ecr: Any, simulator: Cloud
) -> None:
    ecr.create_repository(repositoryName="app")
    for number in range(120):
        push(ecr, f"layer {number}", f"v{number}")
    simulator.be(Conditions(page_size=50))
    await session("iasql_install", "aws_ecr")
    assert simulator.called("DescribeImages") == 3
    assert await session.value("SELECT count(*) FROM repository_image") == 120
    await session.execute("DELETE FROM repository_image")
    assert len(await session.apply()) == 120
    assert simulator.called("BatchDeleteImage") == 2
    assert images(ecr) == set()


async def test_what_a_manifest_list_is_made_of_goes_after_that(filled: Session, ecr: Any) -> None:
    first, second = push(ecr, "a", "v1x"), push(ecr, "b", "v2x")
    push(ecr, "list", "multi", of=first, kind=_LIST)
    await filled("iasql_sync")
    await filled.execute(f"DELETE FROM repository_image WHERE image_digest = '{first}'")
    with pytest.raises(OperationError, match="ImageReferencedByManifestList") as refused:
        await filled("iasql_apply")
    assert refused.value.hint is not None
    assert len(images(ecr)) == 3
    await filled.execute(f"DELETE FROM repository_image WHERE image_digest <> '{second}'")
    await filled.apply()
    assert images(ecr) == {second}
    assert await filled("iasql_plan_apply") == []


async def test_a_repository_is_not_deleted_while_it_has_images(filled: Session, ecr: Any) -> None:
    await filled.execute("DELETE FROM repository")
    with pytest.raises(OperationError) as refused:
        await filled("iasql_apply")
    assert (refused.value.sqlstate, refused.value.table) == ("2BP01", "repository")
    assert len(images(ecr)) == 2
    await filled("iasql_sync")
    assert await filled.value("SELECT count(*) FROM repository_image") == 2
    await filled.execute("DELETE FROM repository_image")
    await filled.apply()
    await filled.execute("DELETE FROM repository")
    await filled.apply()
    assert ecr.describe_repositories()["repositories"] == []


async def test_a_repository_under_another_name_loses_them(filled: Session, ecr: Any) -> None:
    await filled.execute("UPDATE repository SET repository_name = 'new'")
    with pytest.raises(OperationError, match="would lose") as refused:
        await filled("iasql_apply")
    assert refused.value.detail == "repository app: its images (3)"
    await filled.execute("SET iasql.allow_loss = on")
    await filled("iasql_apply")
    assert images(ecr, "new") == set()
    await filled("iasql_sync")
    assert await filled.value("SELECT count(*) FROM repository_image") == 0
    assert await filled("iasql_plan_apply") == []


async def test_each_region_has_images_of_its_own(filled: Session, simulator: Cloud) -> None:
    there = simulator.at("us-west-2").client("ecr")
    there.create_repository(repositoryName="app")
    push(there, "far", "v1")
    await filled("iasql_add_region", "us-west-2")
    await filled.execute("SET search_path = us_west_2, public")
    await filled("iasql_install", "aws_ecr")
    await filled.execute("DELETE FROM repository_image")
    await filled.apply()
    assert images(there) == set()
    assert await filled.value("SELECT count(*) FROM public.repository_image") == 2
