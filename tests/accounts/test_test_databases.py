"""What other tools do in databases of their own reaches no account: Django's tests, Flyway, pgjdbc."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.accounts.conftest import OWN, Commands, groups
from tests.drivers.flyway.project import FlywayProject, flyway
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PASSWORD, Database
from tests.fixtures.maven import Maven
from tests.fixtures.proxies import IasqlProcess

_DJANGO = """
from django.db import connection
from django.test import TransactionTestCase

class Applies(TransactionTestCase):
    def test_a_log_group(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM iasql_install('aws_cloudwatch')")
            cursor.execute("SELECT count(*) FROM log_group")
            assert cursor.fetchone() == (0,)
            cursor.execute("INSERT INTO log_group (log_group_name) VALUES ('/of-django')")
            cursor.execute("SELECT action FROM iasql_apply()")
            assert cursor.fetchall() == [("create",)]
"""
_MIGRATIONS = {
    "V1__install.sql": "SELECT * FROM iasql_install('aws_cloudwatch');",
    "V2__group.sql": "INSERT INTO log_group (log_group_name) VALUES ('/of-flyway');\n"
    "SELECT 1 / (count(*) = 1)::integer FROM iasql_apply();",
}


@pytest.fixture
def simulating(commands: Commands) -> IasqlProcess:
    """A server of a real account, as far as it knows, whose test databases are simulated."""
    return commands.up("--simulate-databases", "test_*")


def create(commands: Commands, process: IasqlProcess, name: str) -> Database:
    """A database of a role that may do nothing else, made anew."""
    with psycopg.connect(commands.server.url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        admin.execute(f"DROP ROLE IF EXISTS tester; CREATE ROLE tester LOGIN PASSWORD '{PASSWORD}'".encode())
        admin.execute(f'CREATE DATABASE "{name}" OWNER tester'.encode())
    return Database(name=name, role="tester", host=process.host, port=process.port)


def test_manage_py_test_runs_again_and_again(
    commands: Commands, simulating: IasqlProcess, simulator: Cloud, tmp_path: Path
) -> None:
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "app",
        "USER": "postgres",
        "PASSWORD": commands.server.superuser_password,
        "HOST": simulating.host,
        "PORT": simulating.port,
    }
    (tmp_path / "settings.py").write_text(f"DATABASES = {{'default': {database!r}}}\nUSE_TZ = True\n")
    (tmp_path / "tests.py").write_text(_DJANGO)
    command = [sys.executable, "-m", "django", "test", "--noinput", "tests"]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(tmp_path)}
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Ran 1 test" in done.stderr
    assert groups(simulator, OWN) == []


def test_migrations_are_replayed_by_flyway(
    commands: Commands, simulating: IasqlProcess, simulator: Cloud, maven: Maven, tmp_path: Path
) -> None:
    """Flyway uses pgjdbc."""
    program = flyway(maven, "9")
    for run in range(2):
        database = create(commands, simulating, "test_replayed")
        project = FlywayProject(tmp_path / f"run-{run}", program, database)
        for name, script in _MIGRATIONS.items():
            project.add(name, script)
        assert "Successfully applied 2 migrations" in project.succeed("migrate")
    assert groups(simulator, OWN) == []
