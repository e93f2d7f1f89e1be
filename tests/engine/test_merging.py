"""What an apply and a sync make of what others do in AWS: the merge table, against a simulated account."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from engine.errors import DatabaseError, OperationError
from tests.engine.direct import DirectCaller, Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import Database

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


@pytest.fixture
def ecr(simulator: Cloud) -> Any:
    return simulator.client("ecr")


@pytest.fixture
async def one(session: Session, simulator: Cloud, ecr: Any) -> Session:
    """A session whose table shows the repository `one`, which is not scanned and has a tag."""
    ecr.create_repository(repositoryName="one", tags=[{"Key": "team", "Value": "a"}])
    await session("iasql_install", "aws_ecr", "aws_iam")
    return session


def _scanned(ecr: Any, name: str = "one") -> bool:
    [found] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    return bool(found["imageScanningConfiguration"]["scanOnPush"])


def _scan(ecr: Any, scan: bool) -> None:
    ecr.put_image_scanning_configuration(
        repositoryName="one", imageScanningConfiguration={"scanOnPush": scan}
    )


def _tags(ecr: Any) -> dict[str, str]:
    [found] = ecr.describe_repositories(repositoryNames=["one"])["repositories"]
    return {
        each["Key"]: each["Value"]
        for each in ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    }


def _names(ecr: Any) -> list[str]:
    return sorted(each["repositoryName"] for each in ecr.describe_repositories()["repositories"])


async def _refused(session: Session, function: str = "iasql_apply", **named: str) -> OperationError:
    with pytest.raises(OperationError) as refused:
        await session(function, **named)
    return refused.value


async def test_what_somebody_else_made_stays_and_gets_a_row(one: Session, ecr: Any) -> None:
    ecr.create_repository(repositoryName="theirs")
    assert await one("iasql_plan_apply") == []
    assert await one.rows("SELECT repository_name FROM repository") == [("one",)]
    assert await one("iasql_apply") == []
    assert _names(ecr) == ["one", "theirs"]
    assert await one.rows("SELECT repository_name FROM repository ORDER BY 1") == [("one",), ("theirs",)]
    assert any("theirs has appeared in AWS" in each for each in one.notices)
    await one.execute("DELETE FROM repository WHERE repository_name = 'theirs'")
    assert [row[0] for row in await one("iasql_apply")] == ["delete"]
    assert _names(ecr) == ["one"]


async def test_a_row_follows_what_somebody_else_changed(one: Session, ecr: Any) -> None:
    _scan(ecr, True)
    assert await one("iasql_apply") == []
    assert await one.value("SELECT scan_on_push FROM repository")
    assert _scanned(ecr)
    assert any("its row follows in scan_on_push" in each for each in one.notices)
    # It is agreed now: the user's change of it is one again.
    await one.execute("UPDATE repository SET scan_on_push = false")
    assert [row[0] for row in await one.apply()] == ["update"]
    assert not _scanned(ecr)


async def test_what_both_have_changed_goes_together_where_it_can(one: Session, ecr: Any) -> None:
    [arn] = [each["repositoryArn"] for each in ecr.describe_repositories()["repositories"]]
    _scan(ecr, True)
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "theirs", "Value": "1"}])
    await one.execute(
        """UPDATE repository SET image_tag_mutability = 'IMMUTABLE', tags = '{"team": "b", "ours": "1"}'"""
    )
    found = {(row[0], row[4]): (row[9], row[10]) for row in await one("iasql_diff")}
    assert found["update", "image_tag_mutability"] == ("MUTABLE", "row")
    assert found["follow", "scan_on_push"] == ("false", "aws")
    assert [row[:2] for row in await one.apply()] == [("update", "repository")]
    assert _tags(ecr) == {"team": "b", "ours": "1", "theirs": "1"}
    assert _scanned(ecr)
    assert await one.rows("SELECT scan_on_push, image_tag_mutability::text FROM repository") == [
        (True, "IMMUTABLE")
    ]


async def test_a_conflict_is_refused_with_all_three_values(one: Session, ecr: Any, simulator: Cloud) -> None:
    [arn] = [each["repositoryArn"] for each in ecr.describe_repositories()["repositories"]]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "theirs"}])
    await one.execute("""UPDATE repository SET scan_on_push = true, tags = '{"team": "ours"}'""")
    before = len(simulator.calls(mutating=True))
    error = await _refused(one)
    assert (error.sqlstate, error.table) == ("40001", "repository")
    assert 'base {"team": "a"}, row {"team": "ours"}, AWS {"team": "theirs"}' in (error.detail or "")
    assert len(simulator.calls(mutating=True)) == before
    assert ("conflict", "tags", "both") in {(row[0], row[4], row[10]) for row in await one("iasql_diff")}
    # A plan says so and shows what else there is; here there is nothing, since it is the same row.
    assert await one("iasql_plan_apply") == []

    for unknown in ("nothing", "repository nosuch"):
        assert (await _refused(one, "iasql_sync", keep=unknown)).sqlstate == "42704"
    await one("iasql_sync", keep="repository one")
    assert json.loads(await one.value("SELECT tags FROM repository")) == {"team": "ours"}
    assert not await one.value("SELECT scan_on_push FROM repository"), "no conflict: AWS's side"
    await one.apply()
    assert _tags(ecr) == {"team": "ours"}


async def test_the_rows_side_is_kept_where_a_sync_has_nothing_else_to_do(one: Session, ecr: Any) -> None:
    [arn] = [each["repositoryArn"] for each in ecr.describe_repositories()["repositories"]]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "theirs"}])
    await one.execute("""UPDATE repository SET tags = '{"team": "ours"}'""")
    assert await one("iasql_sync", keep="repository one") == []
    assert [row[:2] for row in await one.apply()] == [("update", "repository")]
    assert _tags(ecr) == {"team": "ours"}


async def test_a_sync_takes_awss_side_of_a_conflict(one: Session, ecr: Any) -> None:
    [arn] = [each["repositoryArn"] for each in ecr.describe_repositories()["repositories"]]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "theirs"}])
    await one.execute("""UPDATE repository SET tags = '{"team": "ours"}'""")
    await one("iasql_sync")
    assert json.loads(await one.value("SELECT tags FROM repository")) == {"team": "theirs"}
    assert await one("iasql_apply") == []


async def test_what_is_gone_is_said_and_made_again_only_if_that_is_wanted(one: Session, ecr: Any) -> None:
    ecr.delete_repository(repositoryName="one")
    for _ in range(2):
        assert await one("iasql_plan_apply") == []
        assert await one("iasql_apply") == []
    assert any("is gone from AWS" in each for each in one.notices)
    assert await one.value("SELECT count(*) FROM repository") == 1
    await one("iasql_sync", keep="repository one")
    assert [row[0] for row in await one.apply()] == ["create"]
    assert _names(ecr) == ["one"]
    assert _tags(ecr) == {"team": "a"}


async def test_what_is_gone_can_be_let_go(one: Session, ecr: Any) -> None:
    ecr.delete_repository(repositoryName="one")
    await one.execute("DELETE FROM repository")
    assert await one("iasql_apply") == []
    assert await one.value("SELECT count(*) FROM iasql.bases") is not None
    await one.execute("INSERT INTO repository (repository_name) VALUES ('one')")
    assert [row[0] for row in await one.apply()] == ["create"]


async def test_a_changed_row_of_what_is_gone_is_a_conflict(one: Session, ecr: Any) -> None:
    ecr.delete_repository(repositoryName="one")
    await one.execute("UPDATE repository SET scan_on_push = true")
    error = await _refused(one)
    assert (error.sqlstate, "it is gone from AWS" in (error.detail or "")) == ("40001", True)


async def test_a_row_adopts_what_is_there_if_it_says_the_same(session: Session, ecr: Any) -> None:
    await session("iasql_install", "aws_ecr")
    ecr.create_repository(repositoryName="one")
    await session.execute("INSERT INTO repository (repository_name) VALUES ('one')")
    assert await session("iasql_apply") == []
    assert await session.value("SELECT repository_arn IS NOT NULL FROM repository")
    ecr.create_repository(repositoryName="two")
    await session.execute("INSERT INTO repository (repository_name, scan_on_push) VALUES ('two', true)")
    error = await _refused(session)
    assert error.sqlstate == "40001"
    assert "scan_on_push: base NULL, row true, AWS false" in (error.detail or "")
    await session("iasql_sync", keep="repository")
    assert await session.value("SELECT scan_on_push FROM repository WHERE repository_name = 'two'")
    assert [row[0] for row in await session.apply()] == ["update"]
    assert _scanned(ecr, "two")


async def test_a_table_that_was_emptied_deletes_nothing(one: Session, ecr: Any) -> None:
    await one.execute("TRUNCATE repository CASCADE")
    for function in ("iasql_plan_apply", "iasql_apply"):
        error = await _refused(one, function)
        assert (error.sqlstate, "TRUNCATE" in (error.detail or "")) == ("55000", True)
    await one("iasql_sync")
    assert await one.value("SELECT count(*) FROM repository") == 1
    assert await one.apply() == []
    await one.execute("DELETE FROM repository")
    assert [row[0] for row in await one.apply()] == ["delete"]


async def test_a_table_that_was_made_again_deletes_nothing(one: Session, ecr: Any) -> None:
    await one.execute(
        "CREATE TABLE saved (LIKE repository INCLUDING ALL); DROP TABLE repository CASCADE;"
        "ALTER TABLE saved RENAME TO repository"
    )
    assert (await _refused(one)).sqlstate == "55000"
    await one("iasql_sync")
    # The table made again has no trigger that would notice a TRUNCATE.
    error = await _refused(one)
    assert (error.sqlstate, "iasql_upgrade()" in (error.hint or "")) == ("55000", True)
    await one("iasql_upgrade")
    assert await one.apply() == []
    assert _names(ecr) == ["one"]


async def test_a_trigger_that_is_switched_off_deletes_nothing(one: Session, ecr: Any) -> None:
    await one.execute("ALTER TABLE repository DISABLE TRIGGER iasql_emptied; TRUNCATE repository CASCADE")
    assert (await _refused(one)).sqlstate == "55000"
    assert _names(ecr) == ["one"]


async def test_a_row_that_a_trigger_keeps_out_does_not_count_as_shown(one: Session, ecr: Any) -> None:
    await one.execute(
        "CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        "CREATE TRIGGER mine BEFORE INSERT OR UPDATE ON repository FOR EACH ROW EXECUTE FUNCTION mine()"
    )
    ecr.create_repository(repositoryName="theirs")
    for function in ("iasql_apply", "iasql_sync"):
        assert (await _refused(one, function)).sqlstate == "09000"
    await one.execute("DROP TRIGGER mine ON repository")
    await one("iasql_apply")
    assert _names(ecr) == ["one", "theirs"]


async def test_what_a_row_ignores_is_not_pushed_once_the_rule_is_gone(one: Session, ecr: Any) -> None:
    await one.execute(
        "INSERT INTO iasql.ignored (table_name, columns) VALUES ('repository', '{scan_on_push}')"
    )
    _scan(ecr, True)
    await one("iasql_sync")
    assert not await one.value("SELECT scan_on_push FROM repository")
    await one.execute("DELETE FROM iasql.ignored")
    assert await one("iasql_apply") == []
    assert _scanned(ecr)
    assert await one.value("SELECT scan_on_push FROM repository")


async def test_what_was_never_shown_is_not_deleted_with_what_it_is_in(
    session: Session, simulator: Cloud
) -> None:
    ec2 = simulator.client("ec2")
    await session("iasql_install", "aws_security_group")
    await session.execute("INSERT INTO security_group (group_name, description) VALUES ('g', 'g')")
    await session.apply()
    group = await session.value("SELECT group_id FROM security_group WHERE group_name = 'g'")
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="10.0.0.0/8"
    )
    await session.execute(
        "DELETE FROM security_group_rule WHERE security_group_id = "
        "(SELECT id FROM security_group WHERE group_name = 'g');"
        "DELETE FROM security_group WHERE group_name = 'g'"
    )
    error = await _refused(session)
    assert (error.sqlstate, "no row has shown it" in error.message) == ("40001", True)
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]


async def test_a_default_group_that_no_row_has_shown_goes_along_with_its_vpc(
    session: Session, simulator: Cloud
) -> None:
    ec2 = simulator.client("ec2")
    await session("iasql_install", "aws_security_group")
    for operation in ("DescribeSecurityGroups", "DescribeSecurityGroupRules"):
        simulator.plan({"action": "stale", "operation": operation, "seconds": 60, "times": 0})
    await session("iasql_plan_apply")
    await session.execute("INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16')")
    await session.apply()
    simulator.cancel_faults()
    assert await session.value("SELECT count(*) FROM security_group") == 1
    await session.execute("DELETE FROM vpc WHERE NOT is_default")
    assert [each[:2] for each in await session.apply()] == [("delete", "vpc")]
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1


async def test_what_refers_to_something_that_aws_does_not_show_yet_gets_no_row_before_that(
    session: Session, simulator: Cloud
) -> None:
    ec2 = simulator.client("ec2")
    await session("iasql_install", "aws_security_group")
    simulator.plan({"action": "stale", "operation": "DescribeVpcs", "seconds": 60, "times": 0})
    await session("iasql_plan_apply")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    assert await session("iasql_apply") == []
    assert await session.value("SELECT count(*) FROM security_group") == 1
    simulator.cancel_faults()
    assert await session("iasql_apply") == []
    where = "security_group JOIN vpc ON vpc.id = security_group.vpc_id WHERE NOT is_default"
    assert await session.rows(f"SELECT group_name, vpc.vpc_id FROM {where}") == [("default", vpc)]


async def test_an_applied_change_that_aws_does_not_show_yet_is_not_taken_back(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_iam")
    simulator.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=_TRUST)
    await session("iasql_sync")
    simulator.plan({"action": "stale", "service": "iam", "seconds": 60, "times": 0})
    await session("iasql_plan_apply")
    await session.execute("""UPDATE role SET tags = '{"team": "a"}'""")
    assert [each[0] for each in await session.apply()] == ["update"]
    assert await session("iasql_apply") == []
    assert json.loads(await session.value("SELECT tags FROM role")) == {"team": "a"}
    simulator.cancel_faults()
    assert await session("iasql_apply") == []
    assert json.loads(await session.value("SELECT tags FROM role")) == {"team": "a"}


async def _task_of_a_role_that_is_gone(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_ecs_fargate")
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document) "
        f"SELECT name, '{_TRUST}' FROM (VALUES ('one'), ('two')) AS r (name);"
        "INSERT INTO task_definition (family, cpu_memory, execution_role_name) "
        "VALUES ('t', 'vCPU0.25-0.5GB', 'one');"
        "INSERT INTO container_definition (task_definition_id, name, essential, image) "
        "SELECT id, 'main', true, 'nginx' FROM task_definition"
    )
    await session.apply()
    for name in ("one", "two"):
        simulator.client("iam").delete_role(RoleName=name)


async def test_a_sync_that_keeps_something_lets_go_of_what_rows_name_and_is_gone(
    session: Session, simulator: Cloud
) -> None:
    await _task_of_a_role_that_is_gone(session, simulator)
    await session("iasql_sync", keep="log_group")
    assert await session.value("SELECT count(*) FROM role") == 0
    assert await session.rows("SELECT execution_role_name FROM task_definition") == [(None,)]
    assert await session("iasql_apply") == []


async def test_a_sync_that_keeps_a_row_keeps_what_it_needs_and_is_gone(
    session: Session, simulator: Cloud
) -> None:
    await _task_of_a_role_that_is_gone(session, simulator)
    await session.execute("UPDATE task_definition SET execution_role_name = 'two'")
    assert (await _refused(session)).sqlstate == "40001"
    await session("iasql_sync", keep="task_definition")
    assert await session.rows("SELECT role_name FROM role") == [("two",)]
    assert sorted(each[:2] for each in await session.apply()) == [
        ("create", "role"),
        ("replace", "task_definition"),
    ]
    assert await session("iasql_plan_apply") == []


async def test_a_refused_creation_does_not_excuse_a_later_conflict(
    one: Session, simulator: Cloud, ecr: Any
) -> None:
    simulator.plan(
        {
            "action": "error", "service": "ecr", "operation": "CreateRepository", "times": 1,
            "status": 400, "code": "AccessDeniedException", "message": "not you",
        }
    )  # fmt: skip
    await one.execute("INSERT INTO repository (repository_name, scan_on_push) VALUES ('two', true)")
    assert (await _refused(one)).sqlstate == "42501"
    ecr.create_repository(repositoryName="two")
    assert (await _refused(one)).sqlstate == "40001"
    assert not _scanned(ecr, "two")


async def test_a_creation_that_is_refused_half_way_goes_on_with_the_next_apply(
    session: Session, simulator: Cloud
) -> None:
    """What a colleague has changed of it meanwhile is taken over, and no conflict."""
    iam = simulator.client("iam")
    await session("iasql_install", "aws_iam")
    simulator.plan(
        {
            "action": "error", "service": "iam", "operation": "AttachRolePolicy", "times": 1,
            "status": 403, "code": "AccessDenied", "message": "not you",
        }
    )  # fmt: skip
    await session.execute(
        "INSERT INTO role (role_name, assume_role_policy_document, description, attached_policies_arns) "
        f"VALUES ('r', '{_TRUST}', 'mine', ARRAY['arn:aws:iam::aws:policy/ReadOnlyAccess'])"
    )
    assert (await _refused(session)).sqlstate == "42501"
    assert iam.get_role(RoleName="r")["Role"]["Description"] == "mine"
    iam.update_role(RoleName="r", Description="theirs")
    assert [row[0] for row in await session.apply()] == ["update"]
    assert await session.value("SELECT description FROM role WHERE role_name = 'r'") == "theirs"
    attached = iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["ReadOnlyAccess"]


async def test_a_row_with_another_key_is_the_same_row(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_vpc")
    await session.execute("INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16')")
    await session.apply()
    await session.execute("UPDATE vpc SET id = id + 1000 WHERE cidr_block = '10.9.0.0/16'")
    assert await session.apply() == []


async def test_another_resource_of_the_same_name_is_not_deleted_for_a_deleted_row(
    session: Session, simulator: Cloud
) -> None:
    iam, trust = simulator.client("iam"), _TRUST
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    await session("iasql_install", "aws_iam")
    await session.execute("DELETE FROM role WHERE role_name = 'r'")
    iam.delete_role(RoleName="r")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    assert await session("iasql_apply") == []
    assert iam.get_role(RoleName="r")
    assert await session.value("SELECT count(*) FROM role WHERE role_name = 'r'") == 1


async def test_careful_refuses_any_drift_in_what_it_is_about(one: Session, ecr: Any) -> None:
    _scan(ecr, True)
    await one.execute(
        "SET iasql.apply_mode = careful; UPDATE repository SET image_tag_mutability = 'IMMUTABLE'"
    )
    error = await _refused(one)
    assert (error.sqlstate, "scan_on_push" in (error.detail or "")) == ("40001", True)
    await one.execute("RESET iasql.apply_mode")
    await one.apply()
    await one.execute("SET iasql.apply_mode = careful; DELETE FROM repository")
    _scan(ecr, False)
    assert (await _refused(one)).sqlstate == "40001"
    assert _names(ecr) == ["one"]


async def test_enforce_makes_aws_what_the_rows_say_and_deletes_only_what_they_showed(
    one: Session, ecr: Any
) -> None:
    _scan(ecr, True)
    ecr.create_repository(repositoryName="theirs")
    await one.execute("SET iasql.apply_mode = enforce")
    assert [row[0] for row in await one("iasql_apply")] == ["update"]
    assert (_scanned(ecr), _names(ecr)) == (False, ["one", "theirs"])
    ecr.delete_repository(repositoryName="one")
    ecr.create_repository(repositoryName="other")
    await one.execute("SET iasql.delete_unknown = on")
    assert sorted(row[0] for row in await one("iasql_apply")) == ["create", "delete"]
    assert _names(ecr) == ["one", "theirs"]


async def test_a_guard_is_the_floor_of_the_mode(one: Session, ecr: Any) -> None:
    await one.execute("INSERT INTO iasql.guard (setting, value) VALUES ('apply_mode', 'merge')")
    await one.execute("SET iasql.apply_mode = enforce")
    _scan(ecr, True)
    assert await one("iasql_apply") == []
    assert _scanned(ecr)
    await one.execute("SET iasql.apply_mode = forced")
    error = await _refused(one, "iasql_plan_apply")
    assert (error.sqlstate, "careful, merge, enforce" in (error.hint or "")) == ("22023", True)


async def test_two_forms_of_a_document_are_no_difference(session: Session, simulator: Cloud) -> None:
    """AWS gives an account's number back as the account's root."""
    await session("iasql_install", "aws_iam")

    def trust(principal: str) -> str:
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    await session.execute(
        f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{trust('123456789012')}')"
    )
    await session("iasql_apply")
    iam = simulator.client("iam")
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust("arn:aws:iam::123456789012:root"))
    await session("iasql_apply")
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_an_apply_that_is_rolled_back_leaves_the_base_as_it_was(
    one: Session, ecr: Any, fresh_database: Database
) -> None:
    caller = one.caller
    await caller.commit()
    await caller.connection.execute("BEGIN")
    caller.in_transaction = True
    await caller.connection.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    await caller.connection.execute("ROLLBACK")
    caller.in_transaction = False
    assert _scanned(ecr)
    # AWS holds what the row does not say any more: the row follows.
    assert await one("iasql_apply") == []
    assert await one.value("SELECT scan_on_push FROM repository")


async def test_uncommitted_work_is_planned_as_it_stands(one: Session, ecr: Any) -> None:
    caller = one.caller
    await caller.commit()
    await caller.connection.execute("BEGIN")
    caller.in_transaction = True
    await caller.connection.execute("DELETE FROM repository")
    assert [row[0] for row in await one("iasql_plan_apply")] == ["delete"]
    await caller.connection.execute("ROLLBACK")
    caller.in_transaction = False
    assert await one("iasql_plan_apply") == []


async def test_two_applies_and_a_sync_one_after_the_other_agree(
    one: Session, ecr: Any, engine: Any, fresh_database: Database
) -> None:
    connection = await asyncpg.connect(fresh_database.url, statement_cache_size=0)
    other = Session(engine, DirectCaller(connection, fresh_database.name, fresh_database.role))
    try:
        await one.execute("UPDATE repository SET scan_on_push = true")
        assert [row[0] for row in await other("iasql_apply")] == ["update"]
        assert await one("iasql_apply") == []
        await other.execute("UPDATE repository SET scan_on_push = false")
        assert await one("iasql_plan_sync") != []
        assert [row[0] for row in await one("iasql_apply")] == ["update"]
        assert await other("iasql_sync") == []
    finally:
        await connection.close()


@pytest.fixture
async def reader(
    one: Session, fresh_database: Database, postgres_server: Any
) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """Runs SQL as a role that may read one of the tables."""
    await one.execute("SELECT 1")
    connection = await asyncpg.connect(postgres_server.superuser_url(fresh_database.name))
    name = f"{fresh_database.name}_reader"
    await connection.execute(f"CREATE ROLE {name}")
    await connection.execute(f"GRANT SELECT ON role TO {name}; SET ROLE {name}")

    async def run(sql: str) -> Any:
        return await connection.fetch(sql)

    yield run
    await connection.execute("RESET ROLE")
    await connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
    await connection.close()


async def test_a_base_is_shown_to_nobody_who_may_not_read_the_row(
    one: Session, reader: Callable[[str], Awaitable[Any]]
) -> None:
    shown = await reader("SELECT DISTINCT relation::regclass::text FROM iasql.bases")
    assert [row[0] for row in shown] in ([], ["role"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reader("SELECT * FROM iasql.base")


async def test_nobody_but_the_engine_writes_a_base(one: Session) -> None:
    for statement in (
        "DELETE FROM iasql.base",
        "DELETE FROM iasql.bases",
        "UPDATE iasql.base_table SET emptied = false",
        "SELECT iasql.keep_bases('[]')",
        "DO $$ BEGIN PERFORM iasql.keep_bases('[]'); END $$",
    ):
        with pytest.raises((asyncpg.PostgresError, DatabaseError)) as refused:
            await one.execute(statement)
        assert getattr(refused.value, "sqlstate", None) in ("42501", "55000")


async def test_rows_that_cannot_be_told_apart_from_deleted_ones_by_a_trigger_of_the_users(
    one: Session, ecr: Any
) -> None:
    """A user's own trigger that hides the deletion of a row keeps the row, and so the resource."""
    await one.execute(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"
        "CREATE TRIGGER keep BEFORE DELETE ON repository FOR EACH ROW EXECUTE FUNCTION keep();"
        "DELETE FROM repository"
    )
    assert await one("iasql_apply") == []
    assert _names(ecr) == ["one"]


