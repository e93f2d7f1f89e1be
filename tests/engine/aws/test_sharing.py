"""What the clients of many accounts share, and what they do not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ProfileNotFound
from botocore.httpsession import where

from engine.aws.client_session import client_session
from engine.aws.http import HttpSession
from engine.aws.session import Cloud


async def _clients(*services: str) -> list[Any]:
    made = []
    for number, service in enumerate(services):
        cloud = Cloud(region="us-east-1", access_key=f"key-{number}", secret_key="secret")
        made.append(await cloud.client(service))
        await cloud.close()
    return made


async def test_clients_of_a_service_share_its_methods_and_no_others() -> None:
    first, second, other = await _clients("ecs", "ecs", "sts")
    assert type(first).list_clusters is type(second).list_clusters
    assert first.meta.method_to_api_mapping is second.meta.method_to_api_mapping
    assert not hasattr(other, "list_clusters")


async def test_each_client_has_its_accounts_credentials() -> None:
    one, two = (client_session(region="us-east-1", access_key=key, secret_key="s") for key in ("a", "b"))
    assert [(await each.get_credentials()).access_key for each in (one, two)] == ["a", "b"]


async def test_who_hears_of_one_clients_events_hears_of_no_other_ones() -> None:
    first, second = await _clients("ecs", "ecs")
    heard: list[str] = []
    first.meta.events.register("something-of-ours", lambda **_: heard.append("first"))
    await second.meta.events.emit("something-of-ours")
    assert heard == []


async def test_clients_verify_with_the_same_certificates_until_those_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorities = tmp_path / "authorities.pem"
    _write(authorities, 0)

    def context() -> Any:
        return HttpSession(verify=str(authorities))._create_connector(None)._ssl

    first = context()
    assert context() is first
    _write(authorities, 1)
    assert context() is not first
    assert HttpSession(verify=False)._create_connector(None)._ssl is False


def _write(authorities: Path, written: int) -> None:
    authorities.write_bytes(Path(where()).read_bytes())
    os.utime(authorities, (written, written))


def test_a_profile_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(ProfileNotFound):
        client_session(profile="nobody")
