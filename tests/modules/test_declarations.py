"""Nothing is wrong with any module."""

from __future__ import annotations

import pytest

from engine.check.check import check
from modules.catalogue import find_modules

CATALOGUE = find_modules()


@pytest.mark.parametrize("module", list(CATALOGUE.by_name))
def test_nothing_is_wrong_with_a_module(module: str) -> None:
    assert [str(each) for each in check(CATALOGUE, [module])] == []
