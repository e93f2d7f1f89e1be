"""Container image registries, private and public."""

from modules.aws_ecr.public_repository import PUBLIC_REPOSITORY
from modules.aws_ecr.repository import REPOSITORY
from modules.aws_ecr.repository_image import REPOSITORY_IMAGE
from modules.aws_ecr.repository_policy import REPOSITORY_POLICY
from modules.spec import Module

MODULE = Module(
    name="aws_ecr",
    dependencies=("aws_account",),
    resources=(PUBLIC_REPOSITORY, REPOSITORY, REPOSITORY_POLICY, REPOSITORY_IMAGE),
    tables=("public_repository", "repository", "repository_policy", "repository_image"),
    place=40,
)
