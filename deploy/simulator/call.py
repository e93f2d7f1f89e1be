"""One AWS call as it arrives over HTTP: which service, which operation, which parameters."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.wrappers import Request

from deploy.simulator.rest import of_model, of_s3

Environ = dict[str, Any]

_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
READS = ("Describe", "List", "Get", "BatchGet", "BatchCheck", "Head", "Search", "Lookup", "Simulate")

#: Services whose calls are told by what botocore's models say of paths and bodies.
_OF_MODELS = frozenset({"cloudfront", "lambda", "route53"})
#: Account that a call belongs to unless its access key or its `x-moto-account-id` header names another.
DEFAULT_ACCOUNT = "123456789012"
#: An access key that says whose it is; see `deploy.simulator.process.credentials`.
_KEY = re.compile(r"Credential=simulated-(\d{12})/")


@dataclass(frozen=True, kw_only=True)
class AwsCall:
    """A call, told apart from the SigV4 scope, `X-Amz-Target` and the form's `Action`.

    Attributes:
        service: signing name, such as `ec2`, `elasticloadbalancing`, `ecr-public`.
        operation: AWS's name of it, or method and path where the protocol is REST, apart from S3, Route 53,
            CloudFront and Lambda.
        parameters: the decoded JSON document, or the form's flat names and values.
        agent: the user agent.
    """

    service: str
    operation: str
    region: str
    account: str
    parameters: Mapping[str, Any]
    agent: str = ""

    @property
    def mutating(self) -> bool:
        """Whether the call may change something in the account."""
        if self.operation.split(" ")[0] in {"GET", "HEAD"}:
            return False
        return not self.operation.startswith(READS)

    def text(self, name: str) -> str:
        """A parameter as text, empty if it is missing."""
        return str(self.parameters.get(name) or "")

    def members(self, prefix: str, name: str = "") -> list[str]:
        """The values of a form's numbered list, `prefix.1`, `prefix.2`, …, or of a member of each element."""
        values: list[str] = []
        end = f".{name}" if name else ""
        while (value := self.parameters.get(f"{prefix}.{len(values) + 1}{end}")) is not None:
            values.append(str(value))
        return values


def put_parameters(environ: Environ, parameters: Mapping[str, Any]) -> None:
    """Make a request carry other parameters, in the protocol that it came in."""
    environ.pop("werkzeug.request", None)
    if environ.get("HTTP_X_AMZ_TARGET"):
        _put_body(environ, json.dumps(parameters).encode())
    elif "form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        _put_body(environ, urlencode(dict(parameters)).encode())


def _put_body(environ: Environ, body: bytes) -> None:
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


def read_call(environ: Environ) -> AwsCall:
    """Tell which call a request is; its body stays readable for whoever answers it."""
    request = Request(environ)
    body = request.get_data()
    _put_body(environ, body)
    scope = _SCOPE.search(request.headers.get("Authorization", ""))
    region, service = scope.groups() if scope else ("us-east-1", "")
    parameters = _parameters(request, body)
    operation = _operation(request, parameters)
    if service == "s3":
        operation, bucket = of_s3(request.method, request.path, parameters)
        parameters = {**parameters, "Bucket": bucket, "Body": body.decode("utf-8", "replace")}
    if service in _OF_MODELS:
        operation, parameters = of_model(
            service, request.method, request.path, request.args.to_dict(), dict(request.headers), body
        )
    return AwsCall(
        service=service.lower(),
        operation=operation,
        region=region,
        account=_account(request),
        parameters=parameters,
        agent=request.headers.get("User-Agent", ""),
    )


def _account(request: Request) -> str:
    key = _KEY.search(request.headers.get("Authorization", ""))
    named: str = request.headers.get("x-moto-account-id", DEFAULT_ACCOUNT)
    return key[1] if key else named


def _operation(request: Request, parameters: Mapping[str, Any]) -> str:
    if target := request.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    if isinstance(action := parameters.get("Action"), str):
        return action
    return f"{request.method} {request.path}"


def _parameters(request: Request, body: bytes) -> Mapping[str, Any]:
    if request.mimetype == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if "json" in request.mimetype:
        try:
            document = json.loads(body or b"{}")
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}
    return request.args.to_dict()
