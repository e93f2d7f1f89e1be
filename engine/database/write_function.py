"""The functions by which the engine writes rows with the rights of the tables' owner.

What AWS assigns, and rows that follow AWS, need no privilege of the caller. They are written in the caller's
session and transaction by a function that the tables' owner has made there, in an install or an upgrade. It
writes while the engine vouches for the session, and only as a statement of its own: nothing that runs within
another statement can call it.

A function counts if it is the owner's of the table, has this version's body, and is as it was made.
Its name does not matter, and is drawn, so that nobody can take it beforehand.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping

from engine.caller import Caller
from engine.database.sql import identifier, literal, relation

_PREFIX = "iasql_write_"
_STATEMENT = "/* the statement that may call it */"

#: What it does, by the name of each operation: see `engine.rows.statements`.
_BODY = f"""
DECLARE
  o jsonb;
  target text;
  columns text;
  changed text;
  same text;
  done bigint;
BEGIN
  IF current_query() IS DISTINCT FROM {_STATEMENT} OR NOT iasql.engine_writes() THEN
    RAISE EXCEPTION 'only the iasql server can write rows by this function' USING ERRCODE = '42501',
      HINT = 'INSERT, UPDATE and DELETE write the tables.';
  END IF;
  FOR n IN 0 .. jsonb_array_length(operations) - 1 LOOP
    o := operations -> n;
    target := format('%I.%I', o ->> 'schema', o ->> 'table');
    EXECUTE format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', target);
    IF iasql.runs_others(target::regclass) THEN
      RAISE EXCEPTION 'somebody else''s trigger on % would run with the rights of its owner', target
        USING ERRCODE = '42501', HINT = 'Its owner can drop the trigger.';
    END IF;
    columns := (SELECT string_agg(quote_ident(c.name), ', ' ORDER BY c.place)
      FROM jsonb_array_elements_text(o -> 'columns') WITH ORDINALITY AS c (name, place));
    CASE o ->> 'do'
    WHEN 'number' THEN
      RETURN QUERY EXECUTE 'SELECT $1, nextval(pg_get_serial_sequence($2, ''id''))::text, NULL::text '
        'FROM generate_series(1, $3)' USING n, target, (o ->> 'count')::integer;
    WHEN 'lock' THEN
      RETURN QUERY EXECUTE format('SELECT $1, t.%2$I::text, t.xmin::text FROM %1$s AS t '
        'WHERE t.%2$I::text = ANY (ARRAY(SELECT jsonb_array_elements_text($2))) FOR UPDATE OF t',
        target, o ->> 'key') USING n, o -> 'keys';
    WHEN 'insert' THEN
      EXECUTE format('INSERT INTO %1$s (%2$s) SELECT %2$s FROM jsonb_populate_recordset(NULL::%1$s, $1)',
        target, columns) USING o -> 'records';
      GET DIAGNOSTICS done = ROW_COUNT;
      RETURN QUERY SELECT n, done::text, NULL::text;
    WHEN 'fill' THEN
      EXECUTE format('SELECT FROM %I.%I AS t '
        'WHERE t.%I::text = ANY (ARRAY(SELECT jsonb_array_elements_text($1))) FOR UPDATE OF t',
        o ->> 'of_schema', o ->> 'of', o ->> 'key') USING o -> 'keys';
      EXECUTE format('INSERT INTO %1$s (%2$s) SELECT %2$s FROM jsonb_populate_recordset(NULL::%1$s, $1) AS r '
        'WHERE EXISTS (SELECT FROM %4$I.%5$I AS t WHERE t.%6$I::text = r.%3$I::text) '
        'AND NOT EXISTS (SELECT FROM %1$s AS p WHERE p.%3$I::text = r.%3$I::text)',
        target, columns, o ->> 'parent', o ->> 'of_schema', o ->> 'of', o ->> 'key') USING o -> 'records';
    WHEN 'update' THEN
      changed := (SELECT string_agg(format(
          CASE WHEN n.fills THEN '%1$I = COALESCE(t.%1$I, r.%1$I)' ELSE '%1$I = r.%1$I' END, n.name), ', ')
        FROM (SELECT v.name, false AS fills FROM jsonb_array_elements_text(o -> 'values') AS v (name)
          UNION ALL SELECT f.name, true FROM jsonb_array_elements_text(o -> 'fills') AS f (name)) AS n);
      same := (SELECT string_agg(format('t.%1$I::text = r.%1$I::text', k.name), ' AND ')
        FROM jsonb_array_elements_text(o -> 'key') AS k (name));
      EXECUTE format('UPDATE %1$s AS t SET %2$s '
        'FROM jsonb_populate_recordset(NULL::%1$s, $1) AS r WHERE %3$s',
        target, changed, same) USING o -> 'records';
      GET DIAGNOSTICS done = ROW_COUNT;
      RETURN QUERY SELECT n, done::text, NULL::text;
    WHEN 'rename' THEN
      EXECUTE format('UPDATE %1$s AS t SET %2$I = r.new '
        'FROM jsonb_to_recordset($1) AS r (old text, new text) WHERE t.%2$I::text = r.old',
        target, o ->> 'key') USING o -> 'records';
      GET DIAGNOSTICS done = ROW_COUNT;
      RETURN QUERY SELECT n, done::text, NULL::text;
    WHEN 'clear' THEN
      EXECUTE format('UPDATE %s SET %I = NULL '
        'WHERE %I::text = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))',
        target, o ->> 'column', o ->> 'key') USING o -> 'keys';
    WHEN 'delete' THEN
      EXECUTE format('DELETE FROM %s WHERE %I::text = ANY (ARRAY(SELECT jsonb_array_elements_text($1)))',
        target, o ->> 'key') USING o -> 'keys';
    END CASE;
  END LOOP;
