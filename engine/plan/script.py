"""The statements that make one picture of an account another one. Pure.

They are found by trying: whatever can be done to the rows as they are at that point is done, and each row is
named by what it is called at that point. So each reference finds exactly one row where the same rows are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.plan import states
from engine.plan.base import State
from engine.plan.model import Desired, Row
from engine.plan.pictures import Alias, Name, Pictures, Unknown
from engine.plan.resolve import natural_key_to_be
from engine.plan.said import Expression, Given, Listed, Looked, Remark, Said, Statement, Where
from modules.spec import Column, OnChange, Part, Resource

_NOT_YET = "iasql_apply() first: the next statement needs what AWS calls what has been made above"


class Unsayable(Exception):
    """Something cannot be said without serial numbers or AWS's names.

    Attributes:
        table: whose row it is about.
        reads: the table that would have to be read for it, if that is why.
    """

    def __init__(self, table: str, why: str, reads: str | None = None) -> None:
        super().__init__(why)
        self.table = table
        self.reads = reads


def script(
    resources: Sequence[Resource], pictures: Pictures, tables: Iterable[str] | None = None
) -> tuple[Said, ...]:
    """The statements, in an order in which they can be run.

    Args:
        resources: all, in reference order.
        tables: those whose rows are to change; None: all.

    Raises:
        Unsayable: there are no such statements.
    """
    return _Script(resources, pictures).run(None if tables is None else set(tables))


@dataclass(frozen=True)
class _Task:
    """What is left to be done to one resource's row.

    Attributes:
        to: what it is to be; None: it goes.
        changed: the columns and parts that change; of a new row all.
    """

    resource: Resource
    name: Alias
    to: State | None
    changed: frozenset[str] | None = None

    @property
    def place(self) -> Name:
        return self.resource.table, self.name


class _Script:
    def __init__(self, resources: Sequence[Resource], pictures: Pictures) -> None:
        self._resources = {each.table: each for each in resources}
        self._pictures = pictures
        self._rows: dict[Name, State] = {}
        self._called: dict[Any, set[Name]] = defaultdict(set)
        self._users: dict[Name, set[Name]] = defaultdict(set)
        self._said: list[Said] = []
        self._temporary = 0
        self._awaits = False  # whether the next statement needs what AWS calls something that is made

    def run(self, tables: set[str] | None) -> tuple[Said, ...]:
        for (table, name), state in self._pictures.before.items():
            self._put(self._resources[table], Alias(name), state)
        tasks = list(_about(tables, self._tasks()))
        while tasks:
            left = self._tried(tasks, strict=True)
            if len(left) == len(tasks):
                left = self._tried(tasks, strict=False)
            if len(left) == len(tasks):
                left = self._loosened(tasks)
            tasks = left
        return tuple(self._said)

    def _tasks(self) -> list[_Task]:
        before, after = self._pictures.before, self._pictures.after
        renamed, made, changed = list[_Task](), list[_Task](), list[_Task]()
        removed = list[_Task]()
        for (table, name), state in after.items():
            resource, alias = self._resources[table], Alias(name)
            old = before.get((table, name))
            if old is None:
                if resource.create:
                    made.append(_Task(resource, alias, state))
            elif names := _differing(resource, old, state):
                task = _Task(resource, alias, states.with_values(old, *_only(state, names)), names)
                (renamed if names & set(resource.natural_key) else changed).append(task)
        for table, name in before:
            resource = self._resources[table]
            if (table, name) not in after and resource.create:
                removed.append(_Task(resource, Alias(name), None))
        order = {table: at for at, table in enumerate(self._resources)}

        def place(task: _Task) -> int:
            return order[task.resource.table]

        return [
            *sorted(renamed, key=place),
            *sorted(made, key=place),
            *sorted(changed, key=place),
            *sorted(removed, key=place, reverse=True),
        ]

    def _tried(self, tasks: list[_Task], *, strict: bool) -> list[_Task]:
        """Do what can be done, and return the rest.

        Args:
            strict: do not let anything refer to what is to be renamed first, and do nothing after which two
                rows have the same natural key.
        """
        left = list[_Task]()
        moving = {each.place for each in tasks if each.to is not None and self._moves(each)}
        for each in tasks:
            if self._can(each, moving if strict else set(), strict=strict):
                self._do(each)
                moving.discard(each.place)
            else:
                left.append(each)
        return left

    # What can be done -----------------------------------------------------------------------------------

    def _can(self, task: _Task, moving: set[Name], *, strict: bool) -> bool:
        resource, place = task.resource, task.place
        if task.to is None:
            return not self._users[place] and self._is_told_apart(place)
        if any(self._called[key] - {place} for key in _keys(resource, task.to)):
            return False
        needed = {*_referred(resource, task.to), *_listed(resource, task.to)}
        if (now := self._rows.get(place)) is not None:
            if not self._is_told_apart(place) or (self._moves(task) and self._holders(place)):
                return False
            needed -= {*_referred(resource, now), *_listed(resource, now)}
        if not needed <= self._rows.keys() or not all(map(self._is_told_apart, needed)):
            return False
        return not strict or (not needed & moving and self._will_be_told_apart(task))

    def _will_be_told_apart(self, task: _Task) -> bool:
        assert task.to is not None
        key, place = _natural(task.resource, task.to), task.place
        if not self._called[key] - {place}:
            return True
        now = self._rows.get(place)
        self._put(task.resource, task.name, task.to)
        result = not task.resource.unique_in_aws and self._is_told_apart(place)
        self._put(task.resource, task.name, now)
        return result

    def _moves(self, task: _Task) -> bool:
        """Whether the key changes by which other rows refer to it."""
        resource, now = task.resource, self._rows.get(task.place)
        if resource.key == ("id",) or now is None or task.to is None:
            return False
        return any(now.values[name] != task.to.values[name] for name in resource.key)

    def _holders(self, place: Name) -> set[Name]:
        """What refers to a row and keeps its key from being changed."""
        return {
            each
            for each in self._users[place]
            for _, column, value in states.references(self._resources[each[0]], self._rows[each])
            if column.reference is not None
            and (column.reference.table, value) == place
            and not column.reference.cascade
        }

    def _is_told_apart(self, place: Name) -> bool:
        try:
            self._where(place)
        except Unsayable:
            return False
        return True

    def _loosened(self, tasks: list[_Task]) -> list[_Task]:
        """Take out of the way what keeps all tasks from being done.

        Raises:
            Unsayable: nothing can be.
        """
        for task in tasks:
            if task.to is None or task.place not in self._rows:
                continue
            holders = self._holders(task.place) if self._moves(task) else set()
            if holders and not any(self._users[each] for each in holders):
                return self._written_again(tasks, holders)
            if temporary := self._under_another_name(task):
                self._do(temporary)
                return [*tasks]
        raise self._stuck(tasks[0])

    def _written_again(self, tasks: list[_Task], holders: set[Name]) -> list[_Task]:
        """Remove rows to write them again when what they refer to has its new key."""
        waiting = {each.place: each for each in tasks}
        again = list[_Task]()
        for place in holders:
            resource, alias = self._resources[place[0]], Alias(place[1])
            task = waiting.get(place, _Task(resource, alias, self._rows[place]))
            if task.to is not None:
                again.append(_Task(resource, alias, task.to))
            self._do(_Task(resource, alias, None))
        return [*(each for each in tasks if each.place not in holders), *again]

    def _under_another_name(self, task: _Task) -> _Task | None:
        """What gives a row a name that nothing has, so that its own is free for another one."""
        assert task.to is not None
        resource, now = task.resource, self._rows[task.place]
        if self._holders(task.place) and resource.key != ("id",):
            return None
        keys = [_natural(resource, task.to), *_keys(resource, task.to)]
        if not any(self._called[key] - {task.place} for key in keys):
            return None  # it is not its name that it waits for
        for column in resource.natural_columns:
            kind = column.type
            if (
                column.reference is None
                and kind in ("varchar", "text")
                and column.name in (task.changed or ())
            ):
                self._temporary += 1
                values = {column.name: f"iasql-{self._temporary}"}
                return replace(task, to=states.with_values(now, values, {}), changed=frozenset(values))
        return None

    def _stuck(self, task: _Task) -> Unsayable:
        table, label = task.resource.table, self._label(task.place)
        for column, value in _references(task.resource, task.to) if task.to else ():
            if isinstance(value, Unknown):
                assert column.reference is not None
                other = column.reference.table
                return Unsayable(table, f"{table} {label} refers to something in {other}", other)
        try:
            if task.place in self._rows:
                self._where(task.place)
        except Unsayable as error:
            return error
        return Unsayable(table, f"no order of statements changes {table} {label}")

    def _label(self, place: Name) -> str:
        resource = self._resources[place[0]]
        state = self._rows.get(place) or self._pictures.after[place]
        return " ".join(
            str(state.values[column.name])
            for column in resource.natural_columns
            if column.reference is None and state.values[column.name] not in (None, False)
        )

    # What is done ---------------------------------------------------------------------------------------

    def _put(self, resource: Resource, name: Alias, state: State | None) -> None:
        """Let the rows be as a statement has made them."""
        place: Name = resource.table, name
        old = self._rows.pop(place, None)
        if old is not None:
            for key in (_natural(resource, old), *_keys(resource, old)):
                self._called[key].discard(place)
            for other in _referred(resource, old):
                self._users[other].discard(place)
        if state is not None:
            self._rows[place] = state
            for key in (_natural(resource, state), *_keys(resource, state)):
                self._called[key].add(place)
            for other in _referred(resource, state):
                self._users[other].add(place)

    def _do(self, task: _Task) -> None:
        resource, place, state = task.resource, task.place, task.to
        if state is None:
            for part in resource.parts:
                if self._rows[place].parts[part.table]:
                    where: Where = ((part.parent.name, self._key(place, part.parent)),)
                    self._say(Statement(do="delete", table=part.relation, values={}, where=where))
            where = self._row(place)
            self._say(Statement(do="delete", table=resource.table, values={}, where=where))
            self._put(resource, task.name, None)
            return
        old = self._rows.get(place)
        if old is None:
            names = [each for each in resource.columns if _is_said(resource, each, state)]
            values = {each.name: self._value(each, state.values[each.name]) for each in names}
            self._say(
                Statement(do="insert", table=resource.table, values=values, needed=_needed(names, values))
            )
        elif names := [each for each in resource.columns if each.name in (task.changed or ())]:
            values = {each.name: self._value(each, state.values[each.name]) for each in names}
            self._say(
                Statement(
                    do="update",
                    table=resource.table,
                    values=values,
                    where=self._row(place),
                    needed=_needed(names, values),
                )
            )
        self._put(resource, task.name, state)
        for part in resource.parts:
            before = old.parts[part.table] if old else ()
            if before != state.parts[part.table]:
                self._elements(place, part, before, state.parts[part.table])

    def _say(self, statement: Statement) -> None:
        if self._awaits:
            self._said.append(Remark(_NOT_YET))
            self._awaits = False
        self._said.append(statement)

    def _elements(
        self, place: Name, part: Part, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
    ) -> None:
        """Change the rows of a part."""
        parent: Where = ((part.parent.name, self._key(place, part.parent)),)
        old = {_text(part.natural_name(each)): each for each in before}
        new = {_text(part.natural_name(each)): each for each in after}
        if len(old) < len(before) or len(new) < len(after):  # some cannot be told apart
            old, new = {}, {str(at): each for at, each in enumerate(after)}
            if before:
                self._say(Statement(do="delete", table=part.relation, values={}, where=parent))
        for key, each in old.items():
            columns = [part.column(name) for name in part.natural_key]
            where = *parent, *((one.name, self._value(one, each[one.name])) for one in columns)
            if key not in new:
                self._say(Statement(do="delete", table=part.relation, values={}, where=where))
            elif changed := [one for one in part.columns if each[one.name] != new[key][one.name]]:
                values = {one.name: self._value(one, new[key][one.name]) for one in changed}
                self._say(Statement(do="update", table=part.relation, values=values, where=where))
        for key, each in new.items():
            if key not in old:
                said = [one for one in part.columns if each[one.name] is not None or one.default]
                values = dict(parent) | {one.name: self._value(one, each[one.name]) for one in said}
                self._say(Statement(do="insert", table=part.relation, values=values))

    # What is named --------------------------------------------------------------------------------------

    def _value(self, column: Column, value: Any) -> Expression:
        if value is None:
            return Given(None, column.type)
        if column.reference is not None:
            return self._key((column.reference.table, value), column)
        if column.refers is not None and isinstance(value, str):
            return self._element(column, value, str(column.type))
        if isinstance(value, list | tuple) and str(column.type).endswith("[]"):
            kind = str(column.type)[:-2]
            elements = tuple(self._element(column, each, kind) for each in value)
            return Listed(elements, column.type)
        return Given(value, column.type)

    def _element(self, column: Column, value: Any, kind: str) -> Given | Looked:
        if not isinstance(value, Alias):
            return Given(value, kind)
        assert column.refers is not None
        resource, place = self._resources[column.refers], (column.refers, value)
        if place not in self._rows or resource.identity is None:
            raise Unsayable(column.refers, f"{column.refers} is named in {column.name} and not there")
        self._awaits = self._awaits or place not in self._pictures.before
        return Looked(column.refers, resource.identity, self._where(place))

    def _key(self, place: Name, column: Column) -> Expression:
        """The key of a row, as what refers to it has it."""
        resource = self._resources[place[0]]
        if place not in self._rows:
            raise Unsayable(place[0], f"something in {place[0]} is referred to and not known", place[0])
        [key] = resource.key
        if key != "id":
            return Given(self._rows[place].values[key], column.type)
        return Looked(resource.table, key, self._where(place))

    def _row(self, place: Name) -> Where:
        """What is true of one row, and cannot be true of two."""
        resource = self._resources[place[0]]
        if resource.key != ("id",):
            return tuple(
                (name, self._value(resource.column(name), self._rows[place].values[name]))
                for name in resource.key
            )
        try:
            where = self._given_name(place)
        except Unsayable:
            where = self._where(place)
        names = {name for name, value in where if not (isinstance(value, Given) and value.value is None)}
        if any(names.issuperset(each) for each in resource.unique):
            return where
        return (("id", Looked(resource.table, "id", where)),)

    def _where(self, place: Name) -> Where:
        """What is true of one row alone: its natural key, and more where that is not enough.

        A name that AWS gives is said only of a row that was there already, and which nothing else tells: what
        a statement makes has another one, and so has what another account holds.

        Raises:
            Unsayable: another one cannot be told from it.
        """
        resource, state = self._resources[place[0]], self._rows[place]
        others = self._called[_natural(resource, state)] - {place}
        columns = list(_said_names(resource))
        telling = [each for each in resource.columns if each not in columns and _tells(each)]
        always = () if columns else {each.name for each in telling if each.not_null}
        for column in telling if others or always else ():
            same = {
                each for each in others if self._rows[each].values[column.name] == state.values[column.name]
            }
            if column.name in always or same != others:
                columns.append(column)
                others = same
        if others or not columns:
            return self._given_name(place)
        return self._values_of(place, columns)

    def _given_name(self, place: Name) -> Where:
        """The natural key of a row that was there already, if AWS gives a name in it.

        Raises:
            Unsayable: it was not there, or AWS gives none.
        """
        resource, state = self._resources[place[0]], self._rows[place]
        given = set(resource.natural_key).difference(each.name for each in _said_names(resource))
        if place not in self._pictures.before or not any(state.values[name] for name in given):
            raise Unsayable(resource.table, f"two of {resource.table} cannot be told apart")
        return self._values_of(place, resource.natural_columns)

    def _values_of(self, place: Name, columns: Iterable[Column]) -> Where:
        values = self._rows[place].values
        return tuple((each.name, self._value(each, values[each.name])) for each in columns)


def _about(tables: set[str] | None, tasks: Sequence[_Task]) -> Iterable[_Task]:
    """Of some tasks those of some tables, with what they need of others."""
    if tables is None:
        return tasks
    by_place = {each.place: each for each in tasks}
    wanted = [each.place for each in tasks if each.resource.table in tables]
    for place in wanted:  # which grows
        task = by_place[place]
        if task.to is not None:
            needed = (*_referred(task.resource, task.to), *_listed(task.resource, task.to))
            wanted += [each for each in needed if each in by_place and each not in wanted]
    return [each for each in tasks if each.place in wanted]


def _text(value: Any) -> str:
    return repr(value)


def _is_said(resource: Resource, column: Column, state: State) -> bool:
    """Whether a new row has to say what is in a column.

    What AWS says is said where a row of another name would ask for something else: a VPC's main route table
    is not one that a row adds.
    """
    value = state.values[column.name]
    if column.is_aws_to_say:
        return column.not_null and (column.default is None or column in _said_names(resource))
    return value is not None or column.default is not None


def _said_names(resource: Resource) -> tuple[Column, ...]:
    """The columns of the natural key that a new row says; the others AWS gives it."""
    return tuple(each for each in resource.natural_columns if each.not_null or not each.is_aws_to_say)


def _needed(columns: Iterable[Column], values: Mapping[str, Expression]) -> tuple[Expression, ...]:
    """What of a row has to be found: where it may be NULL, NULL means something else."""
    return tuple(
        values[each.name]
        for each in columns
        if not each.not_null and each.reference is not None and isinstance(values[each.name], Looked)
    )


def _tells(column: Column) -> bool:
    """Whether a column may tell a row from another one of the same natural key."""
    if column.refers is not None or column.reference is not None or str(column.type).endswith("[]"):
        return False
    return column.on_change is not OnChange.ASSIGNED or column.type == "boolean"


def _only(state: State, names: frozenset[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        {name: value for name, value in state.values.items() if name in names},
        {name: value for name, value in state.parts.items() if name in names},
    )


def _differing(resource: Resource, one: State, other: State) -> frozenset[str]:
    """The columns and parts in which rows differ that is theirs to say."""
    names = _changed(resource, one, other) | _changed(resource, other, one)
    return frozenset(name for name in names if name in one.parts or not resource.column(name).is_aws_to_say)


def _changed(resource: Resource, one: State, other: State) -> frozenset[str]:
    row = Row(table=resource.table, key=(), values=one.values, parts=one.parts)
    return states.changed_since(resource, Desired(row, one.values, one.parts), other)


def _referred(resource: Resource, state: State) -> Iterator[Name]:
    for _, column, value in states.references(resource, state):
        assert column.reference is not None
        yield column.reference.table, value


def _listed(resource: Resource, state: State) -> Iterator[Name]:
    """What arrays name."""
    for column in resource.columns:
        if column.refers is not None:
            for each in column.names(state.values[column.name]):
                if isinstance(each, Alias):
                    yield column.refers, each


def _references(resource: Resource, state: State) -> Iterator[tuple[Column, Any]]:
    return ((column, value) for _, column, value in states.references(resource, state))


def _natural(resource: Resource, state: State) -> Any:
    key = dict(zip(resource.natural_key, natural_key_to_be(resource, state.values), strict=True))
    return resource.table, repr([key[each.name] for each in _said_names(resource)])


def _keys(resource: Resource, state: State) -> Iterator[Any]:
    """What the table lets no two rows have in common."""
    own = [] if resource.key == ("id",) else [resource.key]
    for columns in (*own, *resource.unique):
        values = tuple(state.values[name] for name in columns)
        if None not in values:
            yield resource.table, columns, repr(values)
