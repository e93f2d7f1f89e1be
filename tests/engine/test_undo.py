"""Undo: rows are as they were before an operation, and an apply has AWS follow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud


@pytest.fixture
def ecr(simulator: Cloud) -> Any:
    return simulator.client("ecr")


@pytest.fixture
async def one(session: Session, ecr: Any) -> Session:
    """A session whose table shows the repository `one`, which is not scanned."""
    ecr.create_repository(repositoryName="one", tags=[{"Key": "team", "Value": "a"}])
    await session("iasql_install", "aws_ecr", "aws_security_group", "aws_elb")
    return session


async def _refused(session: Session, *arguments: str) -> OperationError:
    with pytest.raises(OperationError) as refused:
        await session("iasql_undo", *arguments)
    return refused.value


_ROWS = "SELECT repository_name, scan_on_push, tags->>'team' FROM repository ORDER BY 1"


async def test_a_change_is_undone_and_applied(one: Session) -> None:
    await one.execute('UPDATE repository SET scan_on_push = true, tags = \'{"team": "b"}\'')
    await one("iasql_apply")
    assert [row[0] for row in await one("iasql_undo")] == ["update"]
    assert await one.rows(_ROWS) == [("one", False, "a")]
    assert [row[0] for row in await one("iasql_apply")] == ["update"]
    assert await one("iasql_plan_apply") == []


async def test_what_was_made_goes_again(one: Session, ecr: Any) -> None:
    await one.execute("INSERT INTO repository (repository_name) VALUES ('two')")
    await one("iasql_apply")
    assert [row[0] for row in await one("iasql_undo")] == ["delete"]
    assert [row[0] for row in await one("iasql_apply")] == ["delete"]
    assert [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]] == ["one"]


async def test_what_was_deleted_comes_again(one: Session, ecr: Any) -> None:
    await one.execute("DELETE FROM repository")
    await one("iasql_apply")
    assert [row[0] for row in await one("iasql_undo")] == ["create"]
    assert await one.rows("SELECT repository_arn FROM repository") == [(None,)]
    assert [row[0] for row in await one("iasql_apply")] == ["create"]
    assert await one.rows(_ROWS) == [("one", False, "a")]
    assert await one("iasql_plan_apply") == []


_NETWORK = """
    INSERT INTO vpc (cidr_block, tags) VALUES ('10.9.0.0/16', '{"Name": "mine"}');
    INSERT INTO subnet (vpc_id, cidr_block, availability_zone)
      SELECT id, '10.9.1.0/24', 'us-east-1a' FROM vpc WHERE NOT is_default;
    INSERT INTO security_group (group_name, description, vpc_id)
      SELECT 'web', 'd', id FROM vpc WHERE NOT is_default;
    INSERT INTO security_group_rule (security_group_id, is_egress, ip_protocol, from_port, to_port, cidr_ipv4)
      SELECT id, false, 'tcp', 80, 80, '10.0.0.0/8' FROM security_group WHERE group_name = 'web';
"""
_SHOWN = """
    SELECT v.cidr_block, v.tags->>'Name', s.cidr_block, g.group_name, r.from_port
    FROM vpc AS v JOIN subnet AS s ON s.vpc_id = v.id JOIN security_group AS g ON g.vpc_id = v.id
    JOIN security_group_rule AS r ON r.security_group_id = g.id AND NOT r.is_egress
    WHERE NOT v.is_default AND g.group_name = 'web'
