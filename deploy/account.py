"""Which AWS account we are about to work on, or what is missing to know it."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, NoRegionError, ProfileNotFound

from deploy.failure import StartError
from engine.aws.session import Cloud, Identity
from engine.errors import OperationError

_NO_REGION = "no AWS region is set; set AWS_REGION, or `region` in the AWS profile"


def open_cloud() -> Cloud:
    """AWS as the standard settings and the standard credential chain say.

    Raises:
        StartError: the settings name something that does not exist.
    """
    try:
        return Cloud()
    except ProfileNotFound as error:
        raise StartError(f"{error}; check AWS_PROFILE and the AWS configuration file") from error


async def identify(cloud: Cloud) -> Identity:
    """Ask AWS who we are.

    Raises:
        StartError: one line that says what is missing.
    """
    try:
        return await cloud.identity()
    except NoRegionError as error:
        raise StartError(_NO_REGION) from error
    except BotoCoreError as error:
        raise StartError(f"AWS cannot be used: {error}") from error
    except OperationError as error:
        if isinstance(error.__cause__, NoRegionError):
            raise StartError(_NO_REGION) from error
        parts = [error.message, error.detail, error.hint]
        raise StartError("; ".join(" ".join(part.split()).rstrip(".") for part in parts if part)) from error
