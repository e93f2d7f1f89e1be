"""Errors as each of AWS's protocols writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall

_FORM_SERVICES = frozenset(
    {
        "autoscaling",
        "cloudformation",
        "cloudfront",
        "elasticache",
        "elasticloadbalancing",
        "iam",
        "rds",
        "route53",
        "sns",
        "sts",
    }
)


@dataclass(frozen=True)
class AwsError:
    """What AWS answers instead of performing a call."""

    code: str
    message: str
    status: int = 400


def error_reply(call: AwsCall, error: AwsError) -> Response:
    """The error in the protocol of the call's service."""
    code, message, request_id = escape(error.code), escape(error.message), str(uuid4())
    if call.service == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
        return Response(text, status=error.status, mimetype="text/xml")
    if call.service == "s3":
        text = (
            f"<Error><Code>{code}</Code><Message>{message}</Message>"
            f"<RequestId>{request_id}</RequestId></Error>"
        )
        return Response(text, status=error.status, mimetype="application/xml")
    if call.service in _FORM_SERVICES:
        fault = "Sender" if error.status < 500 else "Receiver"
        text = (
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Response(text, status=error.status, mimetype="text/xml")
    return json_reply({"__type": error.code, "message": error.message}, error.status)


def json_reply(document: Mapping[str, Any], status: int = 200) -> Response:
    """A document as AWS's JSON protocol sends it."""
    return Response(json.dumps(document), status=status, content_type="application/x-amz-json-1.1")
