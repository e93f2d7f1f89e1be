"""What counts as drift where something is not settled, not ours, or not to be told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.plan import base as bases
from engine.plan import drift
from engine.plan.base import Base
from engine.plan.model import Found
from engine.plan.snapshot import Snapshot
from modules.catalogue import find_modules

RESOURCES = find_modules().resources
_ROLE = RESOURCES["role"]


def role(name: str = "one", **values: Any) -> Found:
    columns = dict.fromkeys(column.name for column in _ROLE.columns) | dict.fromkeys(_ROLE.required, "there")
    some = {"arn": f"arn:{name}", "role_name": name, "assume_role_policy_document": {}, **values}
    return Found(table="role", identity=f"arn:{name}", description={}, values={**columns, **some})


def seen(*now: Found, kept: tuple[Base, ...] = (), own: tuple[tuple[str, str], ...] = ()) -> list[str]:
    """What is seen of roles, as `name column`."""
    snapshot = Snapshot([_ROLE], {"role": now})
    known = {"role": {each.identity: "another digest" for each in kept}}
    suspects = drift.suspects(snapshot, known)
    some = {(each.table, each.identity): each for each in kept}
    return [f"{each.label} {each.column}" for each in drift.seen(snapshot, suspects, some, own)]


def base(name: str = "one", **values: Any) -> Base:
    return bases.agreed(_ROLE, role(name, **values))


def test_what_differs_from_the_answer_that_was_agreed_is_drift() -> None:
    assert seen(role(description="new"), kept=(base(description="old"),)) == ["one description"]


def test_what_aws_makes_of_a_row_is_none() -> None:
    kept = replace(base(), row=bases.state_of(role(description="As It Was Sent")))
    assert seen(role(), kept=(kept,)) == []


def test_what_was_left_to_aws_and_is_there_no_more_is_drift() -> None:
    address = RESOURCES["elastic_ip"]
    nothing = dict.fromkeys(column.name for column in address.columns)

    def found(group: str | None) -> Found:
        values = {**nothing, "allocation_id": "a", "network_border_group": group}
        return Found(table="elastic_ip", identity="a", description={}, values=values)

    snapshot = Snapshot([address], {"elastic_ip": (found(None),)})
    kept = bases.agreed(address, found("chosen"))
    assert drift.columns(snapshot, address, kept, found(None)) == {"network_border_group"}
    assert drift.columns(snapshot, address, kept, found("chosen")) == frozenset()


def test_what_aws_may_not_show_yet_is_none() -> None:
    before = bases.state_of(role(description="before"))
    kept = replace(base(description="ours"), before=before, fresh=True)
    assert seen(role(description="before"), kept=(kept,)) == []
    assert seen(kept=(kept,)) == []
    assert len(seen(role(description="somebody's"), kept=(kept,))) == 1
    assert len(seen(role(description="before"), kept=(replace(kept, fresh=False),))) == 1


def test_what_an_operation_that_was_cut_off_has_done_is_none() -> None:
    assert seen(role("two"), own=(("role", "two"),)) == []
    assert seen(role("two"), own=(("role", "arn:two"),)) == []
    assert seen(role("two"), own=(("repository", "two"),)) != []
    assert seen(kept=(base(),), own=(("role", "arn:one"),)) == []


def test_what_went_with_what_such_an_operation_removed_is_none() -> None:
    group, rule = RESOURCES["security_group"], RESOURCES["security_group_rule"]
    assert rule.within is not None
    nothing = dict.fromkeys(column.name for column in rule.columns)
    found = Found(table=rule.table, identity="sgr-1", description={}, values={**nothing, rule.within: "sg-1"})
    kept = bases.agreed(rule, found)
    snapshot = Snapshot([group, rule], {})
    suspects = drift.suspects(snapshot, {rule.table: {"sgr-1": ""}})
    some = {(rule.table, "sgr-1"): kept}
    assert list(drift.seen(snapshot, suspects, some, {(group.table, "sg-1")})) == []
    assert len(list(drift.seen(snapshot, suspects, some, {(group.table, "sg-2")}))) == 1


def test_another_resource_of_the_same_name_is_told_as_a_whole() -> None:
    kept = replace(base(), mark="AROA1")
    now = replace(role(description="new"), description={"RoleId": "AROA2"})
    assert _ROLE.mark == "RoleId"
    snapshot = Snapshot([_ROLE], {"role": [now]})
    suspects = drift.suspects(snapshot, {"role": {now.identity: ""}})
    (found,) = drift.seen(snapshot, suspects, {("role", now.identity): kept})
    assert found.column is None
    assert found.base is not None
    assert found.seen is not None


def test_of_tables_in_which_nothing_was_ever_agreed_nothing_is_said() -> None:
    snapshot = Snapshot([_ROLE], {"role": [role()]})
    assert drift.suspects(snapshot, {}) == drift.Suspects((), ())


def test_what_is_ignored_and_what_nobody_may_change_is_none() -> None:
    snapshot = Snapshot([_ROLE], {"role": [role(description="new")]})
    kept = {("role", "arn:one"): base(description="old")}
    suspects = drift.suspects(snapshot, {"role": {"arn:one": ""}})
    assert len(list(drift.seen(snapshot, suspects, kept))) == 1
    snapshot.ignored = {("role", "arn:one"): frozenset({"description"})}
    assert list(drift.seen(snapshot, suspects, kept)) == []
    snapshot.ignored = {}
    snapshot.resources["role"] = replace(_ROLE, protected=lambda description: True)
    assert list(drift.seen(snapshot, suspects, kept)) == []


def test_values_that_differ_in_form_are_no_other_drift() -> None:
    policy = {"Statement": [{"Action": ["b", "a"], "Effect": "Allow"}]}
    other = {"Statement": {"Action": ["a", "b"], "Effect": "Allow"}}
    column = "assume_role_policy_document"
    assert drift.means_the_same(_ROLE, column, policy, other)
    assert not drift.means_the_same(_ROLE, column, policy, {"Statement": []})
    assert drift.means_the_same(_ROLE, None, {"values": {}}, {"values": {"a": 1}})
    assert not drift.means_the_same(_ROLE, None, None, {"values": {"a": 1}})
