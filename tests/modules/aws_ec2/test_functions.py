"""Functions of images and keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session

_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIf2eZFAr2KwVN6eYrCMP8kLnFBw5D+Ms+ZmGr3eOI5T"


async def test_an_image_of_somebody_else_is_told(session: Session, ec2: Any) -> None:
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]
    ((attributes, status, message),) = await session("iasql_describe_ami", image["ImageId"])
    told = json.loads(attributes) if isinstance(attributes, str) else attributes
    assert (told["Name"], status, message) == (image["Name"], "available", None)
    assert "Asked" not in told
    with pytest.raises(OperationError, match=r"InvalidAMIID\.NotFound"):
        await session("iasql_describe_ami", "ami-0123456789abcdef0")


async def test_a_public_key_is_imported(session: Session, ec2: Any) -> None:
    ((name, status, message),) = await session("iasql_key_pair_import", "laptop", _KEY)
    [there] = ec2.describe_key_pairs()["KeyPairs"]
    assert (name, status, message) == ("laptop", "OK", there["KeyFingerprint"])
    assert there["KeyName"] == "laptop"
    await session("iasql_install", "aws_ec2")
    assert await session.value("SELECT name FROM key_pair") == "laptop"


@pytest.mark.parametrize(("kind", "begins"), [("rsa", "-----BEGIN RSA"), ("ed25519", "-----BEGIN OPENSSH")])
async def test_a_private_key_is_told_once(session: Session, ec2: Any, kind: str, begins: str) -> None:
    ((name, status, message, private),) = await session("iasql_key_pair_request", "laptop", key_type=kind)
    [there] = ec2.describe_key_pairs()["KeyPairs"]
    assert (name, status, message) == ("laptop", "OK", there["KeyFingerprint"])
    assert private.startswith(begins)
    lines = private.splitlines()[1:-1]
    await session("iasql_install", "aws_ec2")
    for table in ("iasql.iasql_operation", "iasql.iasql_step", "key_pair"):
        kept = await session.value(f"SELECT string_agg(t::text, ' ') FROM {table} AS t")
        assert not any(line in (kept or "") for line in lines)
