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
    catalog: Document = field(default_factory=dict)
    tags: list[Document] = field(default_factory=list)

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
            "DescribeImages": self._describe_images,
            "GetRepositoryCatalogData": self._catalog_data,
            "GetRepositoryPolicy": self._policy,
            "ListTagsForResource": lambda call: {"tags": self._by_arn(call).tags},
            "TagResource": self._tag,
            "UntagResource": self._untag,
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
        repository.catalog = call.parameters.get("catalogData") or {}
        repository.tags = call.parameters.get("tags") or []
        return {"repository": repository.description(), "catalogData": repository.catalog}

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

    def _describe_images(self, call: AwsCall) -> Document:
        repository = self._find(call.account, call.text("repositoryName"))
        return {"imageDetails": [{"imageTags": [tag]} for tag in sorted(repository.images)]}

    def _catalog_data(self, call: AwsCall) -> Document:
        repository = self._find(call.account, call.text("repositoryName"))
        if not repository.catalog:
            message = f"The repository with name '{repository.name}' has no catalog data"
            raise RefusedError("RepositoryCatalogDataNotFoundException", message)
        return {"catalogData": repository.catalog}

    def _policy(self, call: AwsCall) -> Document:
        repository = self._find(call.account, call.text("repositoryName"))
        message = f"Repository policy does not exist for the repository with name '{repository.name}'"
        raise RefusedError("RepositoryPolicyNotFoundException", message)

    def _tag(self, call: AwsCall) -> Document:
        repository, new = self._by_arn(call), call.parameters.get("tags") or []
        names = {each["Key"] for each in new}
        repository.tags = [each for each in repository.tags if each["Key"] not in names] + new
        return {}

    def _untag(self, call: AwsCall) -> Document:
        repository, names = self._by_arn(call), call.parameters.get("tagKeys") or []
        repository.tags = [each for each in repository.tags if each["Key"] not in names]
        return {}

    def _by_arn(self, call: AwsCall) -> Repository:
        return self._find(call.account, call.text("resourceArn").partition(":repository/")[2])

    def _find(self, account: str, name: str) -> Repository:
        repository = self._repositories.get((account, name))
        if repository is None:
            raise RefusedError(
                "RepositoryNotFoundException",
                f"The repository with name '{name}' does not exist in the registry with id '{account}'",
            )
        return repository
