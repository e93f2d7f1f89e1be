"""Policies that are in a role, a user or a group, and of no use to another one."""

from modules import canonical, ownership
from modules.aws_iam import entities
from modules.spec import (
    Call,
    Derived,
    List,
    OnChange,
    Resource,
    Source,
    Update,
    column,
    fixed,
    ref,
)


def policies(kind: str, table: str, parent: str) -> Resource:
    """The table of the inline policies of one kind of entity.

    Args:
        kind: of the entity as operations call it, such as `role`.
        table: of the inline policies.
        parent: the table of the entities.
    """
    name, word = f"{kind}_name", kind.capitalize()
    params: dict[str, Source] = {f"{word}Name": name, "PolicyName": "policy_name"}
    put = {**params, "PolicyDocument": Derived(canonical.json_text, ("policy_document",))}
    fetch = Call(operation=f"get_{kind}_policy", params=params, result="@")
    return Resource(
        table=table,
        service="iam",
        is_global=True,
        doc=f"Inline policies of {kind}s. What several have is an `iam_policy`.",
        key=("id",),
        natural_key=(name, "policy_name"),
        unique=((name, "policy_name"),),
        columns=(
            ref(
                name,
                parent,
                f"{word}Name",
                type="varchar",
                by=name,
                not_null=True,
                on_change=OnChange.REPLACE,
                cascade=True,
            ),
            fixed("policy_name", "varchar", "PolicyName", not_null=True),
            column(
                "policy_document",
                "jsonb",
                "PolicyDocument",
                not_null=True,
                read=canonical.document,
                canonical=canonical.policy,
            ),
            ownership.managed_by(None, *entities.OWNERS),
        ),
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
        settles=30,
        # One call tells all, documents included.
        listing=List(
            operation="get_account_authorization_details",
            items=f"{word}DetailList",
            each=f"{word}PolicyList",
            outer={f"{word}Name": f"{word}Name", "Path": "Path"},
            params={"Filter": [word], "MaxItems": 1000},
        ),
        protected=entities.is_aws,
        create=(Call(operation=f"put_{kind}_policy", params=put),),
        # AWS would write over one that somebody has made meanwhile.
        taken=fetch,
        fetch=fetch,
        update=(Update(operation=f"put_{kind}_policy", when=("policy_document",), params=put),),
        delete=(Call(operation=f"delete_{kind}_policy", params=params),),
        absent=("NoSuchEntity",),
        hints={
            "LimitExceeded": f"AWS limits the size of all inline policies of a {kind} together.",
            "MalformedPolicyDocument": f"Correct {table}.policy_document: it needs Version and Statement "
            "with Effect, Action and Resource, and no Principal.",
        },
    )
