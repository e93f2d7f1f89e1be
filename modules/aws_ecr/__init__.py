"""Container image registries, private and public."""

from modules.aws_ecr.public_repository import PUBLIC_REPOSITORY
from modules.aws_ecr.repository import REPOSITORY
from modules.aws_ecr.repository_policy import REPOSITORY_POLICY
from modules.spec import Module

MODULE = Module(
    name="aws_ecr",
    dependencies=("aws_account",),
    resources=(PUBLIC_REPOSITORY, REPOSITORY, REPOSITORY_POLICY),
    tables=("public_repository", "repository", "repository_policy"),
    place=40,
)
