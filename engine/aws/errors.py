"""AWS's errors as errors of a statement.

The SQLSTATE tells a program what kind of thing went wrong; AWS's own code and message are in DETAIL.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import aiohttp
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from engine.errors import OperationError


class Treatment(Enum):
    """What an error says of the call, and so whether it can be repeated."""

    REFUSED = "AWS has said no: it was not performed, and would not be"
    THROTTLED = "AWS has not looked at it: it is to come again later"
    UNSENT = "it did not arrive"
    LOST = "its answer did not arrive, or AWS failed in it: it may have been performed"


@dataclass(eq=False)
class CloudError(OperationError):
    """AWS, or the way to it, refused a call.

    Attributes:
        code: AWS's error code, or the name of the client's exception.
        explanation: AWS's message.
        treatment: what it says of the call.
        status: of the HTTP answer, 0 if there was none.
        request: AWS's id of the request, if there was an answer.
    """

    code: str = ""
    explanation: str = ""
    treatment: Treatment = Treatment.REFUSED
    status: int = 0
    request: str | None = None


#: What an error code says, by the words in it: the first that fits.
_STATES: tuple[tuple[str, str], ...] = (
    (r"Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|BandwidthLimit|PriorRequest", "53000"),
    (r"LimitExceeded|QuotaExceeded|TooMany|ServiceLimit", "53400"),
    (r"AccessDenied|Unauthorized|NotAuthorized|AuthFailure|OptInRequired", "42501"),
    (r"ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKey", "28000"),
    (r"NotEmpty|InUse|DependencyViolation|DeleteConflict|Contains|CannotDelete", "2BP01"),
    (r"Duplicate|AlreadyExists|AlreadyOwned|EntityAlready", "23505"),
    (r"NotFound|NoSuch|DoesNotExist", "42704"),
    (r"Invalid|Malformed|Validation|Unsupported|Missing|ClientException|ParamValidation", "22023"),
    (r"Internal|ServiceUnavailable|ServiceFailure|Unavailable|5\d\d", "58000"),
)
#: How AWS names what denies a call explicitly, whatever else allows it.
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_EXPLICIT_DENY = re.compile(r"explicit deny in (?P<an>an?) (?P<policy>(?:[\w-]+ )+?(?:policy|boundary))\b")
_DENY_HINTS = {
    "service control policy": "The organization denies it to the whole account, so that no policy in the "
    "account can allow it: ask whoever manages the organization.",
    "resource control policy": "The organization denies it for its resources: ask whoever manages it.",
}
_CREDENTIALS_HINT = (
    "Give the server credentials the way the AWS CLI takes them: AWS_PROFILE, AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, ~/.aws/credentials, or the role of the machine."
)


def sqlstate(code: str) -> str:
    """The SQLSTATE for an AWS error code; 38000 (external routine exception) for an unknown one."""
    return next((state for words, state in _STATES if re.search(words, code)), "38000")


def translated(error: Exception, service: str, operation: str) -> CloudError:
    """Any exception of the AWS client as a `CloudError`, without secrets."""
    what = f"{service} {operation}"
    match error:
        case CloudError():  # of credentials that could not be had
            return error
        case aws.ClientError():
            return _refused(error.response, what)
        case aws.NoCredentialsError() | aws.PartialCredentialsError():
            return _missing("no AWS credentials", error, what, _CREDENTIALS_HINT)
        case aws.CredentialRetrievalError() | aws.TokenRetrievalError() | aws.SSOError():
            return _missing("AWS credentials could not be had", error, what, _CREDENTIALS_HINT)
        case aws.NoRegionError():
            return _missing("no AWS region", error, what, "Set AWS_REGION for the server.")
        case aws.ProfileNotFound():
            return _missing("no such AWS profile", error, what, "Correct AWS_PROFILE for the server.")
        case aws.ParamValidationError():
            explanation = str(error).removeprefix("Parameter validation failed:\n").replace("\n", "; ")
            return CloudError(
                message="a value that AWS does not take",
                sqlstate="22023",
                detail=f"{what}: {explanation}",
                code="ParamValidation",
                explanation=explanation,
            )
        case aws.HTTPClientError() | aws.ConnectionError() | OSError():
            return CloudError(
                message="AWS cannot be reached",
                sqlstate="HV00N",
                detail=f"{what}: {error}",
                hint="Check the server's network, AWS_REGION and AWS_ENDPOINT_URL; then call it again.",
                code=type(error).__name__,
                explanation=str(error),
                treatment=Treatment.UNSENT if _not_connected(error) else Treatment.LOST,
            )
        case ResponseParserError():
            return CloudError(
                message="AWS's answer cannot be read",
                sqlstate="58000",
                detail=f"{what}: {type(error).__name__}: {error}",
                hint="Call it again; if that happens again, see what is between the server and AWS.",
                code=type(error).__name__,
                explanation=str(error),
                treatment=Treatment.LOST,
            )
    return CloudError(
        message="the AWS client failed",
        sqlstate="38000",
        detail=f"{what}: {type(error).__name__}: {error}",
        code=type(error).__name__,
        explanation=str(error),
        treatment=Treatment.REFUSED,
    )


def _not_connected(error: Exception) -> bool:
    """Whether there was no connection, so that no request can have been sent.

    The client calls a connection that was reset in the middle of a call by the same name.
    """
    if isinstance(error, aws.EndpointConnectionError):
        return isinstance(error.kwargs.get("error"), aiohttp.ClientConnectorError | socket.gaierror)
    return isinstance(error, aws.ConnectTimeoutError | aws.ProxyConnectionError | aws.SSLError)


def _refused(response: Mapping[str, Any], what: str) -> CloudError:
    error, about = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, explanation = str(error.get("Code", "Unknown")), str(error.get("Message", ""))
    status = int(about.get("HTTPStatusCode", 0))
    denying = _EXPLICIT_DENY.search(explanation)
    return CloudError(
        message=f"AWS answered {code}"
        + (f": {denying['an']} {denying['policy']} denies it" if denying else ""),
        sqlstate=sqlstate(code),
        detail=f"{what}: {code}: {explanation}",
        hint=_DENY_HINTS.get(denying["policy"]) if denying else None,
        code=code,
        explanation=explanation,
        treatment=_treatment(sqlstate(code), status),
        status=status,
        request=about.get("RequestId"),
    )


def _treatment(state: str, status: int) -> Treatment:
    if state == "53000":
        return Treatment.THROTTLED
    return Treatment.LOST if state == "58000" or status >= 500 else Treatment.REFUSED


def _missing(message: str, error: Exception, what: str, hint: str) -> CloudError:
    return CloudError(
        message=message,
        sqlstate="28000",
        detail=f"{what}: {error}",
        hint=hint,
        code=type(error).__name__,
        explanation=str(error),
    )
