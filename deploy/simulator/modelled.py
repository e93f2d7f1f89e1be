"""Services that moto lacks, or has too little of: answers as botocore's models write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError, error_reply

Document = dict[str, Any]
#: What an operation answers.
Operation = Callable[[AwsCall], Document]


class RefusedError(Exception):
    """A call is answered with an AWS error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = AwsError(code, message, status)


def answer(call: AwsCall, operations: Mapping[str, Operation]) -> Response:
    """Perform a call by one of some operations."""
    operation = operations.get(call.operation)
    if operation is None:
        return error_reply(call, AwsError("NotImplemented", f"{call.operation} is not simulated", 501))
    try:
        document = operation(call)
    except RefusedError as refused:
        return error_reply(call, refused.error)
    of_service = _model(call.service)
    written = get_serializer_class(call.service, of_service.metadata["protocol"])(
        of_service.operation_model(call.operation)
    ).serialize(document)
    return Response(written["body"], status=written["status_code"], headers=dict(written["headers"]))


@cache
def _model(service: str) -> Any:
    return get_service_model(service)


def page(some: list[Any], start: str, size: int) -> tuple[list[Any], str | None]:
    """Some of what is listed, and where it goes on, if it does.

    Args:
        start: where the last page said that it goes on; empty for the first.
    """
    begin = int(start or 0)
    end = begin + size
    return some[begin:end], str(end) if end < len(some) else None
