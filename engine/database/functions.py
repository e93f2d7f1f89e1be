"""The SQL functions that users call, declared once: their text, who may execute them, what help says.

An *operation* is performed by the engine before Postgres runs the statement that calls it; its function only
returns the rows that were left. All others are ordinary functions, whose text is in `schema.sql`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from engine.database.sql import identifier, literal
from modules.catalogue import find_modules
from modules.spec import Function

Performs = Literal[
    "install",
    "uninstall",
    "apply",
    "plan_apply",
    "plan_steps",
    "diff",
    "sync",
    "plan_sync",
    "drift",
    "review",
    "undo",
    "sql",
    "begin",
    "rollback",
    "upgrade",
    "add_region",
    "remove_region",
    "call",
    "function",
]

#: What an operation is asked for, by parameter: as text, and as a tuple of texts for a variadic one.
Arguments = Mapping[str, str | tuple[str | None, ...] | None]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One signature of an operation's function.

    Attributes:
        name: of the function, in the schema public.
        performs: what the engine does for it.
        changes: whether it changes AWS or the tables, and so is the database owner's to grant.
        columns: of its result, as in SQL; none: it returns void.
        parameters: as in SQL, each a name, a type and perhaps a default; VARIADIC before the last.
        comment, sample: for people.
        says: what a caller is told who may expect something else of this name.
    """

    name: str
    performs: Performs
    changes: bool
    columns: str
    comment: str
    sample: str
    parameters: str = ""
    says: str = ""

    @property
    def signature(self) -> str:
        """Name and types, as GRANT takes them."""
        return f"public.{self.name}({', '.join(each.type for each in self._parameters)})"

    @property
    def _parameters(self) -> list[_Parameter]:
        texts = self.parameters.split(", ") if self.parameters else []
        return [_parameter(each) for each in texts]

    def bound(self, arguments: Sequence[str | None], named: Mapping[str, str | None]) -> Arguments | None:
        """What a call means by its arguments; None if it cannot mean this signature.

        https://www.postgresql.org/docs/current/sql-syntax-calling-funcs.html

        Args:
            arguments: those in order.
            named: those by name.
        """
        known = self._parameters
        if self.parameters.startswith("VARIADIC "):
            return None if named else {known[0].name: tuple(arguments)}
        if len(arguments) > len(known):
            return None
        in_order: dict[str, str | tuple[str | None, ...] | None] = dict(
            zip((each.name for each in known), arguments, strict=False)
        )
        if in_order.keys() & named.keys():
            return None
        given = {**in_order, **named}
        names = {each.name for each in known}
        needed = {each.name for each in known if not each.optional}
        if not needed <= given.keys() <= names:
            return None
        return given


@dataclass(frozen=True)
class _Parameter:
    name: str
    type: str
    optional: bool = False


def _parameter(text: str) -> _Parameter:
    name, type, *more = text.removeprefix("VARIADIC ").split(" ")
    return _Parameter(name.strip('"'), type, optional="DEFAULT" in more)


_CHANGES = "action text, table_name text, id integer, description text"
_COLUMNS = (
    "column_name text, current_value text, desired_value text, replaces boolean, loses text, "
    "base_value text, changed_by text"
)
_SQL = "sql text"
_LISTS = "Shows what iasql_apply() would do."
_LISTS_SYNC = "Shows what iasql_sync() would do."


def _modules(verb: str) -> str:
    return f"module_name varchar, {verb}_table_name varchar, record_count integer"


