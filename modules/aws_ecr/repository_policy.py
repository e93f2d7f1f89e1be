"""https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_SetRepositoryPolicy.html"""

from modules import canonical, ownership
from modules.spec import (
    Call,
    Carry,
    Derived,
    List,
    OnChange,
    Per,
    Resource,
    Source,
    Update,
    assigned,
    column,
    ref,
)

_SET: dict[str, Source] = {
    "repositoryName": "repository_name",
    "policyText": Derived(canonical.json_text, ("policy_text",)),
}

REPOSITORY_POLICY = Resource(
    table="repository_policy",
    service="ecr",
    doc="Who may push to and pull from a private repository, at most one row a repository.",
    key=("id",),
    natural_key=("repository_name",),
    unique=(("repository_name",),),
    columns=(
        assigned("registry_id", "varchar", "registryId"),
        column(
            "policy_text",
            "jsonb",
            "policyText",
            needed=True,
            read=canonical.document,
            canonical=canonical.policy,
        ),
        ref(
            "repository_name",
            "repository",
            "repositoryName",
            type="varchar",
            by="repository_name",
            not_null=True,
            on_change=OnChange.REPLACE,
        ),
        ownership.managed_by(),
    ),
    listing=List(
        operation="get_repository_policy",
        items="@",
        per=Per(table="repository", params={"repositoryName": "repository_name"}),
        absent=("RepositoryPolicyNotFoundException", "RepositoryNotFoundException"),
    ),
    create=(Call(operation="set_repository_policy", params=_SET, result="@"),),
    update=(Update(operation="set_repository_policy", params=_SET, when=("policy_text",)),),
    carry=Carry(
        not_kept={
            "registryId": "the account has one",
            "force": "it lets one lock oneself out",
        }
    ),
    delete=(Call(operation="delete_repository_policy", params={"repositoryName": "repository_name"}),),
    absent=("RepositoryPolicyNotFoundException", "RepositoryNotFoundException"),
)
