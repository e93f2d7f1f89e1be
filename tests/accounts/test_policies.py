"""The least policies, as they are documented."""

from __future__ import annotations

import json
from pathlib import Path

from accounts.policies import documents
from modules.catalogue import find_modules

FOLDER = Path(__file__).parents[2] / "docs" / "iam"


def test_the_policies_in_the_documents_are_those_of_the_declarations() -> None:
    """`make iam` writes them."""
    there = {each.name: each.read_text() for each in FOLDER.glob("*.json")}
    assert there == documents(find_modules())


def test_reading_needs_nothing_that_changes() -> None:
    (statement,) = json.loads(documents(find_modules())["reading.json"])["Statement"]
    verbs = {action.partition(":")[2] for action in statement["Action"]}
    assert all(verb.startswith(("Describe", "List", "Get", "BatchGet")) for verb in verbs)
    assert {"tag:GetResources", "sts:GetCallerIdentity", "iam:ListRoles"} <= set(statement["Action"])