_OF_ALL_REGIONS = (
    Operation(
        name="iasql_install",
        performs="install",
        changes=True,
        parameters="VARIADIC _mods text[]",
        columns=_modules("created"),
        comment="Creates the tables of modules and fills them with what the AWS account holds.",
        sample="SELECT * FROM iasql_install('aws_vpc', 'aws_ecr');",
    ),
    Operation(
        name="iasql_uninstall",
        performs="uninstall",
        changes=True,
        parameters="VARIADIC _mods text[]",
        columns=_modules("dropped"),
        comment="Drops the tables of modules. Touches nothing in AWS.",
        sample="SELECT * FROM iasql_uninstall('aws_ecr');",
    ),
    Operation(
        name="iasql_apply",
        performs="apply",
        changes=True,
        columns=_CHANGES,
        comment="Makes AWS follow the tables' changes, and rows what others have changed in AWS.",
        sample="SELECT * FROM iasql_apply();",
    ),
    Operation(
        name="iasql_apply",
        performs="apply",
        changes=True,
        parameters="plan_id text",
        columns=_CHANGES,
        comment="The same, if that is still the plan of this name.",
        sample="SELECT * FROM iasql_apply(plan_id => iasql_plan_id());",
    ),
    Operation(
        name="iasql_plan_apply",
        performs="plan_apply",
        changes=False,
        columns=_CHANGES,
        comment=_LISTS,
        sample="SELECT * FROM iasql_plan_apply();",
    ),
    Operation(
        name="iasql_preview_apply",
        performs="plan_apply",
        changes=False,
        columns=_CHANGES,
        comment=_LISTS,
        sample="SELECT * FROM iasql_preview_apply();",
    ),
    Operation(
        name="iasql_plan_steps",
        performs="plan_steps",
        changes=False,
        columns="step integer, action text, table_name text, description text, waits_for integer[]",
        comment="Shows the steps of what iasql_apply() would do, with the steps that each waits for.",
        sample="SELECT * FROM iasql_plan_steps();",
    ),
    Operation(
        name="iasql_diff",
        performs="diff",
        changes=False,
        columns=f"{_CHANGES}, {_COLUMNS}",
        comment="Shows what iasql_apply() would do, column by column.",
        sample="SELECT * FROM iasql_diff();",
    ),
    Operation(
        name="iasql_sync",
        performs="sync",
        changes=True,
        columns=_CHANGES,
        comment="Makes the tables hold what AWS holds, dropping changes of theirs that were not applied.",
        sample="SELECT * FROM iasql_sync();",
    ),
    Operation(
        name="iasql_plan_sync",
        performs="plan_sync",
        changes=False,
        columns=_CHANGES,
        comment=_LISTS_SYNC,
        sample="SELECT * FROM iasql_plan_sync();",
    ),
    Operation(
        name="iasql_preview_sync",
        performs="plan_sync",
        changes=False,
        columns=_CHANGES,
        comment=_LISTS_SYNC,
        sample="SELECT * FROM iasql_preview_sync();",
    ),
    Operation(
        name="iasql_drift",
        performs="drift",
        changes=False,
        columns="table_name text, id integer, name text, region_name text, column_name text, "
        "base_value text, current_value text",
        comment="Reads AWS, and shows what has been changed there since rows and AWS last agreed.",
        sample="SELECT * FROM iasql_drift();",
    ),
    Operation(
        name="iasql_review",
        performs="review",
        changes=False,
        columns="review text",
        comment="Shows what iasql_apply() would do as Markdown, for a pull request.",
        sample="SELECT review FROM iasql_review();",
    ),
    Operation(
        name="iasql_undo",
        performs="undo",
        changes=True,
        parameters="operation bigint DEFAULT NULL",
        columns=_CHANGES,
        comment="Puts rows back to what they were before an operation of the journal, your last one if none "
        "is named. iasql_apply() then makes AWS follow.",
        sample="SELECT * FROM iasql_undo();",
    ),
    Operation(
        name="iasql_sql",
        performs="sql",
        changes=False,
        parameters="operation bigint DEFAULT NULL, region text DEFAULT NULL",
        columns=_SQL,
        comment="The INSERT, UPDATE and DELETE statements that make the change of an operation, your last "
        "one if none is named, in another database or place. Rows go by their natural keys.",
        sample="SELECT * FROM iasql_sql();",
    ),
    Operation(
        name="iasql_sql",
        performs="sql",
        changes=False,
        parameters="since timestamptz, region text DEFAULT NULL",
        columns=_SQL,
        comment="The same of all that was done since a moment, without what was undone again.",
        sample="SELECT * FROM iasql_sql(since => now() - interval '1 day');",
    ),
    Operation(
        name="iasql_begin",
        performs="begin",
        changes=True,
        columns="message varchar, transaction_id varchar",
        comment="Notes in the journal that you begin, for iasql_rollback(). It is no transaction: it keeps "
        "nobody from anything.",
        sample="SELECT * FROM iasql_begin();",
        says="iasql_begin() is only noted in the journal: it keeps nobody from anything",
    ),
    Operation(
        name="iasql_preview",
        performs="plan_apply",
        changes=False,
        columns=_CHANGES,
        comment=f"{_LISTS} The same as iasql_plan_apply().",
        sample="SELECT * FROM iasql_preview();",
    ),
    Operation(
        name="iasql_commit",
        performs="apply",
        changes=True,
        parameters="message varchar DEFAULT NULL",
        columns=_CHANGES,
        comment="The same as iasql_apply(), which has rows follow AWS, too. The message is in the journal.",
        sample="SELECT * FROM iasql_commit('a bigger service');",
        says="iasql_commit() is iasql_apply(): if a step fails, what is done stays, and so do the rows",
    ),
    Operation(
        name="iasql_rollback",
        performs="rollback",
        changes=True,
        parameters="force boolean DEFAULT false",
        columns=_CHANGES,
        comment="Drops what has not been applied, as iasql_sync() does, after iasql_begin(). If something "
        "has been applied since, it is refused; with force that stays.",
        sample="SELECT * FROM iasql_rollback();",
        says="iasql_rollback() is iasql_sync(): it drops what has not been applied, whoever wrote it",
    ),
    Operation(
        name="iasql_get_sql_since",
        performs="sql",
        changes=False,
        parameters="limit_date timestamptz DEFAULT NULL",
        columns=_SQL,
        comment="The same as iasql_sql(since); without a moment, of all that is remembered.",
        sample="SELECT * FROM iasql_get_sql_since(now() - interval '1 day');",
        says="iasql_get_sql_since() is iasql_sql(since): of what was applied, not of what is only written",
    ),
    Operation(
        name="iasql_create_review",
        performs="review",
        changes=False,
        parameters="title varchar DEFAULT NULL, description varchar DEFAULT NULL",
        columns="markdown text",
        comment="The same as iasql_review(), with a title and a description.",
        sample="SELECT markdown FROM iasql_create_review('A bigger service');",
    ),
    Operation(
        name="iasql_add_region",
        performs="add_region",
        changes=True,
        parameters="region text, schema text DEFAULT NULL",
        columns="region_name text, schema_name text",
        comment="Makes a schema the place of a region of the account: the tables in it are that region's.",
        sample="SELECT * FROM iasql_add_region('eu-west-1');",
    ),
    Operation(
        name="iasql_remove_region",
        performs="remove_region",
        changes=True,
        parameters="region text",
        columns="region_name text, schema_name text",
        comment="Drops the tables of a region. Touches nothing in AWS.",
        sample="SELECT * FROM iasql_remove_region('eu-west-1');",
    ),
    Operation(
        name="iasql_call",
        performs="call",
        changes=True,
        parameters="service text, operation text, input jsonb DEFAULT '{}', region text DEFAULT NULL",
        columns="answer jsonb",
        comment="Calls an operation of AWS that iasql.callable grants you, in the region that search_path "
        "means, and returns its answer. Rows follow at the next sync or apply.",
        sample="SELECT iasql_call('ec2', 'DescribeVpcs', '{\"MaxResults\": 5}');",
    ),
    Operation(
        name="iasql_upgrade",
        performs="upgrade",
        changes=True,
        columns="",
        comment="Brings this database's functions and tables to the running version.",
        sample="SELECT iasql_upgrade();",
    ),
)


