"""Buckets."""

from modules.aws_s3.bucket import BUCKET
from modules.aws_s3.functions import UPLOAD
from modules.spec import Module

MODULE = Module(
    name="aws_s3",
    dependencies=("aws_account",),
    resources=(BUCKET,),
    tables=("bucket", "public_access_block", "bucket_website"),
    functions=(UPLOAD,),
)
