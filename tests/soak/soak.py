"""Random work, and what must be true after it: the rows are the truth, which applies enforce."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import psycopg

from deploy import tutorial
from tests.soak import drift, seen
from tests.soak.edits import Edit
from tests.soak.kinds import KINDS
from tests.soak.model import State, empty
from tests.soak.world import Ended, Running, World, pause

APPLY = "SELECT count(*) FROM iasql_apply()"
SYNC = "SELECT count(*) FROM iasql_sync()"
#: What only the engine's user agent has in it.
_ENGINE = "md/operation#iasql"
#: Seconds after which the account does nothing more of its own accord.
SETTLED = 10.0
_RATES = (0.01, 0.05, 0.2)
_FAULTS: tuple[dict[str, Any], ...] = (
    {"action": "delay", "seconds": 0.5},
    {"action": "throttle"},
    {"action": "error", "status": 500},
    {"action": "error", "status": 503, "code": "ServiceUnavailable"},
    {"action": "drop_before"},
    {"action": "drop_after"},
    {"action": "hang_before", "seconds": 0.7},
    {"action": "hang_after", "seconds": 0.7},
)

#: Reading calls that AWS refuses for a while: listings, and the details of what was listed.
_REFUSED = (
    *("ListRoles", "ListAttachedRolePolicies", "GetRole", "DescribeRepositories"),
    *("ListTagsForResource", "DescribeLogGroups", "DescribeSecurityGroups", "DescribeSecurityGroupRules"),
    *("DescribeLoadBalancers", "DescribeListeners", "DescribeTags", "DescribeServices"),
    *("DescribeTaskDefinition", "ListClusters", "ListServices", "GetQueueAttributes", "ListTopics"),
    *("DescribeTable", "ListRules", "DescribeAlarms", "ListUsers", "GetBucketVersioning"),
)

_MODULES = ", ".join(f"'{each}'" for each in sorted({kind.module for kind in KINDS}))

Trouble = Callable[["Soak", Running], str]


#: The connection was lost, or its server ended: whether the statement was committed is not known.
UNTOLD = ("", "57P01")


class Soak:
    """One run, of a database whose rows are the truth.

    Attributes:
        done: how often what was done.
    """

    settings: tuple[str, ...] = ("apply_mode = enforce", "delete_unknown = on")

    def __init__(self, world: World, random: Random, say: Callable[[str], None]) -> None:
        self.world = world
        self.random = random
        self.done: Counter[str] = Counter()
        self._say = say
        self._model: State = empty()
        self._maybe: State | None = None  # what the rows are if a commit got through whose answer was lost
        self._start = time.monotonic()

    def run(self, seconds: float) -> None:
        """Work for some time, and check at the end.

        Raises:
            AssertionError: something is not as it must be.
        """
        for setting in self.settings:
            self.world.set(setting)
        self._new_proxy()
        for sql in (tutorial.migration(tutorial.V1), f"SELECT * FROM iasql_install({_MODULES})"):
            installed = self.world.run(sql)
            assert installed.well, installed
        while time.monotonic() - self._start < seconds:
            for _ in range(self.random.randint(2, 6)):
                self._act()
            self._checkpoint()

    @property
    def _actions(self) -> tuple[tuple[Callable[[Any], None], int], ...]:
        """What may be done, each with its weight."""
        return (
            (Soak._apply, 10),
            (Soak._apply_edited, 4),
            (Soak._apply_twice, 2),
            (Soak._apply_undone, 1),
            (Soak._sync, 2),
            (Soak._drift, 1),
        )

    # What is done ----------------------------------------------------------------------------------

    def _act(self) -> None:
        self._edit()
        actions, weights = zip(*self._actions, strict=True)
        self.random.choices(actions, weights)[0](self)
        self._rows_are_as_edited()

    def _edit(self) -> None:
        """Change rows in one transaction."""
        edit = Edit(self._model, self.random)
        if not edit.statements:
            return
        try:
            _commit(self.world.url, edit)
        except psycopg.errors.DeadlockDetected:
            self._tell("edit undone by a deadlock")
            return
        except psycopg.OperationalError as error:
            self._maybe = edit.after
            self._tell(f"edit, {' '.join(str(error).split())[:100]}")
            return
        self._model = edit.after
        self.done["edits"] += 1

    def _apply(self) -> None:
        self._applied(self._with_trouble("apply", APPLY))

    def _apply_edited(self) -> None:
        """One client applies while another edits."""
        said = self._perhaps_faults()
        running = Running(self.world.url, APPLY)
        edits = 0
        while running.is_running and edits < 5:
            pause(self.random.uniform(0.1, 0.6), running)
            self._edit()
            edits += 1
        ended = running.wait()
        self.world.account.cancel_faults()
        self.done["applies"] += 1
        self._applied(ended)
        self._tell(f"apply and {edits} edits meanwhile{said}: {ended}")

    def _apply_twice(self) -> None:
        """Two clients apply at once, and a third edits meanwhile."""
        said = self._perhaps_faults()
        first, second = (Running(self.world.url, APPLY) for _ in range(2))
        self.wait_for_chance(first)
        self._edit()
        ended = [first.wait(), second.wait()]
        self.world.account.cancel_faults()
        self.done["applies"] += 2
        for each in ended:
            self._applied(each)
        self._tell(f"two applies at once and an edit{said}: {ended[0]}, {ended[1]}")

    def _apply_undone(self) -> None:
        """Apply in a transaction that is rolled back: the rows are as before, AWS is not."""
        with psycopg.connect(self.world.url, autocommit=True) as connection:
            connection.execute("BEGIN")
            edit = self._undo(connection)
            for sql, values in edit.statements:
                connection.execute(sql, values)
            try:
                connection.execute(APPLY)
                said = "done"
            except psycopg.Error as error:
                said = f"{error.sqlstate}: {' '.join(str(error).split())[:100]}"
            connection.execute("ROLLBACK")
        self.done["applies"] += 1
        self._tell(f"edit and apply in a transaction, rolled back: {said}")

    def _applied(self, ended: Ended) -> None:
        """Take note of how an apply has ended."""

    def _undo(self, connection: psycopg.Connection[Any]) -> Edit:
        """An edit that is about to be rolled back."""
        return Edit(self._model, self.random)

    def _sync(self) -> None:
        """Bring AWS to the rows, change it behind the engine's back, and sync."""
        self._converge()
        self.world.settle(SETTLED)  # else what AWS was before the apply may be taken for an old answer
        for _ in range(self.random.randint(0, 3)):
            self._tell(f"in AWS: {drift.change(self.world.account, self.random)}")
        ended = self._with_trouble("sync", SYNC)
        if ended.left_out:
            ended = self.world.run(SYNC)
        if ended.well:
            self._model = seen.state(self.world.look())
        elif ended.state in UNTOLD:
            self._maybe = seen.state(self.world.look())

    def _drift(self) -> None:
        self.done["changes in AWS"] += 1
        self._tell(f"in AWS: {drift.change(self.world.account, self.random)}")

    def _with_trouble(self, what: str, sql: str) -> Ended:
        """Run a statement while something goes wrong, and say how it ended."""
        trouble = self.random.choice(_TROUBLES)
        before = ""
        if trouble is _time_out:
            before = f"SET statement_timeout = {self.random.randint(50, 2500)}"
        if trouble is _kill:
            self._plan_kill()
        if trouble is _faults:
            self._plan_faults()
        if trouble is _refuse:
            self._plan_refusal()
        running = Running(self.world.url, sql, before=before)
        said = trouble(self, running)
        ended = running.wait()
        self.world.account.cancel_faults()
        self.done["applies" if what == "apply" else "syncs"] += 1
        self.done[trouble.__name__.strip("_").replace("_", " ")] += 1
        self._tell(f"{what}{said}: {ended}")
        return ended

    def _perhaps_faults(self) -> str:
        if self.random.random() < 0.5:
            return ""
        self._plan_faults()
        return ", calls go wrong"

    def _plan_faults(self) -> None:
        fault = dict(self.random.choice(_FAULTS))
        fault |= {"rate": self.random.choice(_RATES), "seed": self.random.randrange(1000), "times": 0}
        self._plan(fault)

    def _plan(self, fault: dict[str, Any]) -> None:
        """Let calls of the engine go wrong, and nobody else's."""
        self.world.account.plan(fault | {"agent": _ENGINE})

    def _plan_refusal(self) -> None:
        refused = {"operation": self.random.choice(_REFUSED), "times": 0}
        fault = {"action": "error", "status": 403, "code": "AccessDenied", "message": "You may not see that"}
        self._plan(fault | refused)

    def _plan_kill(self) -> None:
        action = self.random.choice(("kill_before", "kill_after"))
        fault = {"action": action, "pid": self.world.proxy_pid, "nth": self.random.randint(1, 40)}
        if self.random.random() < 0.5:
            fault |= {"mutating": True, "nth": self.random.randint(1, 12)}
        self._plan(fault)

    def wait_for_chance(self, running: Running) -> None:
        """Let some time pass that chance decides, or less if a statement ends before."""
        pause(self.random.uniform(0, 1.2), running)

    def _new_proxy(self) -> None:
        self.world.start_proxy(self.random.choice((1, 2, 6)))

    # What must be true -------------------------------------------------------------------------------

    def _rows_are_as_edited(self) -> None:
        """No edit is lost, and none is there that nobody made."""
        with self.world.superuser() as connection:
            rows = seen.rows(connection)
        wrong = seen.difference(rows, seen.of_state(self._model))
        if wrong and self._maybe is not None:
            assert not seen.difference(rows, seen.of_state(self._maybe)), f"rows: {wrong}"
            self._model = self._maybe
        else:
            assert not wrong, f"rows against the model: {wrong}"
        self._maybe = None

    def _converge(self) -> None:
        """With nothing in the way an apply brings AWS to the rows."""
        ended = self.world.run(APPLY)
        self.done["applies"] += 1
        if not ended.well:
            self.done["applies that needed a second one"] += 1
            self._tell(f"apply with nothing in the way: {ended}")
            ended = self.world.run(APPLY)
        assert ended.well, f"apply with nothing in the way: {ended}"
        wrong = seen.difference(self.world.look(), seen.of_state(self._model))
        assert not wrong, f"AWS against the model: {wrong}"

    def _checkpoint(self) -> None:
        self.world.settle(SETTLED)  # else a state may change of its own accord in between
        self._converge()
        self._rows_are_as_edited()
        for plan in ("iasql_plan_apply", "iasql_plan_sync"):
            left = self.world.run(f"SELECT * FROM {plan}()")
            assert left.well, left
            assert not left.rows, f"{plan}() says {left.rows}"
        self.done["checks of everything"] += 1
        count = sum(map(len, self._model.values()))
        self._tell(f"checked: {count} resources, rows and AWS are as they must be")

    def _tell(self, said: str) -> None:
        self._say(f"{time.monotonic() - self._start:7.1f} s  {said}")


