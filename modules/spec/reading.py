"""How the resources of a kind are listed and described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modules.spec.columns import Description
from modules.spec.sources import Context, Item


@dataclass(frozen=True, kw_only=True)
class Per:
    """Makes a listing once for each resource of another table.

    Attributes:
        table: that table.
        params: parameter to the column of that table which gives it.
        joins: what descriptions are to have of that resource: key to column.
    """

    table: str
    params: Mapping[str, str]
    joins: Mapping[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> Mapping[str, str]:
        """All that has to be known of the other resource: by what name, and which column gives it."""
        return {**self.joins, **self.params}


@dataclass(frozen=True, kw_only=True)
class List:
    """The listing of all resources of a kind. Pages are the engine's business.

    Attributes:
        operation: botocore's name of it.
        items: path of the list in the answer; "@" for an answer that is the one item itself.
        params: constant parameters, such as for the largest pages that AWS gives, or what `Context` gives.
        per: another table that has to be listed first.
        absent: error codes that mean "none".
        joins: what the description is to have besides what AWS answers: key to source.
        hidden: as of `Describe`, of a detail, where nothing is described.
        each: path of a list in each item, if it is the elements of these that are described.
        outer: what such an element is to have of its item: key to path in that.
    """

    operation: str
    items: str
    each: str | None = None
    outer: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    per: Per | None = None
    absent: tuple[str, ...] = ()
    joins: Mapping[str, Context] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Describe:
    """Turns listed names into descriptions.

    Attributes:
        ids: parameter that takes the names.
        batch: how many names a call takes; 1 sends one name, not a list.
        items: path of the description(s) in the answer, of which there may be several for a name, in pages.
        per_params: parameters of the listing's `Per` that this call needs as well.
        joins: what a description is to have besides what AWS answers: key to source. `Item()` is the listed
            name; only a batch of 1 has one.
        beside: what the answer has beside the one description and is put into it: key to path in the answer.
        hidden: error codes, here or of a detail, that mean that this one resource is not ours to look at: it
            is not shown. If AWS says so of all that there are, none can be read. A batch of 1 only.
    """

    operation: str
    ids: str
    batch: int
    items: str
    params: Mapping[str, Any] = field(default_factory=dict)
    per_params: tuple[str, ...] = ()
    joins: Mapping[str, Context | Item] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Detail:
    """A further listing for each description, put into it under a key.

    Attributes:
        items: path of a list in the answer, or of a map in the one answer; "@" is that answer.
        into: that key.
        params: parameter to path in the description; a text in single quotes is itself.
        absent: error codes that mean that this resource has none.
        fetched: a fetch of one resource is completed by it as well: it has what AWS chose or keeps apart.
        unless: of which descriptions it is not asked, such as of what somebody else owns.
    """

    operation: str
    items: str
    into: str
    params: Mapping[str, str]
    absent: tuple[str, ...] = ()
    fetched: bool = False
    unless: Callable[[Description], bool] | None = None


@dataclass(frozen=True, kw_only=True)
class Batched:
    """A further call for many descriptions at once, of whose answer each gets its own under a key.

    Attributes:
        service: botocore's name of another service that tells it; None: the resource's own.
        ids: path of the parameter that takes the names.
        of: path of the name in a description.
        batch: how many names a call takes.
        items: path of the list in the answer.
        by: path of the name in an element of that list.
        value: path of what the description gets in such an element.
        into: the key; none: the keys of that are added.
        unless: of which descriptions it is not asked, such as of secrets.
        params: constant parameters: path to value.
        fetched: a fetch of one resource is completed by it as well.
    """

    operation: str
    ids: str
    of: str
    batch: int
    items: str
    by: str
    value: str
    into: str
    service: str | None = None
    unless: Callable[[Description], bool] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    fetched: bool = False
