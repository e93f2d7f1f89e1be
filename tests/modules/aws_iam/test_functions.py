"""Functions of users."""

from __future__ import annotations

from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


async def test_the_secret_of_a_key_is_told_once(session: Session, simulator: Cloud) -> None:
    iam = simulator.client("iam")
    iam.create_user(UserName="deployer")
    ((status, message, id, secret),) = await session("iasql_access_key_request", "deployer")
    [there] = iam.list_access_keys(UserName="deployer")["AccessKeyMetadata"]
    assert (status, message, id) == ("Active", "deployer", there["AccessKeyId"])
    assert secret
    await session("iasql_install", "aws_iam")
    assert await session.value("SELECT access_key_id FROM access_key") == id
    for table in ("iasql.iasql_operation", "iasql.iasql_step", "access_key", "iam_user"):
        assert secret not in str(await session.value(f"SELECT string_agg(t::text, ' ') FROM {table} AS t"))
