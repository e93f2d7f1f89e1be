"""Calls go wrong exactly as a test planned it, and are all on record."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from deploy.simulator.call import AwsCall
from deploy.simulator.faults import Fault
from tests.fixtures.cloud import REGION, Cloud


@pytest.fixture
def logs(simulator: Cloud) -> Any:
    """A client that tries once only."""
    return boto3.client(
        "logs",
        region_name=REGION,
        endpoint_url=simulator.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """A process to kill."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def groups(boto: Callable[[str], Any]) -> list[str]:
    """The names of the log groups that are there."""
    return [group["logGroupName"] for group in boto("logs").describe_log_groups()["logGroups"]]


def test_calls_are_recorded_with_service_operation_and_kind(
    simulator: Cloud, boto: Callable[[str], Any]
) -> None:
    boto("ec2").describe_vpcs()
    boto("logs").create_log_group(logGroupName="a")
    seen = [
        (call["service"], call["operation"], call["mutating"], call["status"]) for call in simulator.calls()
    ]
    assert seen == [("ec2", "DescribeVpcs", False, 200), ("logs", "CreateLogGroup", True, 200)]
    assert [call["operation"] for call in simulator.calls(mutating=True)] == ["CreateLogGroup"]
    assert all(call["end"] >= call["start"] for call in simulator.calls())


def test_the_nth_call_is_refused_and_the_others_are_not(simulator: Cloud, logs: Any) -> None:
    simulator.plan({"action": "error", "service": "logs", "nth": 2, "code": "Oops", "status": 500})
    logs.create_log_group(logGroupName="a")
    with pytest.raises(ClientError, match="Oops"):
        logs.create_log_group(logGroupName="b")
    logs.create_log_group(logGroupName="c")


def test_a_throttled_call_says_so_in_the_services_own_words(simulator: Cloud, logs: Any) -> None:
    simulator.plan({"action": "throttle", "times": 0})
    with pytest.raises(ClientError, match="ThrottlingException"):
        logs.create_log_group(logGroupName="a")


@pytest.mark.parametrize(("action", "there"), [("drop_before", []), ("drop_after", ["a"])])
def test_a_dropped_call_was_performed_or_not(
    simulator: Cloud, boto: Callable[[str], Any], logs: Any, action: str, there: list[str]
) -> None:
    simulator.plan({"action": action, "operation": "CreateLogGroup"})
    with pytest.raises(ConnectionClosedError):
        logs.create_log_group(logGroupName="a")
    assert groups(boto) == there


@pytest.mark.parametrize(("action", "there"), [("kill_before", []), ("kill_after", ["a"])])
def test_a_process_is_killed_at_a_call(
    simulator: Cloud,
    boto: Callable[[str], Any],
    logs: Any,
    victim: subprocess.Popen[bytes],
    action: str,
    there: list[str],
) -> None:
    simulator.plan({"action": action, "mutating": True, "pid": victim.pid})
    logs.describe_log_groups()
    assert victim.poll() is None
    with pytest.raises(ConnectionClosedError):
        logs.create_log_group(logGroupName="a")
    assert victim.wait(5) == -9
    assert groups(boto) == there


def test_delayed_calls_wait_side_by_side(simulator: Cloud, logs: Any) -> None:
    simulator.plan({"action": "delay", "seconds": 0.4, "times": 0})
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: logs.create_log_group(logGroupName=f"g{number}"), range(8)))
    assert 0.4 <= time.monotonic() - start < 3.2  # one after the other


def test_a_delay_ends_when_faults_are_dropped(simulator: Cloud, logs: Any) -> None:
    simulator.plan({"action": "delay", "seconds": 50})
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(logs.create_log_group, logGroupName="a")
        deadline = time.monotonic() + 20
        while not simulator.called("CreateLogGroup"):
            assert time.monotonic() < deadline
        assert not made.done()
        simulator.cancel_faults()
        made.result(20)


def test_an_unknown_fault_is_refused(simulator: Cloud) -> None:
    with pytest.raises(HTTPError, match="400"):
        simulator.plan({"action": "explode"})


def test_a_call_that_hangs_is_closed_without_an_answer_after_its_time(simulator: Cloud, logs: Any) -> None:
    simulator.plan({"action": "hang_after", "operation": "CreateLogGroup", "seconds": 0.3})
    start = time.monotonic()
    with pytest.raises(ConnectionClosedError):
        logs.create_log_group(logGroupName="a")
    assert 0.3 <= time.monotonic() - start < 10


def test_a_rate_strikes_that_part_of_the_calls_the_same_ones_for_the_same_seed() -> None:
    call = AwsCall(service="logs", operation="CreateLogGroup", region=REGION, account="1", parameters={})

    def struck(seed: int) -> list[int]:
        fault = Fault(action="error", rate=0.2, seed=seed, times=0)
        return [number for number in range(1000) if fault.strikes(call)]

    assert 150 <= len(struck(1)) <= 250
    assert struck(1) == struck(1) != struck(2)


def test_cancelled_faults_strike_no_more_and_calls_stay_on_record(simulator: Cloud, logs: Any) -> None:
    simulator.plan({"action": "error", "times": 0})
    with pytest.raises(ClientError):
        logs.describe_log_groups()
    simulator.cancel_faults()
    logs.describe_log_groups()
    assert [call["status"] for call in simulator.calls()] == [500, 200]


def test_a_stale_answer_is_that_of_before_the_last_changes(
    simulator: Cloud, boto: Callable[[str], Any]
) -> None:
    simulator.plan({"action": "stale", "service": "logs", "seconds": 5, "times": 0})
    assert groups(boto) == []
    boto("logs").create_log_group(logGroupName="a")
    assert groups(boto) == []
    boto("logs").create_log_group(logGroupName="b")
    assert groups(boto) == []
    simulator.advance(5)
    assert groups(boto) == ["a", "b"]
    boto("logs").delete_log_group(logGroupName="a")
    assert groups(boto) == ["a", "b"]
    simulator.cancel_faults()
    assert groups(boto) == ["b"]
    assert [call["fault"] for call in simulator.calls(mutating=False)].count("stale") == 3


def test_a_fault_may_concern_one_agent_alone(simulator: Cloud, boto: Callable[[str], Any]) -> None:
    simulator.plan({"action": "error", "agent": "somebody else", "times": 0, "status": 400})
    assert groups(boto) == []
    simulator.plan({"action": "error", "agent": "Boto3", "times": 0, "status": 400})
    with pytest.raises(ClientError):
        groups(boto)
