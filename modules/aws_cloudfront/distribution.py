"""https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html"""

from collections.abc import Callable
from typing import Any

from modules import canonical, ownership, tagging
from modules.aws_cloudfront import configs
from modules.aws_cloudfront.distribution_origin import DISTRIBUTION_ORIGIN
from modules.spec import (
    Call,
    Carry,
    Column,
    Describe,
    Detail,
    Edited,
    Item,
    List,
    Resource,
    Source,
    Token,
    Update,
    Values,
    Waiter,
    assigned,
    column,
)

_CONFIG = "DistributionConfig"
_WITH_TAGS = "DistributionConfigWithTags"
_TAGS = tagging.cloudfront("arn", f"{_WITH_TAGS}.Tags")
_WHICH: dict[str, Source] = {"Id": "distribution_id"}
#: What AWS has, with the ETag by which it knows whether a change is made of that.
_SEEN = Call(operation="get_distribution", params=_WHICH, result="@")
_OUTDATED = ("PreconditionFailed",)
_DEPLOYED = Waiter(name="distribution_deployed", params=_WHICH, seconds=3600)
_CERTIFICATE = "certificate_arn", "ssl_support_method", "minimum_protocol_version"
_GEO = "geo_restriction_type", "geo_restriction_locations"


def _text(text: str | None) -> str:
    return text or ""


def _geo(kind: str, locations: list[str] | None) -> dict[str, Any]:
    return {"RestrictionType": kind, **configs.listed(locations)}


#: What a configuration has, what makes it of what is there and of columns, and these.
_PARTS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "Aliases": (lambda there, names: configs.listed(names), ("alternate_domain_names",)),
    "Comment": (lambda there, text: text, ("comment",)),
    "Enabled": (lambda there, enabled: enabled, ("enabled",)),
    "IsIPV6Enabled": (lambda there, enabled: enabled, ("is_ipv6_enabled",)),
    "WebACLId": (lambda there, id: _text(id), ("web_acl_id",)),
    "PriceClass": (lambda there, name: name, ("price_class",)),
    "HttpVersion": (lambda there, version: version, ("http_version",)),
    "DefaultRootObject": (lambda there, path: _text(path), ("default_root_object",)),
    "DefaultCacheBehavior": (lambda there, said: configs.behavior(said), ("default_cache_behavior",)),
    "CacheBehaviors": (lambda there, said: configs.behaviors(said), ("cache_behaviors",)),
    "CustomErrorResponses": (lambda there, said: configs.errors(said), ("custom_error_responses",)),
    "Logging": (lambda there, said: configs.logging(said), ("logging",)),
    "ViewerCertificate": (configs.viewer_certificate, _CERTIFICATE),
    "Restrictions.GeoRestriction": (lambda there, kind, locations: _geo(kind, locations), _GEO),
    "Origins": (configs.origins, ("distribution_origin",)),
}


def _sent(within: str, *, seen: bool) -> dict[str, Source]:
    """The parameters of a create, or of an update, which sends what has been seen with what has changed."""
    told = f"Distribution.{_CONFIG}" if seen else _CONFIG
    return {
        f"{within}.{name}": Edited(f"{told}.{name}", function, columns, seen=seen)
        for name, (function, columns) in _PARTS.items()
    }


def _turned(*, on: bool) -> dict[str, Source]:
    config = Item(f"Distribution.{_CONFIG}", configs.turned(on=on))
    return {**_WHICH, "IfMatch": Item("ETag"), _CONFIG: config}


def _document(name: str, path: str, doc: str, **more: Any) -> Column:
    return column(name, "jsonb", f"{_CONFIG}.{path}", doc=doc, **more)


def _called(values: Values) -> str | None:
    names = values.get("alternate_domain_names") or ()
    return next(iter(names), None) or values.get("comment") or values.get("domain_name")


def _newborn(row: Values, found: Values) -> bool:
    """Whether a distribution is what a row asks AWS for."""
    return all(
        same(row[name]) == same(found[name])
        for name, same in (
            ("comment", _text),
            ("alternate_domain_names", canonical.unordered),
            ("default_cache_behavior", configs.same_behavior),
            ("tags", tagging.own),
        )
    )


