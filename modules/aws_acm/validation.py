"""What a certificate is for, and how its names are validated. Pure functions only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: AWS makes the records by which names are validated some seconds after it answers a request.
WITH_RECORDS = (
    "[Certificate][?Type!='AMAZON_ISSUED' || Status!='PENDING_VALIDATION' || (DomainValidationOptions "
    "&& !(DomainValidationOptions[?ValidationMethod=='DNS' && !ResourceRecord]))]"
)


def others(certificate: Mapping[str, Any]) -> list[str] | None:
    """The names of a certificate besides its first."""
    first = certificate.get("DomainName")
    return [each for each in certificate.get("SubjectAlternativeNames") or () if each != first] or None


def comparable(values: Mapping[str, Any]) -> dict[str, Any]:
    """A certificate: its names are in no order, in any letters, and the first is one of them."""
    names = values.get("subject_alternative_names")
    if not isinstance(names, list):
        return dict(values)
    first = str(values.get("domain_name")).lower()
    return {**values, "subject_alternative_names": sorted({each.lower() for each in names} - {first}) or None}


def method(validations: Sequence[Mapping[str, Any]] | None) -> str | None:
    """How names are validated; AWS tells it of each, and takes it for all."""
    return next(
        (each["ValidationMethod"] for each in validations or () if each.get("ValidationMethod")), None
    )


def records(validations: Sequence[Mapping[str, Any]] | None) -> list[dict[str, str]] | None:
    """The records that validate names: one for a name and all names that an asterisk in front of it means.

    Args:
        validations: None if AWS has not said anything yet, or validates nothing.
    """
    if validations is None:
        return None
    found = (each["ResourceRecord"] for each in validations if each.get("ResourceRecord"))
    by_name = {
        each["Name"]: {"name": each["Name"], "type": each["Type"], "value": each["Value"]} for each in found
    }
    return [by_name[name] for name in sorted(by_name)]


def addressed(there: Any, domain_name: str, others: Sequence[str] | None, method: str | None) -> Any:
    """Where AWS writes to for names that are validated by mail, as it is of a certificate that is replaced.

    Args:
        there: how its names are validated.
    """
    names = {domain_name, *(others or ())}
    some = [
        {"DomainName": each["DomainName"], "ValidationDomain": each["ValidationDomain"]}
        for each in there or ()
        if each["DomainName"] in names and each.get("ValidationDomain")
    ]
    return some or None if method == "EMAIL" else None


def plain(name: str) -> str:
    """A name as DNS compares it: in small letters, without the root's dot."""
    return name.lower().rstrip(".")