def _about(operation: Operation, parameters: str, call: str, comment: str) -> Operation:
    """The signature of an operation by which it is about something less."""
    sample = f"SELECT * FROM {operation.name}({call});"
    return replace(operation, parameters=parameters, comment=comment, sample=sample)


_KEEPS = (
    "keep varchar",
    "SELECT * FROM iasql_sync(keep => 'log_group /app');",
    "The same, but keeps what rows say where AWS and they have been changed differently, or AWS holds it no "
    "more: of a table, or of one row by its name. The next iasql_apply() then makes AWS follow.",
)
_WHERE = "region => 'eu-west-1'"
# Where a call without names could mean two signatures, Postgres must choose the one that has no region: what
# could be confused is of type name here, which a text is cast to but never preferred over.
_REGIONAL = {
    "iasql_install": {
        "_mod name, region text": f"'aws_vpc', {_WHERE}",
        "_mods text[], region text": "ARRAY['aws_vpc', 'aws_ecr'], region => '*'",
    },
    "iasql_uninstall": {
        "_mod name, region text": f"'aws_ecr', {_WHERE}",
        "_mods text[], region text": "ARRAY['aws_vpc', 'aws_ecr'], region => '*'",
    },
    "iasql_apply": {
        "region name": _WHERE,
        "region name, plan_id text": f"{_WHERE}, plan_id => iasql_plan_id()",
    },
    "iasql_plan_apply": {"region text": _WHERE},
    "iasql_plan_steps": {"region text": _WHERE},
    "iasql_diff": {"region text": _WHERE},
    "iasql_sync": {"region text": _WHERE},
    "iasql_plan_sync": {"region text": _WHERE},
    "iasql_drift": {"region text": _WHERE},
    "iasql_review": {"region text": _WHERE},
}
# The same holds for what is applied in part. A driver that sends a varchar without a name for it means the
# name of a plan, or a region, as well: so this is of the one type of text that is left.
_IN_PART = {
    "iasql_apply": '"only" bpchar, region name DEFAULT NULL, plan_id text DEFAULT NULL',
    "iasql_plan_apply": '"only" bpchar, region text DEFAULT NULL',
    "iasql_plan_steps": '"only" bpchar, region text DEFAULT NULL',
    "iasql_diff": '"only" bpchar, region text DEFAULT NULL',
}
_REGION = "region text DEFAULT NULL"
_OF_ONE_REGION = "The same for one region of this database, or for all: '*'."
_ONLY = "The same for one table, or for one row of it by its name, and what that needs."


