"""Key pairs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.direct import Session
from tests.modules.aws_ec2.scene import KEY, OTHER_KEY

_MINE = f"INSERT INTO key_pair (name, public_key, tags) VALUES ('k', '{KEY} me@here', '{{\"team\": \"x\"}}')"


async def test_key_pairs_are_imported_without_their_private_keys(session: Session, ec2: Any) -> None:
    made = ec2.create_key_pair(KeyName="there", KeyType="ed25519")
    await session("iasql_install", "aws_ec2")
    [row] = await session.rows("SELECT name, key_pair_id, type, fingerprint FROM key_pair")
    assert row == ("there", made["KeyPairId"], "ed25519", made["KeyFingerprint"])
    assert "PRIVATE" not in str(await session.rows("SELECT key_pair::text FROM key_pair"))
    assert await session("iasql_plan_apply") == []


async def test_a_key_is_imported_to_aws_changed_and_deleted(installed: Session, ec2: Any) -> None:
    await installed.execute(_MINE)
    await installed.apply()
    [found] = ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert (found["KeyName"], found["Tags"]) == ("k", [{"Key": "team", "Value": "x"}])
    assert found["PublicKey"].startswith(KEY)
    assert await installed.value("SELECT type FROM key_pair") == "ed25519"
    await installed.execute(f"UPDATE key_pair SET public_key = '{KEY} another comment'")
    assert await installed("iasql_plan_apply") == []
    await installed.execute(f"UPDATE key_pair SET public_key = '{OTHER_KEY}'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "key_pair")]
    [found] = ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert (found["KeyName"], found["PublicKey"].startswith(OTHER_KEY)) == ("k", True)
    await installed.execute("UPDATE key_pair SET name = 'other'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "key_pair")]
    await installed.execute("DELETE FROM key_pair")
    assert [row[:2] for row in await installed.apply()] == [("delete", "key_pair")]
    assert ec2.describe_key_pairs()["KeyPairs"] == []


async def test_a_key_that_is_none_is_refused(installed: Session, ec2: Any) -> None:
    await installed.execute("INSERT INTO key_pair (name, public_key) VALUES ('k', 'no key')")
    with pytest.raises(Exception, match="could not create key_pair k"):
        await installed("iasql_apply")
    assert ec2.describe_key_pairs()["KeyPairs"] == []
