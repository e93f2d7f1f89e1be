"""Plugs the fixtures in; each lives in a file of `tests/fixtures/` that says what it gives."""

pytest_plugins = [
    "tests.fixtures.cloud",
    "tests.fixtures.databases",
    "tests.fixtures.maven",
    "tests.fixtures.proxies",
]
