"""Names as AWS tells them and as people write them. Pure functions only."""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> Any:
    """A name without the dot of the root, and with the asterisk that AWS writes as a number."""
    return value.removesuffix(".").replace("\\052", "*") if isinstance(value, str) else value


def comparable(value: Any) -> Any:
    """A name in the one form of those that mean the same."""
    return shown(value).lower() if isinstance(value, str) else value


def told(value: str) -> str:
    """A name as AWS tells it."""
    return str(comparable(value)).replace("*", "\\052") + "."


def bare(value: Any) -> Any:
    """An id without the kind of what it is of, such as `/hostedzone/`."""
    return value.rpartition("/")[2] if isinstance(value, str) else value
