"""Parts of a distribution's configuration, as AWS has them and as rows say them. Pure functions only.

AWS has lists with their lengths, and says what nobody has asked for. Rows have neither; what is sent has
both, as AWS wants to be told all of it in an update.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-overview-required-fields.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modules.spec import Values

Document = Mapping[str, Any]

_NONE: Document = {"Items": []}
_NOBODY = {"Enabled": False, "Items": []}
_READ = {"Items": ["GET", "HEAD"]}
#: What is meant where a row says nothing.
_BEHAVIOR: Document = {
    "TrustedSigners": _NOBODY,
    "TrustedKeyGroups": _NOBODY,
    "AllowedMethods": {**_READ, "CachedMethods": _READ},
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": _NONE,
    "FunctionAssociations": _NONE,
    "FieldLevelEncryptionId": "",
    "GrpcConfig": {"Enabled": False},
}
#: The same where no cache policy says it.
_TIMES: Document = {"MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31536000}
_CUSTOM: Document = {
    "HTTPPort": 80,
    "HTTPSPort": 443,
    "OriginProtocolPolicy": "https-only",
    "OriginSslProtocols": {"Items": ["TLSv1.2"]},
    "OriginReadTimeout": 30,
    "OriginKeepaliveTimeout": 5,
}
_NO_LOGS: Document = {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}
_LOGS: Document = {"IncludeCookies": False, "Prefix": ""}


def counted(value: Any) -> Any:
    """Lists with their lengths, as AWS takes them."""
    if isinstance(value, list):
        return [counted(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    result = {name: counted(each) for name, each in value.items()}
    if isinstance(items := result.get("Items"), list):
        result["Quantity"] = len(items)
        if not items:
            del result["Items"]
    return result


def listed(some: Sequence[Any] | None) -> dict[str, Any]:
    """A list, as AWS takes it."""
    result: dict[str, Any] = counted({"Items": list(some or ())})
    return result


def items(there: Document | None) -> list[Any]:
    """A list, as AWS tells it."""
    return list((there or {}).get("Items") or ())


def comparable(value: Any) -> Any:
    """What AWS has or takes, so that two of the same meaning are equal: no list of AWS's has an order."""
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    result = {name: comparable(each) for name, each in value.items() if name != "Quantity"}
    if isinstance(some := result.get("Items"), list):
        result["Items"] = sorted(some, key=repr)
    elif value.get("Quantity") == 0:
        result["Items"] = []
    return result


def _whole(meant: Callable[[Document], Document]) -> Callable[[Any], Any]:
    """Makes all that AWS wants to be told of what a row says."""
    return lambda said: counted({**meant(said), **said}) if isinstance(said, Mapping) else said


def _shown(meant: Callable[[Document], Document]) -> Callable[[Any], Any]:
    """Makes of what AWS tells what a row has to say."""

    def shown(told: Document | None) -> dict[str, Any] | None:
        if told is None:
            return None
        unsaid = comparable(meant(told))
        some = {name: value for name, value in told.items() if comparable(value) != unsaid.get(name, _UNSAID)}
        result: dict[str, Any] = _uncounted(some)
        return result

    return shown


_UNSAID = object()


