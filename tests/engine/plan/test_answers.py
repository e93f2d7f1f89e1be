"""What AWS answers is seldom what it was sent. Once row and answer are a base, that is no difference.

`IASQL_RECORDINGS=file.jsonl.gz` adds recorded pairs of what was declared and what AWS answered, a JSON object
a line with `type`, `declared` and `live`.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from engine.plan import base as bases
from engine.plan.around import plan_merged
from engine.plan.meet import meet
from engine.plan.merge import Mode, merged
from engine.plan.model import Desired
from modules.spec import column, fixed
from tests.engine.plan.tiny import by_table, found, resource, row, snapshot

_OWN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another order": ({"Zones": ["b", "a"]}, {"Zones": ["a", "b"]}),
    "lower case": ({"Domain": "Example.COM"}, {"Domain": "example.com"}),
    "a default filled in": ({"Rule": {"Port": 80}}, {"Rule": {"Port": 80, "Protocol": "tcp"}}),
    "a number as text": ({"Retention": 7}, {"Retention": "7"}),
    "a document as text": ({"Policy": {"Statement": []}}, {"Policy": '{"Statement":[]}'}),
    "an account as its root": (
        {"Principal": "123456789012"},
        {"Principal": "arn:aws:iam::123456789012:root"},
    ),
    "never told": ({"Password": "secret"}, {}),
}


def _recorded() -> Iterator[Any]:
    for name, (declared, live) in _OWN.items():
        yield pytest.param(declared, live, id=name)
    path = os.environ.get("IASQL_RECORDINGS")
    if path:
        with gzip.open(path, "rt") as lines:
            for number, line in enumerate(lines):
                each = json.loads(line)
                yield pytest.param(each["declared"], each["live"], id=f"{number} {each['type']}")


@pytest.mark.parametrize(("declared", "live"), list(_recorded()))
def test_an_answer_is_no_difference_from_what_it_answers(
    declared: dict[str, Any], live: dict[str, Any]
) -> None:
    # The hardest case: nothing could be changed in place, so that each difference would replace.
    columns = [fixed(f"c{number}", "jsonb", f'"{name}"') for number, name in enumerate(declared)]
    thing = resource("thing", *columns)
    theirs = found(thing, "x", name="t", **{name: live.get(name) for name in live})
    ours = {f"c{number}": value for number, value in enumerate(declared.values())}
    rows = [row("thing", 1, arn="x", name="t", **ours)]
    kept = bases.applied(thing, Desired(rows[0], rows[0].values, {}), theirs, None)
    # As it comes back from where it is kept.
    record = json.loads(orjson.dumps(bases.as_record(thing, kept, theirs)))
    kept = bases.from_record("thing", {"mark": None, "row": None, "before": None, "fresh": False, **record})
    there = snapshot([thing], [theirs], rows)
    for mode in Mode:
        result = merged(meet(there, by_table([thing], rows)), {("thing", "x"): kept}, mode)
        assert result.settled == ()
        assert plan_merged(there, result).changes == ()


def test_what_a_change_brings_along_is_agreed_where_the_row_leaves_it_to_aws() -> None:
    columns = [column(name, "text", name, left_to_aws=True) for name in ("protocol", "policy", "other")]
    thing = resource("thing", *columns)
    before = found(thing, "x", name="t", protocol="HTTP", other="a")
    after = found(thing, "x", name="t", protocol="HTTPS", policy="new", other="b")
    ours: dict[str, Any] = {"arn": "x", "name": "t", "protocol": "HTTPS", "other": "a"}
    asked = row("thing", 1, **ours)
    kept = bases.applied(thing, Desired(asked, {**ours, "policy": None}, {}), after, before, {"protocol"})
    assert kept.row.values["policy"] == kept.answer.values["policy"] == "new"
    # What the row says is not agreed: somebody else has changed it.
    assert (kept.row.values["other"], kept.answer.values["other"]) == ("a", "a")
