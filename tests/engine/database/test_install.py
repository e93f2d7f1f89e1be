"""Modules come and go: install, uninstall, upgrade, and the functions that tell of them."""

from __future__ import annotations

import asyncpg
import pytest

from engine.database.prepare import version
from engine.errors import DatabaseError, OperationError
from modules.catalogue import find_modules
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer

CATALOGUE = find_modules()


async def refused(session: Session, function: str, *arguments: str) -> OperationError:
    with pytest.raises(OperationError) as error:
        await session(function, *arguments)
    return error.value


async def tables(session: Session) -> set[str]:
    rows = await session.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {row[0] for row in rows}


async def installed(session: Session) -> list[str]:
    return [row[0] for row in await session.rows("SELECT module_name FROM iasql_modules_installed()")]


#: What an install lists of the module `aws_vpc`.
OF_VPC = [("aws_vpc@0.0.1", table) for table in CATALOGUE.by_name["aws_vpc"].tables]


async def test_an_install_brings_the_dependencies_and_tells_of_every_table(session: Session) -> None:
    rows = await session("iasql_install", "aws_security_group")
    assert [row[:2] for row in rows] == [
        ("aws_security_group@0.0.1", "security_group"),
        ("aws_security_group@0.0.1", "security_group_rule"),
        ("aws_account@0.0.1", "aws_account"),
        *OF_VPC,
    ]
    assert await installed(session) == ["aws_account", "aws_security_group", "aws_vpc"]
    assert await tables(session) == {table for _, table, _ in rows}
    for _, table, count in rows:
        assert await session.value(f"SELECT count(*) FROM {table}") == count
    assert {table for _, table, count in rows if count} >= {"aws_account", "security_group", "subnet", "vpc"}


async def test_an_install_tells_of_parts_and_of_what_came_along_once(session: Session) -> None:
    await session("iasql_install", "aws_vpc")
    told = [table for _, table, _ in await session("iasql_install", "aws_ecs_fargate")]
    assert len(told) == len(set(told))
    assert {*told, *(table for _, table in OF_VPC), "aws_account"} == await tables(session)
    assert {"container_definition", "service_security_groups", "load_balancer_security_groups"} <= {*told}


async def test_what_is_installed_already_gives_its_rows_again_and_keeps_the_users(session: Session) -> None:
    await session("iasql_install", "aws_cloudwatch@0.0.1")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('mine')")
    again = await session("iasql_install", "aws_cloudwatch", "aws_cloudwatch@0.0.1", "aws_ecr")
    assert ("aws_cloudwatch@0.0.1", "log_group", 1) in again
    assert len(again) == len({table for _, table, _ in again})
    assert await session.rows("SELECT log_group_name, log_group_arn FROM log_group") == [("mine", None)]


async def test_unknown_names_are_all_told_with_what_they_may_mean(session: Session) -> None:
    error = await refused(session, "iasql_install", "aws_vcp", "elb", "aws_ecr@9.9.9", "xyz", "aws_iam")
    assert error.sqlstate == "42704"
    assert error.message == "unknown modules: aws_vcp, elb, aws_ecr@9.9.9, xyz"
    assert error.detail is not None
    suggestions = dict(line.split(": ", 1) for line in error.detail.splitlines())
    assert "aws_vpc" in suggestions["aws_vcp"]
    assert "aws_elb" in suggestions["elb"]
    assert "aws_ecr@0.0.1" in suggestions["aws_ecr@9.9.9"]
    assert suggestions["xyz"] == "nothing is like it."
    assert await tables(session) == set()
    assert (await refused(session, "iasql_uninstall", "aws_vcp")).sqlstate == "42704"
    assert (await refused(session, "iasql_install")).sqlstate == "22004"


