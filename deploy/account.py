"""Which AWS account we are about to work on, or what is missing to know it."""

from __future__ import annotations

import os

from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.session import Session

from deploy.failure import StartError
from engine.aws.calls import identity
from engine.aws.session import Cloud, Identity
from engine.errors import OperationError


def open_cloud() -> Cloud:
    """AWS as the standard settings and the standard credential chain say.

    Raises:
        StartError: no region is set, or the settings name something that does not exist.
    """
    try:
        # asked for here because STS alone would answer without one
        if not (os.environ.get("AWS_REGION") or Session().get_config_variable("region")):
            raise StartError("no AWS region is set; set AWS_REGION, or `region` in the AWS profile")
        return Cloud()
    except ProfileNotFound as error:
        raise StartError(f"{error}; check AWS_PROFILE and the AWS configuration file") from error
    except ValueError as error:
        raise StartError("AWS_MAX_ATTEMPTS is not a number") from error


async def identify(cloud: Cloud) -> Identity:
    """Ask AWS who we are.

    Raises:
        StartError: one line that says what is missing.
    """
    try:
        return await identity(cloud)
    except BotoCoreError as error:
        raise StartError(f"AWS cannot be used: {error}") from error
    except OperationError as error:
        parts = [error.message, error.detail, error.hint]
        raise StartError("; ".join(" ".join(part.split()).rstrip(".") for part in parts if part)) from error
