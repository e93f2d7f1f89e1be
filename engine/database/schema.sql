-- Bookkeeping and functions of one database. Run as a whole, in one transaction, by the engine's own role,
-- whenever the database does not have this version of it. Everything in it can be run again.
-- The schema is there, and is that role's own: prepare.py sees to that before anything here is read or written.

COMMENT ON SCHEMA iasql IS 'What iasql keeps for itself: installed modules, and the journal of operations.';
GRANT USAGE ON SCHEMA iasql TO PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.setting (
  name text PRIMARY KEY,
  value text NOT NULL
);
COMMENT ON TABLE iasql.setting IS 'The version of this schema.';
GRANT SELECT ON iasql.setting TO PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.cancel_secret (
  value text NOT NULL
);
INSERT INTO iasql.cancel_secret (value)
  SELECT concat(gen_random_uuid(), gen_random_uuid()) WHERE NOT EXISTS (SELECT FROM iasql.cancel_secret);
COMMENT ON TABLE iasql.cancel_secret IS 'With this servers tell each other whose operation is to be cancelled.';

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

ALTER TABLE iasql.module_table ADD COLUMN IF NOT EXISTS is_global boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN iasql.module_table.is_global IS
  'Whether AWS has its resources once for an account: the table is in the default place only.';

CREATE TABLE IF NOT EXISTS iasql.place (
  schema text PRIMARY KEY,
  region text UNIQUE,
  is_default boolean NOT NULL DEFAULT false,
  made boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX IF NOT EXISTS place_default ON iasql.place (is_default) WHERE is_default;
INSERT INTO iasql.place (schema, is_default)
  SELECT 'public', true WHERE NOT EXISTS (SELECT FROM iasql.place AS p WHERE p.is_default);
COMMENT ON TABLE iasql.place IS 'The regions of this database, and which schema has the tables of each.';
COMMENT ON COLUMN iasql.place.region IS 'NULL until AWS has been read for the first time.';
COMMENT ON COLUMN iasql.place.is_default IS 'Whether it also has the tables of what AWS has once for an account.';
COMMENT ON COLUMN iasql.place.made IS 'Whether the schema was made with it, and so goes with it.';
GRANT SELECT ON iasql.place TO PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.installed_module (
  name text NOT NULL,
  installed_at timestamptz NOT NULL DEFAULT now(),
  installed_by text NOT NULL
);
ALTER TABLE iasql.installed_module ADD COLUMN IF NOT EXISTS owner text;
ALTER TABLE iasql.installed_module ADD COLUMN IF NOT EXISTS schema text NOT NULL DEFAULT 'public';
ALTER TABLE iasql.installed_module DROP CONSTRAINT IF EXISTS installed_module_pkey;
ALTER TABLE iasql.installed_module ADD PRIMARY KEY (schema, name);
ALTER TABLE iasql.installed_module ADD COLUMN IF NOT EXISTS tables text[];
COMMENT ON COLUMN iasql.installed_module.owner IS 'The role that made the tables.';
COMMENT ON COLUMN iasql.installed_module.tables IS
  'The tables that were made; a later version of the module may have more, which iasql_upgrade() makes.';
COMMENT ON COLUMN iasql.installed_module.schema IS 'The place that it was installed in.';
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
ALTER TABLE iasql.iasql_operation
  ADD COLUMN IF NOT EXISTS address text,
  ADD COLUMN IF NOT EXISTS application_name text,
  ADD COLUMN IF NOT EXISTS role text,
  ADD COLUMN IF NOT EXISTS account text,
  ADD COLUMN IF NOT EXISTS regions text[],
  ADD COLUMN IF NOT EXISTS arn text;
COMMENT ON COLUMN iasql.iasql_operation.account IS 'The AWS account that it changed.';
COMMENT ON COLUMN iasql.iasql_operation.regions IS 'The regions in which it had steps.';
COMMENT ON COLUMN iasql.iasql_operation.arn IS 'Who it was to AWS.';
COMMENT ON COLUMN iasql.iasql_operation.username IS 'The role that was logged in.';
COMMENT ON COLUMN iasql.iasql_operation.role IS 'The role that it ran as, which SET ROLE changes.';
COMMENT ON COLUMN iasql.iasql_operation.address IS 'Where the client was, as the iasql server saw it.';
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
  ADD COLUMN IF NOT EXISTS loses text[],
  ADD COLUMN IF NOT EXISTS attempts integer,
  ADD COLUMN IF NOT EXISTS request_ids text[],
  ADD COLUMN IF NOT EXISTS token text,
  ADD COLUMN IF NOT EXISTS action text,
  ADD COLUMN IF NOT EXISTS name text,
  ADD COLUMN IF NOT EXISTS identity text,
  ADD COLUMN IF NOT EXISTS becomes text;
-- Earlier versions had other words for what a step does, and described a resource by what it is known by.
UPDATE iasql.iasql_step AS s SET name = COALESCE(s.name, s.description), kind = w.kind, action = COALESCE(s.action, w.kind)
  FROM (VALUES ('make', 'create'), ('change', 'update'), ('remove', 'delete')) AS w (before, kind)
  WHERE s.kind = w.before;
CREATE INDEX IF NOT EXISTS iasql_operation_running ON iasql.iasql_operation (id) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS iasql_step_open ON iasql.iasql_step (operation) WHERE outcome IS NULL OR outcome = 'cut off';
CREATE INDEX IF NOT EXISTS iasql_step_begun ON iasql.iasql_step (started_at)
  WHERE outcome IN ('cut off', 'failed');
COMMENT ON TABLE iasql.iasql_step IS
  'The steps of operations, each written before AWS is called. A step without an end is under way, or was cut off.';
COMMENT ON COLUMN iasql.iasql_step.kind IS 'create, update or delete; a replacement creates and deletes.';
COMMENT ON COLUMN iasql.iasql_step.action IS 'What the plan calls it: create, update, replace or delete.';
COMMENT ON COLUMN iasql.iasql_step.name IS 'AWS''s name for the resource, or the natural key of what had none yet.';
COMMENT ON COLUMN iasql.iasql_step.becomes IS 'The natural key of what is to take the place of the resource.';
COMMENT ON COLUMN iasql.iasql_step.identity IS 'AWS''s name for what it has left, or the natural key of what has none.';
COMMENT ON COLUMN iasql.iasql_step.description IS 'The resource as the plan describes it.';
COMMENT ON COLUMN iasql.iasql_step.before IS 'What AWS said of the resource when the operation began.';
COMMENT ON COLUMN iasql.iasql_step.after IS 'What AWS said of it at the end; NULL if it was removed.';
COMMENT ON COLUMN iasql.iasql_step.outcome IS
  'done; failed, with the error in message; or cut off: the engine died, and AWS may have done it or not.';
COMMENT ON COLUMN iasql.iasql_step.loses IS 'What it could not make again, in words.';
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
REVOKE ALL ON iasql.policy FROM PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.guard (
  role text NOT NULL DEFAULT 'PUBLIC',
  setting text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (role, setting)
);
ALTER TABLE iasql.guard
  DROP CONSTRAINT IF EXISTS guard_setting_check,
  DROP CONSTRAINT IF EXISTS guard_value_check,
  ADD CONSTRAINT guard_setting_check
    CHECK (setting IN ('max_deletes', 'max_changes', 'apply_mode', 'allow_loss', 'delete_unknown', 'on_failure',
      'keep_history')),
  ADD CONSTRAINT guard_value_check CHECK (CASE
    WHEN setting = 'keep_history' THEN value::interval >= interval '0' AND role = 'PUBLIC'
    WHEN setting = 'apply_mode' THEN value IN ('careful', 'merge', 'enforce')
    WHEN setting = 'on_failure' THEN value IN ('undo', 'keep')
    WHEN setting IN ('allow_loss', 'delete_unknown') THEN value IN ('on', 'off')
    ELSE value ~ '^[0-9]{1,9}$' END);
COMMENT ON TABLE iasql.guard IS
  'Limits that a session''s SET can only make stricter. iasql_guards() shows which of them apply to you.';
COMMENT ON COLUMN iasql.guard.role IS
  'A role, for whom is logged in as it or as a member of it; or PUBLIC, for all for whom no role''s row counts.';
COMMENT ON COLUMN iasql.guard.setting IS
  'max_deletes: how many resources one apply may delete, replaced ones included; max_changes: how many it may change in all; '
  'apply_mode: the laxest of careful, merge, enforce; allow_loss, delete_unknown: off forbids what SET would allow; '
  'on_failure: undo takes back what an apply of which a step fails has done; '
  'keep_history: how long history is kept, for PUBLIC only; 1 year if nothing says so.';

-- Refuses a limit for a role that is not there: it would hold for nobody.
CREATE OR REPLACE FUNCTION iasql.check_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.role <> 'PUBLIC' AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = NEW.role) THEN
    RAISE EXCEPTION 'role "%" does not exist', NEW.role USING ERRCODE = '42704',
      HINT = 'Write the role''s name as pg_roles has it, or PUBLIC for all for whom no role''s row counts.';
  END IF;
  RETURN NEW;
END
$$;
DROP TRIGGER IF EXISTS check_guard ON iasql.guard;
CREATE TRIGGER check_guard BEFORE INSERT OR UPDATE ON iasql.guard
  FOR EACH ROW EXECUTE FUNCTION iasql.check_guard();

DROP FUNCTION IF EXISTS iasql.planned();  -- an older version's has other columns
CREATE FUNCTION iasql.planned()
RETURNS TABLE (
  action text, table_name text, id integer, description text,
  column_name text, current_value text, desired_value text, replaces boolean, loses text,
  base_value text, changed_by text
)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT * FROM jsonb_to_recordset(nullif(current_setting('iasql.planned', true), '')::jsonb) AS r (
    action text, table_name text, id integer, description text,
    column_name text, current_value text, desired_value text, replaces boolean, loses text,
    base_value text, changed_by text
  )
$$;

CREATE OR REPLACE FUNCTION iasql.has_policies() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM iasql.policy)
$$;

