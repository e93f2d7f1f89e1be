"""Forms in which values are read from AWS, sent to it, and compared. Pure functions only."""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from functools import lru_cache
from typing import Any


def timestamp(value: Any) -> str | None:
    """A datetime, or milliseconds since 1970, as ISO 8601 in UTC."""
    if value is None:
        return None
    if isinstance(value, int | float):
        value = datetime.datetime.fromtimestamp(value / 1000, datetime.UTC)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    return str(value)


def instant(value: Any) -> Any:
    """An ISO 8601 text of any zone as one moment; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)
    except ValueError:
        return value


def document(value: Any) -> Any:
    """A JSON text as what it says; an empty one is none."""
    return (json.loads(value) if value else None) if isinstance(value, str) else value


def json_text(value: Any) -> str:
    """What a JSON column holds, as the text that AWS takes."""
    return json.dumps(value, separators=(",", ":"))


def as_text(value: Any) -> str:
    """A document that AWS gives as a structure or as its text, as a text."""
    return value if isinstance(value, str) else json_text(value)


#: Elements of a policy whose one-element list and single value mean the same, and whose order means nothing.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
_SETS = {"Action", "NotAction", "Resource", "NotResource"}


def policy(value: Any) -> Any:
    """An IAM policy document such that two of the same meaning are equal."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    if not isinstance(value, dict):
        return value
    statements = value.get("Statement", [])
    if isinstance(statements, dict):
        statements = [statements]
    return {**value, "Statement": [_statement(each) for each in statements]}


def _statement(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "Sid" and inner == "":
            continue
        if name in _SETS:
            result[name] = _as_set(inner)
        elif name in {"Principal", "NotPrincipal"}:
            result[name] = _principal(inner)
        elif isinstance(inner, dict):
            result[name] = {
                key: {k: _as_set(v) for k, v in each.items()} if isinstance(each, dict) else _as_set(each)
                for key, each in inner.items()
            }
        else:
            result[name] = inner
    return result


_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


def _principal(value: Any) -> Any:
    """Who: an account's number means its root, and `*` everybody.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    if value == "*":
        return {"AWS": ["*"]}
    if not isinstance(value, dict):
        return value
    some = {kind: _as_set(each) for kind, each in value.items()}
    if "AWS" in some:
        roots = (f"arn:aws:iam::{each}:root" if _ACCOUNT.fullmatch(each) else each for each in some["AWS"])
        some["AWS"] = sorted(set(roots))
    return some


def _as_set(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return sorted({each if isinstance(each, str) else json.dumps(each) for each in values})


def unordered(value: Any) -> Any:
    """A list whose order and repetitions mean nothing; an empty one means the same as NULL."""
    if not value:
        return None
    return sorted(set(value), key=repr)


def cidr(value: Any) -> Any:
    """A network in its shortest form."""
    return _network(value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return value


def none_if_empty(value: Any) -> Any:
    """AWS's empty text or list as NULL."""
    return None if value in ("", [], {}) else value


def integer(value: Any) -> int | None:
    """A number that AWS gives as a text."""
    return None if value is None else int(value)


def plain(value: Any) -> Any:
    """What AWS tells as what JSON can hold, moments as ISO 8601 texts; nothing, or an empty one, is NULL."""
    return _plain(value) or None


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case datetime.datetime():
            return timestamp(value)
    return value


def lower(value: Any) -> Any:
    """A name that AWS takes in any letters and keeps in small ones."""
    return value.lower() if isinstance(value, str) else value


def number(value: Any) -> float | None:
    """A number that may be whole or not."""
    return None if value is None else float(value)
