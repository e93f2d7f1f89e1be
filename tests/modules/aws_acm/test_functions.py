"""Functions of certificates."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.modules.aws_acm import scene


@pytest.fixture
def zone(simulator: Cloud) -> str:
    """A public zone of `example.com`, beside a private one of the same name."""
    route53 = simulator.client("route53")
    vpc = simulator.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    route53.create_hosted_zone(
        Name="example.com",
        CallerReference="private",
        VPC={"VPCRegion": "us-east-1", "VPCId": vpc},
        HostedZoneConfig={"PrivateZone": True},
    )
    made = route53.create_hosted_zone(Name="example.com", CallerReference="public")["HostedZone"]["Id"]
    return str(made).rpartition("/")[2]


def records(simulator: Cloud, zone: str) -> list[dict[str, Any]]:
    told = simulator.client("route53").list_resource_record_sets(HostedZoneId=zone)
    return [each for each in told["ResourceRecordSets"] if each["Type"] == "CNAME"]


async def request(session: Session, *arguments: str, **named: str) -> tuple[str, str, str]:
    (row,) = await session("iasql_certificate_request", *arguments, **named)
    return row


async def test_a_certificate_is_validated_where_its_zone_is_in_the_account(
    session: Session, simulator: Cloud, zone: str
) -> None:
    names = '{"SubjectAlternativeNames": ["*.example.com", "www.example.com"]}'
    arn, status, message = await request(session, "example.com", options=names, tags='{"team": "web"}')
    made = records(simulator, zone)
    assert len(made) == 2  # the asterisk has the record of its domain
    for each in made:
        assert f"{each['Name']}: made in {zone}" in message
    assert status == "PENDING_VALIDATION"
    acm = simulator.client("acm")
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
    await session("iasql_install", "aws_acm")
    assert await session.rows("SELECT arn, status, tags FROM certificate") == [
        (arn, "ISSUED", '{"team": "web"}')
    ]
    assert await session.rows(
        "SELECT arguments[2], outcome FROM iasql.iasql_operation "
        "WHERE function = 'iasql_certificate_request' AND arguments[2] ~ 'Request|Change' ORDER BY id"
    ) == [
        ("RequestCertificate", "done"),
        ("ChangeResourceRecordSets", "done"),
        ("ChangeResourceRecordSets", "done"),
    ]


async def test_a_record_that_is_there_is_left_alone(session: Session, simulator: Cloud, zone: str) -> None:
    await request(session, "example.com")
    (before,) = records(simulator, zone)
    _, status, message = await request(session, "*.example.com")
    assert (status, message) == ("ISSUED", "Its names have been validated before.")
    more = '{"SubjectAlternativeNames": ["www.example.com"]}'
    _, _, message = await request(session, "example.com", options=more)
    assert f"{before['Name']}: it is there" in message
    assert f": made in {zone}" in message
    assert len(records(simulator, zone)) == 2


async def test_a_record_that_says_something_else_is_left_alone(
    session: Session, simulator: Cloud, zone: str
) -> None:
    await request(session, "example.com")
    (there,) = records(simulator, zone)
    there["ResourceRecords"] = [{"Value": "elsewhere.example.org"}]
    change = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": there}]}
    simulator.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    more = '{"SubjectAlternativeNames": ["www.example.com"]}'
    _, _, message = await request(session, "example.com", options=more)
    assert "there is another one, it has to be _" in message
    assert there in records(simulator, zone)


async def test_a_zone_that_is_not_the_accounts_is_said(session: Session, zone: str) -> None:
    _, status, message = await request(session, "www.example.org")
    assert status == "PENDING_VALIDATION"
    assert "no public zone of this account has it, make a CNAME _" in message


async def test_a_certificate_stays_when_its_records_are_refused(
    session: Session, simulator: Cloud, zone: str
) -> None:
    await session("iasql_install", "aws_route53")
    await session.execute(
        "INSERT INTO iasql.protected (table_name, condition) "
        f"VALUES ('hosted_zone', $$hosted_zone_id = '{zone}'$$)"
    )
    arn, status, message = await request(session, "example.com")
    assert status == "PENDING_VALIDATION"
    assert message.endswith(f": not made in {zone}")
    assert records(simulator, zone) == []
    assert simulator.client("acm").describe_certificate(CertificateArn=arn)
    said = "route53 ChangeResourceRecordSets, which follows, is refused: "
    assert sum(each.startswith(said) for each in session.notices) == 1


async def test_what_is_validated_by_mail_gets_no_record(
    session: Session, simulator: Cloud, zone: str
) -> None:
    _, status, message = await request(session, "example.com", "EMAIL")
    assert (status, message) == ("PENDING_VALIDATION", "AWS writes to whom the names belong to.")
    assert records(simulator, zone) == []


@pytest.mark.parametrize("options", ['{"Domain": "x"}', "[]"])
async def test_options_are_those_of_aws(session: Session, options: str) -> None:
    with pytest.raises(OperationError) as raised:
        await request(session, "example.com", options=options)
    assert raised.value.sqlstate == "22023"
    assert "SubjectAlternativeNames" in str(raised.value.detail)


async def test_a_certificate_and_its_key_are_imported(session: Session, simulator: Cloud) -> None:
    certificate, key = scene.of_oneself()
    ((arn, status, message),) = await session(
        "iasql_certificate_import", certificate.decode(), key.decode(), tags='{"team": "web"}'
    )
    assert (status, message) == ("OK", None)
    acm = simulator.client("acm")
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Type"] == "IMPORTED"
    kept = await session.value(
        "SELECT arguments[3] FROM iasql.iasql_operation WHERE function = 'iasql_certificate_import'"
    )
    assert '"PrivateKey": "***"' in kept
    place = f'{{"CertificateArn": "{arn}"}}'
    assert await session("iasql_certificate_import", certificate.decode(), key.decode(), options=place) == [
        (arn, "OK", None)
    ]
    assert len(acm.list_certificates(Includes={"keyTypes": ["EC_prime256v1"]})["CertificateSummaryList"]) == 1
