"""The main refusals through pgjdbc, in the simple and the extended protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.drivers.pgjdbc.client import Jdbc, first_error, jdbc
from tests.e2e.permissions.conftest import APPLY, Scene
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven

MakeRole = Callable[..., Database]
ALL_RIGHTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
    "GRANT EXECUTE ON FUNCTION iasql_apply(), iasql_apply(text) TO ROLE",
)


@dataclass(frozen=True)
class Refusal:
    """What is tried, by a role with some grants, after the owner has made something; how it is refused."""

    state: str
    steps: tuple[str, ...] = (f"0:{APPLY}",)
    grants: tuple[str, ...] = ALL_RIGHTS
    made: tuple[str, ...] = ()


REFUSALS = {
    "a role with SELECT alone": Refusal(
        "42501", grants=("GRANT SELECT ON ALL TABLES IN SCHEMA public TO ROLE",)
    ),
    "a role whose EXECUTE was revoked": Refusal(
        "42501", grants=(*ALL_RIGHTS, "REVOKE EXECUTE ON FUNCTION iasql_apply() FROM ROLE")
    ),
    "a role that may not delete": Refusal(
        "42501", grants=(*ALL_RIGHTS, "REVOKE DELETE ON log_group FROM ROLE")
    ),
    "a typo in the statement": Refusal("42703", ("0:SELECT typo FROM iasql_apply()",)),
    "a table that is not there": Refusal(
        "42P01", ("0:INSERT INTO nowhere SELECT action FROM iasql_apply()",)
    ),
    "a transaction that is READ ONLY": Refusal(
        "25006", ("BEGIN", "0:SET TRANSACTION READ ONLY", f"0:{APPLY}")
    ),
    "row level security": Refusal(
        "42501",
        made=(
            "ALTER TABLE log_group ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY p ON log_group USING (log_group_name = '/kept')",
        ),
    ),
    "an overload": Refusal(
        "42725",
        ("0:SELECT * FROM iasql_apply(1)",),
        made=("CREATE FUNCTION public.iasql_apply(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",),
    ),
    "what is no plan's name": Refusal("22023", ("0:SELECT * FROM iasql_apply(?)\tx",)),
}


@pytest.fixture(scope="session")
def session(maven: Maven) -> Jdbc:
    """Runs steps in a session."""
    return jdbc(maven)


@pytest.mark.parametrize("mode", ["simple", "extended"])
@pytest.mark.parametrize("tried", REFUSALS)
def test_it_is_refused_and_nothing_is_done(
    session: Jdbc, scene: Scene, make_role: MakeRole, tried: str, mode: str
) -> None:
    refusal = REFUSALS[tried]
    who = make_role(*refusal.grants)
    scene.execute(*refusal.made)
    with scene.nothing_happens():
        results = session(who, *refusal.steps, options=f"preferQueryMode={mode}")
        assert first_error(results)["error"] == refusal.state, results
    assert scene.groups() == ["/kept", "/precious"]


@pytest.mark.parametrize("mode", ["simple", "extended"])
def test_what_is_not_refused_is_done(session: Jdbc, scene: Scene, make_role: MakeRole, mode: str) -> None:
    who = make_role(*ALL_RIGHTS)
    results = session(who, "0:SELECT action FROM iasql_apply()", options=f"preferQueryMode={mode}")
    assert results == [[["delete"]]]
    assert scene.groups() == ["/kept"]
