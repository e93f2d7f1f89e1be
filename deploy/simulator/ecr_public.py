"""ECR Public, which moto lacks: repositories, kept in memory.

Only what a registry without images needs; `put_image` lets a test fill a repository.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError, error_reply, json_reply

Document = dict[str, Any]

_NAME = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
_PAGE = 100


class RefusedError(Exception):
    """A call is answered with an AWS error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.error = AwsError(code, message)


@dataclass
class Repository:
    """One public repository and the tags of the images in it."""

    name: str
    account: str
    created: float = field(default_factory=time.time)
    images: set[str] = field(default_factory=set)

    def description(self) -> Document:
        """The repository as AWS describes it."""
        return {
            "repositoryArn": f"arn:aws:ecr-public::{self.account}:repository/{self.name}",
            "registryId": self.account,
            "repositoryName": self.name,
            "repositoryUri": f"public.ecr.aws/simulated/{self.name}",
            "createdAt": self.created,
        }


class EcrPublic:
    """The public registries of all accounts; not safe for threads by itself."""

    def __init__(self) -> None:
        self._repositories: dict[tuple[str, str], Repository] = {}
        self._operations: dict[str, Callable[[AwsCall], Document]] = {
            "CreateRepository": self._create,
            "DescribeRepositories": self._describe,
            "DeleteRepository": self._delete,
            "ListTagsForResource": lambda call: {"tags": []},
        }

    def answer(self, call: AwsCall) -> Response:
        """Perform a call of the `ecr-public` service."""
        operation = self._operations.get(call.operation)
        if operation is None:
            return error_reply(
                call, AwsError("UnsupportedCommandException", f"{call.operation} is not simulated")
            )
        if call.region != "us-east-1":
            message = f"ECR Public has its API in us-east-1 only, not in {call.region}"
            return error_reply(call, AwsError("UnsupportedCommandException", message))
        try:
            return json_reply(operation(call))
        except RefusedError as refused:
            return error_reply(call, refused.error)

    def forget(self, account: str) -> None:
        """Let an account have no repositories."""
        for each in [key for key in self._repositories if key[0] == account]:
            del self._repositories[each]

    def put_image(self, account: str, name: str, tag: str) -> None:
        """Pretend that somebody pushed an image."""
        self._repositories[account, name].images.add(tag)

    def _create(self, call: AwsCall) -> Document:
        name = call.text("repositoryName")
        if not 2 <= len(name) <= 205 or not _NAME.fullmatch(name):
            raise RefusedError(
                "InvalidParameterException",
                "Invalid parameter at 'repositoryName' failed to satisfy constraint: "
                f"'must satisfy regular expression '{_NAME.pattern}''",
            )
        if (call.account, name) in self._repositories:
            raise RefusedError(
                "RepositoryAlreadyExistsException",
                f"The repository with name '{name}' already exists in the registry with id '{call.account}'",
            )
        repository = self._repositories[call.account, name] = Repository(name, call.account)
        return {
            "repository": repository.description(),
            "catalogData": call.parameters.get("catalogData") or {},
        }

    def _describe(self, call: AwsCall) -> Document:
        if names := call.parameters.get("repositoryNames"):
            return {"repositories": [self._find(call.account, name).description() for name in names]}
        mine = sorted(name for account, name in self._repositories if account == call.account)
        start = int(call.parameters.get("nextToken") or 0)
        end = start + int(call.parameters.get("maxResults") or _PAGE)
        page = [self._find(call.account, name).description() for name in mine[start:end]]
        return {"repositories": page} | ({"nextToken": str(end)} if end < len(mine) else {})

    def _delete(self, call: AwsCall) -> Document:
        repository = self._find(call.account, call.text("repositoryName"))
        if repository.images and not call.parameters.get("force"):
            raise RefusedError(
                "RepositoryNotEmptyException",
                f"The repository with name '{repository.name}' in registry with id '{call.account}' "
                "cannot be deleted because it still contains images",
            )
        del self._repositories[call.account, repository.name]
        return {"repository": repository.description()}

    def _find(self, account: str, name: str) -> Repository:
        repository = self._repositories.get((account, name))
        if repository is None:
            raise RefusedError(
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id '{account}'",
            )
        return repository
