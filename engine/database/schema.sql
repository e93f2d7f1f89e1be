-- Bookkeeping and functions of one database. Run as a whole, in one transaction, by the engine's own role,
-- whenever the database does not have this version of it. Everything in it can be run again.

CREATE SCHEMA IF NOT EXISTS iasql;
COMMENT ON SCHEMA iasql IS 'What iasql keeps for itself: installed modules, and the journal of operations.';
GRANT USAGE ON SCHEMA iasql TO PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.setting (
  name text PRIMARY KEY,
  value text NOT NULL
);
COMMENT ON TABLE iasql.setting IS 'The version of this schema.';
GRANT SELECT ON iasql.setting TO PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.module (
  name text PRIMARY KEY,
  version text NOT NULL,
  dependencies text[] NOT NULL,
  place integer NOT NULL
);
COMMENT ON TABLE iasql.module IS 'The modules that this version has.';
GRANT SELECT ON iasql.module TO PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.module_table (
  table_name text PRIMARY KEY,
  module text NOT NULL,
  deletion integer NOT NULL,
  deletable boolean NOT NULL
);
COMMENT ON TABLE iasql.module_table IS 'The tables of each module, and the order in which rows can be deleted.';
GRANT SELECT ON iasql.module_table TO PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.installed_module (
  name text PRIMARY KEY,
  installed_at timestamptz NOT NULL DEFAULT now(),
  installed_by text NOT NULL
);
COMMENT ON TABLE iasql.installed_module IS 'The modules whose tables are in this database.';
GRANT SELECT ON iasql.installed_module TO PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.iasql_operation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  function text NOT NULL,
  arguments text[] NOT NULL,
  username text NOT NULL,
  in_transaction boolean NOT NULL,
  steps integer NOT NULL,
  pid integer NOT NULL DEFAULT pg_backend_pid(),
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  outcome text,
  message text
);
COMMENT ON TABLE iasql.iasql_operation IS
  'The operations that change AWS: who, when, what. An operation without an end is running, or was cut off.';
COMMENT ON COLUMN iasql.iasql_operation.outcome IS
  'done; failed, with the error in message; or cut off: the engine died, as the next operation has seen.';
COMMENT ON COLUMN iasql.iasql_operation.in_transaction IS
  'Whether it ran in a transaction of the user''s, whose rollback does not undo what was done in AWS.';

CREATE TABLE IF NOT EXISTS iasql.iasql_step (
  operation bigint NOT NULL REFERENCES iasql.iasql_operation ON DELETE CASCADE,
  number integer NOT NULL,
  kind text NOT NULL,
  table_name text NOT NULL,
  description text NOT NULL,
  before jsonb,
  after jsonb,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  outcome text,
  message text,
  PRIMARY KEY (operation, number)
);
ALTER TABLE iasql.iasql_step
  ADD COLUMN IF NOT EXISTS attempts integer,
  ADD COLUMN IF NOT EXISTS request_ids text[],
  ADD COLUMN IF NOT EXISTS token text;
CREATE INDEX IF NOT EXISTS iasql_operation_running ON iasql.iasql_operation (id) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS iasql_step_begun ON iasql.iasql_step (started_at)
  WHERE outcome IN ('cut off', 'failed');
COMMENT ON TABLE iasql.iasql_step IS
  'The steps of operations, each written before AWS is called. A step without an end is under way, or was cut off.';
COMMENT ON COLUMN iasql.iasql_step.kind IS 'make, change or remove; a replacement makes and removes.';
COMMENT ON COLUMN iasql.iasql_step.before IS 'What AWS said of the resource when the operation began.';
COMMENT ON COLUMN iasql.iasql_step.after IS 'What AWS said of it at the end; NULL if it was removed.';
COMMENT ON COLUMN iasql.iasql_step.outcome IS
  'done; failed, with the error in message; or cut off: the engine died, and AWS may have done it or not.';
COMMENT ON COLUMN iasql.iasql_step.attempts IS 'How often AWS was asked for the call that it was asked for most often.';
COMMENT ON COLUMN iasql.iasql_step.request_ids IS 'AWS''s ids of the requests that it answered, in order.';
COMMENT ON COLUMN iasql.iasql_step.token IS
  'What names the step to AWS where AWS takes such a name; a step that was cut off is tried again with the same.';

