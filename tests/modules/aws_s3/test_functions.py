"""Texts that are put into buckets."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


async def test_a_text_becomes_an_object_and_is_in_no_journal(session: Session, simulator: Cloud) -> None:
    s3: Any = simulator.client("s3")
    s3.create_bucket(Bucket="site-1")
    ((bucket, key, status, _),) = await session(
        "iasql_s3_upload_object", "site-1", "a/index.html", "<h1>Grüße</h1>", "text/html"
    )
    assert (bucket, key, status) == ("site-1", "a/index.html", "OK")
    there = s3.get_object(Bucket="site-1", Key="a/index.html")
    assert (there["Body"].read().decode(), there["ContentType"]) == ("<h1>Grüße</h1>", "text/html")
    [(kept,)] = await session.rows("SELECT arguments::text FROM iasql.iasql_operation")
    assert ("h1" in kept, "***" in kept) == (False, True)


async def test_a_protected_bucket_is_left_alone(session: Session, simulator: Cloud) -> None:
    s3: Any = simulator.client("s3")
    s3.create_bucket(Bucket="site-1")
    await session("iasql_install", "aws_s3")
    await session.execute("INSERT INTO iasql.protected VALUES ('bucket')")
    with pytest.raises(OperationError) as raised:
        await session("iasql_s3_upload_object", "site-1", "a", "text")
    assert raised.value.sqlstate == "42501"
    assert "Contents" not in s3.list_objects_v2(Bucket="site-1")