DISTRIBUTION = Resource(
    table="distribution",
    service="cloudfront",
    is_global=True,
    doc="What CloudFront serves near whoever asks. Each change takes AWS some minutes, and so does a "
    "deletion: AWS deletes only what has stopped serving everywhere. If that is cut off, it leaves one with "
    "enabled = false, as iasql_sync() shows; the next apply goes on. Distributions of several tenants are "
    "not shown.",
    key=("id",),
    identity="distribution_id",
    natural_key=("comment",),
    called=_called,
    unique_in_aws=False,
    newborn=_newborn,
    unique=(("distribution_id",),),
    columns=(
        assigned("distribution_id", "varchar", "Id", doc="AWS's id of it, such as EDFDVBD6EXAMPLE."),
        assigned("arn", "varchar", "ARN", doc="What a bucket's policy names as aws:SourceArn."),
        assigned(
            "domain_name", "varchar", "DomainName", doc="Such as d111111abcdef8.cloudfront.net: for aliases."
        ),
        assigned("status", "varchar", "Status", doc="Deployed, or InProgress for some minutes."),
        assigned("caller_reference", "varchar", f"{_CONFIG}.CallerReference"),
        column("comment", "varchar", f"{_CONFIG}.Comment", not_null=True, default="''", read=_text),
        column(
            "enabled", "boolean", f"{_CONFIG}.Enabled", not_null=True, default="true", doc="If it serves."
        ),
        column(
            "alternate_domain_names",
            "varchar[]",
            f"{_CONFIG}.Aliases.Items",
            canonical=canonical.unordered,
            doc="Such as {www.example.com}; the certificate has to be for them.",
        ),
        column(
            _CERTIFICATE[0],
            "varchar",
            f"{_CONFIG}.ViewerCertificate.ACMCertificateArn",
            doc="The ARN of an issued certificate of us-east-1; NULL is CloudFront's own.",
        ),
        column(
            _CERTIFICATE[1],
            "varchar",
            f"{_CONFIG}.ViewerCertificate",
            read=configs.of_own_certificate("SSLSupportMethod"),
            left_to_aws=True,
            doc="sni-only; or vip, addresses of its own, which are expensive. NULL without a certificate.",
        ),
        column(
            _CERTIFICATE[2],
            "varchar",
            f"{_CONFIG}.ViewerCertificate",
            read=configs.of_own_certificate("MinimumProtocolVersion"),
            left_to_aws=True,
            doc="Such as TLSv1.2_2021. NULL without a certificate.",
        ),
        _document(
            "default_cache_behavior",
            "DefaultCacheBehavior",
            "An object with TargetOriginId, ViewerProtocolPolicy, CachePolicyId and what CreateDistribution "
            "takes besides, without quantities.",
            not_null=True,
            read=configs.behavior_shown,
            canonical=configs.same_behavior,
        ),
        _document(
            "cache_behaviors",
            "CacheBehaviors",
            "The same of some paths, an array: the first whose PathPattern fits counts.",
            not_null=True,
            default="'[]'",
            read=configs.behaviors_shown,
        ),
        column(
            "default_root_object",
            "varchar",
            f"{_CONFIG}.DefaultRootObject",
            read=canonical.none_if_empty,
            canonical=canonical.none_if_empty,
            doc="Such as index.html.",
        ),
        _document(
            "custom_error_responses",
            "CustomErrorResponses",
            "What is answered instead of errors: an array of objects of ErrorCode, ResponseCode, "
            "ResponsePagePath and ErrorCachingMinTTL.",
            not_null=True,
            default="'[]'",
            read=configs.items,
        ),
        _document(
            "logging",
            "Logging",
            "Where AWS writes what was asked for: an object of Bucket, Prefix and IncludeCookies.",
            read=configs.logging_shown,
            canonical=configs.same_logging,
        ),
        column(
            "price_class",
            "varchar",
            f"{_CONFIG}.PriceClass",
            not_null=True,
            default="'PriceClass_All'",
            doc="Where it serves from: PriceClass_100 and PriceClass_200 leave out the expensive places.",
        ),
        column(
            "http_version",
            "varchar",
            f"{_CONFIG}.HttpVersion",
            not_null=True,
            default="'http2'",
            canonical=canonical.lower,
        ),
        column(
            "is_ipv6_enabled",
            "boolean",
            f"{_CONFIG}.IsIPV6Enabled",
            not_null=True,
            default="true",
            read=bool,
        ),
        column(
            "web_acl_id",
            "varchar",
            f"{_CONFIG}.WebACLId",
            read=canonical.none_if_empty,
            canonical=canonical.none_if_empty,
            doc="The ARN of a web ACL of WAF's.",
        ),
        column(
            _GEO[0],
            "varchar",
            f"{_CONFIG}.Restrictions.GeoRestriction.RestrictionType",
            not_null=True,
            default="'none'",
            doc="none; whitelist: only these countries; or blacklist: all others.",
        ),
        column(
            _GEO[1],
            "varchar[]",
            f"{_CONFIG}.Restrictions.GeoRestriction.Items",
            canonical=canonical.unordered,
            doc="Countries, such as {CH,NO}.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    canonical=configs.comparable_lists,
    parts=(DISTRIBUTION_ORIGIN,),
    listing=List(operation="list_distributions", items="DistributionList.Items[].Id"),
    describe=Describe(operation="get_distribution", ids="Id", batch=1, items="Distribution"),
    details=(
        Detail(
            operation="list_tags_for_resource",
            items="Tags.Items",
            into="Tags",
            params={"Resource": "ARN"},
            fetched=True,
        ),
    ),
    where=lambda told: told[_CONFIG].get("ConnectionMode") != "tenant-only",
    create=(
        Call(
            operation="create_distribution_with_tags",
            params={
                f"{_WITH_TAGS}.{_CONFIG}.CallerReference": Token(),
                **_sent(f"{_WITH_TAGS}.{_CONFIG}", seen=False),
                **_TAGS.create,
            },
            result="Distribution",
        ),
    ),
    fetch=Call(operation="get_distribution", params=_WHICH, result="Distribution"),
    update=(
        Update(
            operation="update_distribution",
            when=tuple(dict.fromkeys(name for _, columns in _PARTS.values() for name in columns)),
            seen=_SEEN,
            outdated=_OUTDATED,
            maps=(_CONFIG,),
            params={
                **_WHICH,
                "IfMatch": Item("ETag"),
                _CONFIG: Item(f"Distribution.{_CONFIG}"),
                **_sent(_CONFIG, seen=True),
            },
            then=_DEPLOYED,
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        not_kept=dict.fromkeys((_WITH_TAGS, _CONFIG), "nothing replaces a distribution"),
    ),
    delete=(
        Call(
            operation="update_distribution",
            seen=_SEEN,
            outdated=_OUTDATED,
            needs=_CONFIG,
            params=_turned(on=False),
            then=_DEPLOYED,
            taken_back=Call(
                operation="update_distribution",
                seen=_SEEN,
                outdated=_OUTDATED,
                given=("enabled", True),
                needs=_CONFIG,
                params=_turned(on=True),
            ),
        ),
        Call(
            operation="delete_distribution",
            seen=_SEEN,
            outdated=_OUTDATED,
            params={**_WHICH, "IfMatch": Item("ETag")},
        ),
    ),
    ready=_DEPLOYED,
    absent=("NoSuchDistribution",),
    busy=("DistributionNotDisabled",),
    eventual=(("InvalidOriginAccessControl", ""),),
    hints={
        "DistributionNotDisabled": "Somebody has enabled it again, or AWS is not done yet: apply again.",
        "CNAMEAlreadyExists": "Another distribution, maybe of another account, has one of the names.",
        "InvalidViewerCertificate": "certificate_arn has to be issued, in us-east-1, for all of the names.",
        "NoSuchOrigin": "TargetOriginId of a behavior names no origin_id of distribution_origin.",
        "InvalidArgument": "AWS says which part of the configuration it does not take.",
    },
)
