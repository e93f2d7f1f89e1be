"""Which suites there are, in the order of the report."""

from __future__ import annotations

from tests.clients import asyncpg_suite, pg8000_suite, psycopg_suite
from tests.clients.suite import Suite

SUITES: tuple[Suite, ...] = (asyncpg_suite.SUITE, pg8000_suite.SUITE, psycopg_suite.SUITE)