CREATE TABLE IF NOT EXISTS iasql.policy (
  name text PRIMARY KEY,
  query text NOT NULL,
  advice text
);
COMMENT ON TABLE iasql.policy IS
  'Queries that must return no rows; a plan or an apply that makes one return some is refused.';
COMMENT ON COLUMN iasql.policy.query IS
  'One SELECT, without a semicolon. It sees the tables, and the plan column by column as iasql.planned().';
COMMENT ON COLUMN iasql.policy.advice IS 'What a user is told to do; NULL says nothing.';
GRANT SELECT ON iasql.policy TO PUBLIC;

CREATE OR REPLACE FUNCTION iasql.planned()
RETURNS TABLE (
  action text, table_name text, id integer, description text,
  column_name text, current_value text, desired_value text, replaces boolean
)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM jsonb_to_recordset(nullif(current_setting('iasql.planned', true), '')::jsonb) AS r (
    action text, table_name text, id integer, description text,
    column_name text, current_value text, desired_value text, replaces boolean
  )
$$;

-- Whether the engine's connection for an operation is there. Only its owner may see when another's began.
CREATE OR REPLACE FUNCTION iasql.lives(pid integer, began timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.pid = lives.pid AND a.backend_start <= lives.began)
$$;

-- The operations under way now, whatever the transaction has seen before.
CREATE OR REPLACE FUNCTION iasql.running() RETURNS SETOF bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_stat_clear_snapshot();
  RETURN QUERY SELECT o.id FROM iasql.iasql_operation AS o
    WHERE o.ended_at IS NULL AND iasql.lives(o.pid, o.started_at);
END
$$;

CREATE OR REPLACE VIEW iasql.iasql_progress AS
  SELECT o.id AS operation, o.function, o.username, o.started_at,
    count(s.number) FILTER (WHERE s.ended_at IS NOT NULL)::integer AS steps_done,
    o.steps,
    array_agg(s.kind || ' ' || s.table_name || ' ' || s.description ORDER BY s.number)
      FILTER (WHERE s.started_at IS NOT NULL AND s.ended_at IS NULL) AS under_way
  FROM iasql.iasql_operation AS o
  LEFT JOIN iasql.iasql_step AS s ON s.operation = o.id
  WHERE o.ended_at IS NULL AND iasql.lives(o.pid, o.started_at)
  GROUP BY o.id;
COMMENT ON VIEW iasql.iasql_progress IS 'The operations that are running, and how far they are.';
GRANT SELECT ON iasql.iasql_progress TO PUBLIC;

