"""Configurations of CloudFront's distributions: what AWS adds, and wants to be told. Pure.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-overview-required-fields.html
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Document = dict[str, Any]

#: An origin has one of these.
KINDS = ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig")
_NONE: Document = {"Quantity": 0}
NOBODY: Document = {"Enabled": False, "Quantity": 0}
_READ: Document = {"Quantity": 2, "Items": ["HEAD", "GET"]}
#: What AWS takes where a creation says nothing, and wants to be told in an update.
_CONFIG: Document = {
    "Aliases": _NONE,
    "DefaultRootObject": "",
    "OriginGroups": _NONE,
    "CacheBehaviors": _NONE,
    "CustomErrorResponses": _NONE,
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": True,
        "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": False,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
_BEHAVIOR: Document = {
    "TrustedSigners": NOBODY,
    "TrustedKeyGroups": NOBODY,
    "AllowedMethods": {**_READ, "CachedMethods": _READ},
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": _NONE,
    "FunctionAssociations": _NONE,
    "FieldLevelEncryptionId": "",
    "GrpcConfig": {"Enabled": False},
}
_ORIGIN: Document = {
    "OriginPath": "",
    "CustomHeaders": _NONE,
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
#: What an update may leave out all the same.
_LEFT_OUT = {"OriginGroups", "ContinuousDeploymentPolicyId", "Staging", "TrustedKeyGroups", "GrpcConfig"}


def items(some: Mapping[str, Any] | None) -> list[Any]:
    return (some or {}).get("Items") or []


def completed(config: Document) -> Document:
    """A configuration with what AWS takes where it says nothing."""
    whole = {**deepcopy(_CONFIG), **config}
    whole["DefaultCacheBehavior"] = _behavior(whole["DefaultCacheBehavior"])
    for name, complete in (("CacheBehaviors", _behavior), ("Origins", _origin)):
        if some := items(whole[name]):
            whole[name] = {**whole[name], "Items": [complete(each) for each in some]}
    certificate = whole["ViewerCertificate"]
    if certificate.get("CloudFrontDefaultCertificate"):
        whole["ViewerCertificate"] = dict(_CONFIG["ViewerCertificate"])
    elif arn := certificate.get("ACMCertificateArn"):
        told = {"CloudFrontDefaultCertificate": False, "Certificate": arn, "CertificateSource": "acm"}
        whole["ViewerCertificate"] = {"MinimumProtocolVersion": "TLSv1", **certificate, **told}
    return whole


def _behavior(some: Document) -> Document:
    whole = {**deepcopy(_BEHAVIOR), **some}
    if whole.get("CachePolicyId"):
        return whole
    return {"MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31536000, **whole}


def _origin(some: Document) -> Document:
    whole = {**deepcopy(_ORIGIN), **some}
    if (own := whole.get("CustomOriginConfig")) is not None:
        protocols = {"Quantity": 3, "Items": ["TLSv1", "TLSv1.1", "TLSv1.2"]}
        times = {"OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5, "OriginSslProtocols": protocols}
        whole["CustomOriginConfig"] = {**times, **own}
    return whole


def missing(config: Document) -> Iterator[str]:
    """What an update has to say, and this one does not."""
    behaviors = [config.get("DefaultCacheBehavior") or {}, *items(config.get("CacheBehaviors"))]
    wanted = itertools.chain([(_CONFIG, config)], ((_BEHAVIOR, each) for each in behaviors))
    for known, some in wanted:
        yield from (name for name in known if name not in some and name not in _LEFT_OUT)


def quantities(value: Any) -> Iterator[tuple[int, list[Any]]]:
    """Each quantity, with what it is to be the number of."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from quantities(each)
    if isinstance(value, dict) and "Quantity" in value:
        yield value["Quantity"], items(value)
