--
-- PostgreSQL database dump
--

\restrict 5UgU86uasfTGoiiaxzUUeRRBRRcA13VeqfngeMQe62biJ6NAaiMpzHod4VHwwce

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: iasql; Type: SCHEMA; Schema: -; Owner: admin
--

CREATE SCHEMA iasql;


ALTER SCHEMA iasql OWNER TO admin;

--
-- Name: container_definition_protocol_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.container_definition_protocol_enum AS ENUM (
    'tcp',
    'udp'
);


ALTER TYPE public.container_definition_protocol_enum OWNER TO iasql;

--
-- Name: listener_action_type_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.listener_action_type_enum AS ENUM (
    'forward',
    'authenticate-oidc',
    'authenticate-cognito',
    'redirect',
    'fixed-response'
);


ALTER TYPE public.listener_action_type_enum OWNER TO iasql;

--
-- Name: listener_protocol_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.listener_protocol_enum AS ENUM (
    'GENEVE',
    'HTTP',
    'HTTPS',
    'TCP',
    'TCP_UDP',
    'TLS',
    'UDP'
);


ALTER TYPE public.listener_protocol_enum OWNER TO iasql;

--
-- Name: load_balancer_ip_address_type_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.load_balancer_ip_address_type_enum AS ENUM (
    'dualstack',
    'ipv4',
    'dualstack-without-public-ipv4'
);


ALTER TYPE public.load_balancer_ip_address_type_enum OWNER TO iasql;

--
-- Name: load_balancer_load_balancer_type_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.load_balancer_load_balancer_type_enum AS ENUM (
    'application',
    'gateway',
    'network'
);


ALTER TYPE public.load_balancer_load_balancer_type_enum OWNER TO iasql;

--
-- Name: load_balancer_scheme_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.load_balancer_scheme_enum AS ENUM (
    'internal',
    'internet-facing'
);


ALTER TYPE public.load_balancer_scheme_enum OWNER TO iasql;

--
-- Name: load_balancer_state_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.load_balancer_state_enum AS ENUM (
    'active',
    'active_impaired',
    'failed',
    'provisioning'
);


ALTER TYPE public.load_balancer_state_enum OWNER TO iasql;

--
-- Name: repository_image_tag_mutability_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.repository_image_tag_mutability_enum AS ENUM (
    'IMMUTABLE',
    'MUTABLE',
    'IMMUTABLE_WITH_EXCLUSION',
    'MUTABLE_WITH_EXCLUSION'
);


ALTER TYPE public.repository_image_tag_mutability_enum OWNER TO iasql;

--
-- Name: service_assign_public_ip_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.service_assign_public_ip_enum AS ENUM (
    'DISABLED',
    'ENABLED'
);


ALTER TYPE public.service_assign_public_ip_enum OWNER TO iasql;

--
-- Name: subnet_state_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.subnet_state_enum AS ENUM (
    'available',
    'pending',
    'unavailable',
    'failed',
    'failed-insufficient-capacity'
);


ALTER TYPE public.subnet_state_enum OWNER TO iasql;

--
-- Name: target_group_health_check_protocol_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.target_group_health_check_protocol_enum AS ENUM (
    'GENEVE',
    'HTTP',
    'HTTPS',
    'TCP',
    'TCP_UDP',
    'TLS',
    'UDP'
);


ALTER TYPE public.target_group_health_check_protocol_enum OWNER TO iasql;

--
-- Name: target_group_ip_address_type_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.target_group_ip_address_type_enum AS ENUM (
    'ipv4',
    'ipv6'
);


ALTER TYPE public.target_group_ip_address_type_enum OWNER TO iasql;

--
-- Name: target_group_protocol_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.target_group_protocol_enum AS ENUM (
    'GENEVE',
    'HTTP',
    'HTTPS',
    'TCP',
    'TCP_UDP',
    'TLS',
    'UDP'
);


ALTER TYPE public.target_group_protocol_enum OWNER TO iasql;

--
-- Name: target_group_protocol_version_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.target_group_protocol_version_enum AS ENUM (
    'GRPC',
    'HTTP1',
    'HTTP2'
);


ALTER TYPE public.target_group_protocol_version_enum OWNER TO iasql;

--
-- Name: target_group_target_type_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.target_group_target_type_enum AS ENUM (
    'alb',
    'instance',
    'ip',
    'lambda'
);


ALTER TYPE public.target_group_target_type_enum OWNER TO iasql;

--
-- Name: task_definition_cpu_memory_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.task_definition_cpu_memory_enum AS ENUM (
    'vCPU0.25-0.5GB',
    'vCPU0.25-1GB',
    'vCPU0.25-2GB',
    'vCPU0.5-1GB',
    'vCPU0.5-2GB',
    'vCPU0.5-3GB',
    'vCPU0.5-4GB',
    'vCPU1-2GB',
    'vCPU1-3GB',
    'vCPU1-4GB',
    'vCPU1-5GB',
    'vCPU1-6GB',
    'vCPU1-7GB',
    'vCPU1-8GB',
    'vCPU2-4GB',
    'vCPU2-5GB',
    'vCPU2-6GB',
    'vCPU2-7GB',
    'vCPU2-8GB',
    'vCPU2-9GB',
    'vCPU2-10GB',
    'vCPU2-11GB',
    'vCPU2-12GB',
    'vCPU2-13GB',
    'vCPU2-14GB',
    'vCPU2-15GB',
    'vCPU2-16GB',
    'vCPU4-8GB',
    'vCPU4-9GB',
    'vCPU4-10GB',
    'vCPU4-11GB',
    'vCPU4-12GB',
    'vCPU4-13GB',
    'vCPU4-14GB',
    'vCPU4-15GB',
    'vCPU4-16GB',
    'vCPU4-17GB',
    'vCPU4-18GB',
    'vCPU4-19GB',
    'vCPU4-20GB',
    'vCPU4-21GB',
    'vCPU4-22GB',
    'vCPU4-23GB',
    'vCPU4-24GB',
    'vCPU4-25GB',
    'vCPU4-26GB',
    'vCPU4-27GB',
    'vCPU4-28GB',
    'vCPU4-29GB',
    'vCPU4-30GB'
);


ALTER TYPE public.task_definition_cpu_memory_enum OWNER TO iasql;

--
-- Name: task_definition_status_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.task_definition_status_enum AS ENUM (
    'ACTIVE',
    'INACTIVE',
    'DELETE_IN_PROGRESS'
);


ALTER TYPE public.task_definition_status_enum OWNER TO iasql;

--
-- Name: vpc_state_enum; Type: TYPE; Schema: public; Owner: iasql
--

CREATE TYPE public.vpc_state_enum AS ENUM (
    'available',
    'pending'
);


ALTER TYPE public.vpc_state_enum OWNER TO iasql;

--
-- Name: installed(); Type: FUNCTION; Schema: iasql; Owner: admin
--

CREATE FUNCTION iasql.installed() RETURNS SETOF text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT i.name
  FROM iasql.installed_module AS i JOIN iasql.module AS m USING (name)
  WHERE NOT EXISTS (
    SELECT FROM iasql.module_table AS t
    WHERE t.module = i.name AND to_regclass('public.' || quote_ident(t.table_name)) IS NULL
  )
  ORDER BY m.place
$$;


ALTER FUNCTION iasql.installed() OWNER TO admin;

--
-- Name: lives(integer, timestamp with time zone); Type: FUNCTION; Schema: iasql; Owner: admin
--

CREATE FUNCTION iasql.lives(pid integer, began timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.pid = lives.pid AND a.backend_start <= lives.began)
$$;


ALTER FUNCTION iasql.lives(pid integer, began timestamp with time zone) OWNER TO admin;

--
-- Name: planned(); Type: FUNCTION; Schema: iasql; Owner: admin
--

