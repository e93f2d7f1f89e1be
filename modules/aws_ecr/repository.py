"""https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html"""

from typing import Any

from modules import canonical, ownership, tagging
from modules.spec import (
    Call,
    Carry,
    Detail,
    Edited,
    EnumType,
    Kept,
    List,
    Look,
    Loss,
    Lost,
    Old,
    Resource,
    Source,
    Update,
    assigned,
    column,
    fixed,
)


def _exclusions(there: Any, mutability: str) -> Any:
    """Which tags are excluded stays, where some can be: AWS takes it with such a setting alone."""
    return there if mutability.endswith("_WITH_EXCLUSION") else None


_MUTABILITY: dict[str, Source] = {
    "imageTagMutability": "image_tag_mutability",
    "imageTagMutabilityExclusionFilters": Edited(
        "imageTagMutabilityExclusionFilters", _exclusions, ("image_tag_mutability",)
    ),
}

_TAGS = tagging.ecr("repository_arn")

REPOSITORY = Resource(
    table="repository",
    service="ecr",
    doc="Private image repositories.",
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
        column(
            "image_tag_mutability",
            EnumType(
                name="repository_image_tag_mutability_enum",
                values=("IMMUTABLE", "MUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"),
            ),
            "imageTagMutability",
            not_null=True,
            default="'MUTABLE'",
        ),
        column(
            "scan_on_push",
            "boolean",
            "imageScanningConfiguration.scanOnPush",
            not_null=True,
            default="false",
            read=bool,
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
                **_MUTABILITY,
                "imageScanningConfiguration.scanOnPush": "scan_on_push",
                "encryptionConfiguration": Old("encryptionConfiguration"),
                **_TAGS.create,
            },
            result="repository",
        ),
    ),
    update=(
        Update(
            operation="put_image_tag_mutability",
            when=("image_tag_mutability",),
            params={"repositoryName": "repository_name", **_MUTABILITY},
        ),
        Update(
            operation="put_image_scanning_configuration",
            when=("scan_on_push",),
            params={
                "repositoryName": "repository_name",
                "imageScanningConfiguration.scanOnPush": "scan_on_push",
            },
        ),
        *_TAGS.update,
    ),
    carry=Carry(
        looks=(
            Look(
                operation="get_lifecycle_policy",
                params={"repositoryName": "repository_name"},
                result="lifecyclePolicyText",
                into="lifecyclePolicyText",
                tolerate=("LifecyclePolicyNotFoundException",),
            ),
            Look(
                operation="list_images",
                params={"repositoryName": "repository_name"},
                result="imageIds",
                into="images",
            ),
        ),
        calls=(
            Kept(
                operation="put_lifecycle_policy",
                of="lifecyclePolicyText",
                params={
                    "repositoryName": "repository_name",
                    "lifecyclePolicyText": Old("lifecyclePolicyText"),
                },
            ),
        ),
        lost=(Lost(of="images", what="its images"),),
        not_kept={"registryId": "the account has one"},
    ),
    delete=(
        Call(
            operation="delete_repository",
            params={"repositoryName": "repository_name", "force": Loss()},
        ),
    ),
    absent=("RepositoryNotFoundException",),
    hints={
        "RepositoryNotEmptyException": "Delete the rows of its images first, and apply that: "
        "see repository_image.",
        "InvalidParameterException": "A repository's name has lower-case letters and digits, "
        "joined by single hyphens, underscores, periods or slashes.",
    },
)
