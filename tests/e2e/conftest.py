"""Databases in which the tutorial's steps have already been done."""

from __future__ import annotations

import pytest

from deploy import tutorial
from tests.drivers.psql.client import succeed
from tests.fixtures.databases import Database


@pytest.fixture
def installed(database: Database) -> Database:
    """The tutorial's modules are installed."""
    succeed(database, tutorial.migration(tutorial.V1))
    return database


@pytest.fixture
def deployed(installed: Database) -> Database:
    """The tutorial is deployed."""
    succeed(installed, tutorial.migration(tutorial.V2))
    return installed
