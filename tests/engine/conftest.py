"""The engine's own tests make many clients of AWS."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def sharing_clients(quick_clients: None) -> None:
    """Every client is a quick one."""
