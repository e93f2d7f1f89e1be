"""Small pages everywhere, also where moto gives everything at once.

botocore knows which operations have pages, and what their token and list are called. A page of ours is a
part of a page of moto's: our token is how much of that has been shown, what was last, and moto's own token.
What goes between two pages makes nothing else be left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.session import Session
from werkzeug.wrappers import Response

from deploy.simulator import markup
from deploy.simulator.call import AwsCall

#: A signing name to botocore's name of the service, where they differ.
_SERVICES = {"elasticloadbalancing": "elbv2"}
_PAGED = frozenset({"ec2", "ecs", "ecr", "ecr-public", "elasticloadbalancing", "iam", "logs"})
_TOKEN = re.compile(r"(\d+)\.(\d+)\.([0-9a-f]*)\.(.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Paging:
    """How an operation's pages are asked for and answered.

    Attributes:
        sent: the parameter with the token.
        limit: the parameter with the size of a page.
        wrapper: the element of an XML answer in which all others are.
        items, token: names in the answer.
        more: name in the answer of whether there is more, if it says so.
    """

    sent: str
    limit: str | None
    wrapper: str | None
    items: str
    token: str
    more: str | None


@cache
def paging(service: str, operation: str) -> Paging | None:
    """How an operation is paged; None if it is not."""
    if service not in _PAGED:
        return None
    session, name = _session(), _SERVICES.get(service, service)
    try:
        found = session.get_paginator_model(name).get_paginator(operation)
    except ValueError:
        return None
    if not isinstance(found["result_key"], str) or not isinstance(found["input_token"], str):
        return None
    output = session.get_service_model(name).operation_model(operation).output_shape

    def in_answer(member: str) -> str:
        return str(output.members[member].serialization.get("name", member))

    return Paging(
        sent=found["input_token"],
        limit=found.get("limit_key"),
        wrapper=output.serialization.get("resultWrapper"),
        items=in_answer(found["result_key"]),
        token=in_answer(found["output_token"]),
        more=found.get("more_results"),
    )


@cache
def _session() -> Session:
    return Session()


Perform = Callable[[Mapping[str, Any]], Response]


@dataclass(frozen=True)
class _Shown:
    """Where in a page of moto's a page of ours begins.

    Attributes:
        items: how many items have been shown.
        total: how many there were.
        last: the digest of the last of them.
        token: moto's token of its page.
    """

    items: int = 0
    total: int = 0
    last: str = ""
    token: str = ""

    @classmethod
    def read(cls, token: str) -> _Shown:
        found = _TOKEN.fullmatch(token)
        if found is None:
            return cls(token=token)
        return cls(int(found[1]), int(found[2]), found[3], found[4])

    def __str__(self) -> str:
        return f"{self.items}.{self.total}.{self.last}.{self.token}"

    def start(self, digests: Sequence[str]) -> int:
        """The first item that has not been shown; some of those shown may be gone."""
        if self.last in digests:
            return digests.index(self.last) + 1
        return max(0, self.items - max(0, self.total - len(digests)))

    def following(self, digests: Sequence[str], end: int, given: str) -> str:
        """The token of the page after one that ends there; empty if that is the last."""
        if end < len(digests):
            return str(_Shown(end, len(digests), digests[end - 1], self.token))
        return str(_Shown(token=given)) if given else ""


def paged(call: AwsCall, size: int, perform: Perform) -> Response:
    """One page of a listing's answer; any other call's answer as it is.

    Args:
        size: the most that a page has.
        perform: answers the call with other parameters.
    """
    how = paging(call.service, call.operation)
    if how is None:
        return perform(call.parameters)
    shown = _Shown.read(call.text(how.sent))
    parameters = {name: value for name, value in call.parameters.items() if name != how.sent}
    reply = perform(parameters | ({how.sent: shown.token} if shown.token else {}))
    if reply.status_code == 200:
        wanted = call.text(how.limit) if how.limit else ""
        size = min(size, int(wanted)) if wanted.isdigit() else size
        # moto calls some of its JSON text/html
        cut = _cut_json if reply.get_data().startswith(b"{") else _cut_xml
        cut(reply, how, shown, size)
    return reply


def _cut_json(reply: Response, how: Paging, shown: _Shown, size: int) -> None:
    document = json.loads(reply.get_data())
    items = document.get(how.items) or []
    digests = [_digest(json.dumps(item)) for item in items]
    start = shown.start(digests)
    token = shown.following(digests, start + size, document.pop(how.token, None) or "")
    document[how.items] = items[start : start + size]
    reply.set_data(json.dumps(document | ({how.token: token} if token else {})))


def _cut_xml(reply: Response, how: Paging, shown: _Shown, size: int) -> None:
    root = markup.parse(reply)
    result = root.find(how.wrapper) if how.wrapper else root
    listed = result.find(how.items) if result is not None else None
    if result is None or listed is None:
        return
    items = list(listed)
    digests = [_digest("".join(item.itertext())) for item in items]
    start = shown.start(digests)
    token = shown.following(digests, start + size, result.findtext(how.token) or "")
    for at, item in enumerate(items):
        if not start <= at < start + size:
            listed.remove(item)
    if (old := result.find(how.token)) is not None:
        result.remove(old)
    if token:
        markup.set_text(result, how.token, token)
    if how.more:
        markup.set_text(result, how.more, "true" if token else "false")
    markup.put(reply, root)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
