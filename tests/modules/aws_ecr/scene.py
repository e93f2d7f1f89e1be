"""What tests of several tables of the module do and look at."""

from __future__ import annotations

import json
from typing import Any

POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": ["ecr:GetDownloadUrlForLayer"]}
    ],
}


def repository(ecr: Any, name: str = "app") -> dict[str, Any]:
    return dict(ecr.describe_repositories(repositoryNames=[name])["repositories"][0])


def policy(ecr: Any) -> Any:
    return json.loads(ecr.get_repository_policy(repositoryName="app")["policyText"])
