"""Certificates, and how their names are validated."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OperationError
from modules.aws_acm.validation import addressed
from tests.engine.direct import Session
from tests.fixtures.cloud import Cloud
from tests.fixtures.engines import SessionWith
from tests.modules.aws_acm.scene import imported, validate


@pytest.fixture
def acm(simulator: Cloud) -> Any:
    return simulator.client("acm")


@pytest.fixture
async def installed(session_with: SessionWith) -> Session:
    return await session_with("aws_acm")


def certificates(acm: Any) -> list[dict[str, Any]]:
    """What AWS tells of each certificate, of whatever algorithm."""
    kinds = ["RSA_2048", "RSA_3072", "EC_prime256v1", "EC_secp384r1"]
    listed = acm.list_certificates(Includes={"keyTypes": kinds})["CertificateSummaryList"]
    return [acm.describe_certificate(CertificateArn=each["CertificateArn"])["Certificate"] for each in listed]


def tags(acm: Any, arn: str) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]}


def used(simulator: Cloud, arn: str) -> tuple[Any, str]:
    """Has a load balancer's listener use a certificate; load balancing, and the listener's ARN."""
    ec2, elb = simulator.client("ec2"), simulator.client("elbv2")
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]][:2]
    made = elb.create_load_balancer(Name="lb", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="tg", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    listener = elb.create_listener(
        LoadBalancerArn=made,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return elb, str(listener["Listeners"][0]["ListenerArn"])


async def test_certificates_of_all_algorithms_are_imported(session: Session, acm: Any) -> None:
    arn = acm.request_certificate(
        DomainName="example.org",
        SubjectAlternativeNames=["*.example.org", "example.net"],
        ValidationMethod="DNS",
        KeyAlgorithm="EC_secp384r1",
        Tags=[{"Key": "team", "Value": "x"}],
    )["CertificateArn"]
    own = imported(acm)
    await session("iasql_install", "aws_acm")
    rows = await session.rows(
        "SELECT arn, domain_name, validation_method, key_algorithm, certificate_type, status, in_use, "
        "tags::text, certificate_id FROM certificate ORDER BY domain_name"
    )
    name = arn.rpartition("/")[2]
    assert rows == [
        (
            arn,
            "example.org",
            "DNS",
            "EC_secp384r1",
            "AMAZON_ISSUED",
            "PENDING_VALIDATION",
            False,
            '{"team": "x"}',
            name,
        ),
        (
            own,
            "own.example.org",
            None,
            "EC_prime256v1",
            "IMPORTED",
            "ISSUED",
            False,
            "{}",
            own.rpartition("/")[2],
        ),
    ]
    assert await session.value(
        "SELECT array_agg(n ORDER BY n) FROM certificate, unnest(subject_alternative_names) n"
    ) == ["*.example.org", "example.net"]
    assert await session("iasql_plan_apply") == []


async def test_a_certificate_is_requested_with_every_attribute(installed: Session, acm: Any) -> None:
    await installed.execute(
        "INSERT INTO certificate (domain_name, subject_alternative_names, validation_method, key_algorithm, "
        "transparency_logging, tags) VALUES ('Example.org', '{*.example.org, example.org}', 'DNS', "
        "'EC_prime256v1', false, '{\"team\": \"x\"}')"
    )
    assert [row[:2] for row in await installed.apply()] == [("create", "certificate")]
    [told] = certificates(acm)
    assert (told["Status"], told["KeyAlgorithm"]) == ("PENDING_VALIDATION", "EC_prime256v1")
    assert set(told["SubjectAlternativeNames"]) == {"Example.org", "*.example.org", "example.org"}
    assert told["Options"]["CertificateTransparencyLoggingPreference"] == "DISABLED"
    assert tags(acm, told["CertificateArn"]) == {"team": "x"}
    assert await installed.rows("SELECT arn, status FROM certificate") == [
        (told["CertificateArn"], "PENDING_VALIDATION")
    ]


async def test_an_apply_ends_with_the_records_that_validate_the_names(session: Session, acm: Any) -> None:
    """They are rows of a zone, by SQL."""
    await session("iasql_install", "aws_acm", "aws_route53")
    await session.execute(
        "INSERT INTO hosted_zone (domain_name) VALUES ('example.org'); INSERT INTO certificate "
        "(domain_name, subject_alternative_names) VALUES ('example.org', '{*.example.org, www.example.org}')"
    )
    await session("iasql_apply")
    await session.execute(
        "INSERT INTO resource_record_set (parent_hosted_zone_id, name, record_type, record, ttl) "
        "SELECT z.id, r.name, r.type, ARRAY[r.value], 300 FROM hosted_zone z, certificate c, "
        "jsonb_to_recordset(c.validation_records) AS r(name text, type text, value text)"
    )
    await session("iasql_apply")
    [told] = certificates(acm)
    wanted = {each["ResourceRecord"]["Name"] for each in told["DomainValidationOptions"]}
    names = await session.rows("SELECT name, record_type FROM resource_record_set WHERE NOT is_apex")
    assert set(names) == {(name, "CNAME") for name in wanted}
    assert len(wanted) == 2  # an asterisk has the record of what it is in front of
    assert await session("iasql_plan_apply") == []


async def test_what_can_be_changed_in_place_is(installed: Session, acm: Any) -> None:
    await installed.execute(
        'INSERT INTO certificate (domain_name, tags) VALUES (\'example.org\', \'{"a": "1", "b": "2"}\')'
    )
    await installed.apply()
    [before] = certificates(acm)
    await installed.execute(
        'UPDATE certificate SET transparency_logging = false, tags = \'{"b": "3", "c": "4"}\''
    )
    assert [row[:2] for row in await installed.apply()] == [("update", "certificate")]
    [after] = certificates(acm)
    assert after["CertificateArn"] == before["CertificateArn"]
    assert after["Options"] == {**before["Options"], "CertificateTransparencyLoggingPreference": "DISABLED"}
    assert tags(acm, after["CertificateArn"]) == {"b": "3", "c": "4"}


@pytest.mark.parametrize(
    "change",
    [
        "domain_name = 'example.net'",
        "subject_alternative_names = '{www.example.org}'",
        "validation_method = 'EMAIL'",
        "key_algorithm = 'RSA_3072'",
    ],
)
async def test_another_name_method_or_algorithm_is_another_certificate(
    installed: Session, acm: Any, change: str
) -> None:
    await installed.execute("INSERT INTO certificate (domain_name) VALUES ('example.org')")
    await installed.apply()
    [before] = certificates(acm)
    await installed.execute(f"UPDATE certificate SET {change}")
    assert [row[:2] for row in await installed.apply()] == [("replace", "certificate")]
    [after] = certificates(acm)
    assert after["CertificateArn"] != before["CertificateArn"]


async def test_two_rows_of_one_name_are_two_certificates(installed: Session, acm: Any) -> None:
    for _ in range(2):
        await installed.execute("INSERT INTO certificate (domain_name) VALUES ('example.org')")
    await installed.apply()
    assert len({each["CertificateArn"] for each in certificates(acm)}) == 2


async def test_an_imported_certificate_is_changed_by_tags_only(installed: Session, acm: Any) -> None:
    arn = imported(acm)
    await installed("iasql_sync")
    await installed.execute('UPDATE certificate SET tags = \'{"a": "1"}\'')
    assert [row[:2] for row in await installed.apply()] == [("update", "certificate")]
    assert tags(acm, arn) == {"a": "1"}
    for change in ("domain_name = 'example.net'", "transparency_logging = false"):
        await installed.execute(f"UPDATE certificate SET {change}")
        with pytest.raises(OperationError):
            await installed("iasql_apply")
        await installed("iasql_sync")
    assert [each["CertificateArn"] for each in certificates(acm)] == [arn]


async def test_what_is_in_use_is_neither_replaced_nor_deleted(
    installed: Session, acm: Any, simulator: Cloud
) -> None:
    await installed.execute("INSERT INTO certificate (domain_name) VALUES ('example.org')")
    await installed.apply()
    [arn] = [each["CertificateArn"] for each in certificates(acm)]
    validate(simulator, arn)
    used(simulator, arn)
    await installed("iasql_sync")
    assert await installed.value("SELECT in_use FROM certificate") is True
    await installed.execute("UPDATE certificate SET key_algorithm = 'RSA_3072'")
    with pytest.raises(OperationError, match="users"):
        await installed("iasql_apply")
    await installed("iasql_sync")
    await installed.execute("DELETE FROM certificate")
    with pytest.raises(OperationError, match="ResourceInUseException") as raised:
        await installed("iasql_apply")
    assert "listener" in str(raised.value.hint)
    assert [each["CertificateArn"] for each in certificates(acm)] == [arn]


async def test_a_certificate_is_deleted(installed: Session, acm: Any) -> None:
    await installed.execute("INSERT INTO certificate (domain_name) VALUES ('example.org')")
    await installed.apply()
    await installed.execute("DELETE FROM certificate")
    assert [row[:2] for row in await installed.apply()] == [("delete", "certificate")]
    assert certificates(acm) == []


async def test_a_certificate_is_in_its_region(session: Session, simulator: Cloud) -> None:
    await session("iasql_install", "aws_acm")
    await session("iasql_add_region", "eu-west-1")
    await session("iasql_install", "aws_acm", region="*")
    await session.execute("INSERT INTO eu_west_1.certificate (domain_name) VALUES ('example.org')")
    await session.apply()
    assert certificates(simulator.client("acm")) == []
    assert len(certificates(simulator.client("acm", "eu-west-1"))) == 1


def test_names_that_stay_are_validated_by_mail_to_the_same_domain() -> None:
    there = [
        {"DomainName": "a.example.org", "ValidationDomain": "example.org", "ValidationStatus": "SUCCESS"},
        {"DomainName": "b.example.org", "ValidationDomain": "example.org", "ValidationStatus": "SUCCESS"},
    ]
    kept = [{"DomainName": "a.example.org", "ValidationDomain": "example.org"}]
    assert addressed(there, "a.example.org", ["c.example.org"], "EMAIL") == kept
    assert addressed(there, "a.example.org", None, "DNS") is None
    assert addressed(None, "a.example.org", None, "EMAIL") is None
