"""What a request of a certificate leaves out, and why."""

EXCUSED = {
    "certificate": {
        "Options.CertificateTransparencyLoggingPreference": "what AWS does anyway is not sent",
        "DomainValidationOptions": "it is sent of names that stay, where they are validated by mail",
    }
}
