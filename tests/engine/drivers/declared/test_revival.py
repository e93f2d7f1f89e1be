"""What is being deleted and is asked for again is had back, and only that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.aws.errors import CloudError
from engine.aws.patience import Patience
from engine.caller import Stop
from engine.drivers.declared.lookup import Lookup
from engine.drivers.declared.worker import DeclaredWorker
from engine.drivers.job import Job
from engine.plan import descriptions
from engine.plan.model import Change, Desired, Row
from engine.plan.snapshot import Snapshot
from modules.aws_secrets_manager.secret import SECRET
from modules.spec import Resource

_REFUSED = "You can't create this secret because a secret with this name is already scheduled for deletion."
_THERE = {"ARN": "arn", "Name": "app", "Description": "old", "SecretVersionsToStages": {"v": ["AWSCURRENT"]}}


class _Aws:
    """A secret `app` that is being deleted.

    Attributes:
        asked: the operations that were called, with the parameters of those that change something.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: str, message: str) -> None:
        self.asked: list[Any] = []
        self.back = False

        async def call(cloud: Any, service: str, operation: str, params: Any, *a: Any, **b: Any) -> Any:
            if operation == "create_secret":
                self.asked.append(operation)
                raise CloudError(message="refused", sqlstate="58000", code=code, explanation=message)
            if operation == "restore_secret":
                self.back = True
            if not operation.startswith(("list_", "describe_")):
                self.asked.append((operation, params))
            return {**_THERE, "Description": "new"}

        async def listed(*a: Any) -> Any:
            return descriptions.all_found(SECRET, [_THERE] if self.back else [])

        monkeypatch.setattr("engine.aws.calls.call", call)
        monkeypatch.setattr("engine.drivers.declared.lookup.listed", listed)

    async def make(self, resource: Resource = SECRET) -> list[Any]:
        values = {each.name: None for each in SECRET.columns} | {
            "name": "app",
            "description": "new",
            "tags": {},
        }
        desired = Desired(Row(table="secret", key=(1,), values=values), values, {})
        change = Change(action="create", table="secret", id=1, name="app", desired=desired)
        cloud: Any = _Cloud()
        patience = Patience(eventual=0, busy=0, lost=0)
        worker = DeclaredWorker(cloud, {}, patience, Stop(), Lookup(cloud, Snapshot([SECRET], {})))
        job = Job(number=0, resource=resource, change=change, desired=desired, token="")
        return [each.found async for each in worker.create(job)]


class _Cloud:
    class paces:  # noqa: N801
        @staticmethod
        def seconds_a_token(service: str, operation: str) -> float:
            return 0.0


async def test_it_is_had_back_and_changed_to_what_the_row_says(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = _Aws(monkeypatch, "InvalidRequestException", _REFUSED)
    *_, found = await aws.make()
    assert aws.asked == [
        "create_secret",
        ("restore_secret", {"SecretId": "app"}),
        ("update_secret", {"SecretId": "arn", "Description": "new"}),
    ]
    assert (found.identity, found.values["description"], found.values["version_id"]) == ("arn", "new", "v")


@pytest.mark.parametrize(
    ("code", "message"),
    [("InvalidRequestException", "You can't do that."), ("LimitExceededException", _REFUSED)],
)
async def test_another_refusal_has_nothing_back(
    monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    aws = _Aws(monkeypatch, code, message)
    with pytest.raises(CloudError):
        await aws.make()
    assert aws.asked == ["create_secret"]


async def test_what_has_no_revival_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = _Aws(monkeypatch, "InvalidRequestException", _REFUSED)
    with pytest.raises(CloudError):
        await aws.make(replace(SECRET, revival=None))
    assert not aws.back