END
"""


def statement(function: str) -> str:
    """The one statement that may call a function of this kind.

    Args:
        function: its qualified name, quoted where that is needed, as `find` gives it.
    """
    return f"SELECT * FROM {function}($1)"


async def find(caller: Caller, tables: Iterable[str]) -> Mapping[str, str]:
    """The function that writes each of some tables; what has none is written with the caller's rights."""
    named = {table: relation(table) for table in tables}
    found = await caller.query(
        "SELECT table_name, function FROM iasql.writers($1::pg_catalog.jsonb, $2)", json.dumps(named), _BODY
    )
    return {str(table): str(function) for table, function in found}


async def make(caller: Caller, schema: str, otherwise: str) -> None:
    """Make the caller's function, as the owner of tables, unless there is one.

    Args:
        schema: where it stands.
        otherwise: where it stands if the caller may make none there.

    Raises:
        DatabaseError: the caller may make no functions in either.
    """
    ((me, there, may),) = await caller.query(
        "SELECT current_user::pg_catalog.text, EXISTS (SELECT FROM iasql.write_functions($1) AS f "
        "WHERE f.owner OPERATOR(pg_catalog.=) current_user::pg_catalog.text)::pg_catalog.text, "
        "pg_catalog.has_schema_privilege($2, 'CREATE')::pg_catalog.text",
        _BODY,
        schema,
    )
    if there != "true":
        await _make(caller, schema if may == "true" else otherwise, str(me), str(me))


async def complete(caller: Caller) -> None:
    """Make what functions of this version the owners of modules' tables lack, as far as the caller may."""
    wanting = await caller.query(
        "SELECT owner, schema_name, may::pg_catalog.text, current_user::pg_catalog.text "
        "FROM iasql.without_function($1)",
        _BODY,
    )
    for owner, schema, may, me in wanting:
        if may == "true":
            await _make(caller, str(schema), str(owner), str(me))
        else:
            caller.notice(
                f"rows of tables of {owner} are written with the caller's rights",
                hint=f"SELECT iasql_upgrade() of {owner} changes that.",
            )


async def drop_idle(caller: Caller) -> None:
    """Drop the functions of owners who have no module's table any more."""
    for (function,) in await caller.query("SELECT iasql.idle_write_functions()"):
        await caller.query(f"DROP FUNCTION {function}")


async def _make(caller: Caller, schema: str, owner: str, me: str) -> None:
    for (old,) in await caller.query("SELECT iasql.write_functions_of($1)", owner):
        await caller.query(f"DROP FUNCTION {old}")
    ((name,),) = await caller.query(
        "SELECT pg_catalog.format('%I.%I', $1::pg_catalog.text, $2::pg_catalog.text)",
        schema,
        _PREFIX + secrets.token_hex(8),
    )
    await caller.query(
        f"CREATE FUNCTION {name}(operations pg_catalog.jsonb) "
        "RETURNS TABLE (place pg_catalog.int4, one pg_catalog.text, two pg_catalog.text) "
        "LANGUAGE plpgsql VOLATILE SECURITY DEFINER "
        "SET search_path = pg_catalog, pg_temp SET row_security = off AS " + literal(_body(str(name)))
    )
    if owner != me:
        await caller.query(f"ALTER FUNCTION {name}(pg_catalog.jsonb) OWNER TO {identifier(owner)}")
    # An owner may have taken that from PUBLIC by default; this function lets only the engine do anything.
    await caller.query(f"GRANT EXECUTE ON FUNCTION {name}(pg_catalog.jsonb) TO PUBLIC")
    await caller.query(
        f"COMMENT ON FUNCTION {name}(pg_catalog.jsonb) IS "
        + literal(
            "By this the iasql server writes what AWS assigns into the tables of this function's owner."
        )
    )


def _body(function: str) -> str:
    return _BODY.replace(_STATEMENT, literal(statement(function)))