async def test_what_somebody_has_begun_to_use_is_not_taken_from_them_by_a_deletion(
    session: Session, simulator: Cloud
) -> None:
    await session("iasql_install", "aws_elb")
    await session.execute(
        "INSERT INTO target_group (target_group_name, target_type, protocol, port) "
        "VALUES ('used', 'ip', 'HTTP', 80), ('spare', 'ip', 'HTTP', 81);"
        "INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type) "
        "VALUES ('l', 'internal', 'application', 'ipv4');"
        "INSERT INTO listener (load_balancer_name, port, protocol, target_group_name) "
        "VALUES ('l', 80, 'HTTP', 'used')"
    )
    await session("iasql_apply")
    elb = simulator.client("elbv2")
    [spare] = elb.describe_target_groups(Names=["spare"])["TargetGroups"]
    [balancer] = elb.describe_load_balancers()["LoadBalancers"]
    [listener] = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    elb.modify_listener(
        ListenerArn=listener["ListenerArn"],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": spare["TargetGroupArn"]}],
    )
    await session.execute("DELETE FROM target_group WHERE target_group_name = 'spare'")
    error = await _refused(session)
    assert (error.sqlstate, error.table) == ("40001", "listener")
    assert "AWS has it refer to target_group" in error.message
    assert "whose row has been deleted" in error.message