def _operations() -> Iterator[Operation]:
    """All signatures, those of a name together."""
    for name, some in groupby(_OF_ALL_REGIONS, key=lambda each: each.name):
        first, *others = some
        yield from (first, *others)
        for parameters, call in _REGIONAL.get(name, {}).items():
            yield _about(first, parameters, call, _OF_ONE_REGION)
        # After those, so that an argument without a name is a plan's name, or a region.
        if name in _IN_PART:
            yield _about(first, _IN_PART[name], "only => 'log_group /app'", _ONLY)
        if name in ("iasql_sync", "iasql_plan_sync"):
            parameters, sample, comment = _KEEPS
            yield replace(
                first, parameters=parameters, comment=comment, sample=sample.replace("iasql_sync", name)
            )


def _of_module(function: Function) -> Operation:
    parameters = [f"{name} {type}" for name, type in function.parameters.items()]
    return Operation(
        name=function.name,
        performs="function",
        changes=True,
        parameters=", ".join(parameters if function.anywhere else [*parameters, _REGION]),
        columns=", ".join(f"{each.name} {each.type}" for each in function.columns),
        comment=function.doc,
        sample=function.sample,
    )


OPERATIONS = (*_operations(), *(_of_module(each) for each in find_modules().functions.values()))

#: Ordinary functions, by signature, with what help shows.
PLAIN = {
    "public.iasql_plan_id()": "SELECT iasql_plan_id();",
    "public.iasql_guards()": "SELECT * FROM iasql_guards();",
    "public.iasql_forget(text, text)": "SELECT iasql_forget('task_definition');",
    "public.iasql_freshness()": "SELECT * FROM iasql_freshness() WHERE read_at < now() - interval '1 hour';",
    "public.iasql_get_errors()": "SELECT * FROM iasql_get_errors();",
    "public.iasql_modules_list()": "SELECT * FROM iasql_modules_list();",
    "public.iasql_modules_installed()": "SELECT * FROM iasql_modules_installed();",
    "public.iasql_version()": "SELECT * FROM iasql_version();",
    "public.iasql_help()": "SELECT * FROM iasql_help();",
    "public.delete_all_records()": "SELECT delete_all_records();",
    "public.delete_all_records(text)": "SELECT delete_all_records('*');",
}

