"""What people ask of certificates besides what a table shows."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

from modules import tagging
from modules.aws_acm import validation
from modules.spec import Derived, Following, Function, Result, Then

T = TypeVar("T")
#: Makes calls on the way to what it finds.
_Finding = Generator[Following, Mapping[str, Any] | None, T]
#: What else of a request can be asked for, by AWS's names.
_OPTIONS = (
    "SubjectAlternativeNames",
    "KeyAlgorithm",
    "CertificateAuthorityArn",
    "DomainValidationOptions",
    "Options",
)
#: The chain up to a root, and the certificate in whose place it is put.
_CHAIN, _PLACE = "CertificateChain", "CertificateArn"


def _tags(text: str) -> list[dict[str, str]] | None:
    tags = json.loads(text)
    if not isinstance(tags, dict):
        raise ValueError('tags are an object, such as {"team": "web"}')
    return tagging.pairs(tags)


def _option(name: str, known: tuple[str, ...], read: Callable[[Any], Any] = lambda value: value) -> Derived:
    def of(text: str) -> Any:
        options = json.loads(text)
        if not isinstance(options, dict) or not options.keys() <= set(known):
            raise ValueError(f"options are an object, with some of {', '.join(known)}")
        return read(options[name]) if options.get(name) is not None else None

    return Derived(of, ("options",))


def _bytes(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _validated(asked: Mapping[str, Any], answer: Mapping[str, Any]) -> Then:
    """Makes the records that validate the names of a certificate, in the account's public zones."""
    by_dns = asked.get("ValidationMethod") == "DNS" and not asked.get("CertificateAuthorityArn")
    told = yield Following(
        service="acm",
        operation="describe_certificate",
        params={"CertificateArn": answer["CertificateArn"]},
        until=validation.WITH_RECORDS if by_dns else None,
    )
    certificate = told["Certificate"] if told is not None else {}
    if not by_dns:
        return {"status": certificate.get("Status"), "message": "AWS writes to whom the names belong to."}
    if certificate.get("Status") == "ISSUED":
        return {"status": "ISSUED", "message": "Its names have been validated before."}
    said = []
    for record in validation.records(certificate.get("DomainValidationOptions")) or ():
        said.append(f"{record['name']}: {(yield from _record(record))}")
    return {
        "status": certificate.get("Status"),
        "message": "; ".join(said)
        or "AWS has not told yet which records it looks for: iasql_sync() shows them.",
    }


def _record(record: Mapping[str, str]) -> _Finding[str]:
    """Makes one record, if it is not there yet; returns what became of it."""
    zone = yield from _zone(record["name"])
    if zone is None:
        return f"no public zone of this account has it, make a {record['type']} {record['value']}"
    there = yield Following(
        service="route53",
        operation="list_resource_record_sets",
        params={
            "HostedZoneId": zone,
            "StartRecordName": record["name"],
            "StartRecordType": record["type"],
            "MaxItems": "1",
        },
    )
    for each in there["ResourceRecordSets"] if there is not None else ():
        if validation.plain(each["Name"]) == validation.plain(record["name"]):
            values = [validation.plain(one["Value"]) for one in each.get("ResourceRecords", ())]
            same = each["Type"] == record["type"] and values == [validation.plain(record["value"])]
            return "it is there" if same else f"there is another one, it has to be {record['value']}"
    made = {
        "Name": record["name"],
        "Type": record["type"],
        "TTL": 300,
        "ResourceRecords": [{"Value": record["value"]}],
    }
    changed = yield Following(
        service="route53",
        operation="change_resource_record_sets",
        params={
            "HostedZoneId": zone,
            "ChangeBatch": {"Changes": [{"Action": "CREATE", "ResourceRecordSet": made}]},
        },
    )
    return f"made in {zone}" if changed is not None else f"not made in {zone}"


def _zone(name: str) -> _Finding[str | None]:
    """The id of the public zone that answers to a name: the longest of those above it."""
    labels = validation.plain(name).split(".")
    for start in range(1, len(labels) - 1):
        domain = ".".join(labels[start:])
        told = yield Following(
            service="route53",
            operation="list_hosted_zones_by_name",
            params={"DNSName": domain, "MaxItems": "10"},
        )
        for each in told["HostedZones"] if told is not None else ():
            private = each.get("Config", {}).get("PrivateZone")
            if validation.plain(each["Name"]) == domain and not private:
                return str(each["Id"]).rpartition("/")[2]
    return None


def _then(name: str) -> Callable[[Any], Any]:
    return lambda row: row["Then"][name]


REQUEST = Function(
    name="iasql_certificate_request",
    doc="Asks for a certificate, validated by DNS unless EMAIL is said, and makes the records for that where "
    "their zone is in this account. options has more of AWS's parameters. iasql_sync() shows it in "
    "certificate.",
    service="acm",
    operation="request_certificate",
    parameters={
        "domain_name": "text",
        "validation_method": "text DEFAULT NULL",
        "options": "json DEFAULT NULL",
        "tags": "json DEFAULT NULL",
    },
    params={
        "DomainName": "domain_name",
        "ValidationMethod": Derived(lambda _, method: method or "DNS", ("domain_name", "validation_method")),
        **{name: _option(name, _OPTIONS) for name in _OPTIONS},
        "Tags": Derived(_tags, ("tags",)),
    },
    then=_validated,
    following=(
        ("acm", "describe_certificate"),
        ("route53", "list_hosted_zones_by_name"),
        ("route53", "list_resource_record_sets"),
        ("route53", "change_resource_record_sets"),
    ),
    columns=(
        Result(name="arn", type="varchar", path="CertificateArn"),
        Result(name="status", type="varchar", read=_then("status")),
        Result(name="message", type="varchar", read=_then("message")),
    ),
    sample="SELECT * FROM iasql_certificate_request('example.com', "
    'options => \'{"SubjectAlternativeNames": ["*.example.com"]}\');',
)
IMPORT = Function(
    name="iasql_certificate_import",
    doc="Gives AWS a certificate and its private key, in PEM; options can have its CertificateChain, and the "
    "CertificateArn of the one in whose place it comes. The journal does not have the key. iasql_sync() "
    "shows it in certificate.",
    service="acm",
    operation="import_certificate",
    parameters={
        "certificate": "text",
        "private_key": "text",
        "options": "json DEFAULT NULL",
        "tags": "json DEFAULT NULL",
    },
    params={
        "Certificate": Derived(_bytes, ("certificate",)),
        "PrivateKey": Derived(_bytes, ("private_key",)),
        _CHAIN: _option(_CHAIN, (_CHAIN, _PLACE), _bytes),
        _PLACE: _option(_PLACE, (_CHAIN, _PLACE)),
        "Tags": Derived(_tags, ("tags",)),
    },
    columns=(
        Result(name="arn", type="varchar", path="CertificateArn"),
        Result(name="status", type="varchar", path="CertificateArn", read=lambda arn: "OK"),
        Result(name="message", type="varchar", path="CertificateArn", read=lambda arn: None),
    ),
    sample="SELECT * FROM iasql_certificate_import($1, $2);",
)
