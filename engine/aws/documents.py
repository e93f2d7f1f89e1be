"""Any operation's parameters and answer as JSON, by what botocore's models say of their shapes.

Bytes are base64 in JSON, as the AWS CLI has them, and times are ISO 8601.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from botocore import xform_name
from botocore.model import OperationModel, ServiceModel, Shape

from engine.errors import OperationError

#: What stands for a secret.
MASK = "***"
#: Bytes of a body that are read at most.
_BODY = 16 * 2**20
#: Bytes of it that are read at once.
_CHUNK = 2**16
#: Characters of a text that the journal keeps.
_TEXT = 1000
#: Names of parameters that hold secrets or contents where the model does not say so. Names such as `SecretId`
#: and `NextToken` do not.
_SECRET = re.compile(
    r"password|passphrase|secret(string|binary|key|value|access)|privatekey|authtoken|accesstoken|oauthtoken|"
    r"userdata|credential|plaintext|payload|environment|variables|zipfile|body$|^item$|^message$",
    re.IGNORECASE,
)


def operation_of(model: ServiceModel, name: str) -> OperationModel:
    """An operation by AWS's name, `DescribeVpcs`, or the client's, `describe_vpcs`.

    Raises:
        OperationError: 42704, the service has none of that name; 0A000, it has a stream of events, which is
            no one answer.
    """
    known = {each for each in model.operation_names if name in (each, xform_name(each))}
    if not known:
        words = re.split(r"(?=[A-Z])|_", name)[1:2] or [name]
        alike = [each for each in model.operation_names if words[0].lower() in each.lower()][:5]
        raise OperationError(
            f'{model.service_name} has no operation "{name}"',
            sqlstate="42704",
            hint=f"There are {', '.join(alike)}." if alike else None,
        )
    operation = model.operation_model(known.pop())
    if operation.has_event_stream_output or operation.has_event_stream_input:
        raise OperationError(f"{operation.name} answers a stream of events", sqlstate="0A000")
    return operation


def parameters(operation: OperationModel, document: Any) -> dict[str, Any]:
    """What a client takes for a document of parameters.

    Raises:
        OperationError: 22023, it is no object; 22P02, what is to be bytes is no base64.
    """
    if not isinstance(document, Mapping):
        raise OperationError(
            "the input of a call is an object of parameters",
            sqlstate="22023",
            hint="Such as '{\"MaxResults\": 5}'.",
        )
    if operation.input_shape is None:
        return dict(document)
    made: dict[str, Any] = _taken(operation.input_shape, document, "input")
    return made


def _taken(shape: Shape, value: Any, path: str) -> Any:
    match shape.type_name, value:
        case "structure", Mapping():
            return {
                name: _taken(shape.members[name], each, f"{path}.{name}") if name in shape.members else each
                for name, each in value.items()
            }
        case "map", Mapping():
            return {name: _taken(shape.value, each, f"{path}.{name}") for name, each in value.items()}
        case "list", list():
            return [_taken(shape.member, each, f"{path}[{place}]") for place, each in enumerate(value)]
        case "blob", str():
            try:
                return base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError) as error:
                raise OperationError(
                    f"{path} is not base64",
                    sqlstate="22P02",
                    hint="AWS takes bytes there: encode(convert_to('…', 'UTF8'), 'base64') is that of text.",
                ) from error
    return value


def masked(shape: Shape | None, value: Any, name: str = "") -> Any:
    """A document without what may be secret: what the model calls sensitive, and what its name says."""
    sensitive = shape is not None and shape.metadata.get("sensitive")
    if value is not None and (sensitive or _SECRET.search(name)):
        return MASK
    match value:
        case Mapping():
            members = shape.members if shape is not None and shape.type_name == "structure" else {}
            inner = shape.value if shape is not None and shape.type_name == "map" else None
            return {key: masked(members.get(key, inner), each, key) for key, each in value.items()}
        case list():
            member = shape.member if shape is not None and shape.type_name == "list" else None
            return [masked(member, each, name) for each in value]
        case bytes():
            return MASK
        case str() if len(value) > _TEXT:
            return value[:_TEXT] + "…"
    return value


async def answered(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as JSON has it, its bodies read.

    Raises:
        OperationError: 54000, a body is larger than 16 MiB.
    """
    return {name: _told(await _read(value, name)) for name, value in answer.items()}


async def _read(value: Any, name: str) -> Any:
    if not hasattr(value, "read"):
        return value
    read = b""
    async with value:
        while chunk := await value.read(_CHUNK):
            read += chunk
            if len(read) > _BODY:
                raise OperationError(f"{name} of the answer is larger than 16 MiB", sqlstate="54000")
    return read


def _told(value: Any) -> Any:
    match value:
        case Mapping():
            return {name: _told(each) for name, each in value.items()}
        case list() | tuple() | set():
            return [_told(each) for each in value]
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case datetime() | date():
            return value.isoformat()
    return value