"""


async def test_a_network_goes_and_comes_as_a_whole(one: Session, simulator: Cloud) -> None:
    ec2 = simulator.client("ec2")
    await one.execute(_NETWORK)
    await one("iasql_apply")
    was = await one.rows(_SHOWN)
    assert was == [("10.9.0.0/16", "mine", "10.9.1.0/24", "web", 80)]
    ((made,),) = await one.rows("SELECT max(id) FROM iasql.iasql_operation")
    await one("iasql_undo")
    assert await one.rows(_SHOWN) == []
    await one("iasql_apply")
    assert await one("iasql_plan_apply") == []
    assert [each["IsDefault"] for each in ec2.describe_vpcs()["Vpcs"]] == [True]
    await one("iasql_undo")  # of the undo, once it was applied
    assert await one.rows(_SHOWN) == was
    await one("iasql_apply")
    assert await one("iasql_plan_apply") == []
    assert await one.rows(_SHOWN) == was
    refused = await _refused(one, str(made))
    assert refused.sqlstate == "40001"
    assert "it was deleted since, and operation" in str(refused.detail)
    assert "has made it again" in str(refused.detail)


_BALANCED = """
    INSERT INTO target_group (target_group_name, target_type, protocol, port) VALUES ('t', 'ip', 'HTTP', 80);
    INSERT INTO load_balancer (load_balancer_name, scheme, load_balancer_type, ip_address_type)
      VALUES ('l', 'internal', 'application', 'ipv4');
    INSERT INTO listener (load_balancer_name, port, protocol, target_group_name)
      VALUES ('l', 80, 'HTTP', 't');
