"""Certificate Manager: what a certificate was asked for, when it is validated, and what is in use.

Names that DNS validates are validated once their records are in public zones of the account, and at once;
AWS takes minutes. Nobody answers the mails that validate other names.

https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto import settings

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Outcome, Rule, backend

Document = dict[str, Any]
#: What AWS lists if it is not asked for certain algorithms.
_LISTED = ("RSA_1024", "RSA_2048")
# moto would have all names validated after a minute, whatever their records.
settings.ACM_VALIDATION_WAIT = 10**9


def names_are_domains(call: AwsCall) -> Outcome:
    """A certificate is for ten names at most; AWS has no idea how to validate another method."""
    names = {call.text("DomainName"), *(call.parameters.get("SubjectAlternativeNames") or ())}
    if len(names) > 10:
        return AwsError("LimitExceededException", "Need to request SAN limit to be raised")
    if any("." not in name for name in names):
        return AwsError("InvalidDomainValidationOptionsException", "The domain name is not valid.")
    return None


def certificate_is_not_in_use(call: AwsCall) -> Outcome:
    """What something uses is not deleted."""
    as_others_have_it(call)
    found = _certificate(call)
    if found is None or not found.in_use_by:
        return None
    return AwsError("ResourceInUseException", f"Certificate {found.arn} in account {call.account} is in use.")


def options_are_changed(call: AwsCall) -> Outcome:
    """Which moto cannot do; not of imported certificates."""
    found = _certificate(call)
    if found is None:
        return AwsError(
            "ResourceNotFoundException", f"Could not find certificate {call.text('CertificateArn')}."
        )
    if found.type == "IMPORTED":
        return AwsError("InvalidStateException", "The certificate is imported.")
    found.cert_options = {**found.cert_options, **call.parameters["Options"]}
    return Answer("{}", "application/x-amz-json-1.1")


def as_others_have_it(call: AwsCall) -> Outcome:
    """Who has put records into zones has names validated; listeners that have gone use nothing."""
    names = {
        (name.rstrip("."), value["Value"].rstrip("."))
        for zone in backend(call, "route53", everywhere=True).zones.values()
        for (name, kind, _), told in (getattr(zone, "sets", {}) if not zone.private_zone else {}).items()
        for value in (told.get("ResourceRecords") or () if kind == "CNAME" else ())
    }
    for found in backend(call, "acm")._certificates.values():
        found.in_use_by = [each for each in found.in_use_by if ":elasticloadbalancing:" not in each]
        found.in_use_by += _balancers(call, found.arn)
        if _is_by_dns(found) and found.status == "PENDING_VALIDATION":
            asked = found.describe()["Certificate"]["DomainValidationOptions"]
            records = (each["ResourceRecord"] for each in asked)
            if all((each["Name"].rstrip("."), each["Value"].rstrip(".")) in names for each in records):
                found.status = "ISSUED"
    return None


def _is_by_dns(certificate: Any) -> bool:
    return getattr(certificate, "asked", {}).get("ValidationMethod") == "DNS"


def _balancers(call: AwsCall, arn: str) -> list[str]:
    """The load balancers whose listeners have a certificate."""
    some = backend(call, "elbv2").load_balancers.values()
    return [
        each.arn for each in some if any(arn in listener.certificates for listener in each.listeners.values())
    ]


def with_what_was_asked(call: AwsCall, document: Document) -> Document:
    """Remembers what moto forgets of a request."""
    found = backend(call, "acm")._certificates[document["CertificateArn"]]
    found.asked = getattr(found, "asked", None) or dict(call.parameters)
    found.cert_options = {
        "CertificateTransparencyLoggingPreference": "ENABLED",
        "Export": "DISABLED",
        **(call.parameters.get("Options") or {}),
    }
    return document


def as_aws_tells(call: AwsCall, document: Document) -> Document:
    """A certificate with the algorithm and the method that it was asked for, and at first without records."""
    found, told = _certificate(call), document["Certificate"]
    if found.type != "AMAZON_ISSUED":
        return document
    asked: Mapping[str, Any] = found.asked
    told["KeyAlgorithm"] = _algorithm(found)
    if told["Status"] != "ISSUED":
        told.pop("IssuedAt", None)
    shown, found.looked_at = getattr(found, "looked_at", False), True
    for each in told["DomainValidationOptions"]:
        each["ValidationMethod"] = asked.get("ValidationMethod") or "EMAIL"
        if each["ValidationMethod"] == "EMAIL" or not shown:
            del each["ResourceRecord"]
    told["DomainValidationOptions"].sort(key=lambda each: each["DomainName"] != told["DomainName"])
    return document


def of_algorithms(call: AwsCall, document: Document) -> Document:
    """Only those of some algorithms."""
    wanted = (call.parameters.get("Includes") or {}).get("keyTypes") or _LISTED
    known = backend(call, "acm")._certificates
    some = [
        each
        for each in document["CertificateSummaryList"]
        if _algorithm(known[each["CertificateArn"]]) in wanted
    ]
    return {**document, "CertificateSummaryList": some}


def _algorithm(certificate: Any) -> str:
    asked = getattr(certificate, "asked", {})
    told: str = asked.get("KeyAlgorithm") or certificate.describe()["Certificate"]["KeyAlgorithm"]
    return told


def _certificate(call: AwsCall) -> Any:
    return backend(call, "acm")._certificates.get(call.text("CertificateArn"))


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("acm", "DeleteCertificate"): (certificate_is_not_in_use,),
    ("acm", "DescribeCertificate"): (as_others_have_it,),
    ("acm", "ListCertificates"): (as_others_have_it,),
    ("acm", "RequestCertificate"): (names_are_domains,),
    ("acm", "UpdateCertificateOptions"): (options_are_changed,),
}
TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    ("acm", "DescribeCertificate"): as_aws_tells,
    ("acm", "ListCertificates"): of_algorithms,
    ("acm", "RequestCertificate"): with_what_was_asked,
}
