"""https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html"""

from modules import canonical, ownership, tagging
from modules.aws_acm import validation
from modules.spec import (
    Awaited,
    Call,
    Carry,
    Derived,
    Describe,
    Description,
    Detail,
    Edited,
    List,
    Lost,
    Obstacle,
    Old,
    Resource,
    Settled,
    Source,
    Token,
    Update,
    Values,
    assigned,
    column,
    fixed,
    present,
)

_ARN: dict[str, Source] = {"CertificateArn": "arn"}
_TAGS = tagging.certificate("arn")
_OPTIONS = "Options.CertificateTransparencyLoggingPreference"
#: AWS lists those of two algorithms unless it is asked for more.
_ALGORITHMS = (
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)


def _is_imported(certificate: Description) -> bool:
    return certificate.get("Type") == "IMPORTED"


def _newborn(row: Values, found: Values) -> bool:
    """Whether a certificate is what a row asks AWS for: there may be any number for the same names."""
    ours, theirs = validation.comparable(row), validation.comparable(found)
    names = ("domain_name", "subject_alternative_names", "validation_method")
    same_tags = tagging.own(row["tags"]) == tagging.own(found["tags"])
    return same_tags and all(ours[name] == theirs[name] for name in names)


CERTIFICATE = Resource(
    table="certificate",
    service="acm",
    doc="Certificates of Certificate Manager. A new one is PENDING_VALIDATION until validation_records are "
    "in the zones of its names, or somebody answers a mail; iasql_sync() shows when it is ISSUED. Another "
    "name, method or algorithm is another certificate. Of imported ones only the tags can be changed.",
    key=("id",),
    identity="arn",
    natural_key=("domain_name",),
    unique_in_aws=False,
    newborn=_newborn,
    unique=(("arn",),),
    columns=(
        assigned("arn", "varchar", "CertificateArn"),
        assigned(
            "certificate_id",
            "varchar",
            "CertificateArn",
            read=lambda arn: arn and arn.rpartition("/")[2],
            doc="The end of the ARN.",
        ),
        fixed(
            "domain_name",
            "varchar",
            "DomainName",
            not_null=True,
            canonical=canonical.lower,
            doc="The first name that it is for, such as example.com or *.example.com.",
        ),
        fixed(
            "subject_alternative_names",
            "varchar[]",
            read=validation.others,
            doc="The other names that it is for.",
        ),
        fixed(
            "validation_method",
            "varchar",
            "DomainValidationOptions",
            default="'DNS'",
            read=validation.method,
            left_to_aws=True,
            doc="How it is proved whose names they are: DNS or EMAIL. NULL of imported certificates.",
        ),
        fixed(
            "key_algorithm",
            "varchar",
            "KeyAlgorithm",
            left_to_aws=True,
            read=lambda name: name and name.replace("-", "_"),
            doc="Such as EC_prime256v1; NULL is AWS's RSA_2048.",
        ),
        fixed(
            "certificate_authority_arn",
            "varchar",
            "CertificateAuthorityArn",
            doc="The private authority that issues it; NULL is Amazon, which everybody trusts.",
        ),
        column(
            "transparency_logging",
            "boolean",
            _OPTIONS,
            not_null=True,
            default="true",
            read=lambda word: word != "DISABLED",
            doc="Whether it is in a public log, without which browsers do not trust it.",
        ),
        assigned(
            "validation_records",
            "jsonb",
            "DomainValidationOptions",
            read=validation.records,
            doc="The records that prove whose the names are, an array of objects of name, type and value: "
            "rows for resource_record_set by jsonb_to_recordset.",
        ),
        assigned(
            "certificate_type",
            "varchar",
            "Type",
            doc="AMAZON_ISSUED, IMPORTED, or PRIVATE: of a private authority.",
        ),
        assigned("status", "varchar", "Status", doc="Such as PENDING_VALIDATION, ISSUED, EXPIRED."),
        assigned("renewal_eligibility", "varchar", "RenewalEligibility", doc="Whether AWS renews it."),
        assigned(
            "in_use",
            "boolean",
            "InUseBy",
            not_null=True,
            default="false",
            read=bool,
            doc="Whether something in AWS uses it, which keeps it from being deleted.",
        ),
        assigned(
            "not_after",
            "timestamptz",
            "NotAfter",
            read=canonical.timestamp,
            canonical=canonical.instant,
            doc="When it ends to be valid.",
        ),
        _TAGS.column,
        ownership.managed_by(
            _TAGS, lambda each: f"AWS service {each['ManagedBy'].lower()}" if each.get("ManagedBy") else None
        ),
    ),
    canonical=validation.comparable,
    listing=List(
        operation="list_certificates",
        items="CertificateSummaryList[].CertificateArn",
        params={"MaxItems": 1000, "Includes": {"keyTypes": list(_ALGORITHMS)}},
    ),
    describe=Describe(operation="describe_certificate", ids="CertificateArn", batch=1, items="Certificate"),
    details=(
        Detail(
            operation="list_tags_for_certificate",
            items="Tags",
            into="Tags",
            params={"CertificateArn": "CertificateArn"},
        ),
    ),
    settled=dict.fromkeys(
        (
            "domain_name",
            "subject_alternative_names",
            "validation_method",
            "key_algorithm",
            "certificate_authority_arn",
            "transparency_logging",
        ),
        Settled(of=lambda certificate, values: _is_imported(certificate)),
    ),
    create=(
        Call(
            operation="request_certificate",
            params={
                "DomainName": "domain_name",
                "SubjectAlternativeNames": Derived(list, ("subject_alternative_names",)),
                "ValidationMethod": "validation_method",
                "KeyAlgorithm": "key_algorithm",
                "CertificateAuthorityArn": "certificate_authority_arn",
                _OPTIONS: Derived(lambda on: None if on else "DISABLED", ("transparency_logging",)),
                "Options.Export": Old("Options.Export"),
                "DomainValidationOptions": Edited(
                    "DomainValidationOptions",
                    validation.addressed,
                    ("domain_name", "subject_alternative_names", "validation_method"),
                ),
                "IdempotencyToken": Token(),
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    fetch=Call(
        operation="describe_certificate",
        params=_ARN,
        result=validation.WITH_RECORDS,
        where={"CertificateArn": "arn"},
    ),
    update=(
        Update(
            operation="update_certificate_options",
            when=("transparency_logging",),
            params={
                **_ARN,
                _OPTIONS: Derived(lambda on: "ENABLED" if on else "DISABLED", ("transparency_logging",)),
                "Options.Export": present("Options.Export"),
            },
        ),
        *_TAGS.update,
    ),
    awaited=Awaited(
        operation="describe_certificate",
        params=_ARN,
        result="[Certificate][?Status=='PENDING_VALIDATION'].DomainName",
        what="has not been validated yet",
        hint="Nothing can use it before. Have rows of certificate.validation_records in the zones of its "
        "names, or answer AWS's mails, and apply again. AWS may take half an hour after that.",
    ),
    # What uses it is told by the services that do.
    reflects=("InUseBy",),
    obstacles=(
        Obstacle(
            operation="describe_certificate",
            params=_ARN,
            result="Certificate.InUseBy",
            what="users",
            unless_used_by=("listener",),
        ),
    ),
    carry=Carry(
        lost=(Lost(of="IssuedAt", what="its validity, until the new one is validated"),),
        not_kept={"ManagedBy": "CloudFront's are its own to replace"},
    ),
    delete=(Call(operation="delete_certificate", params=_ARN),),
    absent=("ResourceNotFoundException",),
    # What used it until now may be told to use it for some minutes.
    busy=("ResourceInUseException", "ConflictException"),
    hints={
        "ResourceInUseException": "Something uses it, such as a load balancer's listener: `aws acm "
        "describe-certificate` tells what. AWS may go on saying so for some minutes after that has let go.",
        "LimitExceededException": "AWS allows 10 names in a certificate, and so many certificates a year, "
        "unless its owner has asked for more.",
        "InvalidDomainValidationOptionsException": "Mail goes to the name itself or a domain above it.",
        "InvalidStateException": "AWS changes this of issued certificates only.",
    },
)
