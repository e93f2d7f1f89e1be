"""Plugs the fixtures in; each lives in a file of `tests/fixtures/` that says what it gives."""

pytest_plugins = [
    "tests.fixtures.certificates",
    "tests.fixtures.cloud",
    "tests.fixtures.databases",
    "tests.fixtures.encrypted_postgres",
    "tests.fixtures.engines",
    "tests.fixtures.maven",
    "tests.fixtures.postgres_commits",
    "tests.fixtures.proxies",
]
