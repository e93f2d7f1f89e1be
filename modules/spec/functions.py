"""Functions of a module: SQL functions that each call one operation of AWS."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from modules.spec.sources import Source


@dataclass(frozen=True, kw_only=True)
class Result:
    """One column of a function's rows.

    Attributes:
        type: SQL type.
        path: where its value is in what a row is made of; None: `read` gets all of that.
        read: makes the value of what is there. Bytes in AWS's answer are base64 in it.
    """

    name: str
    type: str
    path: str | None = None
    read: Callable[[Any], Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Following:
    """A call that a function makes after its own.

    Attributes:
        service, operation: botocore's names.
        params: its input.
        until: path in the answer of what AWS takes some seconds to make: it is asked again until that is
            there, for half a minute.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    until: str | None = None


#: The calls after a function's own, each of which gets the answer of the call before; None if AWS has refused
#: that, which the client is told as a WARNING. Returns what columns show as `Then`.
Then = Generator[Following, Mapping[str, Any] | None, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Function:
    """An SQL function that calls one operation of AWS, in the session's region or the one named by `region`.

    Attributes:
        name: of the function, beginning with `iasql_`.
        service, operation: botocore's names.
        parameters: SQL type by name, with `DEFAULT NULL` where one may be left out; texts for `params`.
        params: parameter path of the operation to source; a name is one of `parameters`.
        items: path of the list in the answer that has a row for each element, of all its pages; None: the
            answer is the one row.
        columns: of the rows.
        anywhere: whether the service is in no region, so that none can be named.
        then: makes the calls that follow, from the input and the answer.
        following: service and operation of each call that `then` may make.
        sample: a call, for people.
    """

    name: str
    doc: str
    service: str
    operation: str
    parameters: Mapping[str, str]
    params: Mapping[str, Source]
    columns: tuple[Result, ...]
    items: str | None = None
    anywhere: bool = False
    then: Callable[[Mapping[str, Any], Mapping[str, Any]], Then] | None = None
    following: tuple[tuple[str, str], ...] = ()
    sample: str

    @property
    def calls(self) -> tuple[tuple[str, str], ...]:
        """Service and operation of each call that it may make."""
        return ((self.service, self.operation), *self.following)
