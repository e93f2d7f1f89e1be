"""What people ask of images and keys besides what a table shows."""

import base64
from typing import Any

from modules.spec import Derived, Function, Result


def _attributes(image: Any) -> Any:
    """All that AWS tells of an image."""
    return {name: value for name, value in image.items() if name != "Asked"}


DESCRIBE_AMI = Function(
    name="iasql_describe_ami",
    doc="What AWS tells of an image, also of one that is not the account's own.",
    service="ec2",
    operation="describe_images",
    parameters={"ami_id": "text"},
    params={"ImageIds[0]": "ami_id"},
    items="Images",
    columns=(
        Result(name="attributes", type="jsonb", read=_attributes),
        Result(name="status", type="varchar", path="State"),
        Result(name="message", type="varchar", path="StateReason.Message"),
    ),
    sample="SELECT attributes->>'Name' FROM iasql_describe_ami('ami-0123456789abcdef0');",
)
IMPORT_KEY = Function(
    name="iasql_key_pair_import",
    doc="Gives AWS a public key, in the format of OpenSSH. iasql_sync() then shows it in key_pair.",
    service="ec2",
    operation="import_key_pair",
    parameters={"key_name": "text", "public_key": "text"},
    params={
        "KeyName": "key_name",
        "PublicKeyMaterial": Derived(lambda key: base64.b64encode(key.encode()).decode(), ("public_key",)),
    },
    columns=(
        Result(name="name", type="varchar", path="KeyName"),
        Result(name="status", type="varchar", path="KeyPairId", read=lambda id: "OK"),
        Result(name="message", type="varchar", path="KeyFingerprint"),
    ),
    sample="SELECT * FROM iasql_key_pair_import('laptop', 'ssh-ed25519 AAAA… me');",
)
REQUEST_KEY = Function(
    name="iasql_key_pair_request",
    doc="Has AWS make a key pair, of RSA in PEM unless said otherwise, and returns its private key, this "
    "once: AWS does not keep it, nor does iasql. iasql_sync() then shows the public key in key_pair.",
    service="ec2",
    operation="create_key_pair",
    parameters={
        "key_pair_name": "text",
        "key_format": "text DEFAULT NULL",
        "key_type": "text DEFAULT NULL",
    },
    params={"KeyName": "key_pair_name", "KeyFormat": "key_format", "KeyType": "key_type"},
    columns=(
        Result(name="name", type="varchar", path="KeyName"),
        Result(name="status", type="varchar", path="KeyPairId", read=lambda id: "OK"),
        Result(name="message", type="varchar", path="KeyFingerprint"),
        Result(name="private_key", type="varchar", path="KeyMaterial"),
    ),
    sample="SELECT private_key FROM iasql_key_pair_request('laptop', key_type => 'ed25519');",
)
