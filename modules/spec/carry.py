"""How a replacement keeps what the old resource has and no column shows, or says that it is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from modules.spec.calls import Call


@dataclass(frozen=True, kw_only=True)
class Look(Call):
    """A further look at a resource that is to be replaced. All pages of it.

    Attributes:
        into: the key under which the description gets what `result` finds; none: its keys are added.
        each: path of a list in the description; the call is made for each element, which is `Item()`.
        unless_used_by: tables that see to it themselves if one of their resources refers to this one.
    """

    into: str
    each: str | None = None
    unless_used_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Kept(Call):
    """A call that gives a new resource what the old one has, before anybody is pointed to it.

    Attributes:
        of: path in the old description; the call is made if that finds something.
        each: it is made for each element of that, which is `Item()`.
        unless: the `into` of a look, which is made at the new resource as well: of the list `of`, only what
            the new one has not already is sent.
        undone: the call that takes an element off the old resource where AWS would not delete it with that.
    """

    of: str
    each: bool = False
    unless: str | None = None
    undone: Call | None = None


@dataclass(frozen=True, kw_only=True)
class Lost:
    """What a new resource cannot be given.

    Attributes:
        of: path in the old description; it is lost if that finds something.
        what: as a person would call it.
    """

    of: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Carry:
    """How a replacement keeps what the old resource has and no column shows.

    Attributes:
        whole: lists that columns show whole, as parameters without the places in lists: an element that a new
            one lacks is gone. Of other lists the elements are merged, by their `name` if they have one.
        owned: structures and lists of which nothing old is kept once a column becomes NULL, or had been:
            its name, and where they are in the description, or the part's element.
        description: the create takes over of the old description what it has a parameter of that name for.
        looks: what has to be known besides the description, in this order.
        calls: what is made of that after the create's calls, in this order.
        lost: what cannot be made again.
        not_kept: parameters of the create and update calls that are no column's and not kept, by name, or by
            operation and name with a dot, with the reason.
    """

    whole: tuple[str, ...] = ()
    owned: Mapping[str, str] = field(default_factory=dict)
    description: bool = False
    looks: tuple[Look, ...] = ()
    calls: tuple[Kept, ...] = ()
    lost: tuple[Lost, ...] = ()
    not_kept: Mapping[str, str] = field(default_factory=dict)
