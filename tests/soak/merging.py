"""Random work with somebody else at work in AWS: nobody's change may be undone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from random import Random
from typing import Any

import psycopg

from tests.soak import drift, seen
from tests.soak.agreement import Agreement, Atom, Resource, atoms, removes
from tests.soak.edits import Edit
from tests.soak.model import State, empty
from tests.soak.soak import APPLY, SETTLED, SYNC, UNTOLD, Soak
from tests.soak.world import Ended, Running, World, pause

_STALE_SERVICES = ("ec2", "iam", "ecs")
_STALE_SECONDS = 3.0
_REFUSED = "40001"
#: An edit that meets somebody else's is undone.
_UNDONE = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.IntegrityError,
)


class Merging(Soak):
    """One run, of a database beside which somebody else changes AWS."""

    settings = ("apply_mode = merge",)

    def __init__(self, world: World, random: Random, say: Callable[[str], None]) -> None:
        super().__init__(world, random, say)
        self._agreement = Agreement(empty())

    @property
    def _actions(self) -> tuple[tuple[Callable[[Any], None], int], ...]:
        return (
            (Merging._drift, 12),
            (Merging._apply, 5),
            (Merging._apply_beside, 4),
            (Merging._apply_edited, 2),
            (Merging._apply_twice, 1),
            (Merging._apply_undone, 1),
            (Merging._apply_stale, 2),
            (Merging._sync, 1),
        )

    # What is done ---------------------------------------------------------------------------------------

    def _edit(self, *, removing: bool = True) -> None:
        """Change rows in one transaction, which sees no other.

        Args:
            removing: whether a resource may be deleted or replaced.
        """
        edit: Edit | None = None
        try:
            with psycopg.connect(self.world.url, autocommit=True) as connection:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                with connection.transaction():
                    before = seen.state(seen.rows(connection))
                    edit = Edit(before, self.random)
                    while not removing and removes(before, edit.after, edit.dropped):
                        edit = Edit(before, self.random)
                    for sql, values in edit.statements:
                        connection.execute(sql, values)
        except _UNDONE as error:
            self._tell(f"edit undone: {error.sqlstate}")
        except psycopg.OperationalError as error:
            if edit is not None:
                self._agreement.edited(before, edit.after, edit.dropped, sure=False)
            self._tell(f"edit, {' '.join(str(error).split())[:100]}")
        else:
            self._agreement.edited(before, edit.after, edit.dropped)
            self.done["edits"] += 1

    def _drift(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self._change()

    def _change(self) -> None:
        done = drift.change(self.world.account, self.random)
        self._agreement.changed(done.made)
        self.done["changes in AWS"] += bool(done.made)
        self._tell(f"in AWS: {done}")

    def _apply(self) -> None:
        self._agreement.exact = False
        super()._apply()

    def _applied(self, ended: Ended) -> None:
        """An apply that failed may have sent what it knows nothing of."""
        if not ended.well and ended.state != _REFUSED:
            self._agreement.cut_off()

    def _apply_edited(self) -> None:
        self._agreement.exact = False
        super()._apply_edited()

    def _apply_twice(self) -> None:
        self._agreement.exact = False
        super()._apply_twice()

    def _apply_beside(self) -> None:
        """Apply while somebody changes AWS."""
        self._agreement.exact = False
        said = self._perhaps_faults()
        running = Running(self.world.url, APPLY)
        changes = 0
        while running.is_running and changes < 5:
            pause(self.random.uniform(0.1, 0.6), running)
            self._change()
            changes += 1
        ended = running.wait()
        self.world.account.cancel_faults()
        self.done["applies"] += 1
        self._applied(ended)
        self._tell(f"apply and {changes} changes in AWS meanwhile{said}: {ended}")

    def _apply_undone(self) -> None:
        self._agreement.exact = False
        super()._apply_undone()

    def _undo(self, connection: psycopg.Connection[Any]) -> Edit:
        before = seen.state(seen.rows(connection))
        edit = Edit(before, self.random)
        self._agreement.undone(before, edit.after, edit.dropped)
        return edit

    def _apply_stale(self) -> None:
        """Apply twice while AWS answers for a while what it did before the first.

        Nothing is deleted or replaced: what an engine has deleted and AWS goes on to show gets a row again.
        """
        self._agreement.exact = False
        if not self.world.run(APPLY).well:  # what is pending may delete something
            return
        service = self.random.choice(_STALE_SERVICES)
        fault = {"action": "stale", "service": service, "seconds": _STALE_SECONDS, "times": 0}
        self._plan(fault | {"rate": self.random.choice((0.5, 1.0))})
        self.world.run("SELECT count(*) FROM iasql_plan_apply()")  # what it answers before
        ended = []
        for _ in range(2):
            self._edit(removing=False)
            ended.append(self.world.run(APPLY))
            self.done["applies"] += 1
        self.world.account.cancel_faults()
        self.done["stale"] += 1
        self._tell(f"two applies while {service} is stale: {ended[0]}, {ended[1]}")

    def _sync(self) -> None:
        ended = self._with_trouble("sync", SYNC)
        if ended.well:
            self.world.settle(SETTLED)  # it may have left out a table, or taken a change for an old answer
            assert self.world.run(SYNC).well
            self._agree()
        elif ended.state in UNTOLD:
            self._agreement.ours.unsure |= self._agreement.ours.made.keys()

    # What must be true ----------------------------------------------------------------------------------

    def _states(self, *, between: bool = False) -> tuple[State, State]:
        """What rows and AWS are now.

        Args:
            between: whether an apply may have been cut off between a new revision and the end of the old one.
        """
        with self.world.superuser() as connection:
            rows = seen.state(seen.rows(connection))
        may_be_twice = ("task_definition",) if between else ()
        return rows, seen.state(self.world.look(), may_be_twice=may_be_twice)

    def _rows_are_as_edited(self) -> None:
        """Nothing is as nobody has made it."""
        rows, aws = self._states(between=True)
        wrong = list(self._agreement.wrong_between(atoms(rows), atoms(aws)))
        assert not wrong, "; ".join(wrong)

    def _checkpoint(self) -> None:
        self.world.settle(SETTLED)
        ended = self._undisturbed()
        if ended.well:
            self._check_applied()
        else:
            self._end_conflict(ended)
        self._check_agreed()
        self._agree()
        self.done["checks of everything"] += 1
        self._tell(f"checked: {len(self._agreement.base)} things, rows and AWS are one")

    def _undisturbed(self) -> Ended:
        """An apply with nothing in the way; one that is refused changes nothing."""
        before, calls = self._states(between=True), self._engine_calls()
        conflicts = self._agreement.conflicts()
        ended = self.world.run(APPLY)
        self.done["applies"] += 1
        if not ended.well and ended.state != _REFUSED:
            self.done["applies that needed a second one"] += 1
            self._tell(f"apply with nothing in the way: {ended}")
            ended = self.world.run(APPLY)
        if ended.well:
            assert not conflicts, f"applied, but in conflict are {conflicts}"
            return ended
        self._tell(f"apply with nothing in the way: {ended}")
        after = self._states(between=True)
        assert self._agreement.may_fail(*before, *after), f"nothing is in conflict: {ended.message}"
        if _in_conflict(ended):
            assert self._engine_calls() == calls, "a refused apply has changed AWS"
            assert after == before, "a refused apply has changed something"
            self.done["refused applies"] += 1
            for table, key, _ in conflicts:
                named = f"{table} {key} is in conflict: {ended.message}"
                assert table in ended.message, named
                assert str(key[0]) in ended.message, named
        else:
            assert not conflicts, (
                f"refused for something else, but in conflict are {conflicts}: {ended.message}"
            )
        return ended

    def _check_applied(self) -> None:
        """What an apply has left, and what is gone and has a row still, is as it must be."""
        rows, aws = map(atoms, self._states())
        wrong = list(self._agreement.wrong_after(rows, aws))
        assert not wrong, "; ".join(wrong)
        self._check_plan("iasql_plan_apply")
        if gone := self._agreement.gone(rows, aws):
            self._tell(f"gone: {gone}")
            self._let_go(gone)

    def _let_go(self, gone: Collection[Resource]) -> None:
        """Either forget what is gone, or make some of it again."""
        self.done["times something was gone"] += 1
        if self.random.random() < 0.5:
            table = self.random.choice(sorted({table for table, _ in gone}))
            kept = self.world.run(f"SELECT count(*) FROM iasql_sync(keep => '{table}')")
            assert kept.well, kept
            again = self.world.run(APPLY)
            self._tell(f"made again what is gone of {table}: {again}")
            _, aws = self._states(between=True)
            left = [each for each in gone if each[0] == table and each[1] not in aws[table]]
            assert not again.well or not left, f"not made again: {left}"
        self._take_awss_side()

    def _end_conflict(self, refused: Ended) -> None:
        """Take one side or the other."""
        named = re.match(r"(\w+) .* is in conflict", refused.message)
        if named is None or self.random.random() < 0.5:
            self._take_awss_side()
            return
        table = named[1]
        ours = [each for each in self._agreement.conflicts() if each[0] == table]
        kept = self.world.run(f"SELECT count(*) FROM iasql_sync(keep => '{table}')")
        assert kept.well, kept
        applied = self.world.run(APPLY)
        self._tell(f"the rows' side of {table} kept, and applied: {applied}")
        if applied.well:
            self._check_kept(ours)
        self._take_awss_side()

    def _check_kept(self, ours: Collection[Atom]) -> None:
        _, aws = self._states(between=True)
        now = atoms(aws)
        for atom in ours:
            wanted = self._agreement.ours.last(atom)
            assert now.get(atom) == wanted, f"{atom}: {now.get(atom)!r}, and not what was kept, {wanted!r}"

    def _take_awss_side(self) -> None:
        _, before = self._states(between=True)
        calls = self._engine_calls()
        synced = self.world.run(SYNC)
        assert synced.well, synced
        assert self._engine_calls() == calls, "a sync has changed AWS"
        rows, aws = self._states(between=True)
        assert aws == before, "a sync has changed AWS"
        same = {**rows, "task_definition": {}} == {**aws, "task_definition": {}}
        assert same, f"after a sync: {seen.difference(seen.of_state(rows), seen.of_state(aws))}"

    def _check_agreed(self) -> None:
        rows, aws = self._states()
        assert rows == aws, f"rows and AWS: {seen.difference(seen.of_state(rows), seen.of_state(aws))}"
        for plan in ("iasql_plan_apply", "iasql_plan_sync"):
            self._check_plan(plan)
        calls = self._engine_calls()
        again = self.world.run(APPLY)
        assert again.well, again
        assert self._engine_calls() == calls, "an apply without anything to do has changed AWS"

    def _check_plan(self, plan: str) -> None:
        left = self.world.run(f"SELECT * FROM {plan}()")
        assert left.well, left
        assert not left.rows, f"{plan}() says {left.rows}"

    def _agree(self) -> None:
        _, aws = self._states()
        self._agreement = Agreement(aws)

    def _engine_calls(self) -> int:
        """How often AWS has been changed by an engine."""
        calls = self.world.account.calls(mutating=True)
        return sum(not call["agent"].startswith("Boto3") for call in calls)


def _in_conflict(ended: Ended) -> bool:
    return ended.state == _REFUSED and "is in conflict with AWS" in ended.message
