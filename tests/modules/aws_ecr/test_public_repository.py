"""Public repositories."""

from __future__ import annotations

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


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
