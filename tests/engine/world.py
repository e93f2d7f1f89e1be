"""A world without I/O: an account that is as strict as AWS about references and names, and tables beside it.

It carries out plans the way the executor does, and fails when a step comes too early or too late.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import OperationError
from engine.plan.around import plan_merged
from engine.plan.base import Base, agreed, applied, digest, state_of
from engine.plan.call_groups import Sharing, sharing
from engine.plan.diff import changed
from engine.plan.meet import Meeting, Name, meet
from engine.plan.merge import Merged, Mode, followed, merged
from engine.plan.model import Desired, Found, Key, Pending, Plan, Row, RowChange, Step
from engine.plan.new_bases import after_sync, lost, outdated
from engine.plan.new_keys import numbered
from engine.plan.resolve import natural_key
from engine.plan.snapshot import Snapshot
from engine.plan.sync import Mirror, brought, plan_sync, restored, tables_brought
from modules import ownership
from modules.catalogue import find_modules, in_reference_order
from modules.spec import ComesWith, OnChange, Resource

CATALOGUE = find_modules()
RESOURCES = in_reference_order(
    {
        table: each
        for table, each in CATALOGUE.resources.items()
        if table not in ("aws_account", "aws_regions")
    }
)
Rows = dict[str, list[Row]]


@dataclass
class World:
    """The account as lists of what AWS holds, and the rows."""

    holds: dict[str, list[Found]] = field(default_factory=lambda: {each.table: [] for each in RESOURCES})
    rows: Rows = field(default_factory=lambda: {each.table: [] for each in RESOURCES})
    bases: dict[Name, tuple[Base, Found]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def account(self) -> Snapshot:
        return Snapshot(RESOURCES, self.holds, self.rows)

    def merged(self, account: Snapshot, mode: Mode = Mode.MERGE) -> tuple[Meeting, Merged]:
        """The rows after they have followed AWS.

        Raises:
            OperationError: 40001, both have been changed to something else.
        """
        meeting = meet(account, self.rows)
        wanted = {(table, name) for table, names in meeting.wanted().items() for name in names}
        kept = {name: base for name, (base, _) in self.bases.items() if name in wanted}
        result = merged(meeting, kept, mode)
        if result.conflicts:
            raise OperationError(
                f"conflict {result.conflicts}", sqlstate="40001", detail=repr(result.conflicts)
            )
        return meeting, result

    def plan(self, mode: Mode = Mode.MERGE) -> Plan:
        account = self.account()
        return plan_merged(account, self.merged(account, mode)[1])

    def apply(self, meanwhile: Callable[[], None] = lambda: None, mode: Mode = Mode.MERGE) -> Plan:
        """Carry out a plan, checking at each step what AWS would check.

        Args:
            meanwhile: what happens before each step.
        """
        account = self.account()
        meeting, merge = self.merged(account, mode)
        follows = tuple(numbered(merge.follows, self._key))
        merge = replace(merge, follows=follows, rows=followed(account.resources, self.rows, follows))
        plan = plan_merged(account, merge)
        mirror = Mirror(account, merge.rows, plan.pairs)
        self.write(follows)
        self.write(restored(mirror, plan.restores))
        planned = {(each.table, each.found.identity) for each in plan.changes if each.found}
        for name in lost(meeting, self._digests()):
            del self.bases[name]
        self.keep(merge.keep)
        self.keep(
            each
            for each in outdated(meeting, self._digests())
            if (each[0].table, each[0].identity) not in planned
        )
        for (table, key), found in plan.pairs.items():
            if (table, found.identity) not in planned:
                row = next(row for row in self.rows[table] if row.key == key)
                self._refresh(mirror, row, found)
        seen: dict[tuple[str, Key], Row] = {}
        made: dict[tuple[str, Key], Found] = {}
        done: set[int] = set()
        shared = sharing(account, plan.steps, {})
        for step in plan.steps:
            assert step.after <= done, "a step comes before one that it has to wait for"
            meanwhile()
            result = self._do(step, plan, made, shared)
            if result is not None:
                resource = CATALOGUE.resources[result.table]
                found = account.add(resource, account.resolved(resource, result))
                assert step.change.desired is not None
                row = seen.get((found.table, step.change.desired.row.key), step.change.desired.row)
                mirror.add(found, row.key)
                made[found.table, row.key] = found
                seen[found.table, row.key] = self._refresh(mirror, row, found, reset=True)
                desired = _filled(step.change.desired, plan, made)
                base = applied(resource, desired, found, step.change.found)
                self.keep([(replace(base, answer=state_of(found), fresh=False), found)])  # AWS tells all here
            elif step.change.found is not None:
                self.bases.pop((step.change.table, step.change.found.identity), None)
            done.add(step.number)
        self._show_brought(plan, account)
        return plan

    def keep(self, kept: Iterable[tuple[Base, Found]]) -> None:
        """What `engine.rows.bases` does, in memory."""
        for base, found in kept:
            self.bases[base.table, base.identity] = base, found

    def _digests(self) -> dict[str, dict[str, str]]:
        result: dict[str, dict[str, str]] = {}
        for (table, identity), (_, found) in self.bases.items():
            result.setdefault(table, {})[identity] = digest(CATALOGUE.resources[table], found)
        return result

    def sync(self) -> tuple[RowChange, ...]:
        account, changes = self.account(), self.planned_sync()
        before = {table: list(rows) for table, rows in self.rows.items()}
        self.write(changes)
        same = self.merged(account, Mode.ENFORCE)[1].agreed
        meeting = meet(account, before)
        self.keep(after_sync(meeting, changes, self._digests(), same, account.tables))
        for table, identity in list(self.bases):
            if account.by(table, None, identity) is None:
                del self.bases[table, identity]
        return changes

    def planned_sync(self) -> tuple[RowChange, ...]:
        account = self.account()
        return plan_sync(account, self.rows, agreed=self.merged(account, Mode.ENFORCE)[1].agreed)

    def write(self, changes: Sequence[RowChange]) -> None:
        """What `engine.rows.write` does, on lists."""
        for change in numbered(changes, self._key):
            rows = self.rows[change.table]
            if change.action == "create":
                resource = CATALOGUE.resources[change.table]
                values = dict(zip(resource.key, change.key, strict=True)) | dict(change.values)
                rows.append(Row(table=change.table, key=change.key, values=values, parts=change.parts))
            elif change.action == "update":
                rows[:] = [change.written(row) if row.key == change.key else row for row in rows]
            else:
                rows[:] = [row for row in rows if row.key != change.key]

    def _refresh(self, mirror: Mirror, row: Row, found: Found, *, reset: bool = False) -> Row:
        """Write back what AWS has assigned to a row as it was seen, and return it as it is seen now."""
        change = mirror.refreshed(CATALOGUE.resources[row.table], row, found, reset=reset)
        self.write([change] if change else [])
        return change.written(row) if change else row

    def _show_brought(self, plan: Plan, account: Snapshot) -> None:
        made = {each.table for each in plan.changes if each.action in ("create", "replace")}
        tables, fresh = tables_brought(account.resources, made), self.account()
        self.write(brought(fresh, account, self.rows, tables))
        self.keep(
            (agreed(CATALOGUE.resources[table], found), found)
            for table in tables
            for found in fresh.tables[table]
            if account.by(table, None, found.identity) is None
        )

    def _key(self, table: str) -> int:
        return next(self._numbers)

    # What AWS does ------------------------------------------------------------------------------------

    def _do(
        self, step: Step, plan: Plan, made: Mapping[tuple[str, Key], Found], shared: Sharing
    ) -> Found | None:
        resource = CATALOGUE.resources[step.change.table]
        if step.kind == "delete":
            assert step.change.found is not None
            self._remove(resource, step.change.found.identity)
            return None
        assert step.change.desired is not None
        desired = _filled(step.change.desired, plan, made)
        if step.number in shared.brought:
            return self._without_unwanted(self._brought(resource, desired), step, shared)
        if step.kind == "create":
            return self._without_unwanted(self.make(resource, desired), step, shared)
        assert step.change.found is not None
        return self._change(resource, desired, step.change.found)

    def make(self, resource: Resource, desired: Desired) -> Found:
        self._check_references(resource, desired)
        identity = f"{resource.table}-{next(self._numbers)}"
        found = _described(resource, identity, desired)
        self._check_name(resource, found)
        self._hold(found)
        return found

    def _hold(self, found: Found) -> None:
        """Add a resource, and what AWS makes within it."""
        self.holds[found.table].append(found)
        for each in CATALOGUE.resources[found.table].comes_with:
            identity = f"{each.table}-{next(self._numbers)}"
            self._add(each.table, identity, **each.values, **{each.by: found.identity})

    def _without_unwanted(self, owner: Found, step: Step, shared: Sharing) -> Found:
        """Take away what AWS has made within a resource and no row asks for."""
        for each in CATALOGUE.resources[owner.table].comes_with:
            if each.unwanted is not None and each not in shared.wanted.get(step.number, ()):
                held = self.holds[each.table]
                held[:] = [other for other in held if not _came_with(each, other, owner)]
        return owner

    def _brought(self, resource: Resource, desired: Desired) -> Found:
        key = natural_key(resource, desired.values)
        [found] = [each for each in self.holds[resource.table] if natural_key(resource, each.values) == key]
        return self._change(resource, desired, found) if changed(resource, desired, found) else found

    def _add(self, table: str, identity: str, **values: Any) -> None:
        resource = CATALOGUE.resources[table]
        row = Row(table=table, key=(), values={})
        self._hold(_described(resource, identity, Desired(row, {"tags": {}, **values}, {})))

    def add_default_network(self) -> None:
        """What an account has from the start."""
        self._add("vpc", "vpc-default", cidr_block="172.31.0.0/16", is_default=True)
        for zone in "ab":
            self._add(
                "subnet",
                f"subnet-{zone}",
                availability_zone=zone,
                cidr_block="172.31.0.0/20" if zone == "a" else "172.31.16.0/20",
                vpc_id="vpc-default",
            )

    def _change(self, resource: Resource, desired: Desired, old: Found) -> Found:
        held = self.holds[resource.table]
        at = next(index for index, each in enumerate(held) if each.identity == old.identity)
        kept = {
            column.name: old.values[column.name]
            for column in resource.columns
            if column.on_change is OnChange.ASSIGNED
            or (column.left_to_aws and desired.row.values.get(column.name) is None)
        }
        parts = {
            part.table: old.parts[part.table]
            for part in resource.parts
            if part.left_to_aws and not desired.parts[part.table]
        }
        desired = replace(desired, values={**desired.values, **kept}, parts={**desired.parts, **parts})
        self._check_references(resource, desired)
        found = _described(resource, old.identity, desired)
        del held[at]
        self._check_name(resource, found)
        held.insert(at, found)
        return found

    def _remove(self, resource: Resource, identity: str) -> None:
        held = self.holds[resource.table]
        found = next((each for each in held if each.identity == identity), None)
        if found is None:
            return
        if resource.table == "vpc":
            for group in [each for each in self.holds["security_group"] if each.values["vpc_id"] == identity]:
                if group.values["group_name"] == "default":
                    self._take_along("security_group", group.identity)
        for table, user in self._users(resource, found):
            within = CATALOGUE.resources[table].within or ""
            assert user.values.get(within) == identity, (
                f"{resource.table} is removed while {table} {user.identity} uses it"
            )
        self._take_along(resource.table, identity)

    def _take_along(self, table: str, identity: str) -> None:
        found = next((each for each in self.holds[table] if each.identity == identity), None)
        if found is None:
            return  # a rule that names its own group is a user of it twice
        for other, user in self._users(CATALOGUE.resources[table], found):
            self._take_along(other, user.identity)
        self.holds[table] = [each for each in self.holds[table] if each.identity != identity]

    def _users(self, resource: Resource, found: Found) -> list[tuple[str, Found]]:
        return [
            (other.table, each)
            for other in RESOURCES
            for each in self.holds[other.table]
            for table, value, by in _references(other, each)
            if table == resource.table and value == (found.values.get(by) if by else found.identity)
        ]

    def _check_references(self, resource: Resource, desired: Desired) -> None:
        shaped = _described(resource, "", desired)
        for table, value, by in _references(resource, shaped):
            assert not isinstance(value, Pending), f"{resource.table} refers to what is not there yet"
            assert any(
                value == (each.values.get(by) if by else each.identity) for each in self.holds[table]
            ), f"{resource.table} refers to {table} {value}, which is not there"

    def _check_name(self, resource: Resource, found: Found) -> None:
        if resource.unique_in_aws:
            key = natural_key(resource, found.values)
            taken = [natural_key(resource, each.values) for each in self.holds[resource.table]]
            assert key not in taken, f"there is a {resource.table} {key} already"


def _came_with(each: ComesWith, other: Found, owner: Found) -> bool:
    """Whether a resource is, untouched, what AWS has made within another."""
    values = {**each.values, each.by: owner.identity}
    columns = CATALOGUE.resources[each.table].natural_key
    return all(other.values[name] == values.get(name) for name in columns)


def _references(resource: Resource, found: Found) -> Iterator[tuple[str, Any, str | None]]:
    for column in resource.columns:
        if column.reference and found.values.get(column.name) is not None:
            yield column.reference.table, found.values[column.name], column.reference.by
        if column.refers:
            yield from ((column.refers, each, None) for each in found.values.get(column.name) or ())
    for part in resource.parts:
        for element in found.parts.get(part.table, ()):
            for column in part.columns:
                if column.reference and element.get(column.name) is not None:
                    yield column.reference.table, element[column.name], column.reference.by


def _described(resource: Resource, identity: str, desired: Desired) -> Found:
    """What AWS would say of a resource with these values."""
    values: dict[str, Any] = {column.name: desired.values.get(column.name) for column in resource.columns}
    for column in resource.columns:
        if (
            column.on_change is OnChange.ASSIGNED
            and values[column.name] is None
            and column.name != ownership.NAME
        ):
            values[column.name] = f"{column.name} of {identity}"
        if column.left_to_aws and values[column.name] is None and column.reference is None:
            values[column.name] = "chosen"
        if column.path is None and column.on_change is OnChange.UPDATE:
            values[column.name] = False
    if resource.table == "vpc":
        values["is_default"] = bool(desired.values.get("is_default")) and identity == "vpc-default"
    if resource.identity:
        values[resource.identity] = identity
    description = {
        "IsDefault": values.get("is_default") is True,
        "DefaultForAz": identity in ("subnet-a", "subnet-b"),
        "GroupName": values.get("group_name"),
    }
    parts = {
        part.table: tuple(
            {column.name: each.get(column.name) for column in part.columns}
            for each in desired.parts.get(part.table, ())
        )
        for part in resource.parts
    }
    name = identity if resource.identity else str(natural_key(resource, values))
    return Found(table=resource.table, identity=name, description=description, values=values, parts=parts)


def _filled(desired: Desired, plan: Plan, made: Mapping[tuple[str, Key], Found]) -> Desired:
    def fill(value: Any) -> Any:
        if isinstance(value, Pending):
            found = made.get((value.table, value.key)) or plan.pairs.get((value.table, value.key))
            assert found is not None, f"{desired.row.table} comes before {value.table}"
            return found.values[value.column] if value.column else found.identity
        if isinstance(value, Mapping):
            return {name: fill(each) for name, each in value.items()}
        return type(value)(map(fill, value)) if isinstance(value, list | tuple) else value

    return Desired(desired.row, fill(desired.values), fill(desired.parts))
