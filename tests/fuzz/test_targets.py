"""The seeds of `make fuzz`, and what is like them, on each of its targets; without the fuzzer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_read_or_refused(name: str) -> None:
    assert seeds(name)
    for seed in seeds(name):
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.differing_executors])
@given(data=st.data())
def test_what_is_like_the_seeds_is_read_or_refused(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(seeds(name)))
    at = data.draw(st.integers(0, len(seed)))
    to = data.draw(st.integers(at, len(seed)))
    TARGETS[name](seed[:at] + data.draw(st.binary(max_size=20)) + seed[to:])
