"""What must not reach an account, or get at what is kept of it; each test is named after what is tried."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.embedded_postgres import BINARIES
from tests.accounts.conftest import ONE, OTHER, OWN, Commands, at, groups, make_group, refused
from tests.fixtures.cloud import REGION, Cloud


def execute(commands: Commands, statement: str, database: str = "postgres") -> None:
    """Run a statement as the superuser."""
    with psycopg.connect(commands.server.superuser_url(database), autocommit=True) as admin:
        admin.execute(statement.encode())


def named(url: str) -> str:
    """The database in a connection string."""
    return url.rpartition("/")[2]


def test_users_of_other_databases_cannot_connect(commands: Commands) -> None:
    iasql = commands.up()
    one, other = commands.connect("one"), commands.connect("other", account=OTHER)
    intruder = at(iasql, other.url).replace(named(other.url), named(one.url))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(intruder)


def test_users_of_other_databases_cannot_read_the_registry(commands: Commands) -> None:
    iasql = commands.up()
    one = commands.connect("one")
    intruder = at(iasql, one.url).replace(named(one.url), "iasql_accounts")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(intruder)


def test_public_can_connect_no_more_to_a_database_that_was_there(commands: Commands) -> None:
    database, stranger = commands.server.create(), commands.server.create()
    intruder = database.url.replace(database.role, stranger.role)
    psycopg.connect(intruder).close()
    assert commands.connect("one", "--existing", database.name).status == 0
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(intruder)
    psycopg.connect(database.url).close()


def test_public_can_connect_still_if_connecting_failed(commands: Commands) -> None:
    database, stranger = commands.server.create(), commands.server.create()
    execute(commands, f"CREATE SCHEMA iasql AUTHORIZATION {database.role}", database.name)
    result = commands.connect("one", "--existing", database.name)
    assert result.status == 1
    assert "what iasql keeps in this database is not its own" in result.err
    psycopg.connect(database.url.replace(database.role, stranger.role)).close()
    assert commands.accounts() == []


def test_a_server_with_another_account_s_credentials_reads_nothing(
    commands: Commands, simulator: Cloud
) -> None:
    made = commands.run("connect", "own", "--region", REGION)
    make_group(at(commands.up(), made.url), "/of-the-server")
    elsewhere = commands.up(env={"AWS_ACCESS_KEY_ID": f"simulated-{OTHER}"})
    before = len(simulator.calls())
    error = refused(at(elsewhere, made.url))
    assert f"is connected to AWS account {OWN}, and its credentials are of account {OTHER}" in str(error)
    assert {call["operation"] for call in simulator.calls()[before:]} == {"GetCallerIdentity"}


def profiles(folder: Path, **accounts: str) -> dict[str, str]:
    """Variables for an AWS configuration of profiles, each an account's."""
    file = folder / "credentials"
    file.write_text(
        "".join(
            f"[{name}]\naws_access_key_id = simulated-{account}\naws_secret_access_key = simulated\n"
            for name, account in accounts.items()
        )
    )
    return {"AWS_SHARED_CREDENTIALS_FILE": str(file)}


def test_a_renamed_profile(commands: Commands, simulator: Cloud, tmp_path: Path) -> None:
    env = profiles(tmp_path, dev=ONE, prod=OTHER)
    made = commands.run("connect", "dev", "--region", REGION, "--profile", "dev", env=env)
    make_group(at(commands.up(env=env), made.url), "/of-one")
    profiles(tmp_path, dev=OTHER, prod=ONE)
    error = refused(at(commands.up(env=env), made.url))
    assert f"connected to AWS account {ONE}, and its credentials are of account {OTHER}" in str(error)
    assert groups(simulator, OTHER) == []


