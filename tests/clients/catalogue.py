"""Which suites there are, in the order of the report."""

from __future__ import annotations

from tests.clients import (
    asyncpg_suite,
    backup_suite,
    node_postgres_suite,
    pg8000_suite,
    pgbench_suite,
    pgjdbc_suite,
    psql_suite,
    psycopg_suite,
    reflection_suite,
    regression_suite,
)
from tests.clients.suite import Suite

SUITES: tuple[Suite, ...] = (
    asyncpg_suite.SUITE,
    asyncpg_suite.MANAGING,
    psycopg_suite.SUITE,
    pg8000_suite.SUITE,
    pgjdbc_suite.SUITE,
    node_postgres_suite.SUITE,
    reflection_suite.SUITE,
    psql_suite.SUITE,
    regression_suite.SUITE,
    pgbench_suite.SUITE,
    backup_suite.SUITE,
)
