"""A world without I/O: an account that is as strict as AWS about references and names, and tables beside it.

It carries out plans the way the executor does, and fails when a step comes too early or too late.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine import merging
from engine.errors import OperationError
from engine.guard import elsewhere
from engine.plan.around import plan_merged
from engine.plan.base import Base, applied, digest, state_of
from engine.plan.call_groups import Sharing, sharing
from engine.plan.descriptions import natural_name
from engine.plan.diff import changed
from engine.plan.layout import Installed, Layout, Place
from engine.plan.meet import Meeting, Name, meet
from engine.plan.merge import Merged, Mode, followed, merged
from engine.plan.model import Desired, Found, Key, Pending, Plan, Row, RowChange, Step
from engine.plan.new_bases import after_sync, lost, of_brought, outdated
from engine.plan.new_keys import numbered
from engine.plan.resolve import natural_key
from engine.plan.snapshot import Snapshot
from engine.plan.sync import Mirror, brought, plan_sync, restored, tables_brought
from engine.read.actual import needing
from engine.request import Scope
from modules import ownership
from modules.catalogue import find_modules
from modules.spec import ComesWith, OnChange, Resource
from modules.spec.names import PUBLIC, bare, in_schema, schema_of

CATALOGUE = find_modules()
#: Tables that are left out: there is nothing to make or change in them.
_LEFT_OUT = (
    "ami",
    "aws_account",
    "aws_regions",
    "availability_zone",
    "db_cluster_snapshot",
    "db_snapshot",
)
#: Modules of which all tables are. What is not read, but installed, may refer to what a plan would delete.
_WITHOUT = ("aws_ec2_metadata",)
_MODULES = [each for each in CATALOGUE.modules if each.name not in _WITHOUT]
WEST = Place("west", "us-west-2")
_HERE = Layout(
    CATALOGUE,
    Place(PUBLIC, "us-east-1"),
    installed=frozenset(Installed(PUBLIC, each.name) for each in _MODULES),
)
#: Two places; what is global is in the default one.
BOTH = replace(
    _HERE,
    others=(WEST,),
    installed=_HERE.installed | {_HERE.at_schema(WEST.schema, each.name) for each in _MODULES},
)
#: By table, in both places.
RESOURCE = {each.table: each for each in BOTH.resources}
Rows = dict[str, list[Row]]


class _Deaf:
    """A caller that nobody hears."""

    def notice(self, *said: Any, **more: Any) -> None:
        """Say nothing."""


@dataclass
class World:
    """The account as lists of what AWS holds, and the rows.

    Attributes:
        layout: which places there are.
        unread: the places that AWS does not answer for.
    """

    layout: Layout = field(default=_HERE, repr=False)
    holds: dict[str, list[Found]] = field(default_factory=dict)
    rows: Rows = field(default_factory=dict)
    bases: dict[Name, tuple[Base, Found]] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    def __post_init__(self) -> None:
        self.resources = tuple(each for each in self.layout.resources if bare(each.table) not in _LEFT_OUT)
        for each in self.resources:
            self.holds.setdefault(each.table, [])
            self.rows.setdefault(each.table, [])

    def everywhere(self) -> Scope:
        return Scope(self.layout, self.layout.places)

    def account(self, scope: Scope | None = None) -> Snapshot:
        """What AWS holds, as far as an operation reads it."""
        places = (scope or self.everywhere()).places
        tables = {each.table for each in self.layout.resources_at(places)}
        resources = [each for each in self.resources if each.table in tables]
        failed = {
            each.table: OperationError("no answer", sqlstate="HV00N")
            for each in resources
            if schema_of(each.table) in self.unread and not each.is_global
        }
        unread = needing(resources, failed)
        read = [each for each in resources if each.table not in unread]
        return Snapshot(read, self.holds, self.rows, unread=unread)

    def merged(
        self, account: Snapshot, mode: Mode = Mode.MERGE, scope: Scope | None = None
    ) -> tuple[Meeting, Merged]:
        """The rows after they have followed AWS.

        Raises:
            OperationError: 40001, both have been changed to something else.
        """
        rows = {table: some for table, some in self.rows.items() if table in account.resources}
        meeting = meet(account, rows)
        wanted = {(table, name) for table, names in meeting.wanted().items() for name in names}
        kept = {name: base for name, (base, _) in self.bases.items() if name in wanted}
        result = merged(meeting, kept, mode)
        whole = merging.Merging(mode, meeting, kept, result)
        result = merging.within(scope or self.everywhere(), whole).merged
        if result.conflicts:
            raise OperationError(
                f"conflict {result.conflicts}", sqlstate="40001", detail=repr(result.conflicts)
            )
        return meeting, result

    def plan(self, mode: Mode = Mode.MERGE, scope: Scope | None = None) -> Plan:
        account = self.account(scope)
        return self._about(account, self.merged(account, mode, scope)[1], scope)

    def _about(self, account: Snapshot, merge: Merged, scope: Scope | None) -> Plan:
        """What of a plan is to be done where it is asked for."""
        scope = scope or self.everywhere()
        plan = scope.of_plan(account, plan_merged(account, merge))
        return elsewhere.spared(_Deaf(), self.layout, account, plan)  # type: ignore[arg-type]

    def apply(
        self,
        meanwhile: Callable[[], None] = lambda: None,
        mode: Mode = Mode.MERGE,
        scope: Scope | None = None,
    ) -> Plan:
        """Carry out a plan, checking at each step what AWS would check.

        Args:
            meanwhile: what happens before each step.
            scope: which places it is about; None is all.
        """
        account = self.account(scope)
        meeting, merge = self.merged(account, mode, scope)
        follows = tuple(numbered(merge.follows, self._key))
        merge = replace(merge, follows=follows, rows=followed(account.resources, meeting.rows, follows))
        plan = self._about(account, merge, scope)
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
        shared, taken_along = sharing(account, plan.steps, {}), plan.taken_along()
        for step in plan.steps:
            assert step.after <= done, "a step comes before one that it has to wait for"
            meanwhile()
            result = self._do(step, plan, made, shared)
            if result is not None:
                resource = RESOURCE[result.table]
                found = account.add(resource, account.resolved(resource, result))
                assert step.change.desired is not None
                row = seen.get((found.table, step.change.desired.row.key), step.change.desired.row)
                mirror.add(found, row.key)
                made[found.table, row.key] = found
                seen[found.table, row.key] = self._refresh(mirror, row, found, reset=True)
                desired = _filled(step.change.desired, plan, made)
                base = applied(resource, desired, found, step.change.found)
                old = step.change.found if step.change.action == "replace" else None
                base = replace(base, replaces=old.identity if old else None)
                self.keep([(replace(base, answer=state_of(found), fresh=False), found)])  # AWS tells all here
            elif step.change.found is not None:
                name = step.change.table, step.change.found.identity
                for each in (name, *taken_along.get(name, ())):
                    self.bases.pop(each, None)
            done.add(step.number)
        self._show_brought(plan, account, scope)
        return plan

    def keep(self, kept: Iterable[tuple[Base, Found]]) -> None:
        """What `engine.rows.bases` does, in memory."""
        for base, found in kept:
            self.bases[base.table, base.identity] = base, found

    def _digests(self) -> dict[str, dict[str, str]]:
        result: dict[str, dict[str, str]] = {}
        for (table, identity), (_, found) in self.bases.items():
            result.setdefault(table, {})[identity] = digest(RESOURCE[table], found)
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
        rows = {table: some for table, some in self.rows.items() if table in account.resources}
        return plan_sync(account, rows, agreed=self.merged(account, Mode.ENFORCE)[1].agreed)

    def write(self, changes: Sequence[RowChange]) -> None:
        """What `engine.rows.write` does, on lists."""
        for change in numbered(changes, self._key):
            rows = self.rows[change.table]
            if change.action == "create":
                resource = RESOURCE[change.table]
                values = dict(zip(resource.key, change.key, strict=True)) | dict(change.values)
                rows.append(Row(table=change.table, key=change.key, values=values, parts=change.parts))
            elif change.action == "update":
                rows[:] = [change.written(row) if row.key == change.key else row for row in rows]
            else:
                rows[:] = [row for row in rows if row.key != change.key]

    def _refresh(self, mirror: Mirror, row: Row, found: Found, *, reset: bool = False) -> Row:
        """Write back what AWS has assigned to a row as it was seen, and return it as it is seen now."""
        change = mirror.refreshed(RESOURCE[row.table], row, found, reset=reset)
        self.write([change] if change else [])
        return change.written(row) if change else row

    def _show_brought(self, plan: Plan, account: Snapshot, scope: Scope | None) -> None:
        made = {each.table for each in plan.changes if each.action in ("create", "replace")}
        tables, fresh = tables_brought(account.resources, made), self.account(scope)
        changes = brought(fresh, account, self.rows, tables)
        self.write(changes)
        pointed = {(each.table, each.name): each.fills.keys() for each in changes if each.fills}
        kept = {name: self.bases[name][0] for name in pointed if name in self.bases}
        self.keep(of_brought(fresh, account, tables, pointed, kept))

    def _key(self, table: str) -> int:
        return next(self._numbers)

    # What AWS does ------------------------------------------------------------------------------------

    def _do(
        self, step: Step, plan: Plan, made: Mapping[tuple[str, Key], Found], shared: Sharing
    ) -> Found | None:
        resource = RESOURCE[step.change.table]
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
        return self._change(resource, desired, step.change.found, step.change.changed)

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
        made = {found.table: found.identity}
        for each in RESOURCE[found.table].comes_with:
            if not each.is_made(found.values):
                continue
            identity = f"{each.table}-{next(self._numbers)}"
            values = {
                column.name: made[column.reference.table] if column.reference else f"{column.name} of it"
                for column in RESOURCE[each.table].columns
                if column.not_null and column.default is None and not column.is_aws_to_say
            }
            values |= {**each.values, each.by: found.identity}
            self._add(each.table, identity, **values)
            made[each.table] = self.holds[each.table][-1].identity

    def _without_unwanted(self, owner: Found, step: Step, shared: Sharing) -> Found:
        """Take away what AWS has made within a resource and no row asks for."""
        for each in RESOURCE[owner.table].comes_with:
            unwanted = each.unwanted is not None and each.is_made(owner.values)
            if unwanted and each not in shared.wanted.get(step.number, ()):
                held = self.holds[each.table]
                held[:] = [other for other in held if not _came_with(each, other, owner)]
        return owner

    def _brought(self, resource: Resource, desired: Desired) -> Found:
        key = natural_key(resource, desired.values)
        [found] = [each for each in self.holds[resource.table] if natural_key(resource, each.values) == key]
        return self._change(resource, desired, found) if changed(resource, desired, found) else found

    def _add(self, table: str, identity: str, **values: Any) -> None:
        resource = RESOURCE[table]
        row = Row(table=table, key=(), values={})
        self._hold(_described(resource, identity, Desired(row, {"tags": {}, **values}, {})))

    def add_default_network(self) -> None:
        """What an account has from the start, in each region."""
        for place in self.layout.places:
            self._add_default_network(place.schema)

    def _add_default_network(self, schema: str) -> None:
        vpc, at = f"vpc-default{region_mark(schema)}", region_mark(schema)
        self._add(in_schema(schema, "vpc"), vpc, cidr_block="172.31.0.0/16", is_default=True)
        for zone in "ab":
            self._add(
                in_schema(schema, "subnet"),
                f"subnet-{zone}{at}",
                availability_zone=zone,
                cidr_block="172.31.0.0/20" if zone == "a" else "172.31.16.0/20",
                vpc_id=vpc,
            )

    def _change(self, resource: Resource, desired: Desired, old: Found, asked: Collection[str] = ()) -> Found:
        held = self.holds[resource.table]
        at = next(index for index, each in enumerate(held) if each.identity == old.identity)
        kept = {
            column.name: old.values[column.name]
            for column in resource.columns
            if column.on_change is OnChange.ASSIGNED
            or (
                column.left_to_aws
                and desired.row.values.get(column.name) is None
                and column.name not in asked
            )
        }
        parts = {
            part.table: old.parts.get(part.table, ())
            for part in resource.parts
            if part.left_to_aws and not desired.parts.get(part.table)
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
        if bare(resource.table) == "vpc":
            for name, column in (
                ("security_group", "group_name"),
                ("route_table", "is_main"),
                ("network_acl", "is_default"),
            ):
                table = in_schema(schema_of(resource.table), name)
                for each in [each for each in self.holds[table] if each.values["vpc_id"] == identity]:
                    if each.values[column] in ("default", True):
                        self._take_along(table, each.identity)
        for table, user in self._users(resource, found):
            if bare(table) == "kms_alias":  # which outlives its key
                continue
            within = RESOURCE[table].within or ""
            assert user.values.get(within) == identity, (
                f"{resource.table} is removed while {table} {user.identity} uses it"
            )
        self._take_along(resource.table, identity)

    def _take_along(self, table: str, identity: str) -> None:
        found = next((each for each in self.holds[table] if each.identity == identity), None)
        if found is None:
            return  # a rule that names its own group is a user of it twice
        for other, user in self._users(RESOURCE[table], found):
            self._take_along(other, user.identity)
        self.holds[table] = [each for each in self.holds[table] if each.identity != identity]

    def _users(self, resource: Resource, found: Found) -> list[tuple[str, Found]]:
        """What AWS would not remove a resource for; what may lead nowhere is none of it."""
        return [
            (other.table, each)
            for other in self.resources
            for each in self.holds[other.table]
            for table, value, by in _references(other, each, dangling=False)
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


def region_mark(schema: str) -> str:
    """What tells a region's default network from that of the default one."""
    return "" if schema == PUBLIC else f"-{schema}"


