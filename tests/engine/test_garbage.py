"""How often circular garbage is sought."""

from __future__ import annotations

import gc

from engine.garbage import seldom_sought


def test_it_is_sought_as_before_once_the_last_operation_has_ended() -> None:
    usual = gc.get_threshold()
    first, second = seldom_sought(), seldom_sought()
    first.__enter__()
    seldom = gc.get_threshold()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == seldom != usual
    second.__exit__(None, None, None)
    assert gc.get_threshold() == usual


def test_it_is_sought_as_before_after_a_failure() -> None:
    usual = gc.get_threshold()
    try:
        with seldom_sought():
            raise ValueError
    except ValueError:
        pass
    assert gc.get_threshold() == usual