def _commit(url: str, edit: Edit) -> None:
    with psycopg.connect(url, autocommit=True) as connection, connection.transaction():
        for sql, values in edit.statements:
            connection.execute(sql, values)


# What goes wrong while a statement runs; each says what it was -------------------------------------------


def _nothing(soak: Soak, running: Running) -> str:
    return ""


def _faults(soak: Soak, running: Running) -> str:
    return ", calls go wrong"


def _refuse(soak: Soak, running: Running) -> str:
    return ", something may not be read"


def _cancel(soak: Soak, running: Running) -> str:
    soak.wait_for_chance(running)
    running.cancel()
    return ", cancelled"


def _time_out(soak: Soak, running: Running) -> str:
    return ", with a statement_timeout"


def _vanish(soak: Soak, running: Running) -> str:
    soak.wait_for_chance(running)
    running.vanish()
    return ", client vanishes"


def _kill(soak: Soak, running: Running) -> str:
    ended = running.wait()
    if ended.state == "":
        soak.world.await_death()
        soak.world.stop_proxy()
        soak._new_proxy()
        return ", proxy killed at a call of AWS"
    return ", to be killed later than its last call"


def _kill_any_time(soak: Soak, running: Running) -> str:
    soak.wait_for_chance(running)
    soak.world.stop_proxy(signal.SIGKILL)
    running.wait()
    soak._new_proxy()
    return ", proxy killed"


def _stop(soak: Soak, running: Running) -> str:
    soak.wait_for_chance(running)
    soak.world.stop_proxy(signal.SIGTERM)
    running.wait()
    soak._new_proxy()
    return ", proxy told to stop"


def _terminate(soak: Soak, running: Running) -> str:
    soak.wait_for_chance(running)
    soak.world.terminate_backends()
    return ", Postgres ends the sessions"


def _crash(soak: Soak, running: Running) -> str:
    soak.wait_for_chance(running)
    soak.world.crash_postgres()
    return ", Postgres crashes"


_TROUBLES: tuple[Trouble, ...] = (
    *(_nothing, _faults, _faults, _faults, _faults, _faults, _cancel, _time_out, _vanish),
    *(_kill, _kill, _kill_any_time, _stop, _terminate, _crash, _refuse, _refuse),
)