-- What stands against the plan that iasql.planned() shows: the policies that return rows, with the first of them.
-- It is made the database owner's, so that a policy can do no more than read what the owner may read: not what
-- the caller may do, nor a superuser. Its owner could take that away from the function, so the body looks itself.
--
-- Each query runs in a subtransaction that is always rolled back, so that nothing that it sets, queues or writes lasts.
CREATE OR REPLACE FUNCTION iasql.against() RETURNS TABLE (name text, advice text, line text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET row_security = off SET standard_conforming_strings = on
SET transform_null_equals = off SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET timezone = 'UTC'
SET extra_float_digits = 1 SET bytea_output = 'hex' AS $$
DECLARE
  policy record;
  found text;
  lines text[];
  ended boolean;
  problem text;
  state text;
BEGIN
  PERFORM iasql.check_reader();
  FOR policy IN SELECT p.name, p.advice, p.query FROM iasql.policy AS p ORDER BY p.name LOOP
    lines := '{}';
    ended := false;
    BEGIN
      -- To the end of this block; nobody can set it back within.
      PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
      FOR found IN EXECUTE pg_catalog.concat(
        'SELECT pg_catalog.row_to_json(q)::pg_catalog.text FROM (', policy.query, E'\n) AS q LIMIT 5'
      ) LOOP
        lines := pg_catalog.array_append(lines, found);
      END LOOP;
      ended := true;
      RAISE EXCEPTION USING ERRCODE = 'IAS00';
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
      IF NOT ended OR state OPERATOR(pg_catalog.<>) 'IAS00' THEN
        RAISE EXCEPTION 'the policy "%" cannot be checked', policy.name USING ERRCODE = state, DETAIL = problem,
          HINT = 'Whoever may write iasql.policy has to put its query right.';
      END IF;
    END;
    name := policy.name;
    advice := policy.advice;
    FOREACH line IN ARRAY lines LOOP
      RETURN NEXT;
    END LOOP;
  END LOOP;
END
$$;

-- Refuses a policy that could not be planned, when it is written. As above, nothing of that lasts.
CREATE OR REPLACE FUNCTION iasql.check_policy() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET row_security = off SET standard_conforming_strings = on
SET transform_null_equals = off SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET timezone = 'UTC'
SET extra_float_digits = 1 SET bytea_output = 'hex' AS $$
DECLARE
  problem text;
  state text;
  line text;
  ended boolean := false;
BEGIN
  PERFORM iasql.check_table(TG_RELID, ARRAY['policy']);
  PERFORM iasql.check_reader();
  BEGIN
    PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
    FOR line IN EXECUTE pg_catalog.concat(
      'EXPLAIN SELECT pg_catalog.row_to_json(q) FROM (', NEW.query, E'\n) AS q LIMIT 5'
    ) LOOP
      EXIT;
    END LOOP;
    ended := true;
    RAISE EXCEPTION USING ERRCODE = 'IAS00';
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
    IF NOT ended OR state OPERATOR(pg_catalog.<>) 'IAS00' THEN
      RAISE EXCEPTION 'the policy "%" cannot be used', NEW.name USING ERRCODE = state, DETAIL = problem,
        HINT = 'A policy is one SELECT, without a semicolon, of what the database''s owner may read.';
    END IF;
  END;
  RETURN NEW;
END
$$;

-- Whether a trigger that runs with its owner's rights is on a table of the engine's, and not on one of whoever calls it.
CREATE OR REPLACE FUNCTION iasql.check_table(written oid, names text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = written AND c.relname = ANY (names)
    AND c.relnamespace = (SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = 'iasql')) THEN
    RAISE EXCEPTION 'this trigger is for tables of the iasql server only' USING ERRCODE = '42501';
  END IF;
END
$$;

-- Whether a policy's query, or a rule's condition, would run as it must.
CREATE OR REPLACE FUNCTION iasql.check_reader() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owner record;
  strange text;
BEGIN
  SELECT r.rolname, r.rolsuper INTO owner
  FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba WHERE d.datname = current_database();
  IF owner.rolsuper THEN
    RAISE EXCEPTION 'policies and conditions are not run in a database that a superuser owns' USING ERRCODE = '0LP01',
      DETAIL = 'Whoever may write a policy could do what the owner may do.',
      HINT = format('ALTER DATABASE %I OWNER TO …, a role that is no superuser.', current_database());
  END IF;
  IF current_user <> owner.rolname THEN
    RAISE EXCEPTION 'policies and conditions would run as "%", and not as the database''s owner "%"', current_user, owner.rolname
      USING ERRCODE = '0LP01',
      HINT = format('Start the iasql server with a role that is a superuser or is %I itself.', owner.rolname);
  END IF;
  IF EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = session_user AND r.rolsuper) THEN
    RAISE EXCEPTION 'policies and conditions are not run in a superuser''s session' USING ERRCODE = '0LP01',
      DETAIL = 'What a policy prepares, or leaves in the session otherwise, would run as a superuser.',
      HINT = format('Connect as %I, or as a role that it has granted what you need.', owner.rolname);
  END IF;
  SELECT string_agg(x.what, ', ') INTO strange FROM (
    SELECT format('operator %s (%s)', o.oid::regoperator, pg_get_userbyid(o.oprowner)) AS what, o.oprowner AS owner
      FROM pg_operator AS o WHERE o.oprnamespace = 'public'::regnamespace
    UNION ALL SELECT format('function %s (%s)', p.oid::regprocedure, pg_get_userbyid(p.proowner)), p.proowner
      FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace AND EXISTS (
        SELECT FROM pg_proc AS q WHERE q.pronamespace = 'pg_catalog'::regnamespace AND q.proname = p.proname)
  ) AS x JOIN pg_roles AS r ON r.oid = x.owner
  WHERE NOT r.rolsuper AND r.rolname <> owner.rolname
    AND x.owner <> (SELECT n.nspowner FROM pg_namespace AS n WHERE n.nspname = 'iasql');
  IF strange IS NOT NULL THEN
    RAISE EXCEPTION 'policies and conditions could mean what somebody else has made in the schema public' USING ERRCODE = '0LP01',
      DETAIL = strange, HINT = 'Drop these, or make them the database owner''s.';
  END IF;
END
$$;

DROP TRIGGER IF EXISTS check_policy ON iasql.policy;
CREATE TRIGGER check_policy BEFORE INSERT OR UPDATE ON iasql.policy
  FOR EACH ROW EXECUTE FUNCTION iasql.check_policy();

-- Whose what is: three tables of rules. A rule is about a module's table, in all regions if it is named without a schema.
-- Its condition is an expression of the table's columns, as AWS has them, not as rows that have not been applied say.
CREATE TABLE IF NOT EXISTS iasql.owned (
  table_name text NOT NULL,
  condition text NOT NULL DEFAULT 'true',
  PRIMARY KEY (table_name, condition)
);
COMMENT ON TABLE iasql.owned IS 'What an apply may change and delete although managed_by names an owner.';
CREATE TABLE IF NOT EXISTS iasql.protected (
  table_name text NOT NULL,
  condition text NOT NULL DEFAULT 'true',
  PRIMARY KEY (table_name, condition)
);
COMMENT ON TABLE iasql.protected IS 'What no apply deletes or replaces.';
CREATE TABLE IF NOT EXISTS iasql.ignored (
  table_name text NOT NULL,
  columns text[] NOT NULL CHECK (cardinality(columns) > 0),
  condition text NOT NULL DEFAULT 'true',
  PRIMARY KEY (table_name, columns, condition)
);
COMMENT ON TABLE iasql.ignored IS 'Columns that are neither sent to AWS nor taken from it once a resource is there.';
REVOKE ALL ON iasql.owned, iasql.protected, iasql.ignored FROM PUBLIC;

CREATE TABLE IF NOT EXISTS iasql.callable (
  role text NOT NULL,
  service text NOT NULL,
  operation text NOT NULL,
  PRIMARY KEY (role, service, operation)
);
COMMENT ON TABLE iasql.callable IS 'Which operations of AWS iasql_call() may call, and for whom.';
COMMENT ON COLUMN iasql.callable.role IS
  'A role, for whom has its rights; or PUBLIC. All of them need EXECUTE on iasql_call as well.';
COMMENT ON COLUMN iasql.callable.service IS 'As the AWS CLI calls it, such as ec2.';
COMMENT ON COLUMN iasql.callable.operation IS
  'As AWS calls it, such as DescribeVpcs; * is every operation of the service, those that tell secrets too.';
REVOKE ALL ON iasql.callable FROM PUBLIC;
DROP TRIGGER IF EXISTS check_role ON iasql.callable;
CREATE TRIGGER check_role BEFORE INSERT OR UPDATE ON iasql.callable
  FOR EACH ROW EXECUTE FUNCTION iasql.check_guard();

-- Who may call an operation of AWS.
CREATE OR REPLACE FUNCTION iasql.callers(service text, operation text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.role FROM iasql.callable AS c
  WHERE c.service = callers.service AND c.operation IN ('*', callers.operation)
    AND (c.role = 'PUBLIC' OR EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = c.role))
$$;