def test_swapped_records(commands: Commands, simulator: Cloud, tmp_path: Path) -> None:
    env = profiles(tmp_path, one=ONE, other=OTHER)
    one = commands.run("connect", "one", "--region", REGION, "--profile", "one", env=env)
    commands.run("connect", "other", "--region", REGION, "--profile", "other", env=env)
    execute(
        commands,
        "UPDATE iasql_accounts.connection AS a SET account = b.account, credentials = b.credentials "
        "FROM iasql_accounts.connection AS b WHERE a.name <> b.name",
        "iasql_accounts",
    )
    error = refused(at(commands.up(env=env), one.url))
    assert "this one does not have its mark" in (error.diag.message_detail or "")
    assert not any(groups(simulator, each) for each in (ONE, OTHER))


def test_a_secret_in_another_record(commands: Commands) -> None:
    commands.connect("one")
    other = commands.connect("other", account=OTHER)
    execute(
        commands,
        "UPDATE iasql_accounts.connection SET credentials = "
        "(SELECT credentials FROM iasql_accounts.connection WHERE name = 'one') WHERE name = 'other'",
        "iasql_accounts",
    )
    error = refused(at(commands.up(), other.url))
    assert "a secret was not encrypted for this connection, or was changed" in str(error)


def test_a_database_that_was_dropped_and_made_again(commands: Commands) -> None:
    made = commands.connect("one")
    iasql = commands.up()
    make_group(at(iasql, made.url), "/of-one")
    name, owner = named(made.url), made.url.partition("//")[2].partition(":")[0]
    execute(commands, f'DROP DATABASE "{name}" WITH (FORCE)')
    execute(commands, f'CREATE DATABASE "{name}" OWNER {owner}')
    error = refused(at(iasql, made.url))
    assert "was dropped and made again" in (error.diag.message_detail or "")


def test_a_renamed_database(commands: Commands) -> None:
    made = commands.connect("one")
    iasql = commands.up()
    make_group(at(iasql, made.url), "/of-one")
    name = named(made.url)
    execute(commands, f'ALTER DATABASE "{name}" RENAME TO renamed')
    error = refused(at(iasql, made.url).replace(name, "renamed"))
    assert f'it was called "{name}"' in (error.diag.message_detail or "")


def test_a_database_in_the_place_of_a_renamed_one(commands: Commands, simulator: Cloud) -> None:
    made = commands.connect("one")
    iasql = commands.up()
    make_group(at(iasql, made.url), "/of-one")
    name, owner = named(made.url), made.url.partition("//")[2].partition(":")[0]
    execute(commands, f'ALTER DATABASE "{name}" RENAME TO renamed')
    execute(commands, f'CREATE DATABASE "{name}" TEMPLATE renamed OWNER {owner}')
    refused(at(iasql, made.url))


def test_a_templated_database(commands: Commands) -> None:
    made = commands.connect("one")
    iasql = commands.up()
    make_group(at(iasql, made.url), "/of-one")
    owner = made.url.partition("//")[2].partition(":")[0]
    execute(commands, f'CREATE DATABASE copied TEMPLATE "{named(made.url)}" OWNER {owner}')
    error = refused(at(iasql, made.url).replace(named(made.url), "copied"))
    assert 'database "copied" is not connected to an AWS account' in str(error)


def test_a_restored_database(commands: Commands, tmp_path: Path) -> None:
    made = commands.connect("one")
    iasql = commands.up()
    make_group(at(iasql, made.url), "/of-one")
    name, dump = named(made.url), tmp_path / "dump"
    url = commands.server.superuser_url(name)
    program(["pg_dump", "--create", "--format=custom", f"--file={dump}", url])
    execute(commands, f'DROP DATABASE "{name}" WITH (FORCE)')
    program(["pg_restore", "--create", f"--dbname={commands.server.url}", str(dump)])
    error = refused(at(iasql, made.url))
    assert "or restored, since it was connected" in (error.diag.message_detail or "")


