"""https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_Repository.html"""

from modules import canonical, ownership, tagging
from modules.spec import Call, Carry, Detail, Kept, List, Look, Loss, Lost, Old, Resource, assigned, fixed

_CATALOGUE = ("description", "architectures", "operatingSystems", "aboutText", "usageText")

_TAGS = tagging.ecr("repository_arn")

PUBLIC_REPOSITORY = Resource(
    table="public_repository",
    service="ecr-public",
    region="us-east-1",
    is_global=True,
    doc="Public image repositories. AWS keeps them in us-east-1, whatever the account's region.",
    key=("repository_name",),
    identity="repository_arn",
    natural_key=("repository_name",),
    columns=(
        fixed("repository_name", "varchar", "repositoryName", not_null=True),
        assigned("repository_arn", "varchar", "repositoryArn"),
        assigned("registry_id", "varchar", "registryId"),
        assigned(
            "repository_uri", "varchar", "repositoryUri", doc="Where images are pushed to and pulled from."
        ),
        assigned(
            "created_at", "timestamptz", "createdAt", read=canonical.timestamp, canonical=canonical.instant
        ),
        _TAGS.column,
        ownership.managed_by(_TAGS),
    ),
    details=(
        Detail(
            operation="list_tags_for_resource",
            items="tags",
            into="Tags",
            params={"resourceArn": "repositoryArn"},
        ),
    ),
    mark="createdAt",
    listing=List(operation="describe_repositories", items="repositories", params={"maxResults": 1000}),
    create=(
        Call(
            operation="create_repository",
            params={
                "repositoryName": "repository_name",
                **{f"catalogData.{name}": Old(f"catalogData.{name}") for name in _CATALOGUE},
                **_TAGS.create,
            },
            result="repository",
        ),
    ),
    update=_TAGS.update,
    carry=Carry(
        looks=(
            Look(
                operation="get_repository_catalog_data",
                params={"repositoryName": "repository_name"},
                result="catalogData",
                into="catalogData",
                tolerate=("RepositoryCatalogDataNotFoundException",),
            ),
            Look(
                operation="get_repository_policy",
                params={"repositoryName": "repository_name"},
                result="policyText",
                into="policyText",
                tolerate=("RepositoryPolicyNotFoundException",),
            ),
            Look(
                operation="describe_images",
                params={"repositoryName": "repository_name"},
                result="imageDetails",
                into="images",
            ),
        ),
        calls=(
            Kept(
                operation="set_repository_policy",
                of="policyText",
                params={"repositoryName": "repository_name", "policyText": Old("policyText")},
            ),
        ),
        lost=(
            Lost(of="images", what="its images"),
            Lost(of="catalogData.logoUrl", what="the logo in its catalogue entry"),
        ),
        not_kept={
            "catalogData.logoImageBlob": "AWS tells only where a logo can be seen, so that it is lost",
            "registryId": "the account has one",
            "set_repository_policy.force": "it lets one lock oneself out",
        },
    ),
    delete=(
        Call(
            operation="delete_repository",
            params={"repositoryName": "repository_name", "force": Loss()},
        ),
    ),
    absent=("RepositoryNotFoundException",),
    hints={"RepositoryNotEmptyException": "Delete the repository's images first."},
)
