"""`iasql up` and `iasql demo` as commands: what they print, and that they end cleanly."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from botocore.exceptions import ClientError

from deploy.output import lines
from tests.deploy.simulator.test_conditions import register
from tests.deploy.simulator.test_strict import TRUST
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import free_port
from tests.fixtures.tools import run

IASQL = [sys.executable, "-m", "deploy.cli"]
NO_AWS = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def last_lines(*arguments: str, env: Mapping[str, str]) -> list[str]:
    """What a command that must fail says on standard error."""
    clean = {name: "" for name in os.environ if name.startswith("AWS_")}
    result = run([*IASQL, *arguments], env=clean | NO_AWS | dict(env), seconds=60)
    assert result.returncode == 1, result.stdout
    return result.stderr.strip().splitlines()


def role_is_seen_at_once(endpoint: str) -> bool:
    """Whether ECS sees a new role in the second in which it was made, as AWS's does not."""
    cloud = Cloud(endpoint)
    role = cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    try:
        register(cloud.client("ecs"), role)
    except ClientError:
        return False
    return True


@pytest.fixture
def simulated(
    data_dir: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A running `iasql up --simulate`, or with another option in its place, and what it printed."""
    option = getattr(request, "param", "--simulate")
    command = [*IASQL, "up", option, "--listen", "127.0.0.1:0", "--data-dir", str(data_dir)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    with process.stdout:
        output = ""
        for line in lines(process, 60):
            output += line
            if "postgresql://" in line:
                break
        yield process, output
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("simulated", "wanted", "strict"),
    [("--simulate", signal.SIGTERM, False), ("--simulate=strict", signal.SIGINT, True)],
    indirect=["simulated"],
)
def test_it_serves_until_a_signal_and_leaves_no_process(
    simulated: tuple[subprocess.Popen[bytes], str], wanted: signal.Signals, strict: bool
) -> None:
    process, output = simulated
    endpoint = re.search(r"Simulated AWS: (\S+)", output)
    assert endpoint is not None
    assert role_is_seen_at_once(endpoint[1]) is not strict
    url = re.search(r"postgresql://\S+", output)
    assert url is not None
    with psycopg.connect(url[0]) as client:
        client.execute("CREATE TABLE of_the_user ()")
        assert client.execute("SELECT to_regclass('public.of_the_user') IS NOT NULL").fetchone() == (True,)
        assert client.execute("SELECT current_user").fetchone() == ("admin",)
    assert re.search(r"Simulated AWS: http://127\.0\.0\.1:\d+", output)
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:" in output
    functions = "SELECT count(*) FROM pg_proc WHERE proname = 'iasql_apply'"
    with psycopg.connect(url[0]) as client:
        assert client.execute(functions).fetchone() != (0,), "they are there before one is called"
    started = children(process.pid)
    assert len(started) == 2
    process.send_signal(wanted)
    assert process.wait(30) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)


def test_a_second_one_on_the_same_data_is_told_so(
    simulated: tuple[subprocess.Popen[bytes], str], data_dir: Path
) -> None:
    lines = last_lines("up", "--simulate", "--listen", "127.0.0.1:0", "--data-dir", str(data_dir), env={})
    assert len(lines) == 1
    assert f"{data_dir} is in use by another process (pid {simulated[0].pid})" in lines[0]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"AWS_REGION": "us-east-1"}, "no AWS credentials"),
        ({"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}, "no AWS region is set"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
    ],
)
def test_without_aws_one_line_says_what_is_missing(environment: dict[str, str], said: str) -> None:
    lines = last_lines("up", "--listen", "127.0.0.1:0", env=environment)
    assert len(lines) == 1
    assert said in lines[0]


def test_a_postgres_that_cannot_be_reached_is_named() -> None:
    url = f"postgresql://someone:secret@127.0.0.1:{free_port()}/there"
    lines = last_lines("up", "--simulate", "--listen", "127.0.0.1:0", "--postgres", url, env={})
    assert len(lines) == 1
    assert "cannot connect to the Postgres at 127.0.0.1/there" in lines[0]
    assert "secret" not in lines[0]


def test_the_demo_runs_the_tutorial_and_ends() -> None:
    result = run([*IASQL, "demo"], seconds=90)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count(" create | ") >= 12
    assert result.stdout.count(" delete | ") == 24
    assert ".dkr.ecr.us-east-2.amazonaws.com/quickstart-repository" in result.stdout
    assert "quickstart-load-balancer-1.us-east-2.elb.amazonaws.com" in result.stdout


@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGINT])
def test_the_demo_on_a_terminal_stays_up_and_leaves_no_process(ending: signal.Signals) -> None:
    master, terminal = os.openpty()
    demo = subprocess.Popen([*IASQL, "demo"], stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    printed = b""
    while b"in a browser:" not in printed and select.select([master], [], [], 60)[0]:
        printed += os.read(master, 1 << 16)
    assert b"stays up until Ctrl-C" in printed
    assert b"Console: http://127.0.0.1:" in printed
    started = children(demo.pid)
    started += [each for child in started for each in children(child)]
    assert len(started) == 3
    demo.send_signal(ending)
    assert demo.wait(30) == (0 if ending == signal.SIGINT else 128 + ending)
    os.close(master)
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
