"""The quick suites differ in nothing. `make test-clients` runs all of them, with TLS too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.catalogue import SUITES
from tests.clients.runner import compare_sides
from tests.clients.servers import Served, serving
from tests.clients.suite import Server, Suite

QUICK = [suite for suite in SUITES if suite.quick]


class Servers:
    """Servers with their proxies, started when they are first wanted."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[Server, Served] = {}

    def __getitem__(self, server: Server) -> Served:
        if server not in self._running:
            self._running[server] = self._stack.enter_context(serving(server))
        return self._running[server]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", QUICK, ids=lambda suite: suite.name)
def test_a_suite_differs_in_nothing(suite: Suite, servers: Servers, tmp_path: Path) -> None:
    comparison = compare_sides(suite, servers[suite.servers[-1]], tmp_path, tls=False)
    assert comparison.differences == ()
    assert any(outcome.status == "passed" for outcome in comparison.direct.values())
