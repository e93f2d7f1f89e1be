"""What botocore's models do not say of what Elastic Load Balancing tells."""

from tests.modules.told import ABSENT

EXAMPLES = {
    "load_balancer": {"EnablePrefixForIpv6SourceNat": ("on", ABSENT)},
    "listener": {
        # Others have no certificate.
        "Protocol": ("HTTPS", "TLS"),
        "Rules.Priority": ("3", "5"),
        "IsDefault": False,
        # The default one alone.
        "Certificates": [{"CertificateArn": "arn:aws:acm:us-east-1:111111111111:certificate/one"}],
        "TrustStoreAssociationStatus": "active",
    },
}

EXCUSED = {
    "load_balancer": {"IpAddressType": "SetSubnets leaves an omitted one as it is"},
    "listener": {
        "Certificates.IsDefault": "AWS tells it, and takes it in no call",
        "MutualAuthentication.TrustStoreAssociationStatus": "AWS tells it, and nobody sets it",
        "Conditions.Values": "AWS tells the values of a condition twice, and takes them once",
    },
}
