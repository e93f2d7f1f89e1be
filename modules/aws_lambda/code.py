"""What a function runs.

AWS takes code from S3, from a registry of images, or as the bytes of a zip file. It tells where an image is,
and of other code only a digest. So the columns that say where that is are sent and never read, and
`code_sha256` shows what runs, whoever has deployed it. An apply does not take back what somebody else has
deployed.
"""

from __future__ import annotations

import base64
from typing import Any

from modules.spec import Column, Derived, Edited, Source, assigned, column, present

#: Bytes that a row may have: the table, its history and the bases of rows keep all of them.
_MOST = 192 * 1024

WHERE = ("s3_bucket", "s3_key", "s3_object_version", "zip_b64", "image_uri")


def _told(name: str, doc: str = "", *, type: str = "varchar", masked: bool = False) -> Column:
    return column(name, type, untold=True, left_to_aws=True, masked=masked, doc=doc)


COLUMNS = (
    _told(
        "s3_bucket",
        "The bucket with the zip file. AWS does not tell it: NULL of a function that was there already, and "
        "NULL leaves the code alone.",
    ),
    _told(
        "s3_key",
        "The zip file's key. AWS takes the file once, and does not see it change: give each build a key or a "
        "version of its own, or set force_new_deployment.",
    ),
    _told("s3_object_version"),
    _told(
        "zip_b64",
        "The zip file itself in base64, up to 192 KiB; larger ones are for S3. It is sent and never read. "
        "Plans do not show it, but the table and its history keep it.",
        type="text",
        masked=True,
    ),
    column("image_uri", "varchar", "ImageUri", doc="The image in ECR, of the package type Image."),
    column(
        "force_new_deployment",
        "boolean",
        not_null=True,
        default="false",
        read=lambda description: False,
        doc="Set it to have AWS fetch the code again at the next apply, which sets it back.",
    ),
    assigned(
        "code_sha256",
        "varchar",
        "CodeSha256",
        doc="The digest of the code that runs, whoever has deployed it: an apply does not take back what "
        "somebody else has deployed.",
    ),
)
CHECKS = (
    ("lambda_function_has_one_code", "num_nonnulls(s3_key, zip_b64, image_uri) <= 1"),
    ("lambda_function_code_is_in_a_bucket", "(s3_bucket IS NULL) = (s3_key IS NULL)"),
    ("lambda_function_version_is_of_a_key", "s3_object_version IS NULL OR s3_key IS NOT NULL"),
    ("lambda_function_zip_b64_is_small", f"octet_length(decode(zip_b64, 'base64')) <= {_MOST}"),
    ("lambda_function_image_is_of_its_type", "image_uri IS NULL OR package_type = 'Image'"),
)


def _bytes(code: str) -> bytes:
    """The bytes of a zip file, of base64 that may be in lines."""
    return base64.b64decode("".join(code.split()), validate=True)


def _code(key: Any, bucket: Any, path: Any, version: Any, zip_b64: Any, image: Any) -> dict[str, Any]:
    some = {
        "S3Bucket": bucket,
        "S3Key": path,
        "S3ObjectVersion": version,
        "ZipFile": _bytes(zip_b64) if zip_b64 else None,
        "ImageUri": image,
        "SourceKMSKeyArn": key,
    }
    return {name: value for name, value in some.items() if value is not None}


#: What makes a function is told at once, and AWS says if that is nothing.
NEW = Edited("SourceKMSKeyArn", _code, WHERE)
PARAMS: dict[str, Source] = {
    "S3Bucket": "s3_bucket",
    "S3Key": "s3_key",
    "S3ObjectVersion": "s3_object_version",
    "ZipFile": Derived(_bytes, ("zip_b64",)),
    "ImageUri": "image_uri",
    "SourceKMSKeyArn": present("SourceKMSKeyArn"),
    "Architectures[0]": "architecture",
}
#: What has AWS fetch the code.
DEPLOYED = (*WHERE, "architecture", "force_new_deployment")