CREATE FUNCTION iasql.planned() RETURNS TABLE(action text, table_name text, id integer, description text, column_name text, current_value text, desired_value text, replaces boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT * FROM jsonb_to_recordset(nullif(current_setting('iasql.planned', true), '')::jsonb) AS r (
    action text, table_name text, id integer, description text,
    column_name text, current_value text, desired_value text, replaces boolean
  )
$$;


ALTER FUNCTION iasql.planned() OWNER TO admin;

--
-- Name: record_installed(text[]); Type: FUNCTION; Schema: iasql; Owner: admin
--

CREATE FUNCTION iasql.record_installed(names text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  INSERT INTO iasql.installed_module (name, installed_by)
  SELECT name, session_user FROM unnest(names) AS name
  ON CONFLICT (name) DO UPDATE SET installed_at = now(), installed_by = excluded.installed_by
$$;


ALTER FUNCTION iasql.record_installed(names text[]) OWNER TO admin;

--
-- Name: record_uninstalled(text[]); Type: FUNCTION; Schema: iasql; Owner: admin
--

CREATE FUNCTION iasql.record_uninstalled(names text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  DELETE FROM iasql.installed_module WHERE name = ANY (names)
$$;


ALTER FUNCTION iasql.record_uninstalled(names text[]) OWNER TO admin;

--
-- Name: running(); Type: FUNCTION; Schema: iasql; Owner: admin
--

CREATE FUNCTION iasql.running() RETURNS SETOF bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  PERFORM pg_stat_clear_snapshot();
  RETURN QUERY SELECT o.id FROM iasql.iasql_operation AS o
    WHERE o.ended_at IS NULL AND iasql.lives(o.pid, o.started_at);
END
$$;


ALTER FUNCTION iasql.running() OWNER TO admin;

--
-- Name: take_changes(text); Type: FUNCTION; Schema: iasql; Owner: admin
--

CREATE FUNCTION iasql.take_changes(called text) RETURNS TABLE(action text, table_name text, id integer, description text)
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT r.* FROM jsonb_to_recordset(iasql.take_result(called))
    AS r (action text, table_name text, id integer, description text)
$$;


ALTER FUNCTION iasql.take_changes(called text) OWNER TO admin;

--
-- Name: take_result(text); Type: FUNCTION; Schema: iasql; Owner: admin
--

CREATE FUNCTION iasql.take_result(called text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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


ALTER FUNCTION iasql.take_result(called text) OWNER TO admin;

--
-- Name: delete_all_records(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.delete_all_records() RETURNS void
    LANGUAGE plpgsql
    AS $$
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


ALTER FUNCTION public.delete_all_records() OWNER TO admin;

--
-- Name: iasql_apply(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_apply() RETURNS TABLE(action text, table_name text, id integer, description text)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_apply');
END
$$;


ALTER FUNCTION public.iasql_apply() OWNER TO admin;

--
-- Name: iasql_apply(text); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_apply(plan_id text) RETURNS TABLE(action text, table_name text, id integer, description text)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_apply');
END
$$;


ALTER FUNCTION public.iasql_apply(plan_id text) OWNER TO admin;

--
-- Name: iasql_diff(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_diff() RETURNS TABLE(action text, table_name text, id integer, description text, column_name text, current_value text, desired_value text, replaces boolean)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT r.* FROM jsonb_to_recordset(iasql.take_result('iasql_diff')) AS r (
    action text, table_name text, id integer, description text,
    column_name text, current_value text, desired_value text, replaces boolean
  );
END
$$;


ALTER FUNCTION public.iasql_diff() OWNER TO admin;

--
-- Name: iasql_get_errors(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_get_errors() RETURNS TABLE(ts timestamp with time zone, message text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT o.ended_at, o.message
  FROM iasql.iasql_operation AS o
  WHERE o.outcome = 'failed' AND o.username = session_user
  ORDER BY o.ended_at
$$;


ALTER FUNCTION public.iasql_get_errors() OWNER TO admin;

--
-- Name: iasql_help(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_help() RETURNS TABLE(name text, signature text, description text, sample_usage text)
    LANGUAGE sql STABLE
    AS $$
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


ALTER FUNCTION public.iasql_help() OWNER TO admin;

--
-- Name: iasql_install(text[]); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_install(VARIADIC _mods text[]) RETURNS TABLE(module_name character varying, created_table_name character varying, record_count integer)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT r.* FROM jsonb_to_recordset(iasql.take_result('iasql_install'))
    AS r (module_name varchar, created_table_name varchar, record_count integer);
END
$$;


ALTER FUNCTION public.iasql_install(VARIADIC _mods text[]) OWNER TO admin;

--
-- Name: iasql_modules_installed(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_modules_installed() RETURNS TABLE(module_name text, module_version text, dependencies character varying[])
    LANGUAGE sql STABLE
    AS $$
  SELECT m.name, m.version, m.dependencies::varchar[]
  FROM iasql.installed() AS i (name) JOIN iasql.module AS m USING (name)
  ORDER BY m.place
$$;


ALTER FUNCTION public.iasql_modules_installed() OWNER TO admin;

--
-- Name: iasql_modules_list(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_modules_list() RETURNS TABLE(module_name text, module_version text, dependencies text[])
    LANGUAGE sql STABLE
    AS $$
  SELECT m.name, m.version, m.dependencies FROM iasql.module AS m ORDER BY m.place
$$;


ALTER FUNCTION public.iasql_modules_list() OWNER TO admin;

--
-- Name: iasql_plan_apply(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_plan_apply() RETURNS TABLE(action text, table_name text, id integer, description text)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_plan_apply');
END
$$;


ALTER FUNCTION public.iasql_plan_apply() OWNER TO admin;

--
-- Name: iasql_plan_id(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_plan_id() RETURNS text
    LANGUAGE sql STABLE
    AS $$
  SELECT nullif(pg_catalog.current_setting('iasql.plan_id', true), '')
$$;


ALTER FUNCTION public.iasql_plan_id() OWNER TO admin;

--
-- Name: iasql_plan_sync(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_plan_sync() RETURNS TABLE(action text, table_name text, id integer, description text)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_plan_sync');
END
$$;


ALTER FUNCTION public.iasql_plan_sync() OWNER TO admin;

--
-- Name: iasql_preview_apply(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_preview_apply() RETURNS TABLE(action text, table_name text, id integer, description text)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_preview_apply');
END
$$;


ALTER FUNCTION public.iasql_preview_apply() OWNER TO admin;

--
-- Name: iasql_preview_sync(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_preview_sync() RETURNS TABLE(action text, table_name text, id integer, description text)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_preview_sync');
END
$$;


ALTER FUNCTION public.iasql_preview_sync() OWNER TO admin;

--
-- Name: iasql_sync(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_sync() RETURNS TABLE(action text, table_name text, id integer, description text)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM iasql.take_changes('iasql_sync');
END
$$;


ALTER FUNCTION public.iasql_sync() OWNER TO admin;

--
-- Name: iasql_uninstall(text[]); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_uninstall(VARIADIC _mods text[]) RETURNS TABLE(module_name character varying, dropped_table_name character varying, record_count integer)
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN QUERY SELECT r.* FROM jsonb_to_recordset(iasql.take_result('iasql_uninstall'))
    AS r (module_name varchar, dropped_table_name varchar, record_count integer);
END
$$;


ALTER FUNCTION public.iasql_uninstall(VARIADIC _mods text[]) OWNER TO admin;

--
-- Name: iasql_upgrade(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_upgrade() RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM iasql.take_result('iasql_upgrade');
END
$$;


ALTER FUNCTION public.iasql_upgrade() OWNER TO admin;

--
-- Name: iasql_version(); Type: FUNCTION; Schema: public; Owner: admin
--

CREATE FUNCTION public.iasql_version() RETURNS TABLE(version text)
    LANGUAGE sql STABLE
    AS $$
  SELECT s.value FROM iasql.setting AS s WHERE s.name = 'version'
$$;


ALTER FUNCTION public.iasql_version() OWNER TO admin;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: iasql_operation; Type: TABLE; Schema: iasql; Owner: admin
--

CREATE TABLE iasql.iasql_operation (
    id bigint NOT NULL,
    function text NOT NULL,
    arguments text[] NOT NULL,
    username text NOT NULL,
    in_transaction boolean NOT NULL,
    steps integer NOT NULL,
    pid integer DEFAULT pg_backend_pid() NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    message text
);


ALTER TABLE iasql.iasql_operation OWNER TO admin;

--
-- Name: iasql_operation_id_seq; Type: SEQUENCE; Schema: iasql; Owner: admin
--

ALTER TABLE iasql.iasql_operation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME iasql.iasql_operation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: iasql_progress; Type: VIEW; Schema: iasql; Owner: admin
--

CREATE VIEW iasql.iasql_progress AS
SELECT
    NULL::bigint AS operation,
    NULL::text AS function,
    NULL::text AS username,
    NULL::timestamp with time zone AS started_at,
    NULL::integer AS steps_done,
    NULL::integer AS steps,
    NULL::text[] AS under_way;


ALTER TABLE iasql.iasql_progress OWNER TO admin;

--
-- Name: iasql_step; Type: TABLE; Schema: iasql; Owner: admin
--

CREATE TABLE iasql.iasql_step (
    operation bigint NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    table_name text NOT NULL,
    description text NOT NULL,
    before jsonb,
    after jsonb,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ended_at timestamp with time zone,
    outcome text,
    message text,
    attempts integer,
    request_ids text[],
    token text
);


ALTER TABLE iasql.iasql_step OWNER TO admin;

--
-- Name: installed_module; Type: TABLE; Schema: iasql; Owner: admin
--

CREATE TABLE iasql.installed_module (
    name text NOT NULL,
    installed_at timestamp with time zone DEFAULT now() NOT NULL,
    installed_by text NOT NULL
);


ALTER TABLE iasql.installed_module OWNER TO admin;

--
-- Name: module; Type: TABLE; Schema: iasql; Owner: admin
--

CREATE TABLE iasql.module (
    name text NOT NULL,
    version text NOT NULL,
    dependencies text[] NOT NULL,
    place integer NOT NULL
);


ALTER TABLE iasql.module OWNER TO admin;

--
-- Name: module_table; Type: TABLE; Schema: iasql; Owner: admin
--

CREATE TABLE iasql.module_table (
    table_name text NOT NULL,
    module text NOT NULL,
    deletion integer NOT NULL,
    deletable boolean NOT NULL
);


ALTER TABLE iasql.module_table OWNER TO admin;

--
-- Name: policy; Type: TABLE; Schema: iasql; Owner: admin
--

CREATE TABLE iasql.policy (
    name text NOT NULL,
    query text NOT NULL,
    advice text
);


ALTER TABLE iasql.policy OWNER TO admin;

--
-- Name: setting; Type: TABLE; Schema: iasql; Owner: admin
--

CREATE TABLE iasql.setting (
    name text NOT NULL,
    value text NOT NULL
);


ALTER TABLE iasql.setting OWNER TO admin;

--
-- Name: aws_account; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.aws_account (
    id integer NOT NULL,
    account_id character varying,
    region character varying NOT NULL,
    identity character varying
);


ALTER TABLE public.aws_account OWNER TO iasql;

--
-- Name: aws_account_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.aws_account_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.aws_account_id_seq OWNER TO iasql;

--
-- Name: aws_account_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.aws_account_id_seq OWNED BY public.aws_account.id;


--
-- Name: changes; Type: VIEW; Schema: public; Owner: iasql
--

CREATE VIEW public.changes AS
 SELECT iasql_plan_apply.action,
    iasql_plan_apply.table_name,
    iasql_plan_apply.id,
    iasql_plan_apply.description
   FROM public.iasql_plan_apply() iasql_plan_apply(action, table_name, id, description);


ALTER TABLE public.changes OWNER TO iasql;

--
-- Name: cluster; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.cluster (
    cluster_name character varying NOT NULL,
    cluster_arn character varying,
    cluster_status character varying
);


ALTER TABLE public.cluster OWNER TO iasql;

--
-- Name: container_definition; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.container_definition (
    id integer NOT NULL,
    task_definition_id integer,
    name character varying NOT NULL,
    image character varying,
    tag character varying,
    digest character varying,
    essential boolean DEFAULT false NOT NULL,
    cpu integer,
    memory integer,
    memory_reservation integer,
    host_port integer,
    container_port integer,
    protocol public.container_definition_protocol_enum,
    env_variables jsonb,
    repository_name character varying,
    public_repository_name character varying,
    log_group_name character varying,
    CONSTRAINT container_definition_has_an_image CHECK (((image IS NOT NULL) OR (repository_name IS NOT NULL) OR (public_repository_name IS NOT NULL))),
    CONSTRAINT container_definition_has_tag_or_digest CHECK (((tag IS NULL) OR (digest IS NULL)))
);


ALTER TABLE public.container_definition OWNER TO iasql;

--
-- Name: container_definition_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.container_definition_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.container_definition_id_seq OWNER TO iasql;

--
-- Name: container_definition_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.container_definition_id_seq OWNED BY public.container_definition.id;


--
-- Name: listener; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.listener (
    id integer NOT NULL,
    listener_arn character varying,
    port integer NOT NULL,
    protocol public.listener_protocol_enum NOT NULL,
    action_type public.listener_action_type_enum DEFAULT 'forward'::public.listener_action_type_enum NOT NULL,
    load_balancer_name character varying NOT NULL,
    target_group_name character varying
);


ALTER TABLE public.listener OWNER TO iasql;

--
-- Name: listener_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.listener_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.listener_id_seq OWNER TO iasql;

--
-- Name: listener_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.listener_id_seq OWNED BY public.listener.id;


--
-- Name: load_balancer; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.load_balancer (
    load_balancer_name character varying NOT NULL,
    load_balancer_arn character varying,
    dns_name character varying,
    canonical_hosted_zone_id character varying,
    created_time timestamp with time zone,
    scheme public.load_balancer_scheme_enum NOT NULL,
    state public.load_balancer_state_enum,
    load_balancer_type public.load_balancer_load_balancer_type_enum NOT NULL,
    subnets character varying[],
    availability_zones character varying[],
    ip_address_type public.load_balancer_ip_address_type_enum NOT NULL,
    customer_owned_ipv4_pool character varying,
    vpc integer
);


ALTER TABLE public.load_balancer OWNER TO iasql;

--
-- Name: load_balancer_security_groups; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.load_balancer_security_groups (
    load_balancer_name character varying NOT NULL,
    security_group_id integer NOT NULL
);


ALTER TABLE public.load_balancer_security_groups OWNER TO iasql;

--
-- Name: log_group; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.log_group (
    log_group_name character varying NOT NULL,
    log_group_arn character varying,
    creation_time timestamp with time zone
);


ALTER TABLE public.log_group OWNER TO iasql;

--
-- Name: owner_of; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.owner_of (
    name character varying,
    team text
);


ALTER TABLE public.owner_of OWNER TO iasql;

--
-- Name: public_repository; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.public_repository (
    repository_name character varying NOT NULL,
    repository_arn character varying,
    registry_id character varying,
    repository_uri character varying,
    created_at timestamp with time zone
);


ALTER TABLE public.public_repository OWNER TO iasql;

--
-- Name: repository; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.repository (
    repository_name character varying NOT NULL,
    repository_arn character varying,
    registry_id character varying,
    repository_uri character varying,
    created_at timestamp with time zone,
    image_tag_mutability public.repository_image_tag_mutability_enum DEFAULT 'MUTABLE'::public.repository_image_tag_mutability_enum NOT NULL,
    scan_on_push boolean DEFAULT false NOT NULL
);


ALTER TABLE public.repository OWNER TO iasql;

--
-- Name: repository_policy; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.repository_policy (
    id integer NOT NULL,
    registry_id character varying,
    policy_text jsonb,
    repository_name character varying NOT NULL
);


ALTER TABLE public.repository_policy OWNER TO iasql;

--
-- Name: repository_policy_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.repository_policy_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.repository_policy_id_seq OWNER TO iasql;

--
-- Name: repository_policy_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.repository_policy_id_seq OWNED BY public.repository_policy.id;


--
-- Name: role; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.role (
    arn character varying,
    role_name character varying NOT NULL,
    assume_role_policy_document jsonb NOT NULL,
    description character varying,
    attached_policies_arns text[]
);


ALTER TABLE public.role OWNER TO iasql;

--
-- Name: security_group; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.security_group (
    id integer NOT NULL,
    description character varying,
    group_name character varying,
    owner_id character varying,
    group_id character varying,
    vpc_id integer
);


ALTER TABLE public.security_group OWNER TO iasql;

--
-- Name: security_group_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.security_group_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.security_group_id_seq OWNER TO iasql;

--
-- Name: security_group_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.security_group_id_seq OWNED BY public.security_group.id;


--
-- Name: security_group_rule; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.security_group_rule (
    id integer NOT NULL,
    security_group_rule_id character varying,
    is_egress boolean NOT NULL,
    ip_protocol character varying NOT NULL,
    from_port integer,
    to_port integer,
    cidr_ipv4 cidr,
    cidr_ipv6 cidr,
    prefix_list_id character varying,
    description character varying,
    security_group_id integer
);


ALTER TABLE public.security_group_rule OWNER TO iasql;

--
-- Name: security_group_rule_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.security_group_rule_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.security_group_rule_id_seq OWNER TO iasql;

--
-- Name: security_group_rule_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.security_group_rule_id_seq OWNED BY public.security_group_rule.id;


--
-- Name: service; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.service (
    name character varying NOT NULL,
    arn character varying,
    status character varying,
    desired_count integer NOT NULL,
    subnets text[] NOT NULL,
    assign_public_ip public.service_assign_public_ip_enum DEFAULT 'DISABLED'::public.service_assign_public_ip_enum NOT NULL,
    force_new_deployment boolean DEFAULT false NOT NULL,
    cluster_name character varying,
    task_definition_id integer,
    target_group_name character varying
);


ALTER TABLE public.service OWNER TO iasql;

--
-- Name: service_security_groups; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.service_security_groups (
    service_name character varying NOT NULL,
    security_group_id integer NOT NULL
);


ALTER TABLE public.service_security_groups OWNER TO iasql;

--
-- Name: subnet; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.subnet (
    id integer NOT NULL,
    availability_zone text NOT NULL,
    state public.subnet_state_enum,
    available_ip_address_count integer,
    cidr_block character varying,
    subnet_id character varying,
    owner_id character varying,
    subnet_arn character varying,
    vpc_id integer NOT NULL
);


ALTER TABLE public.subnet OWNER TO iasql;

--
-- Name: subnet_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.subnet_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.subnet_id_seq OWNER TO iasql;

--
-- Name: subnet_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.subnet_id_seq OWNED BY public.subnet.id;


--
-- Name: target_group; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.target_group (
    target_group_name character varying NOT NULL,
    target_type public.target_group_target_type_enum NOT NULL,
    target_group_arn character varying,
    ip_address_type public.target_group_ip_address_type_enum,
    protocol public.target_group_protocol_enum,
    port integer,
    health_check_protocol public.target_group_health_check_protocol_enum,
    health_check_port character varying,
    health_check_enabled boolean,
    health_check_interval_seconds integer,
    health_check_timeout_seconds integer,
    healthy_threshold_count integer,
    unhealthy_threshold_count integer,
    health_check_path character varying,
    protocol_version public.target_group_protocol_version_enum,
    vpc integer
);


ALTER TABLE public.target_group OWNER TO iasql;

--
-- Name: task_definition; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.task_definition (
    id integer NOT NULL,
    task_definition_arn character varying,
    family character varying NOT NULL,
    revision integer,
    status public.task_definition_status_enum,
    cpu_memory public.task_definition_cpu_memory_enum,
    task_role_name character varying,
    execution_role_name character varying
);


ALTER TABLE public.task_definition OWNER TO iasql;

--
-- Name: task_definition_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.task_definition_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.task_definition_id_seq OWNER TO iasql;

--
-- Name: task_definition_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.task_definition_id_seq OWNED BY public.task_definition.id;


--
-- Name: vpc; Type: TABLE; Schema: public; Owner: iasql
--

CREATE TABLE public.vpc (
    id integer NOT NULL,
    vpc_id character varying,
    cidr_block character varying NOT NULL,
    state public.vpc_state_enum,
    is_default boolean DEFAULT false NOT NULL
);


ALTER TABLE public.vpc OWNER TO iasql;

--
-- Name: vpc_id_seq; Type: SEQUENCE; Schema: public; Owner: iasql
--

CREATE SEQUENCE public.vpc_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.vpc_id_seq OWNER TO iasql;

--
-- Name: vpc_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: iasql
--

ALTER SEQUENCE public.vpc_id_seq OWNED BY public.vpc.id;


--
-- Name: aws_account id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.aws_account ALTER COLUMN id SET DEFAULT nextval('public.aws_account_id_seq'::regclass);


--
-- Name: container_definition id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.container_definition ALTER COLUMN id SET DEFAULT nextval('public.container_definition_id_seq'::regclass);


--
-- Name: listener id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.listener ALTER COLUMN id SET DEFAULT nextval('public.listener_id_seq'::regclass);


--
-- Name: repository_policy id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.repository_policy ALTER COLUMN id SET DEFAULT nextval('public.repository_policy_id_seq'::regclass);


--
-- Name: security_group id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.security_group ALTER COLUMN id SET DEFAULT nextval('public.security_group_id_seq'::regclass);


--
-- Name: security_group_rule id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.security_group_rule ALTER COLUMN id SET DEFAULT nextval('public.security_group_rule_id_seq'::regclass);


--
-- Name: subnet id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.subnet ALTER COLUMN id SET DEFAULT nextval('public.subnet_id_seq'::regclass);


--
-- Name: task_definition id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.task_definition ALTER COLUMN id SET DEFAULT nextval('public.task_definition_id_seq'::regclass);


--
-- Name: vpc id; Type: DEFAULT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.vpc ALTER COLUMN id SET DEFAULT nextval('public.vpc_id_seq'::regclass);


--
-- Data for Name: iasql_operation; Type: TABLE DATA; Schema: iasql; Owner: admin
--

COPY iasql.iasql_operation (id, function, arguments, username, in_transaction, steps, pid, started_at, ended_at, outcome, message) FROM stdin;
1	iasql_apply	{}	iasql	f	12	13405	2026-11-26 00:03:37.246448+00	2026-11-26 00:03:37.718976+00	done	\N
\.


--
-- Data for Name: iasql_step; Type: TABLE DATA; Schema: iasql; Owner: admin
--

COPY iasql.iasql_step (operation, number, kind, table_name, description, before, after, started_at, ended_at, outcome, message, attempts, request_ids, token) FROM stdin;
1	2	make	repository	quickstart-repository	\N	{"createdAt": "2026-11-26 00:03:37.361000+00:00", "registryId": "123456789012", "repositoryArn": "arn:aws:ecr:us-east-2:123456789012:repository/quickstart-repository", "repositoryUri": "123456789012.dkr.ecr.us-east-2.amazonaws.com/quickstart-repository", "repositoryName": "quickstart-repository", "imageTagMutability": "MUTABLE", "encryptionConfiguration": {"encryptionType": "AES256"}, "imageScanningConfiguration": {"scanOnPush": false}}	2026-11-26 00:03:37.299522+00	2026-11-26 00:03:37.502026+00	done	\N	1	{C1A8cUCOGfmWnRqwvabU69EeLleJ98osgZvsto2EQlSgFM9cDukm}	e5a080e3164841d1bd96dd37c8aaa01d
1	4	make	target_group	quickstart-target	\N	{"Port": 8088, "VpcId": "vpc-163fe118f42bf8836", "Matcher": {"HttpCode": "200"}, "Protocol": "HTTP", "TargetType": "ip", "IpAddressType": "ipv4", "TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/quickstart-target/d3df037f286f7b6b", "HealthCheckPath": "/health", "HealthCheckPort": "traffic-port", "ProtocolVersion": "HTTP1", "TargetGroupName": "quickstart-target", "HealthCheckEnabled": true, "HealthCheckProtocol": "HTTP", "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2, "HealthCheckTimeoutSeconds": 5, "HealthCheckIntervalSeconds": 30}	2026-11-26 00:03:37.299524+00	2026-11-26 00:03:37.502101+00	done	\N	1	{SHywzFVSwQCvIZqcxsq7nmuVe76dS0mF9tlTOcdIfs37Zhsy4o4P}	fda8c7b4100740029fb92a6d26023454
1	5	make	cluster	quickstart-cluster	\N	{"status": "ACTIVE", "settings": [{"name": "containerInsights", "value": "disabled"}], "clusterArn": "arn:aws:ecs:us-east-2:123456789012:cluster/quickstart-cluster", "clusterName": "quickstart-cluster", "pendingTasksCount": 0, "runningTasksCount": 0, "activeServicesCount": 0, "registeredContainerInstancesCount": 0}	2026-11-26 00:03:37.299525+00	2026-11-26 00:03:37.502113+00	done	\N	1	{kZN6PcZEOaLA87rTclMAM6mJjNIvYadmNIRrP9yIUoaKgq9LmpjJ}	dfff45ab0a40489ab2d8a01ef6f3cc4a
1	0	make	log_group	quickstart-log-group	\N	{"arn": "arn:aws:logs:us-east-2:123456789012:log-group:quickstart-log-group:*", "logGroupArn": "arn:aws:logs:us-east-2:123456789012:log-group:quickstart-log-group", "storedBytes": 0, "creationTime": 1795651417357, "logGroupName": "quickstart-log-group", "metricFilterCount": 0}	2026-11-26 00:03:37.299517+00	2026-11-26 00:03:37.549784+00	done	\N	1	{eIk8ofjabPRJqSGPUui9T7Cj5aA8Q7XJPHV22qxzFoO1ZhtBqhrl,FQZVwkNOCeNPeh9VyArdEEN35REa30y3hHi7ibzjPrs4v0GGpis1}	e214d13415bb46d6853cd08356d8a6d8
1	3	make	security_group	quickstart-security-group	\N	{"Tags": [], "VpcId": "vpc-163fe118f42bf8836", "GroupId": "sg-1b8a3cd36f28e5843", "OwnerId": "123456789012", "GroupName": "quickstart-security-group", "Description": "quickstart security group", "IpPermissions": [], "SecurityGroupArn": "arn:aws:ec2:us-east-2:123456789012:security-group/sg-1b8a3cd36f28e5843", "IpPermissionsEgress": [{"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "IpProtocol": "-1", "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}]}	2026-11-26 00:03:37.299361+00	2026-11-26 00:03:37.549835+00	done	\N	1	{request-id,request-id}	41f5af0ae1a34ee49e4c7dc0886ab99b
1	1	make	role	ecsTaskExecRoleus-east-2	\N	{"Arn": "arn:aws:iam::123456789012:role/ecsTaskExecRoleus-east-2", "Path": "/", "RoleId": "AROARZPUZDIKIPTMRIEAC", "RoleName": "ecsTaskExecRoleus-east-2", "CreateDate": "2026-11-26 00:03:37.359057+00:00", "RoleLastUsed": {}, "MaxSessionDuration": 3600, "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{"Sid": "", "Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}}	2026-11-26 00:03:37.29952+00	2026-11-26 00:03:37.601119+00	done	\N	1	{lDCFerUFgqtayf69rRaBIXMW1EOiE9UF4kwKrNL7uk7jl8zhfNXz,JLEnm8ENo9Dz8bbhSuCtuMYYmn3ByD04nt1eVA56pEzSD1Zt9hZK}	f60087c79f1442e5a28907babbe512de
1	7	make	security_group_rule	quickstart-security-group tcp 8088 8088 0.0.0.0/0	\N	{"Tags": [], "ToPort": 8088, "GroupId": "sg-1b8a3cd36f28e5843", "CidrIpv4": "0.0.0.0/0", "FromPort": 8088, "IsEgress": false, "IpProtocol": "tcp", "Description": "quickstart-security-group", "SecurityGroupRuleId": "sgr-f209faa2ac4aa09d6"}	2026-11-26 00:03:37.435517+00	2026-11-26 00:03:37.617464+00	done	\N	1	{request-id}	089c61143c3d4738a56c193eaeb734ed
1	10	make	listener	quickstart-load-balancer 8088	\N	{"Port": 8088, "Protocol": "HTTP", "SslPolicy": "ELBSecurityPolicy-2016-08", "AlpnPolicy": [], "ListenerArn": "arn:aws:elasticloadbalancing:us-east-2:123456789012:listener/app/quickstart-load-balancer/30b2fac535b2d509/2e6908a7970a8623", "DefaultActions": [{"Type": "forward", "TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/quickstart-target/d3df037f286f7b6b"}], "LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/quickstart-load-balancer/30b2fac535b2d509"}	2026-11-26 00:03:37.519868+00	2026-11-26 00:03:37.647897+00	done	\N	1	{QxbgjYbST9y7AZ2ExEYhNxLFMgn4TXCpFnoFmOcF5IhHkYZA7TEa}	4358f582057a4f89af875a6a590a7b87
1	6	make	task_definition	quickstart-td	\N	{"cpu": "2048", "family": "quickstart-td", "memory": "8192", "status": "ACTIVE", "volumes": [], "revision": 1, "networkMode": "awsvpc", "taskRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecRoleus-east-2", "compatibilities": ["EC2", "FARGATE"], "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecRoleus-east-2", "taskDefinitionArn": "arn:aws:ecs:us-east-2:123456789012:task-definition/quickstart-td:1", "containerDefinitions": [{"cpu": 0, "name": "quickstart-container", "image": "123456789012.dkr.ecr.us-east-2.amazonaws.com/quickstart-repository:latest", "essential": true, "environment": [], "mountPoints": [], "volumesFrom": [], "portMappings": [{"hostPort": 8088, "protocol": "tcp", "containerPort": 8088}], "logConfiguration": {"options": {"awslogs-group": "quickstart-log-group", "awslogs-region": "us-east-2", "awslogs-stream-prefix": "ecs"}, "logDriver": "awslogs"}, "memoryReservation": 8192}], "placementConstraints": [], "requiresCompatibilities": ["FARGATE"]}	2026-11-26 00:03:37.588307+00	2026-11-26 00:03:37.679276+00	done	\N	1	{kj6dfzeHDuQ08DpfVKOhfnbuE7V8fk4IhvXSYGpf7mBbZ9PjVeHI}	a743570ac9314617955980c54595b4bf
1	8	make	security_group_rule	quickstart-security-group egress -1 0.0.0.0/0	\N	{"Tags": [], "ToPort": -1, "GroupId": "sg-1b8a3cd36f28e5843", "CidrIpv4": "0.0.0.0/0", "FromPort": -1, "IsEgress": true, "IpProtocol": "-1", "Description": "quickstart-security-group", "SecurityGroupRuleId": "sgr-2a4c8f133fa8f2eb2"}	2026-11-26 00:03:37.435557+00	2026-11-26 00:03:37.679316+00	done	\N	1	{request-id,request-id,request-id}	0b979dcc7dc346eab6d0af9307a146b7
1	9	make	load_balancer	quickstart-load-balancer	\N	{"Type": "application", "State": {"Code": "active"}, "VpcId": "vpc-163fe118f42bf8836", "Scheme": "internet-facing", "DNSName": "quickstart-load-balancer-1.us-east-2.elb.amazonaws.com", "CreatedTime": "2026-11-26 00:03:37.420000+00:00", "IpAddressType": "ipv4", "SecurityGroups": ["sg-1b8a3cd36f28e5843"], "LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/quickstart-load-balancer/30b2fac535b2d509", "LoadBalancerName": "quickstart-load-balancer", "AvailabilityZones": [{"SubnetId": "subnet-92586975f7149a8d9", "ZoneName": "us-east-2a"}, {"SubnetId": "subnet-949577690197946c7", "ZoneName": "us-east-2b"}, {"SubnetId": "subnet-82f86ae07ff6f7a29", "ZoneName": "us-east-2c"}], "CanonicalHostedZoneId": "Z2P70J7EXAMPLE"}	2026-11-26 00:03:37.38446+00	2026-11-26 00:03:37.665577+00	done	\N	1	{YKM9q452LXHUOSUP5pFRhTHYg15LWZFb7w2ZIGDjgZtbsc9G9lzZ,YVplbZyFLKQEERUaQYxjafdtJ8Z7UWqF2tm8IZdTqlmcdEB8W5OC,MxQJIdq5t9ZvAN7T8RRVt5fvpjOzHskQPA0DOo9gyC34MnjtqJEE}	6a775cc17065463894b693397790d855
1	11	make	service	quickstart-cluster quickstart-service	\N	{"tags": [], "events": [], "status": "ACTIVE", "taskSets": [], "clusterArn": "arn:aws:ecs:us-east-2:123456789012:cluster/quickstart-cluster", "launchType": "FARGATE", "serviceArn": "arn:aws:ecs:us-east-2:123456789012:service/quickstart-cluster/quickstart-service", "deployments": [{"id": "ecs-svc/901435912235949937", "status": "PRIMARY", "createdAt": "2026-11-26 00:03:37.672000+00:00", "updatedAt": "2026-11-26 00:03:37.672000+00:00", "launchType": "FARGATE", "failedTasks": 0, "desiredCount": 1, "pendingCount": 1, "rolloutState": "IN_PROGRESS", "runningCount": 0, "platformFamily": "FARGATE", "taskDefinition": "arn:aws:ecs:us-east-2:123456789012:task-definition/quickstart-td:1", "rolloutStateReason": "ECS deployment ecs-svc/901435912235949937 in progress.", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-82f86ae07ff6f7a29", "subnet-92586975f7149a8d9", "subnet-949577690197946c7"], "assignPublicIp": "ENABLED", "securityGroups": ["sg-1b8a3cd36f28e5843"]}}}], "serviceName": "quickstart-service", "desiredCount": 1, "pendingCount": 1, "runningCount": 0, "loadBalancers": [{"containerName": "quickstart-container", "containerPort": 8088, "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/quickstart-target/d3df037f286f7b6b"}], "propagateTags": "NONE", "taskDefinition": "arn:aws:ecs:us-east-2:123456789012:task-definition/quickstart-td:1", "serviceRegistries": [], "schedulingStrategy": "REPLICA", "deploymentController": {"type": "ECS"}, "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-82f86ae07ff6f7a29", "subnet-92586975f7149a8d9", "subnet-949577690197946c7"], "assignPublicIp": "ENABLED", "securityGroups": ["sg-1b8a3cd36f28e5843"]}}}	2026-11-26 00:03:37.658405+00	2026-11-26 00:03:37.703805+00	done	\N	1	{Z4CUuXl5jrjq4d6431yDIjtOJ7n84XGz9q4vqUm4vRE50IkS827N}	c9c865f6e46448e988765870cee33eca
\.


--
-- Data for Name: installed_module; Type: TABLE DATA; Schema: iasql; Owner: admin
--

COPY iasql.installed_module (name, installed_at, installed_by) FROM stdin;
aws_account	2026-11-26 00:03:30.84578+00	iasql
aws_cloudwatch	2026-11-26 00:03:30.84578+00	iasql
aws_iam	2026-11-26 00:03:30.84578+00	iasql
aws_ecr	2026-11-26 00:03:30.84578+00	iasql
aws_security_group	2026-11-26 00:03:30.84578+00	iasql
aws_vpc	2026-11-26 00:03:30.84578+00	iasql
aws_elb	2026-11-26 00:03:30.84578+00	iasql
aws_ecs_fargate	2026-11-26 00:03:30.84578+00	iasql
\.


--
-- Data for Name: module; Type: TABLE DATA; Schema: iasql; Owner: admin
--

COPY iasql.module (name, version, dependencies, place) FROM stdin;
aws_account	0.0.1	{}	0
aws_cloudwatch	0.0.1	{aws_account}	1
aws_iam	0.0.1	{aws_account}	2
aws_ecr	0.0.1	{aws_account}	3
aws_security_group	0.0.1	{aws_vpc}	4
aws_vpc	0.0.1	{aws_account}	5
aws_elb	0.0.1	{aws_security_group}	6
aws_ecs_fargate	0.0.1	{aws_ecr,aws_elb,aws_security_group,aws_cloudwatch,aws_iam}	7
\.


--
-- Data for Name: module_table; Type: TABLE DATA; Schema: iasql; Owner: admin
--

COPY iasql.module_table (table_name, module, deletion, deletable) FROM stdin;
service_security_groups	aws_ecs_fargate	0	t
service	aws_ecs_fargate	1	t
container_definition	aws_ecs_fargate	2	t
task_definition	aws_ecs_fargate	3	t
cluster	aws_ecs_fargate	4	t
listener	aws_elb	5	t
target_group	aws_elb	6	t
load_balancer_security_groups	aws_elb	7	t
load_balancer	aws_elb	8	t
subnet	aws_vpc	9	t
security_group_rule	aws_security_group	10	t
security_group	aws_security_group	11	t
vpc	aws_vpc	12	t
repository_policy	aws_ecr	13	t
repository	aws_ecr	14	t
public_repository	aws_ecr	15	t
role	aws_iam	16	t
log_group	aws_cloudwatch	17	t
aws_account	aws_account	18	f
\.


--
-- Data for Name: policy; Type: TABLE DATA; Schema: iasql; Owner: admin
--

COPY iasql.policy (name, query, advice) FROM stdin;
\.


--
-- Data for Name: setting; Type: TABLE DATA; Schema: iasql; Owner: admin
--

COPY iasql.setting (name, value) FROM stdin;
version	0.1.0
fingerprint	5eba9dc30411d22636c804e0f1a141adc901016c1a2d61d422e3da5fe9832487
\.


--
-- Data for Name: aws_account; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.aws_account (id, account_id, region, identity) FROM stdin;
1	123456789012	us-east-2	arn:aws:sts::123456789012:user/moto
\.


--
-- Data for Name: cluster; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.cluster (cluster_name, cluster_arn, cluster_status) FROM stdin;
quickstart-cluster	arn:aws:ecs:us-east-2:123456789012:cluster/quickstart-cluster	ACTIVE
\.


--
-- Data for Name: container_definition; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.container_definition (id, task_definition_id, name, image, tag, digest, essential, cpu, memory, memory_reservation, host_port, container_port, protocol, env_variables, repository_name, public_repository_name, log_group_name) FROM stdin;
1	1	quickstart-container	\N	latest	\N	t	\N	\N	8192	8088	8088	tcp	\N	quickstart-repository	\N	quickstart-log-group
\.


--
-- Data for Name: listener; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.listener (id, listener_arn, port, protocol, action_type, load_balancer_name, target_group_name) FROM stdin;
1	arn:aws:elasticloadbalancing:us-east-2:123456789012:listener/app/quickstart-load-balancer/30b2fac535b2d509/2e6908a7970a8623	8088	HTTP	forward	quickstart-load-balancer	quickstart-target
\.


--
-- Data for Name: load_balancer; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.load_balancer (load_balancer_name, load_balancer_arn, dns_name, canonical_hosted_zone_id, created_time, scheme, state, load_balancer_type, subnets, availability_zones, ip_address_type, customer_owned_ipv4_pool, vpc) FROM stdin;
quickstart-load-balancer	arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/quickstart-load-balancer/30b2fac535b2d509	quickstart-load-balancer-1.us-east-2.elb.amazonaws.com	Z2P70J7EXAMPLE	2026-11-26 00:03:37.42+00	internet-facing	active	application	{subnet-92586975f7149a8d9,subnet-949577690197946c7,subnet-82f86ae07ff6f7a29}	{us-east-2a,us-east-2b,us-east-2c}	ipv4	\N	1
\.


--
-- Data for Name: load_balancer_security_groups; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.load_balancer_security_groups (load_balancer_name, security_group_id) FROM stdin;
quickstart-load-balancer	2
\.


--
-- Data for Name: log_group; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.log_group (log_group_name, log_group_arn, creation_time) FROM stdin;
quickstart-log-group	arn:aws:logs:us-east-2:123456789012:log-group:quickstart-log-group:*	2026-11-26 00:03:37.357+00
\.


--
-- Data for Name: owner_of; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.owner_of (name, team) FROM stdin;
quickstart-repository	web
\.


--
-- Data for Name: public_repository; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.public_repository (repository_name, repository_arn, registry_id, repository_uri, created_at) FROM stdin;
\.


--
-- Data for Name: repository; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.repository (repository_name, repository_arn, registry_id, repository_uri, created_at, image_tag_mutability, scan_on_push) FROM stdin;
quickstart-repository	arn:aws:ecr:us-east-2:123456789012:repository/quickstart-repository	123456789012	123456789012.dkr.ecr.us-east-2.amazonaws.com/quickstart-repository	2026-11-26 00:03:37.361+00	MUTABLE	f
\.


--
-- Data for Name: repository_policy; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.repository_policy (id, registry_id, policy_text, repository_name) FROM stdin;
\.


--
-- Data for Name: role; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.role (arn, role_name, assume_role_policy_document, description, attached_policies_arns) FROM stdin;
arn:aws:iam::123456789012:role/ecsTaskExecRoleus-east-2	ecsTaskExecRoleus-east-2	{"Version": "2012-10-17", "Statement": [{"Sid": "", "Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}	\N	{arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy}
\.


--
-- Data for Name: security_group; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.security_group (id, description, group_name, owner_id, group_id, vpc_id) FROM stdin;
1	default VPC security group	default	123456789012	sg-6a1456a02fb182a2a	1
2	quickstart security group	quickstart-security-group	123456789012	sg-1b8a3cd36f28e5843	1
\.


--
-- Data for Name: security_group_rule; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.security_group_rule (id, security_group_rule_id, is_egress, ip_protocol, from_port, to_port, cidr_ipv4, cidr_ipv6, prefix_list_id, description, security_group_id) FROM stdin;
1	sgr-2b8a10bc5ea5c2853	t	-1	-1	-1	0.0.0.0/0	\N	\N	\N	1
2	sgr-f209faa2ac4aa09d6	f	tcp	8088	8088	0.0.0.0/0	\N	\N	quickstart-security-group	2
3	sgr-2a4c8f133fa8f2eb2	t	-1	-1	-1	0.0.0.0/0	\N	\N	quickstart-security-group	2
\.


--
-- Data for Name: service; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.service (name, arn, status, desired_count, subnets, assign_public_ip, force_new_deployment, cluster_name, task_definition_id, target_group_name) FROM stdin;
quickstart-service	arn:aws:ecs:us-east-2:123456789012:service/quickstart-cluster/quickstart-service	ACTIVE	1	{subnet-82f86ae07ff6f7a29,subnet-92586975f7149a8d9,subnet-949577690197946c7}	ENABLED	f	quickstart-cluster	1	quickstart-target
\.


--
-- Data for Name: service_security_groups; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.service_security_groups (service_name, security_group_id) FROM stdin;
quickstart-service	2
\.


--
-- Data for Name: subnet; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.subnet (id, availability_zone, state, available_ip_address_count, cidr_block, subnet_id, owner_id, subnet_arn, vpc_id) FROM stdin;
1	us-east-2c	available	4091	172.31.32.0/20	subnet-82f86ae07ff6f7a29	123456789012	arn:aws:ec2:us-east-2:123456789012:subnet/subnet-82f86ae07ff6f7a29	1
2	us-east-2a	available	4091	172.31.0.0/20	subnet-92586975f7149a8d9	123456789012	arn:aws:ec2:us-east-2:123456789012:subnet/subnet-92586975f7149a8d9	1
3	us-east-2b	available	4091	172.31.16.0/20	subnet-949577690197946c7	123456789012	arn:aws:ec2:us-east-2:123456789012:subnet/subnet-949577690197946c7	1
\.


--
-- Data for Name: target_group; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.target_group (target_group_name, target_type, target_group_arn, ip_address_type, protocol, port, health_check_protocol, health_check_port, health_check_enabled, health_check_interval_seconds, health_check_timeout_seconds, healthy_threshold_count, unhealthy_threshold_count, health_check_path, protocol_version, vpc) FROM stdin;
quickstart-target	ip	arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/quickstart-target/d3df037f286f7b6b	ipv4	HTTP	8088	HTTP	traffic-port	t	30	5	5	2	/health	HTTP1	1
\.


--
-- Data for Name: task_definition; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.task_definition (id, task_definition_arn, family, revision, status, cpu_memory, task_role_name, execution_role_name) FROM stdin;
1	arn:aws:ecs:us-east-2:123456789012:task-definition/quickstart-td:1	quickstart-td	1	ACTIVE	vCPU2-8GB	ecsTaskExecRoleus-east-2	ecsTaskExecRoleus-east-2
\.


--
-- Data for Name: vpc; Type: TABLE DATA; Schema: public; Owner: iasql
--

COPY public.vpc (id, vpc_id, cidr_block, state, is_default) FROM stdin;
1	vpc-163fe118f42bf8836	172.31.0.0/16	available	t
\.


--
-- Name: iasql_operation_id_seq; Type: SEQUENCE SET; Schema: iasql; Owner: admin
--

SELECT pg_catalog.setval('iasql.iasql_operation_id_seq', 1, true);


--
-- Name: aws_account_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.aws_account_id_seq', 1, true);


--
-- Name: container_definition_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.container_definition_id_seq', 1, true);


--
-- Name: listener_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.listener_id_seq', 1, true);


--
-- Name: repository_policy_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.repository_policy_id_seq', 1, false);


--
-- Name: security_group_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.security_group_id_seq', 2, true);


--
-- Name: security_group_rule_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.security_group_rule_id_seq', 3, true);


--
-- Name: subnet_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.subnet_id_seq', 3, true);


--
-- Name: task_definition_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.task_definition_id_seq', 1, true);


--
-- Name: vpc_id_seq; Type: SEQUENCE SET; Schema: public; Owner: iasql
--

SELECT pg_catalog.setval('public.vpc_id_seq', 1, true);


--
-- Name: iasql_operation iasql_operation_pkey; Type: CONSTRAINT; Schema: iasql; Owner: admin
--

ALTER TABLE ONLY iasql.iasql_operation
    ADD CONSTRAINT iasql_operation_pkey PRIMARY KEY (id);


--
-- Name: iasql_step iasql_step_pkey; Type: CONSTRAINT; Schema: iasql; Owner: admin
--

ALTER TABLE ONLY iasql.iasql_step
    ADD CONSTRAINT iasql_step_pkey PRIMARY KEY (operation, number);


--
-- Name: installed_module installed_module_pkey; Type: CONSTRAINT; Schema: iasql; Owner: admin
--

ALTER TABLE ONLY iasql.installed_module
    ADD CONSTRAINT installed_module_pkey PRIMARY KEY (name);


--
-- Name: module module_pkey; Type: CONSTRAINT; Schema: iasql; Owner: admin
--

ALTER TABLE ONLY iasql.module
    ADD CONSTRAINT module_pkey PRIMARY KEY (name);


--
-- Name: module_table module_table_pkey; Type: CONSTRAINT; Schema: iasql; Owner: admin
--

ALTER TABLE ONLY iasql.module_table
    ADD CONSTRAINT module_table_pkey PRIMARY KEY (table_name);


--
-- Name: policy policy_pkey; Type: CONSTRAINT; Schema: iasql; Owner: admin
--

ALTER TABLE ONLY iasql.policy
    ADD CONSTRAINT policy_pkey PRIMARY KEY (name);


--
-- Name: setting setting_pkey; Type: CONSTRAINT; Schema: iasql; Owner: admin
--

ALTER TABLE ONLY iasql.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);


--
-- Name: aws_account aws_account_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.aws_account
    ADD CONSTRAINT aws_account_pkey PRIMARY KEY (id);


--
-- Name: cluster cluster_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.cluster
    ADD CONSTRAINT cluster_pkey PRIMARY KEY (cluster_name);


--
-- Name: container_definition container_definition_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.container_definition
    ADD CONSTRAINT container_definition_pkey PRIMARY KEY (id);


--
-- Name: listener listener_load_balancer_name_port_key; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.listener
    ADD CONSTRAINT listener_load_balancer_name_port_key UNIQUE (load_balancer_name, port);


--
-- Name: listener listener_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.listener
    ADD CONSTRAINT listener_pkey PRIMARY KEY (id);


--
-- Name: load_balancer load_balancer_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.load_balancer
    ADD CONSTRAINT load_balancer_pkey PRIMARY KEY (load_balancer_name);


--
-- Name: load_balancer_security_groups load_balancer_security_groups_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.load_balancer_security_groups
    ADD CONSTRAINT load_balancer_security_groups_pkey PRIMARY KEY (load_balancer_name, security_group_id);


--
-- Name: log_group log_group_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.log_group
    ADD CONSTRAINT log_group_pkey PRIMARY KEY (log_group_name);


--
-- Name: public_repository public_repository_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.public_repository
    ADD CONSTRAINT public_repository_pkey PRIMARY KEY (repository_name);


--
-- Name: repository repository_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.repository
    ADD CONSTRAINT repository_pkey PRIMARY KEY (repository_name);


--
-- Name: repository_policy repository_policy_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.repository_policy
    ADD CONSTRAINT repository_policy_pkey PRIMARY KEY (id);


--
-- Name: repository_policy repository_policy_repository_name_key; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.repository_policy
    ADD CONSTRAINT repository_policy_repository_name_key UNIQUE (repository_name);


--
-- Name: role role_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.role
    ADD CONSTRAINT role_pkey PRIMARY KEY (role_name);


--
-- Name: security_group security_group_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.security_group
    ADD CONSTRAINT security_group_pkey PRIMARY KEY (id);


--
-- Name: security_group_rule security_group_rule_is_egress_ip_protocol_from_port_to_port_key; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.security_group_rule
    ADD CONSTRAINT security_group_rule_is_egress_ip_protocol_from_port_to_port_key UNIQUE (is_egress, ip_protocol, from_port, to_port, cidr_ipv4, security_group_id);


--
-- Name: security_group_rule security_group_rule_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.security_group_rule
    ADD CONSTRAINT security_group_rule_pkey PRIMARY KEY (id);


--
-- Name: service service_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.service
    ADD CONSTRAINT service_pkey PRIMARY KEY (name);


--
-- Name: service_security_groups service_security_groups_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.service_security_groups
    ADD CONSTRAINT service_security_groups_pkey PRIMARY KEY (service_name, security_group_id);


--
-- Name: subnet subnet_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.subnet
    ADD CONSTRAINT subnet_pkey PRIMARY KEY (id);


--
-- Name: target_group target_group_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.target_group
    ADD CONSTRAINT target_group_pkey PRIMARY KEY (target_group_name);


--
-- Name: task_definition task_definition_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.task_definition
    ADD CONSTRAINT task_definition_pkey PRIMARY KEY (id);


--
-- Name: vpc vpc_pkey; Type: CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.vpc
    ADD CONSTRAINT vpc_pkey PRIMARY KEY (id);


--
-- Name: iasql_operation_running; Type: INDEX; Schema: iasql; Owner: admin
--

CREATE INDEX iasql_operation_running ON iasql.iasql_operation USING btree (id) WHERE (ended_at IS NULL);


--
-- Name: iasql_step_begun; Type: INDEX; Schema: iasql; Owner: admin
--

CREATE INDEX iasql_step_begun ON iasql.iasql_step USING btree (started_at) WHERE (outcome = ANY (ARRAY['cut off'::text, 'failed'::text]));


--
-- Name: container_definition_log_group_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX container_definition_log_group_name_idx ON public.container_definition USING btree (log_group_name);


--
-- Name: container_definition_public_repository_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX container_definition_public_repository_name_idx ON public.container_definition USING btree (public_repository_name);


--
-- Name: container_definition_repository_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX container_definition_repository_name_idx ON public.container_definition USING btree (repository_name);


--
-- Name: container_definition_task_definition_id_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX container_definition_task_definition_id_idx ON public.container_definition USING btree (task_definition_id);


--
-- Name: listener_load_balancer_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX listener_load_balancer_name_idx ON public.listener USING btree (load_balancer_name);


--
-- Name: listener_target_group_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX listener_target_group_name_idx ON public.listener USING btree (target_group_name);


--
-- Name: load_balancer_security_groups_load_balancer_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX load_balancer_security_groups_load_balancer_name_idx ON public.load_balancer_security_groups USING btree (load_balancer_name);


--
-- Name: load_balancer_security_groups_security_group_id_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX load_balancer_security_groups_security_group_id_idx ON public.load_balancer_security_groups USING btree (security_group_id);


--
-- Name: load_balancer_vpc_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX load_balancer_vpc_idx ON public.load_balancer USING btree (vpc);


--
-- Name: repository_policy_repository_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX repository_policy_repository_name_idx ON public.repository_policy USING btree (repository_name);


--
-- Name: security_group_rule_security_group_id_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX security_group_rule_security_group_id_idx ON public.security_group_rule USING btree (security_group_id);


--
-- Name: security_group_vpc_id_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX security_group_vpc_id_idx ON public.security_group USING btree (vpc_id);


--
-- Name: service_cluster_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX service_cluster_name_idx ON public.service USING btree (cluster_name);


--
-- Name: service_security_groups_security_group_id_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX service_security_groups_security_group_id_idx ON public.service_security_groups USING btree (security_group_id);


--
-- Name: service_security_groups_service_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX service_security_groups_service_name_idx ON public.service_security_groups USING btree (service_name);


--
-- Name: service_target_group_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX service_target_group_name_idx ON public.service USING btree (target_group_name);


--
-- Name: service_task_definition_id_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX service_task_definition_id_idx ON public.service USING btree (task_definition_id);


--
-- Name: subnet_vpc_id_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX subnet_vpc_id_idx ON public.subnet USING btree (vpc_id);


--
-- Name: target_group_vpc_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX target_group_vpc_idx ON public.target_group USING btree (vpc);


--
-- Name: task_definition_execution_role_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX task_definition_execution_role_name_idx ON public.task_definition USING btree (execution_role_name);


--
-- Name: task_definition_task_role_name_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE INDEX task_definition_task_role_name_idx ON public.task_definition USING btree (task_role_name);


--
-- Name: vpc_vpc_id_idx; Type: INDEX; Schema: public; Owner: iasql
--

CREATE UNIQUE INDEX vpc_vpc_id_idx ON public.vpc USING btree (vpc_id) WHERE (vpc_id IS NOT NULL);


--
-- Name: iasql_progress _RETURN; Type: RULE; Schema: iasql; Owner: admin
--

CREATE OR REPLACE VIEW iasql.iasql_progress AS
 SELECT o.id AS operation,
    o.function,
    o.username,
    o.started_at,
    (count(s.number) FILTER (WHERE (s.ended_at IS NOT NULL)))::integer AS steps_done,
    o.steps,
    array_agg(((((s.kind || ' '::text) || s.table_name) || ' '::text) || s.description) ORDER BY s.number) FILTER (WHERE ((s.started_at IS NOT NULL) AND (s.ended_at IS NULL))) AS under_way
   FROM (iasql.iasql_operation o
     LEFT JOIN iasql.iasql_step s ON ((s.operation = o.id)))
  WHERE ((o.ended_at IS NULL) AND iasql.lives(o.pid, o.started_at))
  GROUP BY o.id;


--
-- Name: iasql_step iasql_step_operation_fkey; Type: FK CONSTRAINT; Schema: iasql; Owner: admin
--

ALTER TABLE ONLY iasql.iasql_step
    ADD CONSTRAINT iasql_step_operation_fkey FOREIGN KEY (operation) REFERENCES iasql.iasql_operation(id) ON DELETE CASCADE;


--
-- Name: container_definition container_definition_log_group_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.container_definition
    ADD CONSTRAINT container_definition_log_group_name_fkey FOREIGN KEY (log_group_name) REFERENCES public.log_group(log_group_name);


--
-- Name: container_definition container_definition_public_repository_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.container_definition
    ADD CONSTRAINT container_definition_public_repository_name_fkey FOREIGN KEY (public_repository_name) REFERENCES public.public_repository(repository_name);


--
-- Name: container_definition container_definition_repository_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.container_definition
    ADD CONSTRAINT container_definition_repository_name_fkey FOREIGN KEY (repository_name) REFERENCES public.repository(repository_name);


--
-- Name: container_definition container_definition_task_definition_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.container_definition
    ADD CONSTRAINT container_definition_task_definition_id_fkey FOREIGN KEY (task_definition_id) REFERENCES public.task_definition(id) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: listener listener_load_balancer_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.listener
    ADD CONSTRAINT listener_load_balancer_name_fkey FOREIGN KEY (load_balancer_name) REFERENCES public.load_balancer(load_balancer_name);


--
-- Name: listener listener_target_group_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.listener
    ADD CONSTRAINT listener_target_group_name_fkey FOREIGN KEY (target_group_name) REFERENCES public.target_group(target_group_name);


--
-- Name: load_balancer_security_groups load_balancer_security_groups_load_balancer_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.load_balancer_security_groups
    ADD CONSTRAINT load_balancer_security_groups_load_balancer_name_fkey FOREIGN KEY (load_balancer_name) REFERENCES public.load_balancer(load_balancer_name) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: load_balancer_security_groups load_balancer_security_groups_security_group_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.load_balancer_security_groups
    ADD CONSTRAINT load_balancer_security_groups_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_group(id) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: load_balancer load_balancer_vpc_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.load_balancer
    ADD CONSTRAINT load_balancer_vpc_fkey FOREIGN KEY (vpc) REFERENCES public.vpc(id);


--
-- Name: owner_of owner_of_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.owner_of
    ADD CONSTRAINT owner_of_name_fkey FOREIGN KEY (name) REFERENCES public.repository(repository_name);


--
-- Name: repository_policy repository_policy_repository_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.repository_policy
    ADD CONSTRAINT repository_policy_repository_name_fkey FOREIGN KEY (repository_name) REFERENCES public.repository(repository_name);


--
-- Name: security_group_rule security_group_rule_security_group_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.security_group_rule
    ADD CONSTRAINT security_group_rule_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_group(id);


--
-- Name: security_group security_group_vpc_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.security_group
    ADD CONSTRAINT security_group_vpc_id_fkey FOREIGN KEY (vpc_id) REFERENCES public.vpc(id);


--
-- Name: service service_cluster_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.service
    ADD CONSTRAINT service_cluster_name_fkey FOREIGN KEY (cluster_name) REFERENCES public.cluster(cluster_name);


--
-- Name: service_security_groups service_security_groups_security_group_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.service_security_groups
    ADD CONSTRAINT service_security_groups_security_group_id_fkey FOREIGN KEY (security_group_id) REFERENCES public.security_group(id) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: service_security_groups service_security_groups_service_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.service_security_groups
    ADD CONSTRAINT service_security_groups_service_name_fkey FOREIGN KEY (service_name) REFERENCES public.service(name) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: service service_target_group_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.service
    ADD CONSTRAINT service_target_group_name_fkey FOREIGN KEY (target_group_name) REFERENCES public.target_group(target_group_name);


--
-- Name: service service_task_definition_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.service
    ADD CONSTRAINT service_task_definition_id_fkey FOREIGN KEY (task_definition_id) REFERENCES public.task_definition(id);


--
-- Name: subnet subnet_vpc_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.subnet
    ADD CONSTRAINT subnet_vpc_id_fkey FOREIGN KEY (vpc_id) REFERENCES public.vpc(id);


--
-- Name: target_group target_group_vpc_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.target_group
    ADD CONSTRAINT target_group_vpc_fkey FOREIGN KEY (vpc) REFERENCES public.vpc(id);


--
-- Name: task_definition task_definition_execution_role_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.task_definition
    ADD CONSTRAINT task_definition_execution_role_name_fkey FOREIGN KEY (execution_role_name) REFERENCES public.role(role_name);


--
-- Name: task_definition task_definition_task_role_name_fkey; Type: FK CONSTRAINT; Schema: public; Owner: iasql
--

ALTER TABLE ONLY public.task_definition
    ADD CONSTRAINT task_definition_task_role_name_fkey FOREIGN KEY (task_role_name) REFERENCES public.role(role_name);


--
-- Name: SCHEMA iasql; Type: ACL; Schema: -; Owner: admin
--

GRANT USAGE ON SCHEMA iasql TO PUBLIC;


--
-- Name: TABLE iasql_progress; Type: ACL; Schema: iasql; Owner: admin
--

GRANT SELECT ON TABLE iasql.iasql_progress TO PUBLIC;


--
-- Name: TABLE installed_module; Type: ACL; Schema: iasql; Owner: admin
--

GRANT SELECT ON TABLE iasql.installed_module TO PUBLIC;


--
-- Name: TABLE module; Type: ACL; Schema: iasql; Owner: admin
--

GRANT SELECT ON TABLE iasql.module TO PUBLIC;


--
-- Name: TABLE module_table; Type: ACL; Schema: iasql; Owner: admin
--

GRANT SELECT ON TABLE iasql.module_table TO PUBLIC;


--
-- Name: TABLE policy; Type: ACL; Schema: iasql; Owner: admin
--

GRANT SELECT ON TABLE iasql.policy TO PUBLIC;


--
-- Name: TABLE setting; Type: ACL; Schema: iasql; Owner: admin
--

GRANT SELECT ON TABLE iasql.setting TO PUBLIC;

CREATE VIEW public.groups_of AS
 SELECT g.group_name, count(*) AS rules
   FROM public.security_group AS g JOIN public.security_group_rule AS r ON r.security_group_id = g.id
  GROUP BY g.group_name;

ALTER TABLE public.groups_of OWNER TO iasql;

--
-- PostgreSQL database dump complete
--

\unrestrict 5UgU86uasfTGoiiaxzUUeRRBRRcA13VeqfngeMQe62biJ6NAaiMpzHod4VHwwce