-- The rules of a kind; a rule of another kind than `ignored` has no columns.
CREATE OR REPLACE FUNCTION iasql.rules(kind text) RETURNS TABLE (table_name text, condition text, columns text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.table_name, o.condition, NULL::text[] FROM iasql.owned AS o WHERE rules.kind = 'owned'
  UNION ALL SELECT p.table_name, p.condition, NULL FROM iasql.protected AS p WHERE rules.kind = 'protected'
  UNION ALL SELECT i.table_name, i.condition, i.columns FROM iasql.ignored AS i WHERE rules.kind = 'ignored'
$$;

-- The tables that there are rules of a kind for.
CREATE OR REPLACE FUNCTION iasql.ruled(kind text) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT r.table_name FROM iasql.rules(ruled.kind) AS r
$$;

-- The modules' tables that a rule's name means.
CREATE OR REPLACE FUNCTION iasql.meant(named text) RETURNS TABLE (name text, relation oid)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT t.name, c.oid FROM iasql.tables() AS t
    JOIN pg_class AS c ON c.oid = iasql.oid_of(t.name)
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE t.ours AND meant.named IN (c.relname, concat(n.nspname, '.', c.relname));
END
$$;

-- Whether a condition holds for a JSON object, as SQL text. Columns of types that somebody has made are left out, since
-- a domain runs checks; enums do not.
CREATE OR REPLACE FUNCTION iasql.holds(condition text, relation oid, object text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat('(SELECT (', holds.condition, E'\n) FROM pg_catalog.jsonb_to_record(', holds.object, ') AS ',
    (SELECT quote_ident(c.relname) FROM pg_class AS c WHERE c.oid = holds.relation), ' (',
    (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
      FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
      WHERE a.attrelid = holds.relation AND a.attnum > 0 AND NOT a.attisdropped
        AND (t.typtype = 'e' OR t.typnamespace = 'pg_catalog'::regnamespace)), '))')
$$;

-- Of some resources, lists of objects by table, those that a rule of a kind is about, by their place in the list. Made the
-- database's owner's and run as iasql.against() is.
CREATE OR REPLACE FUNCTION iasql.matching(kind text, resources jsonb)
RETURNS TABLE (found_in text, place integer, named text[])
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET row_security = off SET standard_conforming_strings = on
SET transform_null_equals = off SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET timezone = 'UTC'
SET extra_float_digits = 1 SET bytea_output = 'hex' AS $$
DECLARE
  rule record;
  places integer[];
  ended boolean;
  problem text;
  state text;
BEGIN
  PERFORM iasql.check_reader();
  FOR rule IN
    SELECT r.table_name, r.condition, r.columns, m.name, m.relation, j.value AS objects
    FROM iasql.rules(matching.kind) AS r
    CROSS JOIN LATERAL iasql.meant(r.table_name) AS m
    JOIN pg_catalog.jsonb_each(matching.resources) AS j ON j.key OPERATOR(pg_catalog.=) m.name
  LOOP
    ended := false;
    BEGIN
      PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
      FOR places IN EXECUTE pg_catalog.concat(
        'SELECT pg_catalog.array_agg(e.place) FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY AS e (object, place) WHERE ',
        iasql.holds(rule.condition, rule.relation, 'e.object')
      ) USING rule.objects LOOP
        EXIT;
      END LOOP;
      ended := true;
      RAISE EXCEPTION USING ERRCODE = 'IAS00';
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
      IF NOT ended OR state OPERATOR(pg_catalog.<>) 'IAS00' THEN
        RAISE EXCEPTION 'a condition of iasql.% cannot be checked', matching.kind USING ERRCODE = state,
          DETAIL = pg_catalog.concat(rule.table_name, ': ', rule.condition, ': ', problem),
          HINT = pg_catalog.concat('Whoever may write iasql.', matching.kind, ' has to put it right.');
      END IF;
    END;
    RETURN QUERY SELECT rule.name, p.place, rule.columns FROM pg_catalog.unnest(places) AS p (place);
  END LOOP;
END
$$;

-- Refuses a rule for what is no table of a module, with columns that it does not have, or whose condition could not be
-- planned. As above, nothing of that lasts.
CREATE OR REPLACE FUNCTION iasql.check_condition() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET row_security = off SET standard_conforming_strings = on
SET transform_null_equals = off SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET timezone = 'UTC'
SET extra_float_digits = 1 SET bytea_output = 'hex' AS $$
DECLARE
  target record;
  missing text;
  problem text;
  state text;
  line text;
  ended boolean;
  known boolean := false;
BEGIN
  PERFORM iasql.check_table(TG_RELID, ARRAY['owned', 'protected', 'ignored']);
  PERFORM iasql.check_reader();
  FOR target IN
    SELECT m.relation, m.name FROM iasql.meant(NEW.table_name) AS m
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) m.relation
      AND a.attname OPERATOR(pg_catalog.=) 'managed_by' AND NOT a.attisdropped
  LOOP
    known := true;
    SELECT c.name INTO missing
    FROM pg_catalog.jsonb_array_elements_text(COALESCE(pg_catalog.to_jsonb(NEW) OPERATOR(pg_catalog.->) 'columns', '[]')) AS c (name)
    WHERE NOT EXISTS (
      SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid OPERATOR(pg_catalog.=) target.relation
        AND a.attname OPERATOR(pg_catalog.=) c.name AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
    ) AND NOT EXISTS (  -- nor is it a table of what its rows consist of
      SELECT FROM iasql.meant(c.name) AS m
      JOIN pg_catalog.pg_constraint AS f ON f.conrelid OPERATOR(pg_catalog.=) m.relation
        AND f.confrelid OPERATOR(pg_catalog.=) target.relation
      WHERE pg_catalog.strpos(c.name, '.') OPERATOR(pg_catalog.=) 0 AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid OPERATOR(pg_catalog.=) m.relation
          AND a.attname OPERATOR(pg_catalog.=) 'managed_by')
    );
    IF missing IS NOT NULL THEN
      RAISE EXCEPTION 'table "%" has no column "%"', target.name, missing USING ERRCODE = '42703';
    END IF;
    ended := false;
    BEGIN
      PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
      FOR line IN EXECUTE pg_catalog.concat(
        'EXPLAIN SELECT 1 WHERE ', iasql.holds(NEW.condition, target.relation, $j$'{}'::pg_catalog.jsonb$j$)
      ) LOOP
        EXIT;
      END LOOP;
      ended := true;
      RAISE EXCEPTION USING ERRCODE = 'IAS00';
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS problem = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
      IF NOT ended OR state OPERATOR(pg_catalog.<>) 'IAS00' THEN
        RAISE EXCEPTION 'the condition cannot be used for table "%"', target.name
          USING ERRCODE = state, DETAIL = problem,
          HINT = 'A condition is an expression of the table''s columns that is true or false, without a semicolon.';
      END IF;
    END;
  END LOOP;
  IF NOT known THEN
    RAISE EXCEPTION 'no resources are in a table "%"', NEW.table_name USING ERRCODE = '42P01',
      HINT = 'Install its module first, and name the table itself, not one of what its rows consist of.';
  END IF;
  RETURN NEW;
END
$$;
DROP TRIGGER IF EXISTS check_condition ON iasql.owned;
CREATE TRIGGER check_condition BEFORE INSERT OR UPDATE ON iasql.owned
  FOR EACH ROW EXECUTE FUNCTION iasql.check_condition();
DROP TRIGGER IF EXISTS check_condition ON iasql.protected;
CREATE TRIGGER check_condition BEFORE INSERT OR UPDATE ON iasql.protected
  FOR EACH ROW EXECUTE FUNCTION iasql.check_condition();
DROP TRIGGER IF EXISTS check_condition ON iasql.ignored;
CREATE TRIGGER check_condition BEFORE INSERT OR UPDATE ON iasql.ignored
  FOR EACH ROW EXECUTE FUNCTION iasql.check_condition();

-- What concerns a call in the caller's session. The caller's search_path, which could have other operators first,
-- is pinned away, and given as an argument; the role stays the caller's.
CREATE OR REPLACE FUNCTION iasql.call_context(called text, signature text, signatures jsonb, visible name[])
RETURNS TABLE (may text, others text, read_only text, role text, isolation text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH engine AS (SELECT n.nspowner FROM pg_namespace AS n WHERE n.nspname = 'iasql')
  SELECT
    (SELECT has_function_privilege(p.oid, 'EXECUTE')::text FROM pg_proc AS p, engine AS e
      WHERE p.oid = to_regprocedure(call_context.signature) AND p.proowner = e.nspowner),
    (SELECT string_agg(format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), ', ')
      FROM engine AS e, pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
      WHERE p.proname = call_context.called AND (n.nspname = 'public' OR n.nspname = ANY (visible))
        AND NOT (p.proowner = e.nspowner AND EXISTS (
          SELECT FROM jsonb_array_elements_text(signatures) AS s WHERE p.oid = to_regprocedure(s)))),
    current_setting('transaction_read_only'),
    current_user::text,
    current_setting('transaction_isolation')
$$;