def _came_with(each: ComesWith, other: Found, owner: Found) -> bool:
    """Whether a resource is, untouched, what AWS has made within another."""
    values = {**each.values, each.by: owner.identity}
    columns = RESOURCE[each.table].natural_key
    return all(other.values[name] == values.get(name) for name in columns)


def _references(
    resource: Resource, found: Found, *, dangling: bool = True
) -> Iterator[tuple[str, Any, str | None]]:
    for column in resource.columns:
        held = column.reference and (dangling or not column.reference.dangles)
        if column.reference and held and found.values.get(column.name) is not None:
            yield column.reference.table, found.values[column.name], column.reference.by
        for each in column.names(found.values.get(column.name)):
            if each.startswith(f"{bare(column.refers or '')}-"):  # or it is AWS's own, as many policies are
                yield column.refers or "", each, None
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
        if column.on_change is OnChange.UPDATE and (column.path is None or column.is_untold):
            values[column.name] = False
        if column.default in ("true", "false") and values[column.name] is None:
            values[column.name] = column.default == "true"
    if bare(resource.table) == "vpc":
        is_default = bool(desired.values.get("is_default")) and identity.startswith("vpc-default")
        values["is_default"] = is_default
    if resource.identity:
        values[resource.identity] = identity
    if resource.qualified is not None:
        values[resource.qualified.name] = resource.qualified.plain(values[resource.qualified.name])
    description = {
        "IsDefault": values.get("is_default") is True,
        "DefaultForAz": identity.startswith(("subnet-a", "subnet-b")),
        "GroupName": values.get("group_name"),
        "Associations": [{"Main": values.get("is_main") is True}],
        "Main": values.get("is_main") is True,
    }
    parts = {
        part.table: tuple(
            {column.name: each.get(column.name) for column in part.columns}
            for each in desired.parts.get(part.table, ())
        )
        for part in resource.parts
    }
    name = identity if resource.identity else natural_name(resource, values)
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
