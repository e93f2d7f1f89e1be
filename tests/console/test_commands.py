"""The commands that are about a database, against a server."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest

from tests.console.terminals import SECONDS, arguments, environment, plain, run, run_here, terminal
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

_SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "command-line.schema.json").read_text())
_INSTALLED = ("install", "aws_cloudwatch")
_GROUP = "INSERT INTO log_group (log_group_name) VALUES ('/app')"


#: The events that the schema tells of.
_EVENTS = {
    name
    for each in _SCHEMA["allOf"]
    for name in [each["if"]["properties"]["event"]]
    for name in name.get("enum", [name.get("const")])
}


def events(database: Database, *given: str) -> list[dict[str, Any]]:
    """What a command prints with --json, each line checked."""
    status, output = run_here(database, *given, "--json")
    lines = [json.loads(line) for line in output.splitlines()]
    for each in lines:
        jsonschema.validate(each, _SCHEMA)
        assert each["event"] in _EVENTS
    assert (lines[0]["event"], lines[-1]) == ("begin", {"event": "end", "status": status})
    return lines


def execute(database: Database, *statements: str) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def installed(database: Database) -> Database:
    assert run_here(database, *_INSTALLED)[0] == 0
    return database


def test_a_plan_is_shown_and_applied(installed: Database, simulator: Cloud) -> None:
    assert run(installed, "plan").returncode == 0
    execute(installed, _GROUP)
    plan = run(installed, "plan")
    assert (plan.returncode, plan.stderr) == (2, "")
    assert plan.stdout.splitlines() == [
        "+ create   log_group  /app",
        "    log_group_name  /app",
        "1 to create",
    ]
    asked = run(installed, "apply")
    assert (asked.returncode, asked.stderr) == (
        1, "ERROR: there is nobody to ask\n  --yes applies it without asking.\n",
    )  # fmt: skip
    assert simulator.calls(mutating=True) == []
    applied = run(installed, "apply", "--yes")
    assert applied.returncode == 0
    assert "[1/1] create log_group /app" in applied.stderr
    assert simulator.called("CreateLogGroup") == 1
    assert run(installed, "plan").returncode == 0
    assert "iasql_apply" in run(installed, "history").stdout
    assert "/app" in run(installed, "history", "log_group").stdout


def test_exactly_the_plan_that_was_shown_is_applied(installed: Database, simulator: Cloud) -> None:
    execute(installed, _GROUP)
    (plan,) = [each for each in events(installed, "plan") if each["event"] == "plan"]
    execute(installed, "INSERT INTO log_group (log_group_name) VALUES ('/other')")
    lines = events(installed, "apply", "--plan", plan["id"])
    assert [each["sqlstate"] for each in lines if each["event"] == "error"] == ["40001"]
    assert lines[-1]["status"] == 1
    assert simulator.calls(mutating=True) == []


def test_lines_tell_each_step(installed: Database) -> None:
    execute(installed, _GROUP)
    lines = events(installed, "apply", "--yes")
    assert [each["what"] for each in lines if each["event"] == "step"] == ["create log_group /app"]
    assert lines[-1] == {"event": "end", "status": 0}


def test_every_line_of_every_command_is_as_the_schema_says(installed: Database, simulator: Cloud) -> None:
    logs = simulator.client("logs")
    execute(installed, _GROUP, "INSERT INTO log_group (log_group_name) VALUES ('/other')")
    # Command, exit status, and the events that it has beside its beginning and end.
    for command, status, expected in (
        ("plan", 2, {"change", "plan"}),
        ("diff", 2, {"column"}),
        ("graph --format dot", 0, {"graph"}),
        ("review", 0, {"review"}),
        ("apply", 1, {"change", "plan", "error"}),
        ("apply --yes", 0, {"change", "plan", "step"}),
        ("plan", 0, {"plan"}),
        ("sql", 0, {"sql"}),
        ("history", 0, {"operation"}),
        ("history 2", 0, {"journal"}),
        ("history log_group", 0, {"past"}),
        ("history nothing", 1, {"error"}),
        ("drift", 0, set()),
        ("modules", 0, {"module"}),
        ("undo", 0, {"row"}),
        ("sync --yes", 0, {"row"}),
        ("install aws_sqs", 0, {"table"}),
        ("uninstall aws_sqs", 0, {"table"}),
        ("uninstall nothing", 1, {"error"}),
    ):
        lines = events(installed, *command.split())
        assert lines[-1]["status"] == status, command
        assert {each["event"] for each in lines} - {"begin", "end", "notice"} == expected, command
    logs.put_retention_policy(logGroupName="/app", retentionInDays=7)
    logs.delete_log_group(logGroupName="/other")
    assert {each["event"] for each in events(installed, "drift")} == {"begin", "drift", "end"}
    assert events(installed, "drift")[-1]["status"] == 2
    execute(installed, "UPDATE log_group SET retention_in_days = 30 WHERE log_group_name = '/app'")
    conflict = events(installed, "plan")
    assert "conflict" in [each.get("action") for each in conflict]
    assert conflict[-1]["status"] == 2
    assert {"column", "notice"} <= {each["event"] for each in events(installed, "diff")}


def test_drift_is_told_by_the_exit_status(installed: Database, simulator: Cloud) -> None:
    execute(installed, _GROUP)
    run(installed, "apply", "--yes")
    assert run(installed, "drift").returncode == 0
    arn = simulator.client("logs").describe_log_groups()["logGroups"][0]["arn"].removesuffix(":*")
    simulator.client("logs").tag_resource(resourceArn=arn, tags={"by": "hand"})
    drift = run(installed, "drift")
    assert (drift.returncode, "by" in drift.stdout) == (2, True)
    assert run(installed, "sync", "--yes").returncode == 0
    assert run(installed, "drift").returncode == 0
    undone = run(installed, "undo")
    assert (undone.returncode, undone.stdout.split()[:2]) == (0, ["update", "log_group"])


@pytest.mark.parametrize("form", ["dot", "mermaid", "svg"])
def test_a_graph_is_printed(installed: Database, form: str) -> None:
    execute(installed, _GROUP)
    shown = run(installed, "graph", "--format", form)
    assert (shown.returncode, "/app" in shown.stdout) == (0, True)


def test_sql_is_printed_that_makes_a_change_again(installed: Database, simulator: Cloud) -> None:
    execute(installed, "INSERT INTO log_group (log_group_name, retention_in_days) VALUES ('/a', 7)")
    run(installed, "apply", "--yes")
    printed = run(installed, "sql").stdout
    assert [each["text"] + "\n" for each in events(installed, "sql") if each["event"] == "sql"] == [printed]
    execute(installed, "DELETE FROM log_group")
    run(installed, "apply", "--yes")
    execute(installed, printed)
    assert run(installed, "apply", "--yes").returncode == 0
    [group] = simulator.client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/a", 7)
    both = run(installed, "sql", "3", "--since", "2020-01-01")
    assert (both.returncode, "not both" in both.stderr) == (2, True)


def test_what_is_wrong_is_said_without_a_traceback(database: Database) -> None:
    nowhere = run(database, "plan", "--url", "postgresql://nobody:hunter2@127.0.0.1:1/x")
    assert nowhere.returncode == 1
    assert "Connection refused" in nowhere.stderr
    assert "Name the server: --url" in nowhere.stderr
    unknown = run(database, "install", "aws_vpcs")
    assert unknown.returncode == 1
    assert "unknown module: aws_vpcs (42704)" in unknown.stderr
    usage = run(database, "plan", "--mode", "wild")
    assert usage.returncode == 2
    for each in (nowhere, unknown, usage):
        assert "Traceback" not in each.stderr
        assert "hunter2" not in each.stderr


def test_a_drivers_name_in_the_url_is_left_out(installed: Database) -> None:
    url = installed.url.replace("postgresql://", "postgresql+asyncpg://")
    assert run(installed, "plan", "--url", url).returncode == 0


def test_settings_hold_for_the_command(installed: Database) -> None:
    execute(installed, _GROUP)
    limited = run(installed, "apply", "--yes", "--set", "iasql.max_changes=0")
    assert (limited.returncode, "53400" in limited.stderr) == (1, True)


def test_on_a_terminal_of_60_columns_no_line_is_longer(installed: Database, simulator: Cloud) -> None:
    name = "/a-log-group/whose-name/is-longer/than-a-terminal/may-be-wide"
    execute(installed, f"INSERT INTO log_group (log_group_name) VALUES ('{name}'), ('/b')")
    for command in (
        "plan",
        "diff",
        "history",
        "history 1",
        "history log_group",
        "modules",
        "drift",
        "apply --yes",
    ):
        with terminal(installed, *command.split(), columns=60) as shown:
            shown.status()
        assert [each for each in plain(shown.text) if len(each) > 60] == [], command
    assert "[2/2] create log_group" in shown.text


def test_colours_are_on_a_terminal_unless_no_color_is_set(installed: Database) -> None:
    execute(installed, _GROUP)
    coloured = {}
    for no_color in ("", "1"):
        with terminal(installed, "plan", NO_COLOR=no_color) as shown:
            assert shown.status() == 2
        coloured[no_color] = "\x1b[32m" in shown.text
    with terminal(installed, "plan", "--no-color", NO_COLOR="") as shown:
        assert shown.status() == 2
    assert (coloured, "\x1b" in shown.text) == ({"": True, "1": False}, False)


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_who_leaves_at_the_question_has_done_nothing(installed: Database, simulator: Cloud, key: str) -> None:
    execute(installed, _GROUP)
    with terminal(installed, "apply") as shown:
        shown.until("Only yes is taken for it")
        assert shown.press(key) == 1
    assert "nothing was done" in shown.text
    assert simulator.calls(mutating=True) == []


def test_nobody_is_asked_about_what_the_server_is_going_to_refuse(
    installed: Database, simulator: Cloud
) -> None:
    logs = simulator.client("logs")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="s")
    event = {"timestamp": 1_790_000_000_000, "message": "paid"}
    logs.put_log_events(logGroupName="/app", logStreamName="s", logEvents=[event])
    execute(installed, "SELECT * FROM iasql_sync()", "UPDATE log_group SET log_group_name = '/b'")
    with terminal(installed, "apply") as shown:
        assert shown.status() == 1
    assert "ERROR: nothing was done: what AWS cannot make again would be lost (0A000)" in plain(shown.text)
    with terminal(installed, "apply", "--set", "iasql.allow_loss=on") as shown:
        shown.until("Only yes is taken for it")
        shown.type("no\n")
        assert shown.status() == 1
    execute(installed, "SELECT * FROM iasql_sync()", "UPDATE log_group SET retention_in_days = 30")
    logs.put_retention_policy(logGroupName="/app", retentionInDays=7)
    with terminal(installed, "apply") as shown:
        assert shown.status() == 1
    assert "ERROR: nothing was done: rows and AWS are in conflict (40001)" in plain(shown.text)


@pytest.mark.parametrize(("answer", "status", "made"), [("yes", 0, 1), ("y", 1, 0), ("", 1, 0)])
def test_somebody_at_a_terminal_is_asked(
    installed: Database, simulator: Cloud, answer: str, status: int, made: int
) -> None:
    execute(installed, _GROUP)
    with terminal(installed, "apply", columns=60) as shown:
        shown.until("Only yes is taken for it")
        shown.type(answer + "\n")
        assert shown.status() == status
    assert simulator.called("CreateLogGroup") == made
    assert ("nothing was done" in shown.text) == (made == 0)


def test_ctrl_c_stops_an_apply_when_what_has_begun_is_done(installed: Database, simulator: Cloud) -> None:
    execute(installed, _GROUP, "INSERT INTO log_group (log_group_name) VALUES ('/other')")
    simulator.plan({"action": "delay", "operation": "CreateLogGroup", "times": 0, "seconds": 2.0})
    with terminal(installed, "apply", "--yes") as shown:
        shown.until("applying")
        deadline = time.monotonic() + SECONDS
        while not simulator.called("CreateLogGroup"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        shown.type("\x03")
        assert shown.status() == 1
    assert "stopping as soon as what has been begun is finished" in shown.text
    assert "57014" in shown.text
    assert "steps are done." in shown.text
    assert "could not create" not in shown.text
    simulator.cancel_faults()
    there = len(simulator.client("logs").describe_log_groups()["logGroups"])
    with psycopg.connect(installed.url) as connection:
        rows = connection.execute("SELECT count(*) FROM log_group WHERE log_group_arn IS NOT NULL").fetchone()
    assert rows == (there,)


def test_a_second_ctrl_c_leaves_and_the_server_finishes(installed: Database, simulator: Cloud) -> None:
    execute(installed, _GROUP)
    simulator.plan({"action": "delay", "operation": "CreateLogGroup", "times": 0, "seconds": 60.0})
    with terminal(installed, "apply", "--yes") as shown:
        shown.until("applying")
        deadline = time.monotonic() + SECONDS
        while not simulator.called("CreateLogGroup"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        shown.type("\x03")
        shown.until("Ctrl-C again leaves at once")
        shown.type("\x03")
        assert shown.status() == 130
    assert "what the server has begun it finishes" in shown.text
    simulator.cancel_faults()
    with psycopg.connect(installed.url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            made = connection.execute("SELECT log_group_arn IS NOT NULL FROM log_group").fetchall()
            if made == [(True,)]:
                break
            time.sleep(0.05)
    assert made == [(True,)]


def test_a_server_that_is_lost_is_said(installed: Database, simulator: Cloud) -> None:
    execute(installed, _GROUP)
    simulator.plan({"action": "delay", "operation": "CreateLogGroup", "times": 0, "seconds": 2.0})
    with subprocess.Popen(
        arguments("apply", "--yes"),
        env=environment(installed),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        deadline = time.monotonic() + SECONDS
        while not simulator.called("CreateLogGroup"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        execute(
            installed,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user",
        )
        _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert "FATAL" in told
    assert "`iasql plan` what is left" in told
    assert "Traceback" not in told
