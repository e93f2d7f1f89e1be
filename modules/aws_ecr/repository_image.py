"""https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html"""

from modules import canonical, ownership
from modules.spec import Batch, Call, List, OnChange, Per, Resource, assigned, ref

REPOSITORY_IMAGE = Resource(
    table="repository_image",
    service="ecr",
    doc="The images in private repositories. A row makes none: images are pushed. A deleted row's image is "
    "gone for good, under all its tags; images go before their repository, in an apply of their own.",
    key=("id",),
    natural_key=("repository_name", "image_digest"),
    unique=(("repository_name", "image_digest"),),
    columns=(
        ref(
            "repository_name",
            "repository",
            "repositoryName",
            type="varchar",
            by="repository_name",
            not_null=True,
            on_change=OnChange.ASSIGNED,
            cascade=True,
        ),
        assigned("image_digest", "varchar", "imageDigest", not_null=True),
        assigned(
            "image_tags",
            "varchar[]",
            "imageTags",
            read=canonical.none_if_empty,
            canonical=canonical.unordered,
            doc="NULL is none, as of an image whose tag is another's now.",
        ),
        assigned("registry_id", "varchar", "registryId"),
        assigned(
            "pushed_at", "timestamptz", "imagePushedAt", read=canonical.timestamp, canonical=canonical.instant
        ),
        assigned(
            "size_in_bytes", "bigint", "imageSizeInBytes", doc="As it is stored: layers are compressed."
        ),
        assigned("media_type", "varchar", "imageManifestMediaType", doc="Of its manifest."),
        ownership.managed_by(),
    ),
    within="repository_name",
    listing=List(
        operation="describe_images",
        items="imageDetails",
        params={"maxResults": 1000},
        per=Per(table="repository", params={"repositoryName": "repository_name"}),
        absent=("RepositoryNotFoundException",),
    ),
    delete=(
        Call(
            operation="batch_delete_image",
            params={"repositoryName": "repository_name", "imageIds[0].imageDigest": "image_digest"},
            # One that is gone already is no failure.
            refused="failures[?failureCode!='ImageNotFound'].{Code: failureCode, Message: failureReason}",
            batch=Batch(parameter="imageIds", limit=100),
        ),
    ),
    absent=("RepositoryNotFoundException",),
    # What a manifest list is made of goes after that; the same call may have both.
    busy=("ImageReferencedByManifestList",),
    hints={"ImageReferencedByManifestList": "Delete the row of the manifest list that has it as well."},
)
