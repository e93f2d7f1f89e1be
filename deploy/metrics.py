"""What the proxy and the engine do, counted for Prometheus.

https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from engine.observer import CloudCall, LookEnd, StepEnd
from proxy.observer import ConnectionEnd, OperationEnd, Outcome
from proxy.server import Proxy

_LOGIN_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)
_OPERATION_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_CALL_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

#: What Prometheus calls the outcomes of a connection on which somebody tried to log in, and could not.
_FAILED_LOGINS = {
    Outcome.REFUSED: "refused",
    Outcome.SERVER_REFUSED: "server_refused",
    Outcome.CRASHED: "crashed",
}


class Metrics:
    """An observer that counts.

    Attributes:
        registry: what has been counted, for `prometheus_client.generate_latest`.
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a third of all lines, and nobody asks when counting began
        self.registry = registry = CollectorRegistry()
        self._connected = Counter(
            "iasql_connections", "Connections that clients have made.", registry=registry
        )
        self._refused = Counter(
            "iasql_connections_refused",
            "Connections that the proxy itself has refused, by SQLSTATE.",
            ["sqlstate"],
            registry=registry,
        )
        self._ended = Counter(
            "iasql_connections_ended", "Connections that have ended.", ["outcome"], registry=registry
        )
        self._ended_by = {outcome: self._ended.labels(str(outcome)) for outcome in Outcome}
        self._logins = Counter("iasql_logins", "Logins by outcome.", ["outcome"], registry=registry)
        self._logged_in = self._logins.labels("done")
        self._login_seconds = Histogram(
            "iasql_login_seconds",
            "From a client's connection to its session.",
            buckets=_LOGIN_SECONDS,
            registry=registry,
        )
        self._operations = Counter(
            "iasql_operations", "Operations by outcome.", ["function", "outcome"], registry=registry
        )
        self._operation_seconds = Histogram(
            "iasql_operation_seconds",
            "How long operations took.",
            ["function"],
            buckets=_OPERATION_SECONDS,
            registry=registry,
        )
        self._steps = Counter(
            "iasql_steps", "Steps of plans by outcome.", ["action", "outcome"], registry=registry
        )
        self._calls = Counter(
            "iasql_aws_calls", "Calls of AWS.", ["service", "operation", "outcome"], registry=registry
        )
        self._call_seconds = Histogram(
            "iasql_aws_call_seconds",
            "How long calls of AWS took, with the attempts that were repeated.",
            ["service"],
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self._retries = Counter(
            "iasql_aws_retries", "Attempts after the first of a call.", ["service"], registry=registry
        )
        self._throttles = Counter(
            "iasql_aws_throttles", "Attempts that AWS refused as too many.", ["service"], registry=registry
        )

        self._looks = Counter(
            "iasql_looks", "Looks of the watch by outcome.", ["database", "outcome"], registry=registry
        )
        self._look_seconds = Histogram(
            "iasql_look_seconds",
            "How long looks of the watch took.",
            ["database"],
            buckets=_OPERATION_SECONDS,
            registry=registry,
        )
        self._drifted = Gauge(
            "iasql_drifted_resources",
            "Resources that differed in AWS from what was agreed at the last look.",
            ["database"],
            registry=registry,
        )

    def watch(self, proxy: Proxy) -> None:
        """Count what a proxy has at the moment of a scrape as well."""
        self.registry.register(_State(proxy))

    def connected(self) -> None:
        self._connected.inc()

    def logged_in(self, seconds: float) -> None:
        self._logged_in.inc()
        self._login_seconds.observe(seconds)

    def disconnected(self, end: ConnectionEnd) -> None:
        self._ended_by[end.outcome].inc()
        if end.outcome is Outcome.REFUSED:
            self._refused.labels(end.sqlstate or "").inc()
        if end.user is not None and not end.logged_in:
            self._logins.labels(_FAILED_LOGINS.get(end.outcome, "lost")).inc()

    def performed(self, end: OperationEnd) -> None:
        self._operations.labels(end.function, end.outcome).inc()
        self._operation_seconds.labels(end.function).observe(end.seconds)

    def stepped(self, step: StepEnd) -> None:
        self._steps.labels(step.action, step.outcome).inc()

    def called(self, call: CloudCall) -> None:
        self._calls.labels(call.service, call.operation, call.outcome).inc()
        self._call_seconds.labels(call.service).observe(call.seconds)
        self._retries.labels(call.service).inc(max(call.attempts - 1, 0))
        self._throttles.labels(call.service).inc(call.throttles)

    def looked(self, look: LookEnd) -> None:
        self._looks.labels(look.database, look.outcome).inc()
        if look.outcome != "skipped":
            self._look_seconds.labels(look.database).observe(look.seconds)
        if look.drifted is not None:
            self._drifted.labels(look.database).set(look.drifted)

    def unwatched(self, database: str) -> None:
        # Another server may watch it now, and tells what it sees.
        with suppress(KeyError):
            self._drifted.remove(database)


class _State(Collector):
    """What is read off a proxy when somebody asks, and costs nothing until then."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("iasql_sessions", "Clients that have a session.", self._proxy.sessions)
        running = "Operations that are under way."
        yield GaugeMetricFamily("iasql_operations_running", running, self._proxy.operations)
        draining = "Whether the proxy has begun to stop."
        yield GaugeMetricFamily("iasql_draining", draining, float(self._proxy.draining))
        traffic = self._proxy.traffic
        received = CounterMetricFamily(
            "iasql_received_bytes", "Bytes of sessions, by whom they came from.", labels=["sender"]
        )
        received.add_metric(["client"], traffic.from_clients)
        received.add_metric(["server"], traffic.from_server)
        yield received
