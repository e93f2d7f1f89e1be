"""A short soak; `make soak` runs for half an hour."""

from __future__ import annotations

import pytest

from tests.soak.__main__ import soak


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["enforce", "merge"])
def test_random_work_ends_with_no_difference(mode: str) -> None:
    said: list[str] = []
    assert soak(12, 1, said.append, mode), "\n".join(said)
