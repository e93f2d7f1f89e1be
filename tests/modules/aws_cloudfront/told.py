"""What botocore's models do not say of what CloudFront tells."""

from tests.modules.told import ABSENT

_ORIGIN = "DistributionConfig.Origins.Items"

EXAMPLES = {
    "distribution": {
        "DistributionConfig.ConnectionMode": "direct",
        "DistributionConfig.Origins.Quantity": 2,
        "Aliases.Quantity": 2,
        # An origin is of one kind.
        f"{_ORIGIN}.S3OriginConfig": ABSENT,
        f"{_ORIGIN}.VpcOriginConfig": ABSENT,
        f"{_ORIGIN}.OriginShield.Enabled": True,
        # What counts only with another certificate than CloudFront's own; AWS says it twice.
        "ViewerCertificate.CloudFrontDefaultCertificate": False,
        "ViewerCertificate.IAMCertificateId": ABSENT,
        "ViewerCertificate.Certificate": ABSENT,
        "ViewerCertificate.CertificateSource": ABSENT,
        "Logging.Enabled": True,
        "GeoRestriction.Quantity": 2,
    },
}