-- Written by the caller's own role, in its own transaction, so that it is undone with it.
CREATE OR REPLACE FUNCTION iasql.record_installed(names text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO iasql.installed_module (name, installed_by)
  SELECT name, session_user FROM unnest(names) AS name
  ON CONFLICT (name) DO UPDATE SET installed_at = now(), installed_by = excluded.installed_by
$$;

CREATE OR REPLACE FUNCTION iasql.record_uninstalled(names text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM iasql.installed_module WHERE name = ANY (names)
$$;

-- A module is installed if that was recorded and its tables have not been dropped since.
CREATE OR REPLACE FUNCTION iasql.installed() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.name
  FROM iasql.installed_module AS i JOIN iasql.module AS m USING (name)
  WHERE NOT EXISTS (
    SELECT FROM iasql.module_table AS t
    WHERE t.module = i.name AND to_regclass('public.' || quote_ident(t.table_name)) IS NULL
  )
  ORDER BY m.place
$$;

-- Takes the rows that the engine has left for this statement.
CREATE OR REPLACE FUNCTION iasql.take_result(called text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  setting text := 'iasql.result_of_' || called;
  result jsonb := nullif(current_setting(setting, true), '')::jsonb;
BEGIN
  IF result IS NULL THEN
    RAISE EXCEPTION '%() was not performed', called USING
      ERRCODE = 'object_not_in_prerequisite_state',
      DETAIL = 'The function returns what the iasql server has done for the statement that calls it, once.',
      HINT = 'Connect to the iasql server instead of to PostgreSQL, and call it directly: SELECT * FROM '
        || called || '(…).';
  END IF;
  PERFORM set_config(setting, '', true);
  RETURN result;
END
$$;

-- The same, as the rows of the operations that change or compare.
CREATE OR REPLACE FUNCTION iasql.take_changes(called text)
RETURNS TABLE (action text, table_name text, id integer, description text)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.* FROM jsonb_to_recordset(iasql.take_result(called))
    AS r (action text, table_name text, id integer, description text)
$$;

CREATE OR REPLACE FUNCTION public.iasql_install(VARIADIC _mods text[])
RETURNS TABLE (module_name varchar, created_table_name varchar, record_count integer)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT r.* FROM jsonb_to_recordset(iasql.take_result('iasql_install'))
    AS r (module_name varchar, created_table_name varchar, record_count integer);
END
$$;
COMMENT ON FUNCTION public.iasql_install(text[]) IS
  'Creates the tables of modules and fills them with what the AWS account holds.';

CREATE OR REPLACE FUNCTION public.iasql_uninstall(VARIADIC _mods text[])
RETURNS TABLE (module_name varchar, dropped_table_name varchar, record_count integer)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT r.* FROM jsonb_to_recordset(iasql.take_result('iasql_uninstall'))
    AS r (module_name varchar, dropped_table_name varchar, record_count integer);
END
$$;
COMMENT ON FUNCTION public.iasql_uninstall(text[]) IS 'Drops the tables of modules. Touches nothing in AWS.';

CREATE OR REPLACE FUNCTION public.iasql_apply()
RETURNS TABLE (action text, table_name text, id integer, description text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_apply');
END
$$;
COMMENT ON FUNCTION public.iasql_apply() IS 'Makes AWS hold what the tables hold.';

CREATE OR REPLACE FUNCTION public.iasql_apply(plan_id text)
RETURNS TABLE (action text, table_name text, id integer, description text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_apply');
END
$$;
COMMENT ON FUNCTION public.iasql_apply(text) IS
  'Makes AWS hold what the tables hold, if that is still the plan of this name.';

CREATE OR REPLACE FUNCTION public.iasql_plan_id() RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT nullif(pg_catalog.current_setting('iasql.plan_id', true), '')
$$;
COMMENT ON FUNCTION public.iasql_plan_id() IS 'The name of the last plan that was shown in this session.';

CREATE OR REPLACE FUNCTION public.iasql_plan_apply()
RETURNS TABLE (action text, table_name text, id integer, description text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_plan_apply');
END
$$;
COMMENT ON FUNCTION public.iasql_plan_apply() IS 'Shows what iasql_apply() would do.';

CREATE OR REPLACE FUNCTION public.iasql_preview_apply()
RETURNS TABLE (action text, table_name text, id integer, description text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_preview_apply');
END
$$;
COMMENT ON FUNCTION public.iasql_preview_apply() IS 'Shows what iasql_apply() would do.';

CREATE OR REPLACE FUNCTION public.iasql_diff()
RETURNS TABLE (
  action text, table_name text, id integer, description text,
  column_name text, current_value text, desired_value text, replaces boolean
)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT r.* FROM jsonb_to_recordset(iasql.take_result('iasql_diff')) AS r (
    action text, table_name text, id integer, description text,
    column_name text, current_value text, desired_value text, replaces boolean
  );
END
$$;
COMMENT ON FUNCTION public.iasql_diff() IS 'Shows what iasql_apply() would do, column by column.';

CREATE OR REPLACE FUNCTION public.iasql_sync()
RETURNS TABLE (action text, table_name text, id integer, description text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_sync');
END
$$;
COMMENT ON FUNCTION public.iasql_sync() IS
  'Makes the tables hold what AWS holds, dropping changes of theirs that were not applied.';

CREATE OR REPLACE FUNCTION public.iasql_plan_sync()
RETURNS TABLE (action text, table_name text, id integer, description text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_plan_sync');
END
$$;
COMMENT ON FUNCTION public.iasql_plan_sync() IS 'Shows what iasql_sync() would do.';

CREATE OR REPLACE FUNCTION public.iasql_preview_sync()
RETURNS TABLE (action text, table_name text, id integer, description text)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_preview_sync');
END
$$;
COMMENT ON FUNCTION public.iasql_preview_sync() IS 'Shows what iasql_sync() would do.';

CREATE OR REPLACE FUNCTION public.iasql_upgrade() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM iasql.take_result('iasql_upgrade');
END
$$;
COMMENT ON FUNCTION public.iasql_upgrade() IS
  'Brings this database''s functions and tables to the running version.';

CREATE OR REPLACE FUNCTION public.iasql_modules_list()
RETURNS TABLE (module_name text, module_version text, dependencies text[])
LANGUAGE sql STABLE AS $$
  SELECT m.name, m.version, m.dependencies FROM iasql.module AS m ORDER BY m.place
$$;
COMMENT ON FUNCTION public.iasql_modules_list() IS 'Lists all modules.';

CREATE OR REPLACE FUNCTION public.iasql_modules_installed()
RETURNS TABLE (module_name text, module_version text, dependencies varchar[])
LANGUAGE sql STABLE AS $$
  SELECT m.name, m.version, m.dependencies::varchar[]
  FROM iasql.installed() AS i (name) JOIN iasql.module AS m USING (name)
  ORDER BY m.place
$$;
COMMENT ON FUNCTION public.iasql_modules_installed() IS 'Lists the modules whose tables are in this database.';

CREATE OR REPLACE FUNCTION public.iasql_version() RETURNS TABLE (version text)
LANGUAGE sql STABLE AS $$
  SELECT s.value FROM iasql.setting AS s WHERE s.name = 'version'
$$;
COMMENT ON FUNCTION public.iasql_version() IS 'The version of iasql that this database is made for.';

-- Everyone sees their own errors only: the journal belongs to its owner.
CREATE OR REPLACE FUNCTION public.iasql_get_errors() RETURNS TABLE (ts timestamptz, message text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.ended_at, o.message
  FROM iasql.iasql_operation AS o
  WHERE o.outcome = 'failed' AND o.username = session_user
  ORDER BY o.ended_at
$$;
COMMENT ON FUNCTION public.iasql_get_errors() IS 'The errors of your own operations, oldest first.';

CREATE OR REPLACE FUNCTION public.delete_all_records() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT t.table_name
    FROM iasql.module_table AS t JOIN iasql.installed() AS i (name) ON t.module = i.name
    WHERE t.deletable
    ORDER BY t.deletion
  LOOP
    EXECUTE format('DELETE FROM public.%I', name);
  END LOOP;
END
$$;
COMMENT ON FUNCTION public.delete_all_records() IS
  'Deletes the rows of all installed modules, so that the next iasql_apply() deletes the resources.';

CREATE OR REPLACE FUNCTION public.iasql_help()
RETURNS TABLE (name text, signature text, description text, sample_usage text)
LANGUAGE sql STABLE AS $$
  SELECT p.proname::text,
    p.proname || '(' || pg_catalog.pg_get_function_arguments(p.oid) || ')',
    pg_catalog.obj_description(p.oid, 'pg_proc'),
    h.sample
  FROM (VALUES
    ('iasql_install', 'SELECT * FROM iasql_install(''aws_vpc'', ''aws_ecr'');'),
    ('iasql_uninstall', 'SELECT * FROM iasql_uninstall(''aws_ecr'');'),
    ('iasql_plan_apply', 'SELECT * FROM iasql_plan_apply();'),
    ('iasql_preview_apply', 'SELECT * FROM iasql_preview_apply();'),
    ('iasql_apply', 'SELECT * FROM iasql_apply();'),
    ('iasql_diff', 'SELECT * FROM iasql_diff();'),
    ('iasql_plan_id', 'SELECT iasql_plan_id();'),
    ('iasql_get_errors', 'SELECT * FROM iasql_get_errors();'),
    ('iasql_plan_sync', 'SELECT * FROM iasql_plan_sync();'),
    ('iasql_preview_sync', 'SELECT * FROM iasql_preview_sync();'),
    ('iasql_sync', 'SELECT * FROM iasql_sync();'),
    ('iasql_modules_list', 'SELECT * FROM iasql_modules_list();'),
    ('iasql_modules_installed', 'SELECT * FROM iasql_modules_installed();'),
    ('iasql_version', 'SELECT * FROM iasql_version();'),
    ('iasql_upgrade', 'SELECT iasql_upgrade();'),
    ('iasql_help', 'SELECT * FROM iasql_help();'),
    ('delete_all_records', 'SELECT delete_all_records();')
  ) AS h (name, sample)
  JOIN pg_catalog.pg_proc AS p
    ON p.proname = h.name AND p.pronamespace = 'public'::pg_catalog.regnamespace
  ORDER BY p.proname
$$;
COMMENT ON FUNCTION public.iasql_help() IS 'Lists these functions.';