@pytest.mark.parametrize(
    "taken",
    ["CREATE TABLE subnet (id int)", "CREATE VIEW vpc AS SELECT 1", "CREATE TYPE vpc_state_enum AS ENUM ()"],
)
async def test_a_taken_name_is_told_and_nothing_is_made(session: Session, taken: str) -> None:
    await session.execute(taken)
    before = await tables(session)
    error = await refused(session, "iasql_install", "aws_vpc")
    assert (error.sqlstate, error.schema) == ("42P07", "public")
    assert error.table is not None
    assert f'"{error.table}"' in error.message
    assert error.table in taken
    assert error.hint is not None
    await session.caller.connection.execute("ROLLBACK")
    session.caller._open = False
    assert await tables(session) == before
    assert await installed(session) == []


async def test_an_uninstall_is_refused_while_another_module_needs_it(session: Session) -> None:
    await session("iasql_install", "aws_security_group")
    error = await refused(session, "iasql_uninstall", "aws_vpc")
    assert error.sqlstate == "2BP01"
    assert error.message == "aws_vpc cannot be uninstalled: aws_security_group needs it"
    assert error.hint is not None
    assert "aws_security_group" in error.hint
    assert "vpc" in await tables(session)


async def test_an_uninstall_drops_tables_and_touches_nothing_in_aws(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_security_group")
    await session.execute("CREATE TABLE mine (id int)")
    counts = dict(
        await session.rows("SELECT 'vpc', count(*) FROM vpc UNION ALL SELECT 'subnet', count(*) FROM subnet")
    )
    rows = await session("iasql_uninstall", "aws_vpc", "aws_security_group@0.0.1")
    assert [row[:2] for row in rows] == [
        ("aws_security_group@0.0.1", "security_group"),
        ("aws_security_group@0.0.1", "security_group_rule"),
        *OF_VPC,
    ]
    assert {table: count for _, table, count in rows if table in counts} == counts
    assert await tables(session) == {"aws_account", "mine"}
    types = "SELECT count(*) FROM pg_type WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace"
    assert await session.value(types) == 0
    assert simulator.calls(mutating=True) == []
    assert await session("iasql_uninstall", "aws_vpc") == []
    assert await session("iasql_apply") == []
    assert len(await session("iasql_install", "aws_vpc")) == len(OF_VPC)


async def test_an_uninstall_leaves_what_the_users_own_tables_refer_to(session: Session) -> None:
    await session("iasql_install", "aws_vpc")
    await session.execute("CREATE TABLE mine (vpc int REFERENCES vpc)")
    error = await refused(session, "iasql_uninstall", "aws_vpc")
    assert isinstance(error, DatabaseError)
    assert error.sqlstate == "2BP01"
    assert "vpc" in await tables(session)
    assert "aws_vpc" in await installed(session)


async def test_the_account_is_shown_and_not_the_users_to_change(session: Session) -> None:
    await session("iasql_install", "aws_account")
    everything = "SELECT account_id, region, identity FROM aws_account"
    [before] = await session.rows(everything)
    assert before[:2] == ("123456789012", "us-east-1")
    assert before[2].startswith("arn:aws:")
    await session.execute("UPDATE aws_account SET region = 'mars', identity = NULL")
    assert await session.apply() == []
    assert await session.rows(everything) == [before]
    await session.execute("INSERT INTO aws_account (account_id, region) VALUES ('1', 'x')")
    assert await session.apply() == []
    assert await session.rows(everything) == [before]
    assert any("aws_account" in each for each in session.notices)
    await session.execute("DELETE FROM aws_account")
    assert await session.apply() == []
    assert await session.rows(everything) == [before]


async def test_all_records_are_deleted_but_the_accounts_and_the_users(session: Session) -> None:
    await session("iasql_install", *CATALOGUE.by_name)
    await session.execute("CREATE TABLE mine (id int); INSERT INTO mine VALUES (1)")
    await session.execute("INSERT INTO log_group (log_group_name) VALUES ('l')")
    await session.execute("SELECT delete_all_records()")
    counts = [
        (table, await session.value(f'SELECT count(*) FROM "{table}"'))
        for table in sorted(await tables(session))
    ]
    kept = [each for each in counts if each[1] and each[0] not in ("aws_regions", "availability_zone")]
    assert kept == [("aws_account", 1), ("mine", 1)]
    assert await session.apply() == []
    assert await session.value("SELECT count(*) FROM vpc WHERE is_default") == 1
    assert any(each.startswith("vpc ") for each in session.notices)


async def test_delete_all_records_swallows_no_error(session: Session) -> None:
    await session("iasql_install", "aws_vpc")
    await session.execute("CREATE TABLE mine (vpc int REFERENCES vpc); INSERT INTO mine SELECT id FROM vpc")
    with pytest.raises(Exception, match="violates foreign key constraint"):
        await session.execute("SELECT delete_all_records()")
    assert await session.value("SELECT count(*) FROM subnet") > 0


async def test_modules_are_listed(session: Session) -> None:
    listed = await session.rows("SELECT module_name, module_version, dependencies FROM iasql_modules_list()")
    assert listed == [(each.name, each.version, list(each.dependencies)) for each in CATALOGUE.modules]
    assert await installed(session) == []
    await session("iasql_install", "aws_vpc")
    assert await session.rows("SELECT * FROM iasql_modules_installed()") == [
        ("aws_account", "0.0.1", []),
        ("aws_vpc", "0.0.1", ["aws_account"]),
    ]


async def test_help_tells_of_every_function(session: Session) -> None:
    rows = await session.rows("SELECT name, signature, description, sample_usage FROM iasql_help()")
    functions = await session.rows(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
    )
    assert [row[0] for row in rows] == [row[0] for row in functions]
    assert all(text for row in rows for text in row)
    for name, signature, _, sample in rows:
        assert signature.startswith(f"{name}(")
        assert name in sample


async def test_another_install_does_not_bring_back_rows_that_were_deleted(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_ecr", "aws_vpc")
    await session.execute(
        "INSERT INTO repository (repository_name) VALUES ('gone'); INSERT INTO vpc (cidr_block) "
        "VALUES ('10.0.0.0/16'), ('10.1.0.0/16')"
    )
    await session.apply()
    [(used,)] = await session.rows("SELECT vpc_id FROM vpc WHERE cidr_block = '10.0.0.0/16'")
    simulator.client("ec2").create_security_group(GroupName="web", Description="w", VpcId=used)
    await session.execute("DELETE FROM repository; DELETE FROM vpc WHERE NOT is_default")
    await session("iasql_install", "aws_security_group")
    # Groups have come that are in these VPCs, and cannot be shown without them.
    assert await session.value("SELECT count(*) FROM vpc WHERE vpc_id IS NOT NULL") == 3
    assert await session.value("SELECT count(*) FROM security_group WHERE vpc_id IS NULL") == 0
    assert [row[:2] for row in await session("iasql_plan_apply")] == [("delete", "repository")]


async def test_the_version_is_the_running_one(session: Session) -> None:
    assert await session.value("SELECT version FROM iasql_version()") == version()


async def test_an_upgrade_adds_the_columns_that_are_missing(session: Session, simulator: Cloud) -> None:
    simulator.client("ecr").create_repository(repositoryName="app", imageTagMutability="IMMUTABLE")
    await session("iasql_install", "aws_ecr")
    await session.execute(
        "ALTER TABLE repository DROP COLUMN scan_on_push, DROP COLUMN repository_uri, "
        "DROP COLUMN image_tag_mutability; DROP FUNCTION iasql_version"
    )
    assert await session("iasql_upgrade") == []
    assert session.notices == [
        f"added column {name} to repository"
        for name in ("repository_uri", "image_tag_mutability", "scan_on_push")
    ]
    assert await session.value("SELECT version FROM iasql_version()") == version()
    await session("iasql_sync")
    [row] = await session.rows(
        "SELECT repository_uri, image_tag_mutability::text, scan_on_push FROM repository"
    )
    assert row[0].endswith("/app")
    assert row[1:] == ("IMMUTABLE", False)
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_upgrade") == []


async def test_an_upgrade_adds_the_types_and_labels_that_are_missing(session: Session) -> None:
    await session("iasql_install", "aws_vpc")
    await session.execute(
        "DELETE FROM subnet; DELETE FROM vpc; ALTER TABLE vpc DROP COLUMN state; DROP TYPE vpc_state_enum;"
        "ALTER TABLE subnet ALTER COLUMN state TYPE text; DROP TYPE subnet_state_enum;"
        "CREATE TYPE subnet_state_enum AS ENUM ('pending');"
        "ALTER TABLE subnet ALTER COLUMN state TYPE subnet_state_enum USING state::subnet_state_enum"
    )
    await session("iasql_upgrade")
    assert await session.apply() == []
    assert await session.rows(
        "SELECT DISTINCT state::text FROM vpc UNION SELECT state::text FROM subnet"
    ) == [("available",)]


async def test_an_upgrade_adds_a_required_reference_to_an_empty_table(session: Session) -> None:
    await session("iasql_install", "aws_ecr")
    await session.execute("ALTER TABLE repository_policy DROP COLUMN repository_name")
    await session("iasql_upgrade")
    await session.execute(
        "INSERT INTO repository (repository_name) VALUES ('r');"
        "INSERT INTO repository_policy (repository_name, policy_text) "
        'VALUES (\'r\', \'{"Version": "2012-10-17", "Statement": []}\')'
    )
    with pytest.raises(Exception, match="violates foreign key constraint"):
        await session.execute("DELETE FROM repository")


async def test_an_upgrade_gives_an_older_journal_what_it_lacks_and_keeps_its_entries(
    session: Session, postgres_server: PostgresServer
) -> None:
    await session("iasql_install", "aws_ecr")
    await session.execute("INSERT INTO repository (repository_name) VALUES ('app')")
    await session("iasql_apply")
    own = await asyncpg.connect(postgres_server.superuser_url(session.caller.database))
    await own.execute(
        "DROP INDEX iasql.iasql_step_begun, iasql.iasql_operation_running;"
        "DROP VIEW iasql.unfinished, iasql.iasql_progress;"
        "UPDATE iasql.iasql_step SET kind = 'make';"
        "ALTER TABLE iasql.iasql_step DROP COLUMN attempts, DROP COLUMN request_ids, DROP COLUMN token, "
        "DROP COLUMN action, DROP COLUMN name;"
        "DELETE FROM iasql.setting WHERE name = 'fingerprint'"
    )
    await session("iasql_upgrade")
    await session.execute("DELETE FROM repository")
    await session("iasql_apply")
    steps = await own.fetch(
        "SELECT kind, action, name LIKE '%app', description, outcome, attempts "
        "FROM iasql.iasql_step ORDER BY operation"
    )
    await own.close()
    assert [tuple(each) for each in steps] == [
        ("create", "create", True, "app", "done", None),
        ("delete", "delete", True, "app", "done", 1),
    ]


async def test_what_is_there_is_not_made_again(session: Session, postgres_server: PostgresServer) -> None:
    of_functions = "SELECT array_agg(xmin::text) FROM pg_proc WHERE proname LIKE 'iasql%'"
    before = await session.value(of_functions)
    await session.engine.prepare_database(session.caller.database)
    assert await session.value(of_functions) == before
    own = await asyncpg.connect(postgres_server.superuser_url(session.caller.database))
    await own.execute("DROP FUNCTION iasql_sync()")
    await own.close()
    await session.engine.prepare_database(session.caller.database)
    assert await session.value("SELECT to_regprocedure('iasql_sync()') IS NOT NULL")
