"""A short soak; `make soak` runs for half an hour."""

from __future__ import annotations

import pytest

from tests.soak.__main__ import soak


@pytest.mark.timeout(600)
def test_random_work_ends_with_no_difference() -> None:
    said: list[str] = []
    assert soak(35, 1, said.append), "\n".join(said)
