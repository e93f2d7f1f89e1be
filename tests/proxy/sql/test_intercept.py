"""Which texts contain a call, and which calls can be performed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.operations import FUNCTIONS
from proxy.sql.intercept import Analysis, CallSite, Refusal, analyse

NO_CALL = """
SELECT 1
SELECT 'iasql_apply()'
SELECT $$iasql_apply()$$
SELECT 1 -- iasql_apply()
SELECT /* iasql_apply() */ 1
SELECT iasql_apply FROM t
SELECT x AS iasql_apply FROM t AS iasql_sync
SELECT * FROM iasql_apply
SELECT other.iasql_apply()
SELECT iasql_applying()
SELECT "IASQL_APPLY"()
CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT iasql_apply() $$
CREATE FUNCTION f() RETURNS void BEGIN ATOMIC SELECT iasql_apply(); END
EXPLAIN SELECT * FROM iasql_apply()
EXPLAIN (ANALYZE false) SELECT * FROM iasql_apply()
EXPLAIN (ANALYZE 0, VERBOSE) SELECT * FROM iasql_apply()
DO $$ BEGIN RAISE NOTICE 'iasql_apply()'; /* iasql_apply() */ END $$
DROP FUNCTION iasql_apply()
COMMENT ON FUNCTION iasql_apply() IS 'x'
GRANT EXECUTE ON FUNCTION iasql_apply() TO PUBLIC
CALL iasql_apply()
SELEC iasql_apply()
SELECT iasql_apply(
"""

PERFORMED = """
SELECT * FROM iasql_apply()
select * from IASQL_APPLY ( )
SELECT * FROM iasql_apply/* a comment */( )
SELECT * FROM "public" . "iasql_apply" ()
SELECT * FROM public."iasql_apply"() WITH ORDINALITY AS t(a, b, c, d, n) WHERE n > 1 LIMIT 5
SELECT iasql_apply()
SELECT (SELECT count(*) FROM iasql_apply()), 1
SELECT to_json(iasql_apply())
SELECT iasql_apply()::text
SELECT iasql_apply() -> 'a' ->> 'b'
SELECT 'a' || to_json(iasql_apply())::text
SELECT action, count(*) FROM iasql_apply() GROUP BY 1 ORDER BY 2
SELECT * FROM t JOIN iasql_apply() a ON a.id = t.id
SELECT * FROM t LEFT JOIN (SELECT * FROM iasql_apply()) a USING (id)
SELECT * FROM t, LATERAL iasql_apply()
WITH a AS (SELECT * FROM iasql_apply()) SELECT * FROM a JOIN a b USING (id)
WITH a AS (INSERT INTO log SELECT * FROM iasql_apply() RETURNING *) SELECT * FROM a
SELECT 1 UNION ALL SELECT id FROM iasql_apply()
INSERT INTO log SELECT * FROM iasql_apply()
CREATE TABLE log AS SELECT * FROM iasql_apply()
SELECT * INTO log FROM iasql_apply()
COPY (SELECT * FROM iasql_apply()) TO STDOUT
DECLARE c CURSOR FOR SELECT * FROM iasql_apply()
"""

REFUSED = """
SELECT (iasql_apply()).*
SELECT (iasql_apply()).action
SELECT CASE WHEN true THEN iasql_apply() END
SELECT coalesce(iasql_apply(), NULL)
SELECT true OR iasql_apply()
SELECT nullif(iasql_apply(), 1)
SELECT 1 = ANY (iasql_apply())
SELECT iasql_apply() FROM t
SELECT iasql_apply() WHERE false
SELECT * FROM t WHERE id IN (SELECT id FROM iasql_apply())
SELECT * FROM t HAVING exists (SELECT FROM iasql_apply())
SELECT * FROM t, LATERAL (SELECT * FROM iasql_apply()) a
SELECT * FROM t, (SELECT iasql_apply()) a
SELECT * FROM t, iasql_install(t.name)
WITH RECURSIVE a AS (SELECT * FROM iasql_apply()) SELECT * FROM a
SELECT * FROM iasql_apply(), iasql_sync()
SELECT * FROM t ORDER BY (SELECT 1 FROM iasql_apply())
VALUES (iasql_apply())
INSERT INTO log VALUES (iasql_apply())
UPDATE t SET x = (SELECT 1 FROM iasql_apply())
DELETE FROM t USING iasql_apply()
MERGE INTO t USING iasql_apply() a ON a.id = t.id WHEN MATCHED THEN DELETE
CREATE VIEW v AS SELECT * FROM iasql_apply()
CREATE MATERIALIZED VIEW v AS SELECT * FROM iasql_apply()
CREATE RULE r AS ON INSERT TO t DO ALSO SELECT * FROM iasql_apply()
CREATE TABLE t (x text DEFAULT iasql_apply())
DO $$ BEGIN PERFORM * FROM iasql_apply(); END $$
DO $$ BEGIN PERFORM public.IASQL_APPLY(); END $$
PREPARE p AS SELECT * FROM iasql_apply()
EXPLAIN ANALYZE SELECT * FROM iasql_apply()
EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM iasql_apply()
"""


def lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line]


def finding(sql: str) -> CallSite | Refusal | None:
    statements = analyse(sql, FUNCTIONS).statements
    return statements[0].finding if statements else None


@pytest.mark.parametrize("sql", lines(NO_CALL))
def test_this_is_no_call(sql: str) -> None:
    assert finding(sql) is None


@pytest.mark.parametrize("sql", lines(PERFORMED))
def test_this_is_performed(sql: str) -> None:
    found = finding(sql)
    assert isinstance(found, CallSite), found
    assert found.function == "iasql_apply"


@pytest.mark.parametrize("sql", lines(REFUSED))
def test_this_is_refused(sql: str) -> None:
    found = finding(sql)
    assert isinstance(found, Refusal)
    assert found.function in found.message
    assert found.hint


@pytest.mark.parametrize(
    ("call", "expression", "parameters"),
    [
        ("iasql_install()", None, ()),
        ("iasql_install('a')", "ARRAY[('a')::text]", ()),
        ("iasql_install($2, $1, $2)", "ARRAY[($1)::text, ($2)::text, ($1)::text]", (2, 1)),
        ("iasql_install(VARIADIC $3)", "($1)::text[]", (3,)),
        ("iasql_install('a', VARIADIC x)".replace("x", "'{b}'"), "ARRAY[('a')::text] || ('{b}')::text[]", ()),
        ("iasql_install('a, b)', f(1, 2))", "ARRAY[('a, b)')::text, (f\n(\n1\n,\n2\n))::text]", ()),
        ("iasql_install('a'\n'b' /* , */)", "ARRAY[('a'\n'b')::text]", ()),
        ("iasql_install(upper(array['a', 'b']))", "ARRAY[(upper\n(\narray\n[\n'a'\n,\n'b'\n]\n))::text]", ()),
    ],
)
def test_arguments_are_taken_as_written(
    call: str, expression: str | None, parameters: tuple[int, ...]
) -> None:
    found = finding(f"SELECT 'é', * FROM {call} WHERE $9 = 1")
    assert found == CallSite("iasql_install", False, expression, parameters=parameters)


@pytest.mark.parametrize("arrow", ["=>", ":="])
def test_arguments_can_be_named(arrow: str) -> None:
    found = finding(f"SELECT * FROM iasql_install($2, region {arrow} f(a => $1))")
    expression = "ARRAY[($1)::text, (f\n(\na\n=>\n$2\n))::text]"
    assert found == CallSite("iasql_install", False, expression, ("region",), (2, 1))


def test_statements_of_a_text_are_found_where_they_are() -> None:
    text = "SELECT 'é'; ; SELECT * FROM iasql_apply() ;\nSELECT 2"
    analysis = analyse(text, FUNCTIONS)
    data = text.encode()
    assert [data[s.start : s.end].decode().strip() for s in analysis.statements] == [
        "SELECT 'é'",
        "SELECT * FROM iasql_apply()",
        "SELECT 2",
    ]
    assert [s.finding is not None for s in analysis.statements] == [False, True, False]


@pytest.mark.parametrize(
    ("sql", "needed"),
    [
        ("SELECT iasql_help()", True),
        ("SELECT * FROM public.iasql_modules_list()", True),
        ("SELECT other.iasql_help()", False),
        ("SELECT 'iasql_help()'", False),
    ],
)
def test_plain_functions_of_ours_need_the_database_prepared(sql: str, needed: bool) -> None:
    analysis = analyse(sql, FUNCTIONS)
    assert analysis.needs_functions is needed
    assert not analysis.has_call


def test_a_deep_expression_is_understood() -> None:
    found = finding("SELECT * FROM iasql_install('a'" + " || 'b'" * 1000 + ")")
    assert isinstance(found, CallSite)


@given(st.text(max_size=60))
def test_any_text_is_analysed(text: str) -> None:
    assert isinstance(analyse("SELECT iasql_apply() " + text, FUNCTIONS), Analysis)
