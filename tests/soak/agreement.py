"""Who has changed what since rows and AWS were last one, and what may have become of it. Pure.

It knows nothing of what applies have done in between: it says what no order of them may come to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from tests.soak.model import Key, State

Resource = tuple[str, Key]
#: One thing of a resource: an attribute, an element or key of one, or, by the name "", that it is there.
Atom = tuple[str, Key, str]
Atoms = dict[Atom, Any]

#: In what a resource is that goes along with another, by the beginning of its key.
_OWNERS = {"security_group_rule": "security_group", "listener": "load_balancer", "subnet": "vpc"}
#: The attributes whose change makes AWS take another resource in the place of the old one.
_REPLACING = {"load_balancer": ("scheme",), "task_definition": ("size", "role", "image")}
#: What an attribute's values name.
_NAMED = {
    "groups": "security_group",
    "target": "target_group",
    "cluster": "cluster",
    "family": "task_definition",
    "role": "role",
}


def atoms(state: State) -> Atoms:
    """A state in single pieces, each of which is one side's or the other's."""
    result: Atoms = {}
    for table, resources in state.items():
        for key, attributes in resources.items():
            result[table, key, ""] = True
            for name, value in attributes.items():
                if isinstance(value, dict):
                    result |= {(table, key, f"{name}.{each}"): one for each, one in value.items()}
                elif isinstance(value, tuple):
                    result |= {(table, key, f"{name}.{each}"): True for each in value}
                elif value is not None:
                    result[table, key, name] = value
    return result


def removes(before: State, after: State, dropped: Collection[Resource]) -> bool:
    """Whether an edit deletes a resource, or makes another take its place."""
    one, other = atoms(before), atoms(after)
    replaced = (
        (*here, name)
        for here in {atom[:2] for atom in one}
        for name in _REPLACING.get(here[0], ())
        if (*here, "") in one
    )
    return bool(dropped) or any(one.get(atom) != other.get(atom) for atom in replaced)


def owner_of(table: str, key: Key) -> Resource | None:
    """What a resource goes along with."""
    return (_OWNERS[table], (key[0],)) if table in _OWNERS else None


class Side:
    """What one side may have made of each atom since the two were last one.

    Attributes:
        made: the values in their order; the last one counts, unless the atom is unsure.
    """

    def __init__(self) -> None:
        self.made: dict[Atom, list[Any]] = {}
        self.unsure: set[Atom] = set()

    def make(self, atom: Atom, value: Any, *, sure: bool = True) -> None:
        self.made.setdefault(atom, []).append(value)
        if not sure:
            self.unsure.add(atom)

    def last(self, atom: Atom) -> Any:
        return self.made[atom][-1]

    @property
    def resources(self) -> set[Resource]:
        return {(table, key) for table, key, _ in self.made}

    def allowed(self, atom: Atom, base: Any) -> list[Any]:
        """What the atom is if only this side has changed it."""
        made = self.made.get(atom)
        if not made:
            return [base]
        return [base, *made] if atom in self.unsure else made[-1:]


class Agreement:
    """What was agreed last, and what each side has changed since.

    Attributes:
        base: what rows and AWS both were.
        ours, theirs: what the rows' users, and who changes AWS otherwise, have made of it.
        exact: whether no apply has been begun since.
    """

    def __init__(self, state: State) -> None:
        self.base = atoms(state)
        self.ours = Side()
        self.theirs = Side()
        self.exact = True

    def edited(
        self, before: State, after: State, renewed: Collection[Resource] = (), *, sure: bool = True
    ) -> None:
        """A user has changed rows.

        Args:
            renewed: resources whose rows were deleted, whatever is in their place now.
            sure: whether the transaction was certainly committed.
        """
        self._differ(self.ours, atoms(before), atoms(after), renewed, sure)

    def undone(self, before: State, after: State, renewed: Collection[Resource]) -> None:
        """An apply may have brought to AWS what rows said in a transaction that was rolled back.

        It may have done that for what was pending before, too.
        """
        self.cut_off()
        self._differ(self.theirs, atoms(before), atoms(after), renewed, False)

    def cut_off(self) -> None:
        """An apply has been killed, or has failed.

        What it has sent of a change is taken for somebody else's, once the row says something else again.
        """
        for atom in self.ours.made:
            self.theirs.make(atom, self.ours.last(atom), sure=False)

    def changed(self, made: Mapping[Atom, Any]) -> None:
        """Somebody has changed AWS."""
        for atom, value in made.items():
            table, key, name = atom
            if not name:
                known = {each for each in (*self.base, *self.ours.made) if each[:2] == (table, key)}
                for each in known - made.keys():
                    self.theirs.make(each, None)
            self.theirs.make(atom, value)

    def _differ(
        self, side: Side, one: Atoms, other: Atoms, renewed: Collection[Resource], sure: bool
    ) -> None:
        for atom in one.keys() | other.keys():
            if one.get(atom) != other.get(atom) or atom[:2] in renewed:
                side.make(atom, other.get(atom), sure=sure)

    # What must be true ----------------------------------------------------------------------------------

    def wrong_between(self, rows: Atoms, aws: Atoms) -> Iterator[str]:
        """What cannot be, whatever applies were begun and not finished."""
        for atom in sorted(self.base.keys() | rows.keys() | aws.keys(), key=repr):
            base, row, answer = self.base.get(atom), rows.get(atom), aws.get(atom)
            ours, theirs = atom in self.ours.made, atom in self.theirs.made
            either = [base, *self.ours.made.get(atom, ()), *self.theirs.made.get(atom, ())]
            followed = theirs or self._is_remade(atom)
            if row not in (either if followed else self.ours.allowed(atom, base)):
                yield f"row {_said(atom)}: {row!r}, of {either!r}"
            if self._is_in_flux(atom):
                continue
            if answer not in (either if ours else self.theirs.allowed(atom, base)):
                yield f"AWS {_said(atom)}: {answer!r}, of {either!r}"

    def wrong_after(self, rows: Atoms, aws: Atoms) -> Iterator[str]:
        """What cannot be after an apply that nothing disturbed."""
        gone = set(self.gone(rows, aws))
        for atom in sorted(self.base.keys() | rows.keys() | aws.keys(), key=repr):
            base, row, answer = self.base.get(atom), rows.get(atom), aws.get(atom)
            ours, theirs = atom in self.ours.made, atom in self.theirs.made
            if atom[:2] in gone:
                if not atom[2] and not self._may_be_gone(atom[:2]):
                    yield f"AWS {_said(atom)}: gone"
                continue
            if row != answer:
                yield f"row {_said(atom)}: {row!r}, AWS {answer!r}"
            if self._was_renewed(atom):
                continue
            if ours and theirs:
                allowed = [base, *self.ours.made[atom], *self.theirs.made[atom]]
            else:
                allowed = (self.ours if ours else self.theirs).allowed(atom, base)
            if answer not in allowed:
                yield f"AWS {_said(atom)}: {answer!r}, not {allowed!r}"

    def gone(self, rows: Atoms, aws: Atoms) -> list[Resource]:
        """The resources that rows show and AWS does not hold."""
        return [atom[:2] for atom in rows if not atom[2] and atom not in aws]

    def conflicts(self) -> list[Atom]:
        """What both have changed, if no apply has had to do with it: an apply must refuse it."""
        return [atom for atom in self.ours.made if self.exact and self._conflicts(atom)]

    def _conflicts(self, atom: Atom) -> bool:
        table, key, name = atom
        here = (table, key, "")
        if {atom, here} & (self.ours.unsure | self.theirs.unsure) or not name or self._goes_along(atom):
            return False
        ours, base = self.ours.last(atom), self.base.get(atom)
        if here in self.ours.made and (self.ours.last(here) is None or here in self.base):
            return False  # deleted, or another row
        if ours == base or (ours is None and here not in self.base):
            return False
        if here in self.theirs.made and here in self.base:
            return self.theirs.last(here) is None
        return atom in self.theirs.made and self.theirs.last(atom) not in (base, ours)

    def may_fail(self, *states: State) -> bool:
        """Whether the two sides have changed something that has to do with each other.

        What somebody has deleted and made again is another resource than the one that its row has shown.

        Args:
            states: all that say what refers to what.
        """
        if any(not atom[2] and {None, True} <= set(made) for atom, made in self.theirs.made.items()):
            return True
        ours, theirs = self.ours.resources, self.theirs.resources
        near = theirs | {each for state in states for each in _neighbours(state, theirs)}
        return bool(near & (ours | {each for state in states for each in _neighbours(state, ours)}))

    def _is_in_flux(self, atom: Atom) -> bool:
        """Whether a resource, or what it is in, may be missing: it is made, deleted or replaced."""
        return any(
            (*one, each) in side.made
            for one in filter(None, (atom[:2], owner_of(*atom[:2])))
            for side in (self.ours, self.theirs)
            for each in ("", *_REPLACING.get(one[0], ()))
            if each or (*one, each) != atom
        ) or (not atom[2] and atom in self.ours.made and atom in self.theirs.made)

    def _is_remade(self, atom: Atom) -> bool:
        """Whether somebody has made or deleted a resource in AWS, or what it is in."""
        some = filter(None, (atom[:2], owner_of(*atom[:2])))
        return any((*one, "") in self.theirs.made for one in some)

    def _was_renewed(self, atom: Atom) -> bool:
        """Whether somebody has made or deleted the resource, or what it is in: its attributes follow."""
        table, key, name = atom
        here = (table, key, "")
        return self._goes_along(atom) or (bool(name) and (here in self.ours.made or here in self.theirs.made))

    def _goes_along(self, atom: Atom) -> bool:
        owner = owner_of(*atom[:2])
        return owner is not None and any((*owner, "") in side.made for side in (self.ours, self.theirs))

    def _may_be_gone(self, resource: Resource) -> bool:
        owner = owner_of(*resource)
        names = [(*each, "") for each in (resource, owner) if each is not None]
        return any(None in self.theirs.made.get(each, ()) for each in names)


def _neighbours(state: State, some: Collection[Resource]) -> Iterator[Resource]:
    """What refers to some resources, and what these refer to."""
    for table, resources in state.items():
        for key, attributes in resources.items():
            named = set(_named(table, key, attributes))
            if (table, key) in some:
                yield from named
            elif named & set(some):
                yield table, key


def _named(table: str, key: Key, attributes: Mapping[str, Any]) -> Iterable[Resource]:
    owner = owner_of(table, key)
    if owner is not None:
        yield owner
    for name, value in attributes.items():
        for each in value if isinstance(value, tuple) else (value,):
            if name in _NAMED and each is not None:
                yield _NAMED[name], (each,)


def _said(atom: Atom) -> str:
    table, key, name = atom
    return f"{table} {'/'.join(map(str, key))} {name or 'is there'}"
