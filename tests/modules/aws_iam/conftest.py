"""What tests of several tables of the module ask for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cloud import Cloud


@pytest.fixture
def iam(simulator: Cloud) -> Any:
    return simulator.client("iam")