def _uncounted(value: Any) -> Any:
    if isinstance(value, list):
        return [_uncounted(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _uncounted(each) for name, each in value.items() if name != "Quantity"}


def _meant_of_behavior(said: Document) -> Document:
    return _BEHAVIOR if said.get("CachePolicyId") else {**_BEHAVIOR, **_TIMES}


def _meant_of_custom(said: Document) -> Document:
    return _CUSTOM


def _meant_of_logging(said: Document) -> Document:
    return _LOGS


behavior, behavior_shown = _whole(_meant_of_behavior), _shown(_meant_of_behavior)
custom, custom_shown = _whole(_meant_of_custom), _shown(_meant_of_custom)
_logging, _logging_shown = _whole(_meant_of_logging), _shown(_meant_of_logging)


def same_behavior(said: Any) -> Any:
    """A behavior such that two of the same meaning are equal."""
    return comparable(behavior(said))


def behaviors(said: Any) -> dict[str, Any]:
    """Several, as AWS takes them: the first that fits a path counts."""
    return listed([behavior(each) for each in _several(said)])


def behaviors_shown(told: Document | None) -> list[Any]:
    """Several, as rows have them."""
    return [behavior_shown(each) for each in items(told)]


def same_custom(said: Any) -> Any:
    """How a web server is asked, such that two of the same meaning are equal."""
    return comparable(custom(said))


def logging(said: Any) -> Any:
    """Where AWS puts what was asked for; NULL is nowhere."""
    return _NO_LOGS if said is None else {"Enabled": True, **_logging(said)}


def logging_shown(told: Document | None) -> Any:
    """The same, as rows have it."""
    if not told or not told.get("Enabled"):
        return None
    return _logging_shown({name: value for name, value in told.items() if name != "Enabled"})


def same_logging(said: Any) -> Any:
    """The same, such that two of the same meaning are equal."""
    return comparable(_logging(said))


def errors(said: Any) -> dict[str, Any]:
    """What is answered instead of errors, as AWS takes it."""
    return listed(_several(said))


def comparable_lists(values: Values) -> Values:
    """A row's values, of which documents that are lists are such that two of the same meaning are equal."""
    result = dict(values)
    if (some := result.get("cache_behaviors")) is not None:
        result["cache_behaviors"] = [same_behavior(each) for each in _several(some)]
    if (some := result.get("custom_error_responses")) is not None:
        result["custom_error_responses"] = sorted(map(_without_empty, _several(some)), key=repr)
    return result


def _several(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said] if said else []


def _without_empty(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    return {name: value for name, value in sorted(said.items()) if value not in ("", None)}


# Certificates ------------------------------------------------------------------------------------------


def viewer_certificate(
    there: Document | None, arn: str | None, method: str | None, protocol: str | None
) -> dict[str, Any]:
    """By what viewers know the distribution: CloudFront's own certificate unless there is another.

    Args:
        there: as AWS has it; None for a new distribution. It may be a certificate of IAM's.
    """
    of_iam = (there or {}).get("IAMCertificateId")
    if arn is None and not of_iam:
        return {"CloudFrontDefaultCertificate": True}
    return {
        "CloudFrontDefaultCertificate": False,
        **({"ACMCertificateArn": arn} if arn else {"IAMCertificateId": of_iam}),
        # Addresses of its own cost hundreds of dollars a month.
        "SSLSupportMethod": method or "sni-only",
        "MinimumProtocolVersion": protocol or "TLSv1.2_2021",
    }


def of_own_certificate(name: str) -> Callable[[Document | None], Any]:
    """Reads what counts only with another certificate than CloudFront's."""
    return lambda told: told.get(name) if told and not told.get("CloudFrontDefaultCertificate") else None


# Origins -----------------------------------------------------------------------------------------------

_NEW_ORIGIN: Document = {"CustomHeaders": {"Quantity": 0}}
_KINDS = ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig")


def origins(there: Document | None, rows: Sequence[Values]) -> dict[str, Any]:
    """Where a distribution gets from what it serves. What has no column stays as it is: headers, say, which
    may have secrets.

    Args:
        there: as AWS has them; None for a new distribution.
    """
    known = {each["Id"]: each for each in items(there)}
    made = [_origin(known.get(row["origin_id"], _NEW_ORIGIN), row) for row in rows]
    return {"Quantity": len(made), "Items": made}


def _origin(there: Document, row: Values) -> dict[str, Any]:
    region = row["origin_shield_region"]
    result = {
        **{name: value for name, value in there.items() if name not in _KINDS},
        "Id": row["origin_id"],
        "DomainName": row["domain_name"],
        "OriginPath": row["origin_path"],
        "ConnectionAttempts": row["connection_attempts"],
        "ConnectionTimeout": row["connection_timeout"],
        "ResponseCompletionTimeout": row["response_completion_timeout"],
        "OriginShield": {"Enabled": True, "OriginShieldRegion": region} if region else {"Enabled": False},
        "OriginAccessControlId": row["origin_access_control_id"] or "",
        **_kind(there, row),
    }
    return {name: value for name, value in result.items() if value is not None}


def _kind(there: Document, row: Values) -> dict[str, Any]:
    if row["custom_origin_config"] is not None:
        return {"CustomOriginConfig": custom(row["custom_origin_config"])}
    if row["vpc_origin_config"] is not None:
        return {"VpcOriginConfig": row["vpc_origin_config"]}
    identity = row["origin_access_identity"] or ""
    return {"S3OriginConfig": {**there.get("S3OriginConfig", {}), "OriginAccessIdentity": identity}}


# Off and on --------------------------------------------------------------------------------------------


def turned(*, on: bool) -> Callable[[Document], dict[str, Any] | None]:
    """Makes a configuration by which a distribution serves, or does not; None of one that is so already."""
    return lambda config: None if config["Enabled"] is on else {**config, "Enabled": on}
