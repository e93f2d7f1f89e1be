"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_KeyPairInfo.html"""

from typing import Any

from modules import ownership, tagging
from modules.spec import Call, Const, Derived, EnumType, List, Resource, assigned, fixed

_TAGS = tagging.ec2("key-pair", "key_pair_id")


def _key(value: Any) -> Any:
    """A public key without the comment at its end, which AWS may write anew."""
    return " ".join(value.split()[:2]) if isinstance(value, str) else value


KEY_PAIR = Resource(
    table="key_pair",
    service="ec2",
    doc="Public keys that instances let in. The private keys stay with whoever made them.",
    key=("id",),
    identity="key_pair_id",
    natural_key=("name",),
    unique=(("name",),),
    columns=(
        fixed("name", "varchar", "KeyName", not_null=True),
        assigned("key_pair_id", "varchar", "KeyPairId"),
        assigned("type", EnumType(name="key_pair_type_enum", values=("ed25519", "rsa")), "KeyType"),
        assigned("fingerprint", "varchar", "KeyFingerprint"),
        fixed(
            "public_key",
            "varchar",
            "PublicKey",
            needed=True,
            canonical=_key,
            doc="In the form of OpenSSH, such as ssh-ed25519 AAAA…. Instances made with another one "
            "keep that.",
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    # https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    settles=30,
    listing=List(operation="describe_key_pairs", items="KeyPairs", params={"IncludePublicKey": True}),
    create=(
        Call(
            operation="import_key_pair",
            params={
                "KeyName": "name",
                "PublicKeyMaterial": Derived(lambda key: key.encode(), ("public_key",)),
                **_TAGS.create,
            },
            result="@",
        ),
    ),
    fetch=Call(
        operation="describe_key_pairs",
        params={"KeyNames[0]": "name", "IncludePublicKey": Const(True)},
        result="KeyPairs[0]",
    ),
    update=_TAGS.update,
    delete=(Call(operation="delete_key_pair", params={"KeyName": "name"}),),
    absent=("InvalidKeyPair.NotFound",),
    hints=dict.fromkeys(
        ("InvalidKey.Format", "InvalidKeyPair.Format"),
        "Write key_pair.public_key as OpenSSH does, such as ssh-ed25519 AAAA….",
    ),
)
