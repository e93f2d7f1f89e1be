"""Schemas that are places of regions, and roles that have rights in some of them."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from tests.e2e.permissions.conftest import PLAN, Scene, fetched
from tests.fixtures.databases import Database

MakeRole = Callable[..., Database]
IRELAND = "eu-west-1"
ADD = f"SELECT * FROM iasql_add_region('{IRELAND}')"


def test_a_schema_of_somebody_elses_is_no_place(scene: Scene, make_role: MakeRole) -> None:
    mallory = make_role("CREATE SCHEMA eu_west_1 AUTHORIZATION ROLE", by_superuser=True)
    scene.as_superuser("GRANT ALL ON SCHEMA eu_west_1 TO PUBLIC")
    error = scene.refused(scene.owner, ADD, state="42501")
    assert f"belongs to {mallory.role}" in str(error.diag.message_primary)
    assert fetched(scene.owner, "SELECT schema FROM iasql.place") == [("public",)]


def test_no_views_of_all_regions_are_made_in_a_schema_of_somebody_elses(
    scene: Scene, make_role: MakeRole
) -> None:
    make_role("CREATE SCHEMA iasql_all AUTHORIZATION ROLE", by_superuser=True)
    scene.as_superuser("GRANT ALL ON SCHEMA iasql_all TO PUBLIC")
    scene.execute(ADD)
    assert (
        fetched(scene.owner, "SELECT relname FROM pg_class WHERE relnamespace = 'iasql_all'::regnamespace")
        == []
    )


def test_who_may_install_does_so_in_a_place_beside_what_is_anothers(
    scene: Scene, make_role: MakeRole
) -> None:
    """A module of which a part is global has two owners then."""
    scene.execute("SELECT iasql_install('aws_ecr')")
    installer = make_role(
        "GRANT CREATE ON DATABASE " + scene.owner.name + " TO ROLE",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_install(name, text), iasql_add_region(text, text) TO ROLE",
    )
    fetched(installer, ADD)
    fetched(installer, f"SELECT * FROM iasql_install('aws_ecr', region => '{IRELAND}')")
    assert fetched(installer, PLAN) == [("delete", "log_group")]
    assert fetched(scene.owner, "SELECT owner = installed_by FROM iasql.installed_module") == [(True,)] * 6


def test_a_place_that_a_role_may_not_use_does_not_stop_it_elsewhere(
    scene: Scene, make_role: MakeRole
) -> None:
    scene.execute(ADD, f"SELECT iasql_install('aws_cloudwatch', region => '{IRELAND}')")
    here = make_role(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply(name) TO ROLE",
    )
    default = str(fetched(scene.owner, "SELECT region FROM iasql.place WHERE is_default")[0][0])
    assert fetched(here, f"SELECT action FROM iasql_plan_apply(region => '{default}')") == [("delete",)]
    error = scene.refused(here, PLAN, state="42501")
    assert "GRANT USAGE ON SCHEMA" in str(error.diag.message_hint)
    with scene.nothing_happens(), pytest.raises(psycopg.errors.InsufficientPrivilege):
        fetched(here, f"SELECT * FROM iasql_apply(region => '{IRELAND}')")


def test_a_role_with_rights_in_one_place_changes_nothing_elsewhere(scene: Scene, make_role: MakeRole) -> None:
    scene.execute(ADD, f"SELECT iasql_install('aws_cloudwatch', region => '{IRELAND}')")
    there = make_role(
        "GRANT USAGE ON SCHEMA eu_west_1 TO ROLE",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA eu_west_1 TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply(), iasql_apply(name) TO ROLE",
    )
    fetched(there, "INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('/there') RETURNING 1")
    scene.refused(there, "SELECT * FROM iasql_apply()", state="42501")
    applied = fetched(there, f"SELECT action, table_name FROM iasql_apply(region => '{IRELAND}')")
    assert applied == [("create", "eu_west_1.log_group")]
    assert scene.groups() == ["/kept", "/precious"]


def test_a_policy_of_the_default_region_is_told_of_when_another_is_added(scene: Scene) -> None:
    scene.execute(
        "INSERT INTO iasql.policy (name, query) VALUES ('none', 'SELECT * FROM log_group WHERE false')"
    )
    with psycopg.connect(scene.owner.url, autocommit=True) as connection:
        told: list[str] = []
        connection.add_notice_handler(lambda each: told.append(str(each.message_primary)))
        connection.execute(ADD.encode())
    assert told == ["policies are about the default region where they name its tables"]


@pytest.mark.parametrize("call", ["SELECT delete_all_records()", "SELECT iasql_uninstall('aws_cloudwatch')"])
def test_what_is_meant_for_a_place_that_a_role_may_not_use_is_not_done_to_the_default_one(
    scene: Scene, make_role: MakeRole, call: str
) -> None:
    scene.execute(ADD, f"SELECT iasql_install('aws_cloudwatch', region => '{IRELAND}')")
    someone = make_role(
        "GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT EXECUTE ON FUNCTION delete_all_records(), iasql_uninstall(text[]) TO ROLE",
    )
    with psycopg.connect(someone.url, autocommit=True) as connection:
        connection.execute("SET search_path = eu_west_1, public")
        with pytest.raises(psycopg.errors.InvalidSchemaName, match="the schema of eu-west-1"):
            connection.execute(call.encode())
    assert fetched(scene.owner, "SELECT log_group_name FROM log_group") == [("/kept",)]


def test_only_mine_leaves_out_other_places(scene: Scene, make_role: MakeRole) -> None:
    scene.execute(ADD, f"SELECT iasql_install('aws_cloudwatch', region => '{IRELAND}')")
    there = make_role(
        "GRANT USAGE ON SCHEMA eu_west_1 TO ROLE",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE",
        "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA eu_west_1 TO ROLE",
        "GRANT EXECUTE ON FUNCTION iasql_apply() TO ROLE",
    )
    with psycopg.connect(there.url, autocommit=True) as connection:
        connection.execute("SET iasql.only_mine = on")
        connection.execute("INSERT INTO eu_west_1.log_group (log_group_name) VALUES ('/there')")
        applied = connection.execute("SELECT table_name FROM iasql_apply()").fetchall()
    assert applied == [("eu_west_1.log_group",)]
    assert scene.groups() == ["/kept", "/precious"]
