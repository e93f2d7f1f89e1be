"""The least policies, as they are documented."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

from accounts.policies import actions, changing, documents, reading, reading_session
from modules.catalogue import find_modules

FOLDER = Path(__file__).parents[2] / "docs" / "iam"


def test_the_policies_in_the_documents_are_those_of_the_declarations() -> None:
    """`make docs` writes them."""
    there = {each.name: each.read_text() for each in FOLDER.glob("*.json")}
    assert there == documents(find_modules())


def test_reading_needs_nothing_that_changes() -> None:
    (statement,) = json.loads(documents(find_modules())["reading.json"])["Statement"]
    verbs = {action.partition(":")[2] for action in statement["Action"]}
    assert all(verb.startswith(("Describe", "List", "Get", "BatchGet")) for verb in verbs)
    assert {"tag:GetResources", "sts:GetCallerIdentity", "iam:ListRoles"} <= set(statement["Action"])


def allowed(policy: str) -> list[str]:
    """The actions of a policy."""
    found: list[str] = json.loads(policy)["Statement"][0]["Action"]
    return found


def test_what_reads_fits_into_a_session_policy() -> None:
    assert len(reading_session(find_modules())) <= 2048


def test_a_session_policy_that_would_be_too_long_names_verbs() -> None:
    catalogue = find_modules()
    short = reading_session(catalogue, most=len(reading(catalogue)) - 1)
    assert len(short) < len(reading(catalogue))
    assert "ec2:Describe*" in allowed(short)
    verbs = {action.partition(":")[2].rstrip("*") for action in allowed(short)}
    assert all(verb.startswith(("Describe", "List", "Get", "Batch")) for verb in verbs)


def test_a_session_policy_that_names_verbs_lets_nobody_read_contents() -> None:
    catalogue = find_modules()
    allow, deny = json.loads(reading_session(catalogue, most=0))["Statement"]
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert {"ecr:GetAuthorizationToken", "logs:GetLogEvents"} & set(deny["Action"])
    needed = set(allowed(reading(catalogue)))
    assert not [each for each in needed if any(fnmatchcase(each, pattern) for pattern in deny["Action"])]


def test_a_policy_for_changes_has_what_a_call_asks_for_beside_itself() -> None:
    by_name = find_modules().by_name
    assert set(allowed(changing(by_name["aws_cloudwatch"]))) >= {"logs:CreateLogGroup", "logs:DeleteLogGroup"}
    assert "iam:PassRole" in allowed(changing(by_name["aws_ecs_fargate"]))
    assert not actions(by_name["aws_account"], reads=False)