-- A table as SQL text, from the name by which it goes: without a schema it is in the schema public.
CREATE OR REPLACE FUNCTION iasql.relation(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN strpos(name, '.') = 0 THEN format('public.%I', name)
    ELSE format('%I.%I', split_part(name, '.', 1), split_part(name, '.', 2)) END
$$;

-- Of some privileges of tables, [table, privilege, column or null], those that the role lacks.
CREATE OR REPLACE FUNCTION iasql.lacking(needed jsonb)
RETURNS TABLE (table_name text, privilege text, column_name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT n.value ->> 0, n.value ->> 1, n.value ->> 2 FROM jsonb_array_elements(needed) AS n (value)
  WHERE NOT CASE
    WHEN n.value ->> 1 = 'USAGE'
      THEN has_sequence_privilege(pg_get_serial_sequence(iasql.relation(n.value ->> 0), 'id'), 'USAGE')
    WHEN n.value ->> 2 IS NULL THEN has_table_privilege(iasql.relation(n.value ->> 0), n.value ->> 1)
    ELSE has_column_privilege(iasql.relation(n.value ->> 0), n.value ->> 2, n.value ->> 1)
  END
$$;

-- Of some tables with the columns that each must have, what keeps the rows from being read as they are.
CREATE OR REPLACE FUNCTION iasql.unreadable(wanted jsonb) RETURNS TABLE (problem text, table_name text)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'row security', w.key FROM jsonb_each(wanted) AS w
    WHERE row_security_active(to_regclass(iasql.relation(w.key)))
  UNION ALL SELECT c.name, w.key
    FROM jsonb_each(wanted) AS w CROSS JOIN jsonb_array_elements_text(w.value) AS c (name)
    WHERE NOT EXISTS (
      SELECT FROM pg_attribute AS a
      WHERE a.attrelid = to_regclass(iasql.relation(w.key)) AND a.attname = c.name
        AND a.attnum > 0 AND NOT a.attisdropped
    )
$$;

-- The guards that count for who is logged in; SET ROLE changes nothing. The strictest of a login's roles counts.
DO $$ BEGIN
  IF pg_catalog.pg_get_function_result(pg_catalog.to_regprocedure('public.iasql_guards()'))
    OPERATOR(pg_catalog.<>) 'TABLE(setting text, value text, source text)' THEN
    DROP FUNCTION public.iasql_guards();
  END IF;
END $$;
CREATE OR REPLACE FUNCTION public.iasql_guards() RETURNS TABLE (setting text, value text, source text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE member AS (
    SELECT r.oid, r.rolname FROM pg_roles AS r WHERE r.rolname = session_user
    UNION SELECT g.oid, g.rolname FROM member AS b
      JOIN pg_auth_members AS m ON m.member = b.oid JOIN pg_roles AS g ON g.oid = m.roleid
      -- From PostgreSQL 16 on whoever makes a role is a member that may only administer it: that does not count.
      WHERE pg_has_role(b.oid, g.oid, 'USAGE') OR pg_has_role(b.oid, g.oid,
        CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END)
  ),
  own AS (
    SELECT g.setting, g.value, 'role ' || g.role AS source
    FROM iasql.guard AS g WHERE g.role IN (SELECT b.rolname FROM member AS b)
  ),
  chosen AS (
    SELECT o.setting, o.value, o.source FROM own AS o
    UNION ALL SELECT g.setting, g.value, 'PUBLIC' FROM iasql.guard AS g
      WHERE g.role = 'PUBLIC' AND NOT EXISTS (SELECT FROM own AS o WHERE o.setting = g.setting)
    UNION ALL SELECT s.name, current_setting('iasql.' || s.name, true), 'session'
      FROM (VALUES ('max_deletes', '^[0-9]{1,9}$'), ('max_changes', '^[0-9]{1,9}$'),
        ('apply_mode', '^(careful|merge|enforce)$'), ('on_failure', '^(undo|keep)$')) AS s (name, form)
      WHERE current_setting('iasql.' || s.name, true) ~ s.form
  )
  SELECT DISTINCT ON (c.setting) c.setting, c.value, c.source FROM chosen AS c
  ORDER BY c.setting, CASE
    WHEN c.setting = 'apply_mode' THEN array_position(ARRAY['careful', 'merge', 'enforce'], c.value)
    WHEN c.setting = 'on_failure' THEN array_position(ARRAY['undo', 'keep'], c.value)
    WHEN c.setting IN ('allow_loss', 'delete_unknown') THEN (c.value = 'on')::integer
    WHEN c.setting = 'keep_history' THEN 0
    ELSE c.value::integer END
$$;
COMMENT ON FUNCTION public.iasql_guards() IS
  'The limits that apply to you: the strictest of iasql.guard and of what your session has set.';

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
    array_agg(CASE WHEN s.kind = 'create' THEN s.action ELSE s.kind END || ' ' || s.table_name || ' ' || s.description ORDER BY s.number)
      FILTER (WHERE s.started_at IS NOT NULL AND s.ended_at IS NULL) AS under_way
  FROM iasql.iasql_operation AS o
  LEFT JOIN iasql.iasql_step AS s ON s.operation = o.id
  WHERE o.ended_at IS NULL AND iasql.lives(o.pid, o.started_at)
  GROUP BY o.id;
COMMENT ON VIEW iasql.iasql_progress IS 'The operations that are running, and how far they are.';
GRANT SELECT ON iasql.iasql_progress TO PUBLIC;

-- Whether a connection of the engine's own role holds an advisory lock of some kind that names this session. No
-- client can hold one as that role, and what is passed in a session a client can read.
CREATE OR REPLACE FUNCTION iasql.is_vouched_for(kind integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_stat_clear_snapshot();
  RETURN EXISTS (
    SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
      AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
      AND l.classid = is_vouched_for.kind::oid AND l.objid = pg_backend_pid()::oid
      AND a.usesysid = (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = current_user)
  );
END
$$;

-- Whether the engine speaks now in this session, to record what is installed.
CREATE OR REPLACE FUNCTION iasql.is_the_engine() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$ SELECT iasql.is_vouched_for(1767994221) $$;

-- Whether the engine writes rows now in this session. While it does, for as long as an apply takes, triggers may run:
-- so this is another lock than that of what it records, and a function that asks looks who calls it as well.
CREATE OR REPLACE FUNCTION iasql.engine_writes() RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$ SELECT iasql.is_vouched_for(1767994231) $$;

-- Functions of earlier versions.
DROP FUNCTION IF EXISTS iasql.record_installed(text[]);
DROP FUNCTION IF EXISTS iasql.record_uninstalled(text[]);
DROP FUNCTION IF EXISTS iasql.installed();
DROP FUNCTION IF EXISTS iasql.here(name[]);
DROP FUNCTION IF EXISTS iasql.incomplete();
DROP FUNCTION IF EXISTS iasql.table_of(text, text);

CREATE OR REPLACE FUNCTION iasql.check_engine(what text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT iasql.is_the_engine() THEN
    RAISE EXCEPTION 'only the iasql server can record %', what USING ERRCODE = '42501',
      HINT = 'SELECT * FROM iasql_help() shows what you can call.';
  END IF;
END
$$;

-- These are called in the caller's own transaction, so that what they record is undone with it.
CREATE OR REPLACE FUNCTION iasql.record_installed(place text, names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM iasql.check_engine('what is installed');
  -- What is global may be another's, who has installed it from another place.
  INSERT INTO iasql.installed_module (schema, name, installed_by, tables, owner)
  SELECT place, n.name, session_user, ARRAY(SELECT t.table_name FROM iasql.module_table AS t WHERE t.module = n.name), (
    SELECT pg_get_userbyid(c.relowner) FROM iasql.module_table AS t
    JOIN pg_class AS c ON c.oid = iasql.oid_of(iasql.name_at(t.table_name, t.is_global, place))
    WHERE t.module = n.name ORDER BY t.is_global, t.table_name LIMIT 1)
  FROM unnest(names) AS n (name)
  ON CONFLICT (schema, name) DO UPDATE
    SET installed_at = now(), installed_by = excluded.installed_by, owner = excluded.owner, tables = excluded.tables;
END
$$;

-- That an upgrade has made the tables which older versions of some modules did not have.
CREATE OR REPLACE FUNCTION iasql.record_completed(names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM iasql.check_engine('what is installed');
  UPDATE iasql.installed_module AS i
  SET tables = ARRAY(SELECT t.table_name FROM iasql.module_table AS t WHERE t.module = i.name)
  WHERE i.name = ANY (names);
END
$$;

CREATE OR REPLACE FUNCTION iasql.record_uninstalled(place text, names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM iasql.check_engine('what is uninstalled');
  DELETE FROM iasql.installed_module AS i WHERE i.schema = place AND i.name = ANY (names);
  DELETE FROM iasql.base AS b USING iasql.base_table AS t, iasql.module_table AS m
    WHERE b.relation = t.relation AND t.name = iasql.name_at(m.table_name, m.is_global, place)
      AND m.module = ANY (names) AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.relation);
  DELETE FROM iasql.base_table AS t USING iasql.module_table AS m
    WHERE t.name = iasql.name_at(m.table_name, m.is_global, place)
      AND m.module = ANY (names) AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.relation);
END
$$;

-- Records a place, or the region of one that has none recorded.
CREATE OR REPLACE FUNCTION iasql.record_place(place text, region text, made boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM iasql.check_engine('a place');
  INSERT INTO iasql.place (schema, region, made) VALUES (record_place.place, record_place.region, record_place.made)
  ON CONFLICT (schema) DO UPDATE SET region = COALESCE(place.region, excluded.region);
END
$$;

CREATE OR REPLACE FUNCTION iasql.forget_place(place text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM iasql.check_engine('that a place has gone');
  DELETE FROM iasql.installed_module AS i WHERE i.schema = forget_place.place;
  DELETE FROM iasql.place AS p WHERE p.schema = forget_place.place AND NOT p.is_default;
END
$$;

-- The name by which a module's table goes in a place; a global one is in the default place.
CREATE OR REPLACE FUNCTION iasql.name_at(table_name text, is_global boolean, place text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN s.schema = 'public' THEN name_at.table_name ELSE concat(s.schema, '.', name_at.table_name) END
  FROM (
    SELECT CASE WHEN name_at.is_global THEN (SELECT p.schema FROM iasql.place AS p WHERE p.is_default)
      ELSE name_at.place END AS schema
  ) AS s
$$;

-- The table that goes by a name, whether or not the role may use its schema: to_regclass refuses that.
CREATE OR REPLACE FUNCTION iasql.oid_of(name text) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.oid FROM (VALUES (string_to_array(oid_of.name, '.'))) AS p (parts)
  JOIN pg_namespace AS n ON n.nspname = CASE WHEN cardinality(p.parts) = 1 THEN 'public' ELSE p.parts[1] END
  JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = p.parts[cardinality(p.parts)]
$$;

-- Whose a schema is, and whether that is somebody who may change everything here, or the caller.
CREATE OR REPLACE FUNCTION iasql.owner_of(schema text) RETURNS TABLE (owner text, trusted boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.rolname::text, r.rolsuper OR r.oid = d.datdba OR pg_has_role(r.oid, 'USAGE')
    OR r.rolname = 'pg_database_owner'
  FROM pg_namespace AS n JOIN pg_roles AS r ON r.oid = n.nspowner
  JOIN pg_database AS d ON d.datname = current_database()
  WHERE n.nspname = owner_of.schema
$$;

-- The tables of what is recorded as installed. Each is one that whoever installed its module has made, or that the
-- database's owner or a superuser has now. A view, or what somebody else has made under its name since, is not ours.
CREATE OR REPLACE FUNCTION iasql.tables()
RETURNS TABLE (schema text, module text, name text, deletion integer, deletable boolean, ours boolean, there boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH wanted AS (
    SELECT i.schema, i.name AS module, t.deletion, t.deletable, t.table_name,
      i.tables IS NULL OR t.table_name = ANY (i.tables) AS made,
      CASE WHEN t.is_global THEN h.schema ELSE i.schema END AS in_schema,
      ARRAY(SELECT o.owner FROM iasql.installed_module AS o
        WHERE o.name = i.name AND (t.is_global OR o.schema = i.schema)) AS makers
    FROM iasql.installed_module AS i
    JOIN iasql.place AS p ON p.schema = i.schema
    JOIN iasql.place AS h ON h.is_default
    JOIN iasql.module_table AS t ON t.module = i.name
  )
  SELECT w.schema, w.module, CASE WHEN w.in_schema = 'public' THEN '' ELSE w.in_schema || '.' END || w.table_name,
    w.deletion, w.deletable,
    COALESCE(c.relkind IN ('r', 'p') AND (r.rolname = ANY (w.makers) OR r.rolsuper OR r.oid = d.datdba
      OR array_position(w.makers, NULL) IS NOT NULL), false),
    c.oid IS NOT NULL
  FROM wanted AS w
  JOIN pg_database AS d ON d.datname = current_database()
  LEFT JOIN pg_namespace AS n ON n.nspname = w.in_schema
  LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.table_name
  LEFT JOIN pg_roles AS r ON r.oid = c.relowner
  -- What this version's module has besides the tables that were made is not missing: nobody has dropped it.
  WHERE c.oid IS NOT NULL OR w.made
$$;

-- The places of this database, and the modules in them. A module is installed if that was recorded and its tables have
-- not been dropped since. One of which some tables are there and others are not has been neither uninstalled nor dropped
-- as a whole; what stands under a table's name and is not that table counts as missing, even if it is all that there is.
CREATE OR REPLACE FUNCTION iasql.layout()
RETURNS TABLE (kind text, schema text, name text, missing text, present text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN p.is_default THEN 'default' ELSE 'place' END, p.schema, p.region, NULL, NULL FROM iasql.place AS p
  UNION ALL SELECT CASE WHEN bool_and(t.ours) THEN 'module' ELSE 'incomplete' END, t.schema, t.module,
    string_agg(t.name, ', ' ORDER BY t.deletion) FILTER (WHERE NOT t.ours),
    string_agg(t.name, ', ' ORDER BY t.deletion) FILTER (WHERE t.there)
  FROM iasql.tables() AS t
  GROUP BY t.schema, t.module
  -- What is global stays when the schema of another place is dropped.
  HAVING bool_and(t.ours) OR bool_or(t.there
    AND CASE WHEN strpos(t.name, '.') = 0 THEN 'public' ELSE split_part(t.name, '.', 1) END = t.schema)
  -- The tables that this version has, and an older one, which installed the module, did not.
  UNION ALL SELECT 'older', w.schema, w.module, string_agg(w.name, ', ' ORDER BY w.name), NULL FROM (
    SELECT i.schema, i.name AS module, iasql.name_at(t.table_name, t.is_global, i.schema) AS name
    FROM iasql.installed_module AS i JOIN iasql.module_table AS t ON t.module = i.name
    WHERE t.table_name <> ALL (i.tables)
  ) AS w
  WHERE iasql.oid_of(w.name) IS NULL
    AND (SELECT bool_and(t.ours) FROM iasql.tables() AS t WHERE t.schema = w.schema AND t.module = w.module)
  GROUP BY w.schema, w.module
$$;

-- The place that names mean in a session with this search_path, of which it can use these schemas. PostgreSQL passes over
-- a schema that is not there, or that the role may not use; what empties and drops tables must not go on to another region's.
CREATE OR REPLACE FUNCTION iasql.here(visible name[], path text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first record;
BEGIN
  SELECT p.schema, p.region, p.schema = ANY (visible::text[]) AS usable INTO first
  FROM regexp_split_to_table(path, ',') WITH ORDINALITY AS e (name, number)
  JOIN iasql.place AS p ON p.schema = CASE btrim(e.name, ' "')
    WHEN '$user' THEN (SELECT u FROM unnest(visible::text[]) AS u WHERE u = current_user) ELSE btrim(e.name, ' "') END
  ORDER BY e.number LIMIT 1;
  IF NOT first.usable THEN
    RAISE EXCEPTION 'search_path names %, the schema of %, which is not there or not this role''s to use',
      first.schema, first.region USING ERRCODE = '3F000',
      HINT = format('GRANT USAGE ON SCHEMA %I TO %I; or name the region: region => …', first.schema, current_user);
  END IF;
  RETURN COALESCE(first.schema, (SELECT p.schema FROM iasql.place AS p WHERE p.is_default));
END
$$;

-- The modules that are installed in a place, or for all.
CREATE OR REPLACE FUNCTION iasql.installed(place text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT l.name FROM iasql.layout() AS l JOIN iasql.module AS m ON m.name = l.name
  WHERE l.kind = 'module' AND (l.schema = installed.place OR NOT EXISTS (
    SELECT FROM iasql.module_table AS t WHERE t.module = l.name AND NOT t.is_global))
  ORDER BY m.place
$$;

-- Whether writing a table as its owner would run code that somebody else has attached to it: whoever has TRIGGER can.
CREATE OR REPLACE FUNCTION iasql.runs_others(written regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.relhassubclass OR c.relispartition OR c.relkind <> 'r' OR EXISTS (
    SELECT FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND p.proowner <> c.relowner
      AND p.oid IS DISTINCT FROM to_regprocedure('iasql.emptied()')
  )
  FROM pg_class AS c WHERE c.oid = written
$$;

-- The functions that owners of tables have given the engine to write them, and that are as they were made.
CREATE OR REPLACE FUNCTION iasql.write_functions(body text) RETURNS TABLE (function text, owner text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.name, pg_get_userbyid(p.proowner)::text
  FROM pg_proc AS p
  JOIN pg_namespace AS n ON n.oid = p.pronamespace
  JOIN pg_language AS l ON l.oid = p.prolang
  CROSS JOIN LATERAL format('%I.%I', n.nspname, p.proname) AS f (name)
  WHERE p.proname ~ '^iasql_write_[0-9a-f]{16}$' AND p.prosecdef AND l.lanname = 'plpgsql' AND p.prokind = 'f' AND p.proretset
    AND p.proargtypes = ARRAY['jsonb'::regtype]::oidvector
    AND p.proconfig = ARRAY['search_path=pg_catalog, pg_temp', 'row_security=off']
    AND p.prosrc = replace(body, '/* the statement that may call it */',
      quote_literal('SELECT * FROM ' || f.name || '($1)'))
    AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
$$;

-- Of some tables, by the names that they go by, those that the engine can write by such a function.
CREATE OR REPLACE FUNCTION iasql.writers(tables jsonb, body text) RETURNS TABLE (table_name text, function text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.key, min(f.function)
  FROM jsonb_each_text(tables) AS t
  JOIN pg_class AS c ON c.oid = to_regclass(t.value)
  JOIN iasql.write_functions(body) AS f ON f.owner = pg_get_userbyid(c.relowner)
  WHERE NOT iasql.runs_others(c.oid)
  GROUP BY t.key
$$;

-- All functions of that kind that an owner has, of whatever version.
CREATE OR REPLACE FUNCTION iasql.write_functions_of(owner text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.oid::regprocedure::text FROM pg_proc AS p
  WHERE p.proname ~ '^iasql_write_[0-9a-f]{16}$' AND p.proowner = (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = owner)
$$;

-- Who owns tables of modules, and where.
CREATE OR REPLACE FUNCTION iasql.table_owners() RETURNS TABLE (owner text, schema_name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_get_userbyid(c.relowner)::text, min(n.nspname::text)
  FROM iasql.tables() AS t
  JOIN pg_class AS c ON t.ours AND c.oid = iasql.oid_of(t.name)
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  GROUP BY c.relowner
$$;

-- The owners of modules' tables that have given the engine no function of this version, and whether the caller may
-- make it for them.
CREATE OR REPLACE FUNCTION iasql.without_function(body text) RETURNS TABLE (owner text, schema_name text, may boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.owner, o.schema_name, o.owner = current_user
    OR (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user)
  FROM iasql.table_owners() AS o WHERE o.owner NOT IN (SELECT f.owner FROM iasql.write_functions(body) AS f)
$$;

-- The functions whose owners have no table of a module any more, of those that the caller may drop.
CREATE OR REPLACE FUNCTION iasql.idle_write_functions() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.oid::regprocedure::text FROM pg_proc AS p
  WHERE p.proname ~ '^iasql_write_[0-9a-f]{16}$' AND pg_has_role(p.proowner, 'USAGE')
    AND pg_get_userbyid(p.proowner) NOT IN (SELECT o.owner FROM iasql.table_owners() AS o)
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
      HINT = 'Call it in the statement itself, not in a function, and in a session of the iasql server, not of '
        'PostgreSQL: SELECT * FROM ' || called || '(…).';
  END IF;
  PERFORM set_config(setting, '', true);
  RETURN result;
END
$$;

CREATE OR REPLACE FUNCTION public.iasql_plan_id() RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT nullif(pg_catalog.current_setting('iasql.plan_id', true), '')
$$;
COMMENT ON FUNCTION public.iasql_plan_id() IS 'The name of the last plan that was shown in this session.';

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
  FROM iasql.installed(iasql.here(pg_catalog.current_schemas(false), pg_catalog.current_setting('search_path'))) AS i (name)
  JOIN iasql.module AS m ON m.name OPERATOR(pg_catalog.=) i.name
  ORDER BY m.place
$$;
COMMENT ON FUNCTION public.iasql_modules_installed() IS
  'Lists the modules whose tables are in this database, in the place that search_path names.';

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

-- The tables of a place whose rows can be deleted, in an order in which they can be.
CREATE OR REPLACE FUNCTION iasql.deletable(place text) RETURNS TABLE (name text, deletion integer)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT iasql.relation(t.name), t.deletion FROM iasql.tables() AS t
  WHERE t.deletable AND t.ours
    AND CASE WHEN strpos(t.name, '.') = 0 THEN 'public' ELSE split_part(t.name, '.', 1) END = deletable.place
$$;

CREATE OR REPLACE FUNCTION public.delete_all_records() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT d.name FROM iasql.deletable(iasql.here(pg_catalog.current_schemas(false), pg_catalog.current_setting('search_path'))) AS d ORDER BY d.deletion
  LOOP
    EXECUTE pg_catalog.concat('DELETE FROM ', name);
  END LOOP;
END
$$;
COMMENT ON FUNCTION public.delete_all_records() IS
  'Deletes the rows of all installed modules, so that the next iasql_apply() deletes the resources.';

CREATE OR REPLACE FUNCTION public.delete_all_records(region text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  name text;
  known boolean;
BEGIN
  IF region IS NULL THEN
    RAISE EXCEPTION 'the name of a region is needed, not NULL' USING ERRCODE = '22004';
  END IF;
  SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 INTO known FROM iasql.place AS p
  WHERE delete_all_records.region OPERATOR(pg_catalog.=) '*'
    OR p.region OPERATOR(pg_catalog.=) delete_all_records.region;
  IF NOT known THEN
    RAISE EXCEPTION 'this database has no region "%"', region USING ERRCODE = '42704',
      HINT = 'TABLE iasql.place shows those that it has.';
  END IF;
  -- What other places refer to is in the default one.
  FOR name IN
    SELECT d.name FROM iasql.place AS p CROSS JOIN LATERAL iasql.deletable(p.schema) AS d
    WHERE delete_all_records.region OPERATOR(pg_catalog.=) '*'
      OR p.region OPERATOR(pg_catalog.=) delete_all_records.region
    ORDER BY p.is_default, d.deletion
  LOOP
    EXECUTE pg_catalog.concat('DELETE FROM ', name);
  END LOOP;
END
$$;
COMMENT ON FUNCTION public.delete_all_records(text) IS
  'Deletes the rows of all installed modules in a region, or in all for ''*''.';

-- The bases: what each row and AWS's answer were when they were last one. They are written with the rows, in the
-- caller's transaction; they decide about what is deleted, so nobody but the engine writes them.
CREATE TABLE IF NOT EXISTS iasql.base_table (
  relation oid PRIMARY KEY,
  name text NOT NULL,
  resource oid NOT NULL,
  emptied boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE iasql.base_table IS 'The tables whose rows have bases, and those of their parts.';
COMMENT ON COLUMN iasql.base_table.resource IS 'The table that it is a part of; itself, if it is none.';
COMMENT ON COLUMN iasql.base_table.emptied IS 'Whether rows have gone in another way than by DELETE.';
ALTER TABLE iasql.base_table ADD COLUMN IF NOT EXISTS synced_at timestamptz;
COMMENT ON COLUMN iasql.base_table.synced_at IS 'When all its rows have last been made to show what AWS holds.';
ALTER TABLE iasql.base_table ADD COLUMN IF NOT EXISTS read_at timestamptz, ADD COLUMN IF NOT EXISTS read_by text;
COMMENT ON COLUMN iasql.base_table.read_at IS 'When its rows have last followed what AWS was read to hold.';
COMMENT ON COLUMN iasql.base_table.read_by IS 'The function that did it.';
ALTER TABLE iasql.base_table ADD COLUMN IF NOT EXISTS begun_at timestamptz, ADD COLUMN IF NOT EXISTS forgotten_at timestamptz;
ALTER TABLE iasql.base_table ALTER COLUMN begun_at SET DEFAULT clock_timestamp();
COMMENT ON COLUMN iasql.base_table.begun_at IS 'When its history began; NULL: before there was this column.';
COMMENT ON COLUMN iasql.base_table.forgotten_at IS 'Until when some of its history has been forgotten.';
CREATE INDEX IF NOT EXISTS base_table_name ON iasql.base_table (name);

CREATE TABLE IF NOT EXISTS iasql.base (
  relation oid NOT NULL,
  identity text NOT NULL,
  mark text,
  digest text NOT NULL,
  "row" jsonb,
  answer jsonb NOT NULL,
  before jsonb,
  settles_at timestamptz,
  PRIMARY KEY (relation, identity)
);
COMMENT ON TABLE iasql.base IS
  'What each row and AWS''s answer were when they were last one: against this iasql tells who has changed what.';
COMMENT ON COLUMN iasql.base.mark IS 'What AWS gives another resource of the same name anew.';
COMMENT ON COLUMN iasql.base."row" IS 'NULL: the same as the answer. References are AWS''s names.';
COMMENT ON COLUMN iasql.base.before IS 'The answer before iasql''s own change.';
COMMENT ON COLUMN iasql.base.settles_at IS 'Until then AWS may still give the answer of before.';

ALTER TABLE iasql.base
  ADD COLUMN IF NOT EXISTS since timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN IF NOT EXISTS changed_by text,
  ADD COLUMN IF NOT EXISTS operation bigint,
  ADD COLUMN IF NOT EXISTS replaces text;
COMMENT ON COLUMN iasql.base.since IS 'When its row became what it is.';
COMMENT ON COLUMN iasql.base.changed_by IS 'Whose change that was: row, or aws.';
COMMENT ON COLUMN iasql.base.operation IS 'The operation of the journal that made it so.';
COMMENT ON COLUMN iasql.base.replaces IS 'The resource in whose place it was made.';

-- The history: what bases were before they are what they are.
CREATE TABLE IF NOT EXISTS iasql.past (
  relation oid NOT NULL,
  identity text NOT NULL,
  valid tstzrange NOT NULL,
  state jsonb NOT NULL,
  changed_by text,
  operation bigint,
  replaces text,
  ended_by bigint
);
CREATE INDEX IF NOT EXISTS past_resource ON iasql.past (relation, identity, lower(valid));
CREATE INDEX IF NOT EXISTS past_replaces ON iasql.past (relation, replaces) WHERE replaces IS NOT NULL;
CREATE INDEX IF NOT EXISTS base_replaces ON iasql.base (relation, replaces) WHERE replaces IS NOT NULL;
CREATE INDEX IF NOT EXISTS past_ended_by ON iasql.past (ended_by);
CREATE INDEX IF NOT EXISTS past_end ON iasql.past (upper(valid));
COMMENT ON TABLE iasql.past IS 'What rows and AWS have agreed on in the past, with the times from when and until when.';
COMMENT ON COLUMN iasql.past.state IS 'As iasql.base."row": by column, and by part. References are AWS''s names.';
COMMENT ON COLUMN iasql.past.ended_by IS 'The operation that ended it.';

-- The drift that `iasql up --watch` has seen.
CREATE TABLE IF NOT EXISTS iasql.drift_seen (
  relation oid NOT NULL,
  identity text NOT NULL,
  column_name text,
  base jsonb,
  seen jsonb,
  valid tstzrange NOT NULL,
  operation bigint NOT NULL,
  ended_by bigint
);
CREATE INDEX IF NOT EXISTS drift_seen_now ON iasql.drift_seen (relation, identity) WHERE upper_inf(valid);
CREATE INDEX IF NOT EXISTS drift_seen_end ON iasql.drift_seen (upper(valid));
COMMENT ON TABLE iasql.drift_seen IS
  'What AWS was seen to have that differed from what was agreed, from when until when it was seen.';
COMMENT ON COLUMN iasql.drift_seen.column_name IS
  'A column, or a part''s table; NULL: the resource as a whole, which has appeared, is gone, or is another.';
COMMENT ON COLUMN iasql.drift_seen.operation IS 'The look that saw it first, in the journal.';
COMMENT ON COLUMN iasql.drift_seen.ended_by IS 'The operation that ended it; NULL: it is so still, or a look saw it gone.';

CREATE TABLE IF NOT EXISTS iasql.watched (
  relation oid PRIMARY KEY,
  at timestamptz NOT NULL
);
COMMENT ON TABLE iasql.watched IS 'When `iasql up --watch` has last read AWS and compared it with what was agreed.';

-- The tables with bases of which the role may read everything.
CREATE OR REPLACE VIEW iasql.readable WITH (security_barrier) AS
  SELECT t.resource AS relation
  FROM iasql.base_table AS t LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.relation
  GROUP BY t.resource
  -- A table that has been dropped may be read by nobody.
  HAVING bool_and(COALESCE(c.oid IS NOT NULL AND NOT row_security_active(c.oid)
    AND (has_table_privilege(c.oid, 'SELECT') OR NOT EXISTS (
      SELECT FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT'))), false));
GRANT SELECT ON iasql.readable TO PUBLIC;
COMMENT ON VIEW iasql.readable IS 'The tables whose bases and history you may read.';

CREATE OR REPLACE VIEW iasql.bases WITH (security_barrier) AS
  SELECT b.relation, b.identity, b.mark, b.digest, b."row", b.answer, b.before, b.settles_at,
    b.since, b.changed_by, b.operation, b.replaces
  FROM iasql.base AS b
  WHERE b.relation IN (SELECT r.relation FROM iasql.readable AS r);
GRANT SELECT ON iasql.bases TO PUBLIC;
COMMENT ON VIEW iasql.bases IS 'The bases of the tables that you may read.';

CREATE OR REPLACE VIEW iasql.past_bases WITH (security_barrier) AS
  SELECT p.relation, p.identity, p.valid, p.state, p.changed_by, p.operation, p.replaces, p.ended_by
  FROM iasql.past AS p
  WHERE p.relation IN (SELECT r.relation FROM iasql.readable AS r);
GRANT SELECT ON iasql.past_bases TO PUBLIC;
COMMENT ON VIEW iasql.past_bases IS 'What the bases of the tables that you may read have been.';

-- Each side is a barrier of its own: PostgreSQL flattens a UNION ALL, and with it the barrier of the view around it.
CREATE OR REPLACE VIEW iasql.history WITH (security_barrier) AS
  SELECT b.relation, b.identity, tstzrange(b.since, NULL) AS valid, COALESCE(b."row", b.answer) AS state,
    b.changed_by, b.operation, b.replaces, NULL::bigint AS ended_by
  FROM iasql.bases AS b
  UNION ALL
  SELECT p.relation, p.identity, p.valid, p.state, p.changed_by, p.operation, p.replaces, p.ended_by
  FROM iasql.past_bases AS p;
GRANT SELECT ON iasql.history TO PUBLIC;
COMMENT ON VIEW iasql.history IS
  'What the rows of the tables that you may read and AWS have agreed on, and when. iasql_history has it by table.';

CREATE OR REPLACE VIEW iasql.drift WITH (security_barrier) AS
  SELECT CASE WHEN p.is_default THEN m.table_name ELSE p.schema || '.' || m.table_name END AS table_name,
    d.identity AS name, CASE WHEN m.is_global THEN 'global' ELSE p.region END AS region_name,
    d.column_name, d.base AS base_value, d.seen AS seen_value, d.valid, d.operation, d.ended_by
  FROM iasql.drift_seen AS d
  JOIN iasql.base_table AS t ON t.relation = d.relation
  JOIN iasql.place AS p ON p.schema = CASE WHEN t.name LIKE '%.%' THEN split_part(t.name, '.', 1) ELSE 'public' END
  JOIN iasql.module_table AS m
    ON m.table_name = split_part(t.name, '.', CASE WHEN t.name LIKE '%.%' THEN 2 ELSE 1 END)
  WHERE d.relation IN (SELECT r.relation FROM iasql.readable AS r);
GRANT SELECT ON iasql.drift TO PUBLIC;
COMMENT ON VIEW iasql.drift IS
  'What `iasql up --watch` has seen to differ in AWS, of the tables that you may read. Without an end: it is so now.';

-- Tables that have been dropped and made again, or emptied, since their bases were written.
CREATE OR REPLACE FUNCTION iasql.older_than_bases(tables jsonb) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT t.name FROM jsonb_array_elements_text(tables) AS n (name)
  JOIN iasql.base_table AS t ON t.name = n.name
  WHERE t.emptied OR t.relation IS DISTINCT FROM iasql.oid_of(t.name)
$$;

-- Tables of which it would not be noticed that they are emptied.
CREATE OR REPLACE FUNCTION iasql.unwatched(tables jsonb) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.name FROM jsonb_array_elements_text(tables) AS n (name)
  JOIN iasql.base_table AS t ON t.name = n.name
  WHERE NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = t.relation
    AND g.tgfoid = to_regprocedure('iasql.emptied()') AND g.tgenabled <> 'D' AND (g.tgtype::integer & 32) <> 0)
$$;

-- Of some resources, [table: names], the bases; with a NULL the tables that are older than their bases; with an empty text
-- those of which it would not be noticed that they are emptied.
CREATE OR REPLACE FUNCTION iasql.bases_of(wanted jsonb, tables jsonb) RETURNS TABLE (table_name text, base text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.key, jsonb_build_object('identity', b.identity, 'mark', b.mark, 'row', b."row", 'answer', b.answer,
    'before', b.before, 'fresh', COALESCE(b.settles_at > clock_timestamp(), false))::text
  FROM jsonb_each(wanted) AS w CROSS JOIN jsonb_array_elements_text(w.value) AS i (identity)
  JOIN iasql.bases AS b ON b.relation = iasql.oid_of(w.key) AND b.identity = i.identity
  UNION ALL SELECT o.name, NULL FROM iasql.older_than_bases(tables) AS o (name)
  UNION ALL SELECT o.name, '' FROM iasql.unwatched(tables) AS o (name)
$$;

-- Whether bases have been kept of each of some tables.
CREATE OR REPLACE FUNCTION iasql.have_bases(tables jsonb) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM jsonb_array_elements_text(tables) AS n (name)
    WHERE NOT EXISTS (SELECT FROM iasql.base_table AS t WHERE t.relation = iasql.oid_of(n.name)))
$$;

-- The digests of all bases of some tables.
CREATE OR REPLACE FUNCTION iasql.digests(tables jsonb) RETURNS TABLE (table_name text, digests text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT n.name, json_object_agg(b.identity, b.digest)::text
  FROM jsonb_array_elements_text(tables) AS n (name)
  JOIN iasql.bases AS b ON b.relation = iasql.oid_of(n.name)
  GROUP BY n.name
$$;

-- Records an operation that changes rows and nothing in AWS, in its transaction: rolled back, it has not been.
CREATE OR REPLACE FUNCTION iasql.record_operation(entry jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  number bigint;
BEGIN
  IF current_query() IS DISTINCT FROM 'SELECT iasql.record_operation($1)::pg_catalog.text' OR NOT iasql.engine_writes() THEN
    RAISE EXCEPTION 'only the iasql server can record operations' USING ERRCODE = '42501',
      HINT = 'SELECT * FROM iasql_help() shows what you can call.';
  END IF;
  INSERT INTO iasql.iasql_operation (function, arguments, username, in_transaction, steps, address, application_name,
      role, account, regions, arn, started_at, ended_at, outcome)
    SELECT n.function, n.arguments, session_user, n.in_transaction, 0, n.address, current_setting('application_name'),
      n.role, n.account, n.regions, n.arn, clock_timestamp(), clock_timestamp(), 'done'
    FROM jsonb_to_record(entry) AS n (function text, arguments text[], in_transaction boolean, address text, role text,
      account text, regions text[], arn text)
    RETURNING id INTO number;
  RETURN number;
END
$$;

-- The operation that made something in the place of a resource, which may have gone much later.
CREATE OR REPLACE FUNCTION iasql.replaced_by(target oid, gone text, since timestamptz) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.operation FROM (
    SELECT b.operation, b.since FROM iasql.base AS b WHERE b.relation = target AND b.replaces = gone
    UNION ALL SELECT p.operation, lower(p.valid) FROM iasql.past AS p WHERE p.relation = target AND p.replaces = gone) AS r
  WHERE r.since >= replaced_by.since ORDER BY r.since LIMIT 1
$$;

-- Keeps and drops bases. For each table: its parts, the bases to keep, the names of those to drop, and whether all of
-- its rows show what AWS holds now, so that whatever became of the table before is settled.
CREATE OR REPLACE FUNCTION iasql.keep_bases(entries jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  e jsonb;
  target oid;
  moment timestamptz;
BEGIN
  IF current_query() IS DISTINCT FROM 'SELECT iasql.keep_bases($1)' OR NOT iasql.engine_writes() THEN
    RAISE EXCEPTION 'only the iasql server can write bases' USING ERRCODE = '42501',
      HINT = 'SELECT * FROM iasql_help() shows what you can call.';
  END IF;
  FOR e IN SELECT * FROM jsonb_array_elements(entries) LOOP
    target := iasql.oid_of(e ->> 'table');
    moment := clock_timestamp();
    IF (e ->> 'whole')::boolean THEN
      -- The history of a table that has been dropped goes with it, as its rows have.
      DELETE FROM iasql.past AS p USING iasql.base_table AS t
        WHERE t.name = e ->> 'table' AND t.relation <> target AND p.relation = t.relation;
      DELETE FROM iasql.drift_seen AS d USING iasql.base_table AS t
        WHERE t.name = e ->> 'table' AND t.relation <> target AND d.relation = t.relation;
      DELETE FROM iasql.base AS b USING iasql.base_table AS t
        WHERE t.name = e ->> 'table' AND t.relation <> target AND b.relation = t.relation;
      DELETE FROM iasql.base_table AS t
        WHERE t.relation IS DISTINCT FROM iasql.oid_of(t.name)
          AND (t.name = e ->> 'table' OR t.name IN (SELECT jsonb_array_elements_text(e -> 'parts')));
    END IF;
    INSERT INTO iasql.base_table AS t (relation, name, resource)
      SELECT iasql.oid_of(n.name), n.name, target
      FROM (SELECT e ->> 'table' UNION ALL SELECT jsonb_array_elements_text(e -> 'parts')) AS n (name)
      ON CONFLICT ON CONSTRAINT base_table_pkey DO UPDATE
        SET name = excluded.name, resource = excluded.resource, emptied = t.emptied AND NOT (e ->> 'whole')::boolean,
          synced_at = CASE WHEN (e ->> 'whole')::boolean THEN clock_timestamp() ELSE t.synced_at END
        WHERE t.name <> excluded.name OR t.resource <> excluded.resource OR t.emptied OR (e ->> 'whole')::boolean;
    UPDATE iasql.base_table AS t SET read_at = moment, read_by = e ->> 'read_by'
      WHERE t.relation = target AND e ->> 'read_by' IS NOT NULL;
    UPDATE iasql.iasql_step AS s SET identity = o.identity
      FROM jsonb_to_recordset(e -> 'begun') AS o (operation bigint, name text, identity text)
      WHERE s.operation = o.operation AND s.table_name = e ->> 'table' AND COALESCE(s.name, s.description) = o.name;
    WITH dropped AS MATERIALIZED (
      SELECT d.identity, d.ended_by FROM jsonb_to_recordset(e -> 'drop') AS d (identity text, ended_by bigint)
    ), gone AS (
      DELETE FROM iasql.base AS b USING dropped AS d WHERE b.relation = target AND b.identity = d.identity
      RETURNING b.*, d.ended_by
    )
    INSERT INTO iasql.past (relation, identity, valid, state, changed_by, operation, replaces, ended_by)
      SELECT g.relation, g.identity, tstzrange(g.since, greatest(moment, g.since)), COALESCE(g."row", g.answer), g.changed_by,
        g.operation, g.replaces, COALESCE(iasql.replaced_by(target, g.identity, g.since), g.ended_by, (e ->> 'operation')::bigint)
      FROM gone AS g;
    WITH new AS MATERIALIZED (
      SELECT k.identity, k.mark, k.digest, k."row", k.answer, k.before,
        clock_timestamp() + make_interval(secs => k.settles) AS settles_at, k.replaces,
        COALESCE(k.begun_by, (e ->> 'operation')::bigint) AS operation,
        CASE WHEN k.begun_by IS NULL THEN e ->> 'by' ELSE 'row' END AS "by",
        b.identity IS NULL OR COALESCE(b."row", b.answer) <> COALESCE(k."row", k.answer) AS differs
      FROM jsonb_to_recordset(e -> 'keep') AS k (identity text, mark text, digest text, "row" jsonb, answer jsonb,
        before jsonb, settles double precision, replaces text, begun_by bigint)
      LEFT JOIN iasql.base AS b ON b.relation = target AND b.identity = k.identity
    ), old AS (
      INSERT INTO iasql.past (relation, identity, valid, state, changed_by, operation, replaces, ended_by)
      SELECT b.relation, b.identity, tstzrange(b.since, greatest(moment, b.since)), COALESCE(b."row", b.answer), b.changed_by,
        b.operation, b.replaces, n.operation
      FROM new AS n JOIN iasql.base AS b ON b.relation = target AND b.identity = n.identity
      WHERE n.differs
    )
    INSERT INTO iasql.base AS b (relation, identity, mark, digest, "row", answer, before, settles_at, since,
        changed_by, operation, replaces)
      SELECT target, n.identity, n.mark, n.digest, n."row", n.answer, n.before, n.settles_at, moment,
        CASE WHEN n.differs THEN n."by" END, n.operation, n.replaces
      FROM new AS n
      ON CONFLICT ON CONSTRAINT base_pkey DO UPDATE
        SET mark = excluded.mark, digest = excluded.digest, "row" = excluded."row", answer = excluded.answer,
          before = excluded.before, settles_at = excluded.settles_at,
          since = CASE WHEN excluded.changed_by IS NULL THEN b.since ELSE excluded.since END,
          changed_by = COALESCE(excluded.changed_by, b.changed_by),
          operation = CASE WHEN excluded.changed_by IS NULL THEN b.operation ELSE excluded.operation END,
          -- What an operation has put in the place of something stays that when it is written again.
          replaces = CASE WHEN excluded.changed_by IS NULL OR excluded.replaces IS NULL AND b.operation = excluded.operation
            THEN b.replaces ELSE excluded.replaces END;
    IF EXISTS (SELECT FROM iasql.drift_seen AS d WHERE d.relation = target AND upper_inf(d.valid)) THEN
      UPDATE iasql.drift_seen AS d
        SET valid = tstzrange(lower(d.valid), greatest(moment, lower(d.valid))), ended_by = (e ->> 'operation')::bigint
        WHERE d.relation = target AND upper_inf(d.valid) AND ((e ->> 'whole')::boolean
          OR d.identity IN (SELECT o.identity FROM jsonb_to_recordset(e -> 'drop') AS o (identity text))
          OR d.identity IN (SELECT k.value ->> 'identity' FROM jsonb_array_elements(e -> 'keep') AS k (value)));
    END IF;
  END LOOP;
END
$$;

-- Takes values out of the history and the journal: of all resources of a table, or of those with one of AWS's names.
CREATE OR REPLACE FUNCTION public.iasql_forget(table_name text, name text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wanted text := regexp_replace(table_name, '^public\.', '');
  forgotten bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM iasql.base_table AS t WHERE t.name = wanted AND t.relation = t.resource) THEN
    RAISE EXCEPTION 'nothing is remembered of a table "%"', table_name USING ERRCODE = '42P01',
      HINT = 'SELECT table_name FROM iasql_freshness() lists the tables; a part''s history is its resource''s.';
  END IF;
  WITH gone AS (
    DELETE FROM iasql.past AS p USING iasql.base_table AS t
    WHERE t.name = wanted AND p.relation = t.relation
      AND (iasql_forget.name IS NULL OR p.identity = iasql_forget.name)
    RETURNING 1)
  SELECT count(*) INTO forgotten FROM gone;
  UPDATE iasql.base_table AS t SET forgotten_at = clock_timestamp()
    WHERE t.name = wanted AND t.relation = t.resource AND forgotten > 0;
  WITH gone AS (
    DELETE FROM iasql.drift_seen AS d USING iasql.base_table AS t
    WHERE t.name = wanted AND d.relation = t.relation AND NOT upper_inf(d.valid)
      AND (iasql_forget.name IS NULL OR d.identity = iasql_forget.name)
    RETURNING 1)
  SELECT forgotten + count(*) INTO forgotten FROM gone;
  UPDATE iasql.iasql_step AS s SET before = NULL, after = NULL, message = NULL
    WHERE s.table_name = wanted AND (s.before IS NOT NULL OR s.after IS NOT NULL)
      AND (iasql_forget.name IS NULL OR COALESCE(s.name, s.description) = iasql_forget.name);
  RETURN forgotten;
END
$$;
COMMENT ON FUNCTION public.iasql_forget(text, text) IS
  'Takes the values of a table, or of one resource of it, out of history and journal. What is so now stays.';

-- The operation that somebody means who says none: the last one of theirs that changed rows or AWS.
CREATE OR REPLACE FUNCTION iasql.last_operation() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT max(o.id) FROM iasql.iasql_operation AS o
  WHERE o.username = session_user AND o.function IN ('iasql_apply', 'iasql_commit', 'iasql_sync', 'iasql_rollback')
    AND (o.ended_at IS NOT NULL OR NOT iasql.lives(o.pid, o.started_at))  -- its engine has died, and nobody has noted it yet
$$;

-- What an operation was, how it ended, and what it lost of tables that who is logged in may read.
CREATE OR REPLACE FUNCTION iasql.operation_end(number bigint) RETURNS TABLE (function text, outcome text, lost text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.function, COALESCE(o.outcome, CASE WHEN iasql.lives(o.pid, o.started_at) THEN 'running' ELSE 'cut off' END), (
    SELECT string_agg(concat(s.table_name, ' ', s.description, ': ', array_to_string(s.loses, '; ')), chr(10) ORDER BY s.number)
    FROM iasql.iasql_step AS s
    WHERE s.operation = o.id AND s.outcome = 'done' AND s.loses <> '{}'
      AND has_table_privilege(session_user, iasql.oid_of(s.table_name), 'SELECT'))
  FROM iasql.iasql_operation AS o WHERE o.id = number
$$;

-- The tables whose resources an operation has changed.
CREATE OR REPLACE FUNCTION iasql.touched(number bigint) RETURNS TABLE (relation oid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.relation, t.name FROM iasql.base_table AS t
  WHERE EXISTS (SELECT FROM iasql.base AS b WHERE b.relation = t.relation AND b.operation = number)
    OR EXISTS (SELECT FROM iasql.past AS p WHERE p.relation = t.relation AND number IN (p.operation, p.ended_by))
$$;

-- Of the tables that an operation may have changed those of which some history since a moment has been forgotten: without
-- it, what was changed looks as if it had been made. Of no operation: of all tables.
CREATE OR REPLACE FUNCTION iasql.forgotten(number bigint, moment timestamptz) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.name FROM iasql.base_table AS t
  WHERE t.relation = t.resource AND t.forgotten_at >= forgotten.moment AND (forgotten.number IS NULL
    OR EXISTS (SELECT FROM iasql.iasql_operation AS o WHERE o.id = forgotten.number AND o.steps = 0)
    OR EXISTS (SELECT FROM iasql.iasql_step AS s WHERE s.operation = forgotten.number AND s.table_name = t.name)
    OR t.relation IN (SELECT x.relation FROM iasql.touched(forgotten.number) AS x))
$$;

-- The tables in which an operation has made or removed something of which nothing is remembered: they have been made again
-- since, or the transaction in which the rows were has been rolled back.
CREATE OR REPLACE FUNCTION iasql.unremembered(number bigint) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT s.table_name FROM iasql.iasql_step AS s
  JOIN iasql.iasql_operation AS o ON o.id = s.operation
  LEFT JOIN iasql.base_table AS t ON t.name = s.table_name AND t.relation = iasql.oid_of(s.table_name)
  WHERE s.operation = unremembered.number AND s.outcome = 'done' AND (t.begun_at > o.started_at
    OR s.kind IN ('create', 'delete') AND s.table_name NOT IN (SELECT x.name FROM iasql.touched(unremembered.number) AS x))
$$;

-- What operations made in transactions that were rolled back, in tables that the role may read. PostgreSQL has forgotten it
-- there, and AWS has not.
CREATE OR REPLACE VIEW iasql.left_over WITH (security_barrier) AS
  SELECT s.operation, s.table_name, s.identity
  FROM iasql.iasql_step AS s JOIN iasql.base_table AS t ON t.relation = iasql.oid_of(s.table_name)
  WHERE s.kind = 'create' AND s.outcome = 'done' AND s.identity IS NOT NULL AND s.started_at > now() - interval '30 days' AND s.started_at >= t.begun_at
    AND has_table_privilege(t.relation, 'SELECT') AND NOT row_security_active(t.relation)
    AND NOT EXISTS (SELECT FROM iasql.base AS b WHERE b.relation = t.relation AND b.operation = s.operation)
    AND NOT EXISTS (
      SELECT FROM iasql.past AS p WHERE p.relation = t.relation AND s.operation IN (p.operation, p.ended_by));
GRANT SELECT ON iasql.left_over TO PUBLIC;
COMMENT ON VIEW iasql.left_over IS
  'What applies have made in transactions that were rolled back in the last 30 days: the operation, and AWS''s name for it.';

-- What operations began, of the tables that the role may read, and were cut off, until it is known whether AWS has done it.
-- What was made is in it for a while longer, as known: AWS may not show yet what it has made along with that.
CREATE OR REPLACE VIEW iasql.unfinished WITH (security_barrier) AS
  SELECT DISTINCT s.table_name, COALESCE(s.name, s.description) AS description, s.operation, s.kind, s.becomes,
    s.identity IS NOT NULL AS known
  FROM iasql.iasql_step AS s JOIN iasql.iasql_operation AS o ON o.id = s.operation
  WHERE (s.identity IS NULL OR s.kind = 'create' AND EXISTS (
      SELECT FROM iasql.base AS b WHERE b.relation = iasql.oid_of(s.table_name) AND b.identity = s.identity
        AND b.since > clock_timestamp() - interval '30 seconds'))
    AND (s.outcome = 'cut off' OR s.outcome IS NULL AND (o.ended_at IS NOT NULL OR NOT iasql.lives(o.pid, o.started_at)))
    AND has_table_privilege(iasql.oid_of(s.table_name), 'SELECT')
    AND NOT row_security_active(iasql.oid_of(s.table_name))
    -- A sync has shown since what there was.
    AND NOT EXISTS (
      SELECT FROM iasql.base_table AS t WHERE t.name = s.table_name AND t.synced_at > s.started_at)
    AND NOT EXISTS (
      SELECT FROM iasql.iasql_step AS later
      WHERE later.operation > s.operation AND later.table_name = s.table_name
        AND later.outcome = 'done' AND COALESCE(later.name, later.description) = COALESCE(s.name, s.description));
GRANT SELECT ON iasql.unfinished TO PUBLIC;
COMMENT ON VIEW iasql.unfinished IS
  'The resources that operations began to make, to change or to remove, and of which the end is not known.';

-- When an operation began.
CREATE OR REPLACE FUNCTION iasql.began(number bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.started_at FROM iasql.iasql_operation AS o WHERE o.id = number
$$;

-- What there is to know of an operation before it is undone, or said in SQL: what it was, how it ended, the tables that it
-- changed and the role may not read, what it lost, and of which tables it is not remembered what it did.
DROP FUNCTION IF EXISTS iasql.undoable(bigint);
CREATE FUNCTION iasql.undoable(number bigint)
RETURNS TABLE (function text, outcome text, hidden text, lost text, forgotten text, unremembered text, unfinished text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.function, e.outcome, (
    SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM iasql.touched(number) AS t
    WHERE t.relation NOT IN (SELECT r.relation FROM iasql.readable AS r)), e.lost,
    (SELECT string_agg(f.name, ', ' ORDER BY f.name) FROM iasql.forgotten(number, iasql.began(number)) AS f (name)),
    (SELECT string_agg(u.name, ', ' ORDER BY u.name) FROM iasql.unremembered(number) AS u (name)),
    (SELECT string_agg(concat(u.table_name, ' ', u.description), chr(10) ORDER BY u.table_name, u.description)
      FROM iasql.unfinished AS u WHERE u.operation = number AND NOT u.known)
  FROM iasql.operation_end(number) AS e
$$;

-- The tables whose history has changed since a moment.
CREATE OR REPLACE FUNCTION iasql.touched_since(moment timestamptz) RETURNS TABLE (relation oid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.relation, t.name FROM iasql.base_table AS t
  WHERE EXISTS (SELECT FROM iasql.base AS b WHERE b.relation = t.relation AND b.since > moment)
    OR EXISTS (SELECT FROM iasql.past AS p WHERE p.relation = t.relation AND upper(p.valid) > moment)
$$;

-- What there is to know of all that was done since a moment before it is said in SQL: the tables that were changed and the
-- role may not read, and those of which some of it has been forgotten.
CREATE OR REPLACE FUNCTION iasql.tellable(since timestamptz) RETURNS TABLE (hidden text, forgotten text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM iasql.touched_since(tellable.since) AS t
    WHERE t.relation NOT IN (SELECT r.relation FROM iasql.readable AS r)),
    (SELECT string_agg(f.name, ', ' ORDER BY f.name) FROM iasql.forgotten(NULL, tellable.since) AS f (name))
$$;

-- The operations that were installs: what they began to show was there.
CREATE OR REPLACE FUNCTION iasql.installs() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.id FROM iasql.iasql_operation AS o WHERE o.function = 'iasql_install'
$$;

-- Of some tables what rows and AWS agreed on before and after an operation, or before and after all that was done since a
-- moment.
CREATE OR REPLACE FUNCTION iasql.told(tables jsonb, number bigint, since timestamptz)
RETURNS TABLE (table_name text, record text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  WITH change AS (SELECT told.number AS id, CASE WHEN told.number IS NULL THEN told.since ELSE iasql.began(told.number) END AS at)
  SELECT n.name, jsonb_build_object('identity', h.identity, 'state', h.state, 'replaces', h.replaces, 'since', lower(h.valid),
    'before', CASE WHEN c.id IS NULL THEN h.valid @> c.at
      ELSE h.operation IS DISTINCT FROM c.id AND (h.ended_by IS NOT DISTINCT FROM c.id OR h.valid @> c.at) END,
    'after', CASE WHEN c.id IS NULL THEN upper_inf(h.valid)
      ELSE h.ended_by IS DISTINCT FROM c.id AND (h.operation IS NOT DISTINCT FROM c.id OR h.valid @> c.at) END,
    'installed', c.id IS NULL AND h.operation IS NOT NULL AND h.operation IN (SELECT iasql.installs()))::text
  FROM change AS c CROSS JOIN jsonb_array_elements_text(tables) AS n (name)
  JOIN iasql.history AS h ON h.relation = iasql.oid_of(n.name)
  WHERE h.valid @> c.at OR CASE WHEN c.id IS NULL THEN upper_inf(h.valid) OR upper(h.valid) > c.at
    ELSE h.operation IS NOT DISTINCT FROM c.id OR h.ended_by IS NOT DISTINCT FROM c.id END
$$;

-- What somebody has begun by iasql_begin() and not ended: its number, and the operations of theirs since that had something
-- to do in AWS.
CREATE OR REPLACE FUNCTION iasql.begun() RETURNS TABLE (number bigint, applied bigint[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.id, ARRAY(SELECT l.id FROM iasql.iasql_operation AS l
    WHERE l.username = session_user AND l.id > o.id AND l.steps > 0 ORDER BY l.id DESC)
  FROM iasql.iasql_operation AS o WHERE o.username = session_user AND o.function = 'iasql_begin' AND NOT EXISTS (
    SELECT FROM iasql.iasql_operation AS l WHERE l.username = session_user AND l.id > o.id
      AND (l.function IN ('iasql_begin', 'iasql_rollback') OR l.function = 'iasql_commit' AND l.outcome = 'done'))
$$;

-- What is agreed now of each resource of some tables, and all that an operation began or ended.
CREATE OR REPLACE FUNCTION iasql.remembered(tables jsonb, number bigint) RETURNS TABLE (table_name text, record text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  SELECT n.name, jsonb_build_object('identity', h.identity, 'state', h.state, 'operation', h.operation,
    'ended_by', h.ended_by, 'replaces', h.replaces, 'current', upper_inf(h.valid), 'since', lower(h.valid),
    'until', upper(h.valid))::text
  FROM jsonb_array_elements_text(tables) AS n (name)
  JOIN iasql.history AS h ON h.relation = iasql.oid_of(n.name)
  WHERE upper_inf(h.valid) OR h.operation = number OR h.ended_by = number OR h.replaces IS NOT NULL
$$;

-- The last that was agreed of resources that are not there any more, by table and AWS's name; and of what is there in these
-- tables and has been changed, since when it is there.
CREATE OR REPLACE FUNCTION iasql.last_known(names jsonb) RETURNS TABLE (table_name text, record text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
  WITH wanted AS MATERIALIZED (
    SELECT n.key AS name, iasql.oid_of(n.key) AS relation, n.value AS identities FROM jsonb_each(names) AS n
  ), gone AS (
    SELECT DISTINCT ON (w.name, p.identity) w.name, p.identity, p.state, p.operation, p.ended_by, p.replaces, p.valid
    FROM wanted AS w JOIN iasql.past_bases AS p ON p.relation = w.relation AND w.identities ? p.identity
    ORDER BY w.name, p.identity, lower(p.valid) DESC
  ), there AS (
    SELECT DISTINCT ON (w.name, p.identity) w.name, p.identity, '{"values": {}}'::jsonb, NULL::bigint, NULL::bigint, NULL::text,
      p.valid
    FROM wanted AS w JOIN iasql.bases AS b ON b.relation = w.relation
    JOIN iasql.past_bases AS p ON p.relation = b.relation AND p.identity = b.identity
    ORDER BY w.name, p.identity, lower(p.valid)
  )
  SELECT e.name, jsonb_build_object('identity', e.identity, 'state', e.state, 'operation', e.operation, 'ended_by', e.ended_by,
    'replaces', e.replaces, 'current', false, 'since', lower(e.valid), 'until', upper(e.valid))::text
  FROM (TABLE gone UNION ALL TABLE there) AS e
$$;

DO $$ BEGIN
  IF pg_catalog.pg_get_function_result(pg_catalog.to_regprocedure('public.iasql_freshness()')) OPERATOR(pg_catalog.<>)
    'TABLE(table_name text, region_name text, read_at timestamp with time zone, read_by text, watched_at timestamp with time zone)' THEN
    DROP FUNCTION public.iasql_freshness();
  END IF;
END $$;
CREATE OR REPLACE FUNCTION public.iasql_freshness()
RETURNS TABLE (table_name text, region_name text, read_at timestamptz, read_by text, watched_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN p.is_default THEN n.name ELSE p.schema || '.' || n.name END,
    CASE WHEN n.is_global THEN 'global' ELSE p.region END, r.read_at, r.read_by, w.at
  FROM iasql.base_table AS t
  JOIN iasql.base_table AS r ON r.relation = t.resource
  LEFT JOIN iasql.watched AS w ON w.relation = t.resource
  JOIN iasql.place AS p ON p.schema = CASE WHEN t.name LIKE '%.%' THEN split_part(t.name, '.', 1) ELSE 'public' END
  CROSS JOIN LATERAL (SELECT m.table_name AS name, m.is_global FROM iasql.module_table AS m
    WHERE m.table_name = split_part(t.name, '.', CASE WHEN t.name LIKE '%.%' THEN 2 ELSE 1 END)) AS n
  WHERE t.relation = iasql.oid_of(t.name)
  ORDER BY p.is_default DESC, p.schema, n.name
$$;
COMMENT ON FUNCTION public.iasql_freshness() IS
  'Tells of each table when its rows have last followed AWS, by what, and when the watch has last looked.';

-- Notes that a table has been emptied in another way than by DELETE: what its rows have shown is not to be deleted.
CREATE OR REPLACE FUNCTION iasql.emptied() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Whoever has TRIGGER on a table can attach this to other events.
  UPDATE iasql.base_table AS t SET emptied = true WHERE t.relation = TG_RELID AND TG_OP = 'TRUNCATE';
  RETURN NULL;
END
$$;
