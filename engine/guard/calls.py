"""Whether an operation of AWS may be called as such: who may, and whose is what its input names.

Nobody may call one until the database's owner grants it in `iasql.callable`. A call that does more than read
may not name what the owner protects, or what something else owns: what it does to that nobody can tell.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import orjson

from engine.caller import Caller
from engine.database.sql import identifier, literal
from engine.errors import OperationError, listed
from modules.spec import Resource

_SHOWN = 20
#: How operations begin that change nothing. What they tell may be a secret.
_READS = re.compile(r"(?:Describe|List|Get|BatchGet|Head|Search|Lookup)[A-Z]")
_BETWEEN = re.compile(r"[:/]")

_BASES = """
    SELECT t.name, b.identity, b.answer -> 'values'
    FROM iasql.base AS b JOIN iasql.base_table AS t ON t.relation = b.relation
    WHERE t.name = ANY ($1) AND (t.name = ANY ($2) OR b.answer #>> '{values,managed_by}' IS NOT NULL)
"""


def only_reads(operation: str) -> bool:
    """Whether an operation changes nothing, by AWS's name of it."""
    return _READS.match(operation) is not None


async def check_granted(caller: Caller, service: str, operation: str) -> None:
    """
    Raises:
        OperationError: 42501, `iasql.callable` does not grant it to the role.
    """
    ((granted, role),) = await caller.query(
        "SELECT (SELECT pg_catalog.bool_or(c.role OPERATOR(pg_catalog.=) 'PUBLIC' "
        "OR pg_catalog.pg_has_role(current_user, c.role::pg_catalog.name, 'USAGE')) "
        "FROM iasql.callers($1, $2) AS c (role))::pg_catalog.text, current_user::pg_catalog.text",
        service,
        operation,
    )
    if granted != "true":
        row = ", ".join(literal(each).strip() for each in (str(role), service, operation))
        raise OperationError(
            f"permission denied to call {service} {operation}",
            sqlstate="42501",
            detail=f"iasql.callable does not grant it to {identifier(str(role))}.",
            hint="Whoever may write iasql.callable can: "
            f"INSERT INTO iasql.callable (role, service, operation) VALUES ({row});",
        )


async def concerned(
    connection: Any,
    resources: Mapping[str, Resource],
    protected: Collection[str],
    service: str,
    document: Any,
) -> dict[str, set[str]]:
    """The resources that an input names and that rules may be about: AWS's names for them, by table.

    A resource of the same service is named by its identity, its name or its ARN, and by these within an ARN;
    one of another service by its identity or ARN.

    Args:
        connection: of the engine's own.
        resources: by table.
        protected: the tables that there are rules for.
    """
    said = frozenset(_texts(document))
    within = said.union(*(_BETWEEN.split(each) for each in said))
    found: dict[str, set[str]] = {}
    for table, identity, text in await connection.fetch(_BASES, list(resources), list(protected)):
        resource, values = resources[table], orjson.loads(text)
        alike = {str(identity), *_arns(values)}
        if resource.service == service:
            alike.update(str(values.get(name)) for name in (resource.identity, *resource.natural_key) if name)
        if alike & (within if resource.service == service else said):
            found.setdefault(table, set()).add(identity)
    return found


def _arns(values: Mapping[str, Any]) -> Iterator[str]:
    yield from (each for each in values.values() if isinstance(each, str) and each.startswith("arn:"))


def _texts(document: Any) -> Iterator[str]:
    match document:
        case str():
            yield document
        case Mapping():
            for each in document.values():
                yield from _texts(each)
        case list():
            for each in document:
                yield from _texts(each)


def refused(what: str, names: Collection[str], why: str, rule: str) -> OperationError:
    """That a call is about what is not this database's to change.

    Args:
        names: the resources.
        why: the reason, as the rest of a sentence about them.
        rule: the table that decides it.
    """
    return OperationError(
        f"{what} is refused: it names what {why}",
        sqlstate="42501",
        detail=listed(sorted(names), _SHOWN),
        hint="What a call does to it nobody can tell beforehand. "
        f"Only who may write {rule} can let it through.",
    )
