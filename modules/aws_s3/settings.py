"""What S3 keeps of a bucket under calls of its own: one that gets it, one that puts it whole, often one that
deletes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from modules.spec import SET, UNSET, Call, Context, Derived, Detail, Source, Update

#: Which bucket; S3 refuses if the name has become another account's.
WHICH: Mapping[str, Source] = {"Bucket": "name", "ExpectedBucketOwner": Context("account")}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One of them.

    Attributes:
        column: the column or part that shows it.
        get: the operation that tells it.
        items: where in the answer.
        into: the key that the description has it under.
        none: the error code with which `get` says that there is none.
        put: the operation that sets it.
        params: of that, besides which bucket.
        delete: the operation that takes it off; none: `put` does, or nothing can.
        put_empty: whether `put` takes it off.
    """

    column: str
    get: str
    into: str
    put: str
    params: Mapping[str, Source]
    items: str = "@"
    none: str | None = None
    delete: str | None = None
    put_empty: bool = False

    @property
    def detail(self) -> Detail:
        return Detail(
            operation=self.get,
            items=self.items,
            into=self.into,
            params={"Bucket": "Name"},
            absent=(self.none,) if self.none else (),
            fetched=True,
        )

    @property
    def create(self) -> Call:
        """The call that gives a new bucket the setting."""
        return Call(operation=self.put, given=(self.column, SET), params={**WHICH, **self.params})

    @property
    def update(self) -> Iterable[Update]:
        """The calls that change it."""
        given = None if self.put_empty else (self.column, SET)
        yield Update(operation=self.put, when=(self.column,), given=given, params={**WHICH, **self.params})
        if self.delete:
            yield Update(operation=self.delete, when=(self.column,), given=(self.column, UNSET), params=WHICH)


def document(column: str) -> Derived:
    """A JSON column, sent as it is."""
    return Derived(lambda value: value, (column,))


def whole(column: str, member: str | None = None) -> Derived:
    """A JSON column, or an empty structure where it is NULL.

    Args:
        member: the one member of the structure that the column shows; None: it shows all.
    """

    def structure(name: str, value: Any) -> Any:
        return ({member: value} if member else value) if value else {}

    return Derived(structure, ("name", column))
