"""Certificates that somebody has brought or validated, for tests of what uses them."""

from __future__ import annotations

import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.fixtures.cloud import Cloud


def imported(acm: Any) -> str:
    """The ARN of a certificate that somebody has brought, for `own.example.org`."""
    certificate, key = of_oneself()
    return str(acm.import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"])


def of_oneself() -> tuple[bytes, bytes]:
    """A certificate for `own.example.org` that only itself vouches for, and its private key, in PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "own.example.org")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("own.example.org")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem), private


def validate(simulator: Cloud, arn: str) -> None:
    """Puts the records of a certificate into a zone of its domain."""
    acm, route53 = simulator.client("acm"), simulator.client("route53")
    acm.describe_certificate(CertificateArn=arn)  # which shows the records from the second look on
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    zone = route53.create_hosted_zone(Name=told["DomainName"], CallerReference=arn)["HostedZone"]["Id"]
    records = {
        each["ResourceRecord"]["Name"]: each["ResourceRecord"] for each in told["DomainValidationOptions"]
    }
    route53.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Changes": [
                {
                    "Action": "CREATE",
                    "ResourceRecordSet": {
                        "Name": each["Name"],
                        "Type": each["Type"],
                        "TTL": 300,
                        "ResourceRecords": [{"Value": each["Value"]}],
                    },
                }
                for each in records.values()
            ]
        },
    )
