"""CloudFront: a change needs the ETag and all that an update requires, and what serves is not deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.simulator.conditions import Conditions
from tests.fixtures.cloud import Cloud

ORIGIN = {
    "Id": "o",
    "DomainName": "b.s3.us-east-1.amazonaws.com",
    "S3OriginConfig": {"OriginAccessIdentity": ""},
}
CONFIG: dict[str, Any] = {
    "CallerReference": "one",
    "Comment": "",
    "Enabled": True,
    "Origins": {"Quantity": 1, "Items": [ORIGIN]},
    "DefaultCacheBehavior": {
        "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": "c",
    },
}  # fmt: skip
CONTROL = {
    "Name": "c",
    "SigningProtocol": "sigv4",
    "SigningBehavior": "always",
    "OriginAccessControlOriginType": "s3",
}


@pytest.fixture
def cloudfront(boto: Callable[[str], Any]) -> Any:
    return boto("cloudfront")


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    """The error code that a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    code: str = refused.value.response["Error"]["Code"]
    return code


def made(cloudfront: Any, **more: Any) -> tuple[str, str, dict[str, Any]]:
    """The id, ETag and configuration of a new distribution."""
    answer = cloudfront.create_distribution(DistributionConfig={**CONFIG, **more})
    return answer["Distribution"]["Id"], answer["ETag"], answer["Distribution"]["DistributionConfig"]


def test_a_change_is_made_of_what_is_there(cloudfront: Any) -> None:
    id, etag, config = made(cloudfront)
    assert config["PriceClass"] == "PriceClass_All"
    new = {**config, "Comment": "new"}
    update = cloudfront.update_distribution
    assert code_of(update, Id=id, DistributionConfig=new) == "InvalidIfMatchVersion"
    assert code_of(update, Id=id, IfMatch="E0", DistributionConfig=new) == "PreconditionFailed"
    assert code_of(update, Id=id, IfMatch=etag, DistributionConfig=CONFIG) == "IllegalUpdate"
    again = {**new, "CallerReference": "two"}
    assert code_of(update, Id=id, IfMatch=etag, DistributionConfig=again) == "IllegalUpdate"
    later = update(Id=id, IfMatch=etag, DistributionConfig=new)["ETag"]
    assert code_of(update, Id=id, IfMatch=etag, DistributionConfig=new) == "PreconditionFailed"
    found = cloudfront.get_distribution_config(Id=id)
    assert (found["DistributionConfig"], found["ETag"]) == (new, later)


def test_what_serves_or_is_not_known_everywhere_is_not_deleted(cloudfront: Any, simulator: Cloud) -> None:
    simulator.be(Conditions(pending=60))
    id, etag, config = made(cloudfront)
    assert cloudfront.get_distribution(Id=id)["Distribution"]["Status"] == "InProgress"
    simulator.advance(60)
    assert cloudfront.get_distribution(Id=id)["Distribution"]["Status"] == "Deployed"
    assert code_of(cloudfront.delete_distribution, Id=id, IfMatch=etag) == "DistributionNotDisabled"
    off = {**config, "Enabled": False}
    etag = cloudfront.update_distribution(Id=id, IfMatch=etag, DistributionConfig=off)["ETag"]
    assert code_of(cloudfront.delete_distribution, Id=id, IfMatch=etag) == "DistributionNotDisabled"
    simulator.advance(60)
    cloudfront.delete_distribution(Id=id, IfMatch=etag)
    assert code_of(cloudfront.get_distribution, Id=id) == "NoSuchDistribution"


def test_what_does_not_fit_together_is_refused(cloudfront: Any) -> None:
    made(cloudfront)
    create = cloudfront.create_distribution
    assert code_of(create, DistributionConfig=CONFIG) == "DistributionAlreadyExists"
    named = {"Quantity": 1, "Items": ["www.example.com"]}
    unknown = {**ORIGIN, "OriginAccessControlId": "E1"}
    for more, code in (
        ({"Aliases": named}, "InvalidViewerCertificate"),
        ({"Aliases": {**named, "Quantity": 2}}, "InconsistentQuantities"),
        ({"DefaultRootObject": "/index.html"}, "InvalidDefaultRootObject"),
        ({"Origins": {"Quantity": 1, "Items": [unknown]}}, "InvalidOriginAccessControl"),
        ({"Origins": {"Quantity": 1, "Items": [{**ORIGIN, "Id": "p"}]}}, "NoSuchOrigin"),
        ({"Origins": {"Quantity": 1, "Items": [{**ORIGIN, "DomainName": "x.org"}]}}, "InvalidArgument"),
    ):
        assert code_of(create, DistributionConfig={**CONFIG, "CallerReference": "other", **more}) == code


def test_a_control_has_one_name_and_stays_while_it_is_used(cloudfront: Any) -> None:
    answer = cloudfront.create_origin_access_control(OriginAccessControlConfig=CONTROL)
    id, etag = answer["OriginAccessControl"]["Id"], answer["ETag"]
    create = cloudfront.create_origin_access_control
    assert code_of(create, OriginAccessControlConfig=CONTROL) == "OriginAccessControlAlreadyExists"
    made(cloudfront, Origins={"Quantity": 1, "Items": [{**ORIGIN, "OriginAccessControlId": id}]})
    delete = cloudfront.delete_origin_access_control
    assert code_of(delete, Id=id, IfMatch="E0") == "PreconditionFailed"
    assert code_of(delete, Id=id, IfMatch=etag) == "OriginAccessControlInUse"


def test_distributions_are_an_accounts_own_and_listed_in_pages(cloudfront: Any, simulator: Cloud) -> None:
    ids = sorted(made(cloudfront, CallerReference=str(number))[0] for number in range(3))
    pages = list(cloudfront.get_paginator("list_distributions").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["DistributionList"]["Items"]) for page in pages] == [2, 1]
    assert [each["Id"] for page in pages for each in page["DistributionList"]["Items"]] == ids
    other = simulator.at("us-east-1", account="210987654321").client("cloudfront")
    assert other.list_distributions()["DistributionList"]["Quantity"] == 0
    assert code_of(other.get_distribution, Id=ids[0]) == "NoSuchDistribution"