def program(command: list[str], password: str = "") -> str:
    """Run one of PostgreSQL's programs."""
    program = [str(BINARIES / command[0]), *command[1:]]
    env = os.environ | {"PGPASSWORD": password}
    done = subprocess.run(program, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_registry_that_somebody_made_beforehand(commands: Commands) -> None:
    stranger = commands.server.create()
    execute(commands, f"ALTER ROLE {stranger.role} CREATEDB")
    with psycopg.connect(stranger.url, autocommit=True) as session:
        session.execute("CREATE DATABASE iasql_accounts")
        own = stranger.url.replace(f"/{stranger.name}", "/iasql_accounts")
        with psycopg.connect(own) as inside:
            inside.execute("CREATE SCHEMA iasql_accounts")
            inside.execute("CREATE TABLE iasql_accounts.connection (name text)")
    result = commands.connect("one")
    assert result.status == 1
    assert f"what should hold iasql's connections belongs to {stranger.role}" in result.err


def test_a_dump_of_the_whole_server_holds_no_secret(commands: Commands, tmp_path: Path) -> None:
    secret = "wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY"
    iasql = commands.up("--log-format", "json", "--verbose", "--admin", "127.0.0.1:0")
    key = ["--access-key-id", f"simulated-{ONE}", "--secret-from", "-"]
    made = commands.run("connect", "one", "--region", REGION, *key, stdin=secret)
    make_group(at(iasql, made.url), "/of-one")
    refused(iasql.serves(commands.server.create()).url)
    commands.run("disconnect", "two")
    rotated = commands.run("rotate", "one")
    server = commands.server
    dump = program(["pg_dumpall", f"--dbname={server.url}"], server.superuser_password)
    metrics = metrics_of(iasql.output)
    journal = commands.server.socket_dir.parent / "postgres.log"
    texts = [dump, iasql.log, iasql.output, metrics, journal.read_text(), made.err, rotated.err]
    assert "connection (name" in dump
    assert "iasql_operations" in metrics
    for text in texts:
        for hidden in (secret, made.password, rotated.password, commands.key):
            assert hidden not in text


def metrics_of(output: str) -> str:
    """What a server counts."""
    from urllib.request import urlopen

    (address,) = [line.split(": ", 1)[1] for line in output.splitlines() if line.startswith("Metrics: ")]
    with urlopen(address, timeout=10) as reply:
        return str(reply.read(), "utf-8")


def test_a_stolen_dump_without_the_key(commands: Commands) -> None:
    made = commands.connect("one")
    iasql = commands.up(env={"IASQL_SECRET_KEY": ""})
    with (
        psycopg.connect(at(iasql, made.url), autocommit=True) as session,
        pytest.raises(
            psycopg.errors.ObjectNotInPrerequisiteState, match="that a secret was encrypted with is missing"
        ),
    ):
        session.execute("SELECT * FROM iasql_install('aws_cloudwatch')")


def test_a_mark_copied_into_another_database(commands: Commands) -> None:
    """By somebody who may write there, as a superuser may."""
    commands.connect("one")
    other = commands.connect("other", account=OTHER)
    iasql = commands.up()
    with psycopg.connect(commands.server.superuser_url(named(other.url)), autocommit=True) as admin:
        admin.execute("UPDATE iasql.setting SET value = repeat('0', 64) WHERE name = 'account'")
    assert "does not have its mark" in (refused(at(iasql, other.url)).diag.message_detail or "")


def test_an_owner_cannot_take_the_mark_away(commands: Commands) -> None:
    made = commands.connect("one")
    with psycopg.connect(at(commands.up(), made.url), autocommit=True) as session:
        for statement in (
            "DELETE FROM iasql.setting",
            "UPDATE iasql.setting SET value = ''",
            "DROP SCHEMA iasql CASCADE",
            "ALTER TABLE iasql.setting RENAME TO other",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(sql.SQL(statement))


def test_no_key_lies_about_for_others(commands: Commands, tmp_path: Path) -> None:
    from deploy.embedded_postgres import EmbeddedPostgres
    from deploy.keys import make_secret_key

    server = EmbeddedPostgres(tmp_path)
    make_secret_key(server)
    assert os.stat(server.secret_key_file).st_mode & 0o777 == 0o600
    before = server.secret_key_file.read_text()
    make_secret_key(server)
    assert server.secret_key_file.read_text() == before
