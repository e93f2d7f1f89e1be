"""For random accounts, random rows, and an apply that fails at any step: AWS is taken back to what it was."""

from __future__ import annotations

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from engine.errors import OperationError
from engine.plan.base import agreed
from engine.plan.call_groups import sharing
from engine.plan.model import Found, Key
from engine.plan.reversal import Reversal, reversal
from engine.plan.snapshot import Snapshot
from tests.engine.test_properties import _edit
from tests.engine.test_undo_properties import _FEWER, _Bases, _begun, _differing, _shown
from tests.engine.world import RESOURCE, World

pytestmark = pytest.mark.timeout(900)


class _Failed(Exception):
    """A step has failed."""


def _apply(world: World, steps: int) -> bool:
    """Apply, but for what comes after some steps; whether that failed."""
    begun = 0

    def meanwhile() -> None:
        nonlocal begun
        begun += 1
        if begun > steps:
            raise _Failed

    try:
        world.apply(meanwhile)
    except _Failed:
        return True
    return False


def _take_back(world: World, account: Snapshot, back: Reversal) -> None:
    """Have the account carry out a reversal."""
    made: dict[tuple[str, Key], Found] = {}
    shared = sharing(account, back.plan.steps, {})
    for step in back.plan.steps:
        result = world._do(step, back.plan, made, shared)
        if result is not None:
            found = account.add(RESOURCE[result.table], account.resolved(RESOURCE[result.table], result))
            assert step.change.desired is not None
            made[found.table, step.change.desired.row.key] = found
            world.keep([(agreed(RESOURCE[found.table], found), found)])
        elif step.change.found is not None:
            world.bases.pop((step.change.table, step.change.found.identity), None)


@given(st.data())
@_FEWER
def test_aws_holds_again_what_it_held(data: st.DataObject) -> None:
    world = _begun(data)
    before = _shown(world, chosen=False)
    assert isinstance(world.bases, _Bases)
    for _ in range(data.draw(st.integers(1, 4))):
        _edit(world, data.draw)
    world.bases.operation = 1
    try:
        failed = _apply(world, data.draw(st.integers(0, 12)))
    except OperationError as error:
        event(f"refused {error.sqlstate}")
        return
    account = world.account()
    back = reversal(account, world.bases.remembered(), 1)
    event(f"{'failed' if failed else 'done'}, {'nothing' if not back.plan.steps else 'something'} to do")
    event(f"left: {sorted({each.partition(': ')[2] for each in back.left})}")
    _take_back(world, account, back)
    if not back.left:
        world.sync()
        assert _differing(before, _shown(world, chosen=False)) == {}