"""


async def test_a_replacement_is_undone_by_another(one: Session, simulator: Cloud) -> None:
    elb = simulator.client("elbv2")
    await one.execute(_BALANCED)
    await one("iasql_apply")
    await one.execute("UPDATE load_balancer SET scheme = 'internet-facing'")
    assert "replace" in {row[0] for row in await one("iasql_apply")}
    changed = await one("iasql_undo")
    assert [(row[0], row[1]) for row in changed] == [("update", "load_balancer")]
    assert await one.rows("SELECT scheme::text FROM load_balancer") == [("internal",)]
    assert await one.rows("SELECT port, target_group_name FROM listener") == [(80, "t")]
    await one("iasql_apply")
    [found] = elb.describe_load_balancers()["LoadBalancers"]
    assert found["Scheme"] == "internal"
    assert await one("iasql_plan_apply") == []


async def test_a_replacement_is_undone_of_what_has_no_name_of_its_own(
    session: Session, simulator: Cloud
) -> None:
    """A policy has none; it was made anew with its secret, and is not in the way of itself."""
    secrets = simulator.client("secretsmanager")
    secrets.create_secret(Name="one", SecretString="s")
    policy = '{"Version": "2012-10-17", "Statement": []}'
    secrets.put_resource_policy(SecretId="one", ResourcePolicy=policy)
    await session("iasql_install", "aws_secrets_manager")
    await session.execute("SET iasql.allow_loss = on; UPDATE secret SET name = 'two'")
    await session("iasql_apply")
    assert [row[:2] for row in await session("iasql_undo")] == [("update", "secret")]
    assert await session.rows("SELECT name FROM secret") == [("one",)]
    await session("iasql_apply")
    assert await session("iasql_plan_apply") == []
    assert json.loads(secrets.get_resource_policy(SecretId="one")["ResourcePolicy"]) == json.loads(policy)


async def test_a_sync_is_undone(one: Session, ecr: Any) -> None:
    ecr.put_image_scanning_configuration(
        repositoryName="one", imageScanningConfiguration={"scanOnPush": True}
    )
    await one("iasql_sync")
    await one("iasql_undo")
    assert await one.rows(_ROWS) == [("one", False, "a")]
    assert [row[0] for row in await one("iasql_apply")] == ["update"]


async def test_what_a_sync_has_begun_to_show_is_not_deleted_by_its_undo(one: Session, ecr: Any) -> None:
    ecr.create_repository(repositoryName="theirs")
    ecr.put_image_scanning_configuration(
        repositoryName="one", imageScanningConfiguration={"scanOnPush": True}
    )
    await one("iasql_sync")
    await one("iasql_undo")
    assert await one.rows(_ROWS) == [("one", False, "a"), ("theirs", False, None)]


async def test_an_install_is_not_undone(one: Session) -> None:
    error = await _refused(one, "1")
    assert (error.sqlstate, "iasql_uninstall" in (error.hint or "")) == ("0A000", True)


async def test_what_has_been_changed_since_is_refused_and_named(one: Session, ecr: Any) -> None:
    await one.execute('UPDATE repository SET tags = \'{"team": "b"}\'')
    await one("iasql_apply")
    ((first,),) = await one.rows("SELECT max(id) FROM iasql.iasql_operation")
    await one.execute('UPDATE repository SET tags = \'{"team": "c"}\'')
    error = await _refused(one)
    assert (error.sqlstate, error.table) == ("40001", "repository")
    assert "repository one, tags: its row has been changed, which has not been applied" in error.message
    await one("iasql_apply")
    await one.execute('UPDATE repository SET tags = \'{"team": "d"}\'')
    await one("iasql_apply")
    error = await _refused(one, str(first))
    assert "changed it since" in error.message


async def test_what_else_has_been_changed_since_stays(one: Session) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    ((first,),) = await one.rows("SELECT max(id) FROM iasql.iasql_operation")
    await one.execute('UPDATE repository SET tags = \'{"team": "b"}\'')
    await one("iasql_apply")
    await one.execute("UPDATE repository SET image_tag_mutability = 'IMMUTABLE'")
    await one("iasql_undo", str(first))
    assert await one.rows(_ROWS) == [("one", False, "b")]
    assert await one.rows("SELECT image_tag_mutability::text FROM repository") == [("IMMUTABLE",)]


async def test_what_has_been_deleted_since_is_refused(one: Session) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    ((first,),) = await one.rows("SELECT max(id) FROM iasql.iasql_operation")
    await one.execute("DELETE FROM repository")
    await one("iasql_apply")
    assert "it has been deleted since" in (await _refused(one, str(first))).message


async def test_what_others_refer_to_is_not_deleted(one: Session) -> None:
    await one.execute("INSERT INTO vpc (cidr_block) VALUES ('10.9.0.0/16')")
    await one("iasql_apply")
    await one.execute(
        "INSERT INTO subnet (vpc_id, cidr_block, availability_zone) "
        "SELECT id, '10.9.1.0/24', 'us-east-1a' FROM vpc WHERE NOT is_default"
    )
    refers = "subnet 10.9.0.0/16 10.9.1.0/24 refers to it"
    lines = [f"vpc 10.9.0.0/16: {refers}"]
    for what in ("the row is not applied", "it is"):
        error = await _refused(one, *await _first(one))
        assert (error.sqlstate, (error.detail or "").splitlines()) == ("40001", lines), what
        await one("iasql_apply")
        lines.append(f"network_acl 10.9.0.0/16 default: {refers}")  # which AWS has given it


async def _first(session: Session) -> list[str]:
    """The number of the first apply."""
    query = "SELECT min(id)::text FROM iasql.iasql_operation WHERE function = 'iasql_apply'"
    return [number for (number,) in await session.rows(query)]


async def test_a_failed_operation_is_undone_as_far_as_it_went(one: Session) -> None:
    await one.execute(
        "UPDATE repository SET scan_on_push = true; INSERT INTO repository (repository_name) VALUES ('UPPER')"
    )
    with pytest.raises(OperationError):
        await one("iasql_apply")
    assert [row[0] for row in await one("iasql_undo")] == ["update"]
    assert await one.rows(_ROWS) == [("UPPER", False, None), ("one", False, "a")]


async def test_an_undo_rolls_back_with_its_transaction(one: Session) -> None:
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    await one.execute("BEGIN")
    one.caller.in_transaction = True
    await one("iasql_undo")
    await one.execute("ROLLBACK")
    one.caller.in_transaction = False
    assert await one.rows(_ROWS) == [("one", True, "a")]


_MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}'


async def test_what_is_lost_is_said_again(one: Session, ecr: Any) -> None:
    ecr.put_image(repositoryName="one", imageTag="v1", imageManifest=_MANIFEST)
    await one.execute("SET iasql.allow_loss = on; UPDATE repository SET repository_name = 'renamed'")
    await one("iasql_apply")
    await one("iasql_undo")
    assert any("has lost what no undo brings back" in each for each in one.notices)
    assert await one.rows(_ROWS) == [("one", False, "a")]
    await one("iasql_apply")
    assert [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]] == ["one"]


async def test_what_refers_to_something_else_refers_to_what_is_made_again(one: Session) -> None:
    await one.execute(_BALANCED)
    await one("iasql_apply")
    await one.execute(
        "INSERT INTO target_group (target_group_name, target_type, protocol, port) "
        "VALUES ('u', 'ip', 'HTTP', 80);"
        "UPDATE listener SET target_group_name = 'u';"
        "DELETE FROM target_group WHERE target_group_name = 't'"
    )
    await one("iasql_apply")
    await one("iasql_undo")
    assert await one.rows("SELECT port, target_group_name FROM listener") == [(80, "t")]
    await one("iasql_apply")
    assert await one("iasql_plan_apply") == []


async def test_what_refers_to_what_another_operation_deleted_refers_to_what_is_made_again(
    one: Session, simulator: Cloud
) -> None:
    ec2 = simulator.client("ec2")
    await one.execute(_NETWORK)
    await one("iasql_apply")
    was = await one.rows(_SHOWN)
    ec2.create_vpc(CidrBlock="10.9.0.0/16")  # of somebody else, with the same range
    await one("iasql_apply")
    others = await one.rows("SELECT vpc_id FROM vpc WHERE tags = '{}' AND NOT is_default")
    await one.execute("DELETE FROM security_group_rule WHERE from_port = 80")
    await one.execute("DELETE FROM subnet WHERE cidr_block = '10.9.1.0/24'")
    await one("iasql_apply")
    ((parts,),) = await one.rows("SELECT max(id) FROM iasql.iasql_operation")
    mine = "SELECT id FROM vpc WHERE tags->>'Name' = 'mine'"
    groups = f"SELECT id FROM security_group WHERE vpc_id IN ({mine})"
    await one.execute(f"DELETE FROM security_group_rule WHERE security_group_id IN ({groups})")
    for table in ("security_group", "route_table_association", "route_table"):
        await one.execute(f"DELETE FROM {table} WHERE vpc_id IN ({mine})")
    await one.execute("DELETE FROM vpc WHERE tags->>'Name' = 'mine'")
    await one("iasql_apply")
    await one("iasql_undo")
    await one("iasql_apply")
    assert [row[0] for row in await one("iasql_undo", str(parts))] == ["create", "create"]
    assert await one.rows(_SHOWN) == was
    await one("iasql_apply")
    assert await one("iasql_plan_apply") == []
    assert await one.rows(_SHOWN) == was
    assert await one.rows("SELECT vpc_id FROM vpc WHERE tags = '{}' AND NOT is_default") == others


async def test_a_second_undo_of_the_same_operation_has_nothing_to_do(one: Session) -> None:
    """Before it is applied: of what was changed, made and deleted, with what refers to it."""
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one.execute(_NETWORK)
    await one("iasql_apply")
    assert len(await one("iasql_undo")) > 4
    assert await one("iasql_undo") == []
    await one("iasql_apply")
    ((last,),) = await one.rows("SELECT max(id) FROM iasql.iasql_operation")
    assert len(await one("iasql_undo", str(last))) > 4
    was = await one.rows(_SHOWN)
    assert await one("iasql_undo", str(last)) == []
    assert await one.rows(_SHOWN) == was
    await one.execute("UPDATE security_group SET description = 'other' WHERE group_name = 'web'")
    error = await _refused(one, str(last))
    assert "security_group web" in error.message
    assert "there is a row of this name, which has not been applied" in error.message


async def test_what_aws_makes_with_a_vpc_goes_with_it_and_is_undone_with_it(one: Session) -> None:
    """The main route table, and what makes it that: no plan says that they go."""
    agreed = (
        "SELECT relation::regclass::text, count(*) FROM iasql.bases WHERE relation IN "
        "('vpc'::regclass, 'route_table'::regclass, 'route_table_association'::regclass) "
        "GROUP BY 1 ORDER BY 1"
    )
    here = [("route_table", 2), ("route_table_association", 2), ("vpc", 2)]
    await one.execute(_NETWORK)
    await one("iasql_apply")
    assert await one.rows(agreed) == here
    await one.execute("UPDATE vpc SET cidr_block = '10.8.0.0/16' WHERE NOT is_default")
    await one.execute("UPDATE subnet SET cidr_block = '10.8.1.0/24' WHERE cidr_block = '10.9.1.0/24'")
    await one("iasql_apply")
    assert await one.rows(agreed) == here
    for network in ("10.9.0.0/16", "10.8.0.0/16"):
        await one("iasql_undo")
        await one("iasql_apply")
        assert await one("iasql_plan_apply") == []
        assert await one.rows(agreed) == here
        assert await one.rows("SELECT cidr_block FROM vpc WHERE NOT is_default") == [(network,)]
    await one.execute("DELETE FROM security_group_rule; DELETE FROM subnet WHERE cidr_block LIKE '10.%'")
    await one.execute("DELETE FROM security_group WHERE vpc_id = (SELECT id FROM vpc WHERE NOT is_default)")
    await one.execute("DELETE FROM vpc WHERE NOT is_default")
    await one("iasql_apply")
    assert await one.rows(agreed) == [(table, 1) for table, _ in here]


async def test_what_is_left_to_aws_is_agreed_on_once_it_is_shown(one: Session, simulator: Cloud) -> None:
    """A subnet has the ACL that AWS makes with its VPC, and that gets its row after the subnet."""
    agreed = """
        SELECT COALESCE(b.row, b.answer)->'values'->>'network_acl_id' = a.network_acl_id,
          b.answer->'values'->>'network_acl_id' = a.network_acl_id, b.replaces IS NOT NULL
        FROM subnet AS s JOIN network_acl AS a ON a.id = s.network_acl_id
        JOIN iasql.bases AS b ON b.relation = 'subnet'::regclass AND b.identity = s.subnet_id
        WHERE a.is_default AND s.cidr_block LIKE '10.%'
    """
    await one.execute(_NETWORK)
    await one("iasql_apply")
    assert await one.rows(agreed) == [(True, True, False)]
    await one.execute("UPDATE vpc SET cidr_block = '10.8.0.0/16' WHERE NOT is_default")
    await one.execute("UPDATE subnet SET cidr_block = '10.8.1.0/24' WHERE cidr_block = '10.9.1.0/24'")
    await one("iasql_apply")
    assert await one.rows(agreed) == [(True, True, True)]
    await one("iasql_undo")
    await one("iasql_apply")
    assert await one("iasql_plan_apply") == []
    assert await one.rows(_SHOWN) == [("10.9.0.0/16", "mine", "10.9.1.0/24", "web", 80)]
    assert len(simulator.client("ec2").describe_network_acls()["NetworkAcls"]) == 2


async def test_what_is_in_the_default_vpc_is_called_as_plans_call_it(one: Session) -> None:
    await one.execute("INSERT INTO security_group (group_name, description) VALUES ('web', 'd')")
    await one("iasql_apply")
    [*_, group] = [row for row in await one("iasql_undo") if row[1] == "security_group"]
    assert group[3].startswith("web (sg-")


async def test_what_was_forgotten_is_not_undone(one: Session) -> None:
    """What was changed would look as if it had been made, and would be deleted."""
    await one.execute("UPDATE repository SET scan_on_push = true")
    await one("iasql_apply")
    await one.execute("SELECT iasql_forget('repository')")
    error = await _refused(one)
    assert (error.sqlstate, "history of repository has been forgotten" in error.message) == ("55000", True)
    assert await one.rows(_ROWS) == [("one", True, "a")]


async def test_there_has_to_be_something_to_undo(one: Session) -> None:
    error = await _refused(one)
    assert (error.sqlstate, "you have not performed any" in error.message) == ("42704", True)
    assert (await _refused(one, "4711")).sqlstate == "42704"
