"""https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html"""

from modules import canonical, ownership
from modules.spec import Call, Carry, Derived, List, OnChange, Per, Resource, Source, Update, column, ref

_PUT: dict[str, Source] = {
    "SecretId": "secret_id",
    "ResourcePolicy": Derived(canonical.json_text, ("policy",)),
}

SECRET_POLICY = Resource(
    table="secret_policy",
    service="secretsmanager",
    doc="Who may read and change a secret, besides those whose own policies let them; at most one row a "
    "secret.",
    key=("id",),
    natural_key=("secret_id",),
    unique=(("secret_id",),),
    columns=(
        ref("secret_id", "secret", "ARN", not_null=True, on_change=OnChange.REPLACE),
        column(
            "policy",
            "jsonb",
            "ResourcePolicy",
            needed=True,
            read=canonical.document,
            canonical=canonical.policy,
        ),
        ownership.managed_by(),
    ),
    listing=List(
        operation="get_resource_policy",
        items="@",
        per=Per(table="secret", params={"SecretId": "arn"}),
        # Of a replica, and of what is being deleted.
        absent=("ResourceNotFoundException", "InvalidRequestException", "InvalidParameterException"),
    ),
    where=lambda policy: bool(policy.get("ResourcePolicy")),
    create=(Call(operation="put_resource_policy", params=_PUT, result="@"),),
    fetch=Call(operation="get_resource_policy", params={"SecretId": "secret_id"}, result="@"),
    update=(Update(operation="put_resource_policy", params=_PUT, when=("policy",)),),
    carry=Carry(not_kept={"BlockPublicPolicy": "it says whether AWS checks this call"}),
    delete=(Call(operation="delete_resource_policy", params={"SecretId": "secret_id"}),),
    absent=("ResourceNotFoundException",),
    # A policy may name a role that AWS does not see yet.
    eventual=(("MalformedPolicyDocumentException", "principal"),),
    hints={
        "MalformedPolicyDocumentException": "Correct secret_policy.policy: the principals that it names have "
        "to exist.",
    },
)