#: What changes AWS or the tables: the database owner's to execute and to grant, and nobody else's.
OWNERS = (
    *(each.signature for each in OPERATIONS if each.changes),
    "public.delete_all_records()",
    "public.delete_all_records(text)",
    "public.iasql_forget(text, text)",
)

#: All functions in the schema public.
SIGNATURES = (*(each.signature for each in OPERATIONS), *PLAIN)


def script() -> str:
    """The SQL that makes the operations' functions, and the one that lists all."""
    return "\n".join([*(_function(each) for each in OPERATIONS), _HELP.replace("SAMPLES", _samples())])


def _function(operation: Operation) -> str:
    call = f"iasql.take_result({literal(operation.name)})"
    if operation.columns:
        returns = f"TABLE ({operation.columns})"
        rows = f"pg_catalog.jsonb_to_recordset({call}) AS r ({operation.columns})"
        body = f"RETURN QUERY SELECT r.* FROM {rows};"
    else:
        returns, body = "void", f"PERFORM {call};"
    return (
        f"{_without_older(operation)}"
        f"CREATE OR REPLACE FUNCTION public.{identifier(operation.name)}({operation.parameters})\n"
        f"RETURNS {returns} LANGUAGE plpgsql AS $$\nBEGIN\n  {body}\nEND\n$$;\n"
        f"COMMENT ON FUNCTION {operation.signature} IS {literal(operation.comment)};\n"
    )


def _without_older(operation: Operation) -> str:
    """Drops the function of an older version whose result has other columns, which cannot be replaced."""
    if not operation.columns:
        return ""
    return (
        "DO $$ BEGIN\n"
        "  IF pg_catalog.pg_get_function_result(\n"
        f"    pg_catalog.to_regprocedure({literal(operation.signature)}))\n"
        f"    OPERATOR(pg_catalog.<>) {literal(_as_postgres_writes(operation.columns))} THEN\n"
        f"    DROP FUNCTION {operation.signature};\n"
        "  END IF;\nEND $$;\n"
    )


def _as_postgres_writes(columns: str) -> str:
    return f"TABLE({columns.replace(' varchar', ' character varying')})"


def _samples() -> str:
    return ",\n    ".join(f"({literal(signature)}, {literal(text)})" for signature, text in _all_samples())


def _all_samples() -> Iterator[tuple[str, str]]:
    yield from ((each.signature, each.sample) for each in OPERATIONS)
    yield from PLAIN.items()


_HELP = """
CREATE OR REPLACE FUNCTION public.iasql_help()
RETURNS TABLE (name text, signature text, description text, sample_usage text)
LANGUAGE sql STABLE AS $$
  SELECT p.proname::pg_catalog.text,
    pg_catalog.concat(p.proname, '(', pg_catalog.pg_get_function_arguments(p.oid), ')'),
    pg_catalog.obj_description(p.oid, 'pg_proc'),
    h.sample
  FROM (VALUES
    SAMPLES
  ) AS h (signature, sample)
  JOIN pg_catalog.pg_proc AS p
    ON p.oid OPERATOR(pg_catalog.=) pg_catalog.to_regprocedure(h.signature)::pg_catalog.oid
  ORDER BY p.proname, h.signature
$$;
COMMENT ON FUNCTION public.iasql_help() IS 'Lists these functions.';
"""
