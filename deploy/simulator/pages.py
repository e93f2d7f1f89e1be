"""Small pages everywhere, also where moto gives everything at once.

botocore knows which operations have pages, and what their token and list are called. A page of ours is a
part of a page of moto's: our token is how much of that has been shown, and moto's own token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
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
_TOKEN = re.compile(r"(\d+)\.(.*)", re.DOTALL)


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


def paged(call: AwsCall, size: int, perform: Perform) -> Response:
    """One page of a listing's answer; any other call's answer as it is.

    Args:
        size: the most that a page has.
        perform: answers the call with other parameters.
    """
    how = paging(call.service, call.operation)
    if how is None:
        return perform(call.parameters)
    shown, token = _read(call.text(how.sent))
    parameters = {name: value for name, value in call.parameters.items() if name != how.sent}
    reply = perform(parameters | ({how.sent: token} if token else {}))
    if reply.status_code == 200:
        wanted = call.text(how.limit) if how.limit else ""
        size = min(size, int(wanted)) if wanted.isdigit() else size
        # moto calls some of its JSON text/html
        cut = _cut_json if reply.get_data().startswith(b"{") else _cut_xml
        cut(reply, how, shown, shown + size, token)
    return reply


def _read(token: str) -> tuple[int, str]:
    found = _TOKEN.fullmatch(token)
    return (int(found[1]), found[2]) if found else (0, token)


def _next(total: int, end: int, asked: str, given: str) -> str:
    """The token of the page after this one; empty if this is the last."""
    if end < total:
        return f"{end}.{asked}"
    return f"0.{given}" if given else ""


def _cut_json(reply: Response, how: Paging, start: int, end: int, asked: str) -> None:
    document = json.loads(reply.get_data())
    items = document.get(how.items) or []
    token = _next(len(items), end, asked, document.pop(how.token, None) or "")
    document[how.items] = items[start:end]
    reply.set_data(json.dumps(document | ({how.token: token} if token else {})))


def _cut_xml(reply: Response, how: Paging, start: int, end: int, asked: str) -> None:
    root = markup.parse(reply)
    result = root.find(how.wrapper) if how.wrapper else root
    listed = result.find(how.items) if result is not None else None
    if result is None or listed is None:
        return
    items = list(listed)
    token = _next(len(items), end, asked, result.findtext(how.token) or "")
    for at, item in enumerate(items):
        if not start <= at < end:
            listed.remove(item)
    if (old := result.find(how.token)) is not None:
        result.remove(old)
    if token:
        markup.set_text(result, how.token, token)
    if how.more:
        markup.set_text(result, how.more, "true" if token else "false")
    markup.put(reply, root)
