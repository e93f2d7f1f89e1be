"""https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_Repository.html"""

from modules import canonical
from modules.spec import Call, List, Resource, assigned, fixed

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
    ),
    listing=List(operation="describe_repositories", items="repositories", params={"maxResults": 1000}),
    create=(
        Call(
            operation="create_repository",
            params={"repositoryName": "repository_name"},
            result="repository",
        ),
    ),
    delete=(Call(operation="delete_repository", params={"repositoryName": "repository_name"}),),
    absent=("RepositoryNotFoundException",),
    hints={"RepositoryNotEmptyException": "Delete the repository's images first."},
)
