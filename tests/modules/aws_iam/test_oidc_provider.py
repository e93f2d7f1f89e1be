"""OpenID Connect providers."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith

_HOST = "token.actions.githubusercontent.com"
_ARN = f"arn:aws:iam::123456789012:oidc-provider/{_HOST}"
_ONE, _TWO = "a" * 40, "b" * 40


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    """A session with one provider applied."""
    session = await session_with("aws_iam")
    await session.execute(
        "INSERT INTO oidc_provider (url, client_ids, thumbprints, tags) VALUES "
        f"('https://{_HOST}', ARRAY['sts.amazonaws.com', 'app'], ARRAY['{_ONE}'], '{{\"team\": \"x\"}}')"
    )
    assert [row[:2] for row in await session.apply()] == [("create", "oidc_provider")]
    return session


def provider(iam: Any, arn: str = _ARN) -> dict[str, Any]:
    found: dict[str, Any] = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    return found


async def test_providers_are_imported(session: Session, iam: Any) -> None:
    iam.create_open_id_connect_provider(Url=f"https://{_HOST}", ClientIDList=["a"], ThumbprintList=[_ONE])
    await session("iasql_install", "aws_iam")
    assert await session.rows("SELECT arn, url, client_ids, thumbprints FROM oidc_provider") == [
        (_ARN, _HOST, ["a"], [_ONE])
    ]
    assert await session("iasql_plan_apply") == []


async def test_a_provider_is_made_by_one_call(installed: Session, iam: Any, simulator: Cloud) -> None:
    made = provider(iam)
    assert (made["Url"], set(made["ClientIDList"])) == (_HOST, {"sts.amazonaws.com", "app"})
    assert (made["ThumbprintList"], made["Tags"]) == ([_ONE], [{"Key": "team", "Value": "x"}])
    assert [each["operation"] for each in simulator.calls(mutating=True)] == ["CreateOpenIDConnectProvider"]


async def test_thumbprints_and_clients_change_in_place(installed: Session, iam: Any) -> None:
    await installed.execute(
        f"UPDATE oidc_provider SET client_ids = ARRAY['app', 'other'], thumbprints = ARRAY['{_TWO}']"
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "oidc_provider")]
    changed = provider(iam)
    assert (set(changed["ClientIDList"]), changed["ThumbprintList"]) == ({"app", "other"}, [_TWO])


async def test_another_url_is_another_provider(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE oidc_provider SET url = 'https://example.com/id'")
    assert [row[:2] for row in await installed.apply()] == [("replace", "oidc_provider")]
    [arn] = [each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    assert arn == "arn:aws:iam::123456789012:oidc-provider/example.com/id"
    made = provider(iam, arn)
    assert (set(made["ClientIDList"]), made["ThumbprintList"]) == ({"sts.amazonaws.com", "app"}, [_ONE])
    assert made["Tags"] == [{"Key": "team", "Value": "x"}]


async def test_a_provider_is_deleted_with_its_clients(installed: Session, iam: Any, simulator: Cloud) -> None:
    await installed.execute("DELETE FROM oidc_provider")
    assert [row[:2] for row in await installed.apply()] == [("delete", "oidc_provider")]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert simulator.called("RemoveClientIDFromOpenIDConnectProvider") == 0


async def test_a_thumbprint_that_is_none_is_refused(installed: Session, iam: Any) -> None:
    await installed.execute("UPDATE oidc_provider SET thumbprints = ARRAY['x']")
    with pytest.raises(OperationError, match="oidc_provider"):
        await installed("iasql_apply")
    assert provider(iam)["ThumbprintList"] == [_ONE]
