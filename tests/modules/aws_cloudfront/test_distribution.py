"""Distributions, and their origins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.simulator.conditions import Conditions
from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_acm.scene import imported
from tests.modules.aws_cloudfront.scene import CACHING, CONTROL, DISTRIBUTION, apply, change, config, told


@pytest.fixture
async def applied(installed: Session) -> Session:
    """A session with a distribution."""
    await installed.execute(CONTROL + DISTRIBUTION)
    assert {row[:2] for row in await apply(installed)} == {
        ("create", "origin_access_control"), ("create", "distribution"),
    }  # fmt: skip
    return installed


def somebodys(cloudfront: Any, **more: Any) -> dict[str, Any]:
    """Make a distribution of a web server, as small as AWS lets it be."""
    origin = {
        "Id": "web",
        "DomainName": "web.example.com",
        "CustomHeaders": {
            "Quantity": 1,
            "Items": [{"HeaderName": "X-Secret", "HeaderValue": "not-for-rows"}],
        },
        "CustomOriginConfig": {"HTTPPort": 8080, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }
    behavior = {
        "TargetOriginId": "web",
        "ViewerProtocolPolicy": "allow-all",
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
    }
    wanted = {
        "CallerReference": "theirs",
        "Comment": "theirs",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behavior,
        **more,
    }
    return dict(cloudfront.create_distribution(DistributionConfig=wanted)["Distribution"])


async def test_a_distribution_is_imported_with_what_somebody_has_asked_for(
    session: Session, cloudfront: Any
) -> None:
    made = somebodys(cloudfront)
    cloudfront.tag_resource(Resource=made["ARN"], Tags={"Items": [{"Key": "team", "Value": "x"}]})
    await session("iasql_install", "aws_cloudfront")
    assert await session.rows(
        "SELECT distribution_id, arn, domain_name, status, caller_reference, comment, enabled, "
        "is_ipv6_enabled, certificate_arn, ssl_support_method, default_root_object, logging, web_acl_id, "
        "price_class, tags FROM distribution"
    ) == [
        (
            made["Id"], made["ARN"], made["DomainName"], "Deployed", "theirs", "theirs", True, False,
            None, None, None, None, None, "PriceClass_All", '{"team": "x"}',
        )
    ]  # fmt: skip
    behavior = json.loads(await session.value("SELECT default_cache_behavior FROM distribution"))
    assert behavior == {
        "TargetOriginId": "web",
        "ViewerProtocolPolicy": "allow-all",
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
    }
    [(name, domain, asked)] = await session.rows(
        "SELECT origin_id, domain_name, custom_origin_config FROM distribution_origin"
    )
    assert (name, domain) == ("web", "web.example.com")
    assert json.loads(asked) == {
        "HTTPPort": 8080,
        "OriginProtocolPolicy": "http-only",
        "OriginSslProtocols": {"Items": ["TLSv1", "TLSv1.1", "TLSv1.2"]},
    }
    rows = await session.rows("SELECT distribution::text FROM distribution")
    rows += await session.rows("SELECT distribution_origin::text FROM distribution_origin")
    assert "not-for-rows" not in str(rows)
    assert await session("iasql_plan_apply") == []
    assert await session("iasql_plan_sync") == []


async def test_a_bucket_is_served_in_one_apply(applied: Session, cloudfront: Any) -> None:
    made, control = (
        config(cloudfront),
        await applied.value("SELECT origin_access_control_id FROM origin_access_control"),
    )
    [origin] = made["Origins"]["Items"]
    assert origin["OriginAccessControlId"] == control
    assert origin["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    assert made["DefaultCacheBehavior"]["CachePolicyId"] == CACHING
    assert (made["Enabled"], made["IsIPV6Enabled"]) == (True, True)
    row = await applied.rows("SELECT distribution_id, arn, domain_name, status FROM distribution")
    shown = told(cloudfront)
    assert row == [(shown["Id"], shown["ARN"], shown["DomainName"], "Deployed")]
    assert await applied.value("SELECT caller_reference FROM distribution") == made["CallerReference"]


async def test_a_distribution_is_made_with_all_that_its_row_says(
    installed: Session, cloudfront: Any, simulator: Cloud
) -> None:
    acm = simulator.client("acm")
    arn = imported(acm)
    await installed.execute(
        "INSERT INTO distribution (comment, enabled, alternate_domain_names, certificate_arn, "
        "default_cache_behavior, cache_behaviors, default_root_object, custom_error_responses, logging, "
        "price_class, http_version, is_ipv6_enabled, geo_restriction_type, geo_restriction_locations, tags) "
        f"VALUES ('all', false, '{{www.example.com}}', '{arn}', "
        """'{"TargetOriginId": "web", "ViewerProtocolPolicy": "https-only", "CachePolicyId": "p",
             "AllowedMethods": {"Items": ["HEAD", "GET", "OPTIONS"],
                                "CachedMethods": {"Items": ["HEAD", "GET"]}}, "Compress": true}',
           '[{"PathPattern": "/api/*", "TargetOriginId": "web", "ViewerProtocolPolicy": "https-only",
              "CachePolicyId": "q"}]',
           'index.html', '[{"ErrorCode": 404, "ResponseCode": "200", "ResponsePagePath": "/index.html"}]',
           '{"Bucket": "logs.s3.amazonaws.com", "Prefix": "cdn/"}', 'PriceClass_100', 'http2and3', false,
           'whitelist', '{NO,CH}', '{"team": "x"}');
        INSERT INTO distribution_origin (distribution_id, origin_id, domain_name, origin_path,
          custom_origin_config, origin_shield_region, connection_attempts, connection_timeout)
        SELECT id, 'web', 'web.example.com', '/v1', '{"OriginReadTimeout": 60}', 'us-east-2', 2, 5
        FROM distribution"""
    )
    await apply(installed)
    made = config(cloudfront)
    assert made["Aliases"] == {"Quantity": 1, "Items": ["www.example.com"]}
    assert made["ViewerCertificate"]["ACMCertificateArn"] == arn
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == [told(cloudfront)["ARN"]]
    assert made["ViewerCertificate"]["SSLSupportMethod"] == "sni-only"
    assert made["DefaultCacheBehavior"]["AllowedMethods"]["Quantity"] == 3
    assert [each["PathPattern"] for each in made["CacheBehaviors"]["Items"]] == ["/api/*"]
    assert made["DefaultRootObject"] == "index.html"
    assert made["CustomErrorResponses"]["Items"] == [
        {"ErrorCode": 404, "ResponseCode": "200", "ResponsePagePath": "/index.html"}
    ]
    assert made["Logging"] == {
        "Enabled": True, "IncludeCookies": False, "Bucket": "logs.s3.amazonaws.com", "Prefix": "cdn/",
    }  # fmt: skip
    assert (made["PriceClass"], made["HttpVersion"]) == ("PriceClass_100", "http2and3")
    assert (made["Enabled"], made["IsIPV6Enabled"]) == (False, False)
    assert made["Restrictions"]["GeoRestriction"] == {
        "RestrictionType": "whitelist", "Quantity": 2, "Items": ["NO", "CH"],
    }  # fmt: skip
    [origin] = made["Origins"]["Items"]
    assert origin["OriginPath"] == "/v1"
    assert origin["OriginShield"] == {"Enabled": True, "OriginShieldRegion": "us-east-2"}
    assert (origin["ConnectionAttempts"], origin["ConnectionTimeout"]) == (2, 5)
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] == 60
    row = "SELECT ssl_support_method, minimum_protocol_version FROM distribution"
    assert await installed.rows(row) == [("sni-only", "TLSv1.2_2021")]
    tags = cloudfront.list_tags_for_resource(Resource=told(cloudfront)["ARN"])["Tags"]["Items"]
    assert tags == [{"Key": "team", "Value": "x"}]
    await installed.execute(
        "UPDATE distribution SET alternate_domain_names = NULL, certificate_arn = NULL, logging = NULL, "
        "default_root_object = NULL, geo_restriction_type = 'none', geo_restriction_locations = NULL"
    )
    await apply(installed)
    assert config(cloudfront)["ViewerCertificate"]["CloudFrontDefaultCertificate"]
    assert config(cloudfront)["Logging"]["Enabled"] is False
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"] == []


@pytest.mark.parametrize(
    ("column", "value", "path", "shown"),
    [
        ("comment", "'other'", "Comment", "other"),
        ("enabled", "false", "Enabled", False),
        ("is_ipv6_enabled", "false", "IsIPV6Enabled", False),
        ("web_acl_id", "'arn:aws:wafv2:us-east-1:1:global/webacl/w/1'", "WebACLId", None),
        ("price_class", "'PriceClass_200'", "PriceClass", "PriceClass_200"),
        ("http_version", "'http3'", "HttpVersion", "http3"),
        ("default_root_object", "'a.html'", "DefaultRootObject", "a.html"),
    ],
)
async def test_a_change_changes_nothing_else(
    applied: Session, cloudfront: Any, column: str, value: str, path: str, shown: Any
) -> None:
    before = config(cloudfront)
    await applied.execute(f"UPDATE distribution SET {column} = {value}")
    assert [row[:2] for row in await apply(applied)] == [("update", "distribution")]
    after = config(cloudfront)
    assert after[path] == (shown if shown is not None else value.strip("'"))
    assert {**after, path: None} == {**before, path: None}


async def test_what_has_no_column_stays_when_an_origin_is_changed(session: Session, cloudfront: Any) -> None:
    somebodys(cloudfront)
    await session("iasql_install", "aws_cloudfront")
    await session.execute("UPDATE distribution_origin SET origin_path = '/new'")
    assert [row[:2] for row in await apply(session)] == [("update", "distribution")]
    [origin] = config(cloudfront)["Origins"]["Items"]
    assert origin["OriginPath"] == "/new"
    assert origin["CustomHeaders"]["Items"] == [{"HeaderName": "X-Secret", "HeaderValue": "not-for-rows"}]
    assert origin["CustomOriginConfig"]["HTTPPort"] == 8080


async def test_origins_come_and_go(applied: Session, cloudfront: Any) -> None:
    await applied.execute(
        "INSERT INTO distribution_origin (distribution_id, origin_id, domain_name, custom_origin_config) "
        "SELECT id, 'web', 'web.example.com', '{}' FROM distribution;"
        "UPDATE distribution SET default_cache_behavior = "
        'default_cache_behavior || \'{"TargetOriginId": "web"}\''
    )
    await apply(applied)
    assert sorted(each["Id"] for each in config(cloudfront)["Origins"]["Items"]) == ["bucket", "web"]
    await applied.execute("DELETE FROM distribution_origin WHERE origin_id = 'bucket'")
    await apply(applied)
    [origin] = config(cloudfront)["Origins"]["Items"]
    assert origin["Id"] == "web"
    assert origin["CustomOriginConfig"]["OriginSslProtocols"]["Items"] == ["TLSv1.2"]
    await applied.execute("DELETE FROM origin_access_control")
    await apply(applied)
    assert "Items" not in cloudfront.list_origin_access_controls()["OriginAccessControlList"]


async def test_what_somebody_changes_right_before_a_change_is_kept(
    applied: Session, cloudfront: Any, simulator: Cloud
) -> None:
    """AWS says by the ETag that its configuration is another one by now: it is read again."""
    simulator.plan(
        {"operation": "UpdateDistribution", "action": "error", "code": "PreconditionFailed", "status": 412}
    )
    await applied.execute("UPDATE distribution SET comment = 'mine'")
    await apply(applied)
    assert config(cloudfront)["Comment"] == "mine"
    assert simulator.called("UpdateDistribution") == 2


async def test_what_somebody_else_has_set_follows_and_is_not_reset(applied: Session, cloudfront: Any) -> None:
    change(cloudfront, PriceClass="PriceClass_100", HttpVersion="http3")
    await applied.execute("UPDATE distribution SET comment = 'mine'")
    await applied("iasql_apply")
    made = config(cloudfront)
    assert (made["Comment"], made["PriceClass"], made["HttpVersion"]) == ("mine", "PriceClass_100", "http3")
    assert await applied.rows("SELECT price_class, http_version FROM distribution") == [
        ("PriceClass_100", "http3")
    ]


async def test_a_deletion_disables_and_waits_before_it_deletes(
    applied: Session, cloudfront: Any, simulator: Cloud
) -> None:
    simulator.be(Conditions(pending=1.0))
    await applied.execute("DELETE FROM distribution; DELETE FROM origin_access_control")
    assert {row[:2] for row in await apply(applied)} == {
        ("delete", "distribution"), ("delete", "origin_access_control"),
    }  # fmt: skip
    calls = [each["operation"] for each in simulator.calls(mutating=True)]
    assert calls[-3:] == ["UpdateDistribution", "DeleteDistribution", "DeleteOriginAccessControl"]
    assert "Items" not in cloudfront.list_distributions()["DistributionList"]


async def test_what_somebody_has_disabled_is_deleted_when_it_is_deployed(
    applied: Session, cloudfront: Any, simulator: Cloud
) -> None:
    simulator.be(Conditions(pending=1.0))
    change(cloudfront, Enabled=False)
    updates = simulator.called("UpdateDistribution")
    await applied("iasql_sync")
    await applied.execute("DELETE FROM distribution")
    await apply(applied)
    assert simulator.called("UpdateDistribution") == updates
    assert simulator.called("DeleteDistribution") == 1


async def test_a_deletion_that_is_refused_on_the_way_lets_it_serve_again(
    applied: Session, cloudfront: Any, simulator: Cloud
) -> None:
    simulator.plan(
        {
            "operation": "DeleteDistribution",
            "action": "error",
            "code": "AccessDenied",
            "status": 403,
            "times": 0,
        }
    )
    await applied.execute("DELETE FROM distribution")
    with pytest.raises(OperationError):
        await applied("iasql_apply")
    assert config(cloudfront)["Enabled"] is True
    simulator.cancel_faults()
    assert [row[0] for row in await applied("iasql_apply")] == ["delete"]


async def test_what_is_left_half_way_is_said(applied: Session, cloudfront: Any, simulator: Cloud) -> None:
    """Neither deleted nor enabled again: the error and the journal say so, and a sync shows it."""
    denied = {"action": "error", "code": "AccessDenied", "status": 403, "times": 0}
    simulator.plan(
        {"operation": "DeleteDistribution", **denied}, {"operation": "UpdateDistribution", "nth": 2, **denied}
    )
    await applied.execute("DELETE FROM distribution")
    with pytest.raises(OperationError) as refused:
        await applied("iasql_apply")
    assert "update_distribution could not be taken back" in str(refused.value.detail)
    said = await applied.value(
        "SELECT string_agg(message, ' ') FROM iasql.iasql_step WHERE table_name = 'distribution'"
    )
    assert "could not be taken back" in said
    simulator.cancel_faults()
    assert config(cloudfront)["Enabled"] is False
    assert [row[:2] for row in await applied("iasql_plan_apply")] == [("delete", "distribution")]
    await applied("iasql_apply")
    assert "Items" not in cloudfront.list_distributions()["DistributionList"]


async def test_an_alias_without_a_certificate_is_refused(applied: Session, cloudfront: Any) -> None:
    await applied.execute("UPDATE distribution SET alternate_domain_names = '{www.example.com}'")
    with pytest.raises(OperationError) as refused:
        await applied("iasql_apply")
    assert "certificate_arn" in (refused.value.hint or "")
    assert config(cloudfront)["Aliases"] == {"Quantity": 0}


async def test_a_create_whose_answer_is_lost_makes_one(
    installed: Session, cloudfront: Any, simulator: Cloud
) -> None:
    simulator.plan({"operation": "CreateDistributionWithTags", "action": "drop_after"})
    await installed.execute(CONTROL + DISTRIBUTION)
    await apply(installed)
    assert told(cloudfront)["Id"] == await installed.value("SELECT distribution_id FROM distribution")


async def test_a_strangers_distribution_is_not_taken_for_a_rows(installed: Session, cloudfront: Any) -> None:
    somebodys(cloudfront, Comment="site")
    await installed.execute(DISTRIBUTION)
    await installed("iasql_apply")
    assert len(cloudfront.list_distributions()["DistributionList"]["Items"]) == 2
