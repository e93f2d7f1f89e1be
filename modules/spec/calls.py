"""The calls that make, change and delete a resource, and that wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal

from modules.spec.columns import Value
from modules.spec.sources import Source


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Lets one call do what several steps ask for, if their calls differ in one list only.

    Attributes:
        parameter: path of that list.
        limit: how many steps share a call at most.
        results: path of the descriptions of what was made in the answer; None: it has none of them.
    """

    parameter: str
    limit: int
    results: str | None = None


class Given(Enum):
    """What `given` may ask for besides a value of a column."""

    SET = "the column has a value that is not empty, or the part has rows"
    UNSET = "it is NULL or empty, or has none"


SET: Final = Given.SET
UNSET: Final = Given.UNSET


@dataclass(frozen=True, kw_only=True)
class Waiter:
    """One of botocore's waiters; or, where it has none, an operation that tells a state.

    Attributes:
        name: botocore's name of it, or of the operation if there is a `state`.
        params: parameter path to source.
        seconds: how long to wait at most.
        blocks: whether what refers to the resource has to wait as well.
        unless: path in the answer of what has to go as well, such as indexes that are being made.
        state: path of the states in the operation's answer, of which there has to be one at least.
        done: what all of them are in the end. Small letters stand for capital ones, too.
        failed: states from which AWS does not get there by itself.
        gone: error codes that mean that it is done, of what is deleted; nothing told means so then, too.
    """

    name: str
    params: Mapping[str, Source]
    seconds: int = 600
    blocks: bool = False
    unless: str | None = None
    state: str | None = None
    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Call:
    """One AWS operation.

    Attributes:
        operation: botocore's name of it.
        params: parameter path to source; those whose value is None are left out.
        result: path of the resource's description in the answer; None: the answer has none.
        joins: what that description is to have besides what AWS answers: key to source.
        beside: what the answer has beside it and is put into it: key to path in the answer.
        where: `result` is a list, and the description the first of it with these values: key to source.
        whole: that description says everything of the resource, so that it need not be fetched.
        tolerate: error codes that mean "it is so already".
        refused: path of the errors in an answer by which AWS refuses what it was asked for, each with a
            `Code` and a `Message`.
        given: a column and the value that it must have for the call to be made; or a column or part, and
            `SET` or `UNSET`.
        needs: the parameter without whose value the call is not made.
        taken_back: of a deletion or an update that takes several calls, the one that takes this one back if a
            later one is refused.
        batch: how calls of several steps become one.
        seen: what has to be seen right before it, of an update, a deletion or a create's further calls:
            `Item()` is what the `result` of that finds in all pages, or the one of it that its `where` picks.
        outdated: error codes by which AWS says that this has changed since: it is seen and called again.
        then: what is waited for after it, before any other call; of a deletion also if `needs` left it out.
        until: what is waited for once the call is made, by what the answer says: its sources are `Item()`.
    """

    operation: str
    params: Mapping[str, Source]
    result: str | None = None
    joins: Mapping[str, Source] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Source] = field(default_factory=dict)
    whole: bool = False
    tolerate: tuple[str, ...] = ()
    refused: str | None = None
    given: tuple[str, Value | Given] | None = None
    needs: str | None = None
    taken_back: Call | None = None
    batch: Batch | None = None
    seen: Call | None = None
    outdated: tuple[str, ...] = ()
    until: Waiter | None = None
    then: Waiter | None = None


@dataclass(frozen=True, kw_only=True)
class Clear(Call):
    """A call for each of what is in the way of another call, such as of a deletion's next one. What it takes
    away is not put back.

    Attributes:
        found: shows what may be in the way, in all pages; `result` is the list of it. An element is `Item()`.
        which: picks what goes.
        refusal: (error code, part of the message) by which AWS refuses the other call, which is made again
            after this; None: this is made first.
        listed: path of that list in a description, so that plans can say what goes.
        named: path of a name in an element.
        what: as a person would call an element.
    """

    found: Call
    which: Callable[[list[Any]], list[Any]]
    refusal: tuple[str, str] | None = None
    listed: str | None = None
    named: str = "@"
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class Update(Call):
    """A call that is made when one of some columns or parts has changed.

    It carries the parameters whose columns have changed, each whole, and those that depend on none of `when`.

    Attributes:
        when: those columns and parts.
        maps: parameters of whose keys each counts by itself: maps, and structures of which the rest is sent
            as it has been seen.
        whole: it carries all parameters, whatever has changed, as AWS sets back what it is not given.
        room: what makes room if AWS has none for the call.
        shows: those of `when` of which AWS has to tell another value than before once they have been changed:
            AWS may take such a change and not make it.
    """

    when: tuple[str, ...]
    whole: bool = False
    maps: tuple[str, ...] = ()
    room: Clear | None = None
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PerItem(Call):
    """A call for each element that an array column has gained, or lost. A create gains, a delete loses all.

    Attributes:
        column: the array column.
        which: which elements.
        inside: the create's call sends all elements, and the delete's takes them along: only an update needs
            calls for them.
    """

    column: str
    which: Literal["added", "removed"]
    inside: bool = False


@dataclass(frozen=True, kw_only=True)
class PerKey(Call):
    """A call for the keys of an object column that have been set, to another value or at all, or removed.

    `Item()` is an object of what has been set, or a list of the keys that have been removed.

    Attributes:
        column: the column, whose canonical form is compared.
        which: which keys.
        most: how many keys a call takes; None: all at once.
        new: a new resource gets its keys by this call, too.
        seen: what has to be seen before the call: `Item("item")` are the keys then, and `Item("seen")` is
            what the `result` of `seen` finds in all pages.
    """

    column: str
    which: Literal["set", "removed"]
    most: int | None = None
    new: bool = False


@dataclass(frozen=True, kw_only=True)
class Obstacle(Call):
    """A call that shows what keeps AWS from deleting a resource. It is made before anything is taken off that
    has to be taken off first.

    Attributes:
        what: what `result` finds then, as a person would call it; nothing found is no obstacle.
        kept: a replacement gives it to the new resource, and takes it off the old one.
        first: it counts only where the old resource has to go before a new one can be made.
        unless_used_by: tables that take it away in the same plan if a resource of theirs refers to this one.
        first_page: the first page says enough.
        ahead: it is looked at when the plan is made, too, as steps of their own take off what else AWS wants
            gone, such as a user's keys.
    """

    what: str
    kept: bool = False
    first: bool = False
    unless_used_by: tuple[str, ...] = ()
    first_page: bool = False
    ahead: bool = False


@dataclass(frozen=True, kw_only=True)
class Awaited(Call):
    """A look at what has to come about before a resource can be used, and does not by its being made: nothing
    that refers to it is made, or pointed to it, as long as `result` finds something.

    Attributes:
        what: what has not come about then, such as "has not been validated".
        hint: what the user can do about it, if it does not come about in time.
    """

    what: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Revival(Call):
    """A call that has back what is being deleted, where AWS makes no other of its name until then. What
    differs from the row is changed after it.

    Attributes:
        error: (error code, part of the message) by which AWS refuses the create.
    """

    error: tuple[str, str]
