"""Functions for tests, and what AWS tells of them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import Any

from tests.engine.direct import Session

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)
ROLE = f"INSERT INTO role (role_name, assume_role_policy_document) VALUES ('r', '{TRUST}');"


def zipped(text: str) -> bytes:
    """A zip file with a handler."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), text)
    return file.getvalue()


def encoded(text: str) -> str:
    """The same in base64."""
    return base64.b64encode(zipped(text)).decode()


FIRST, SECOND = encoded("def handler(event, context): return 1"), encoded("handler = None")
#: A function with nothing but what it needs.
PLAIN = (
    "INSERT INTO lambda_function (name, runtime, handler, role_name, zip_b64) "
    f"VALUES ('f', 'python3.13', 'index.handler', 'there', '{FIRST}');"
)


def make(aws: Any, name: str = "f", **more: Any) -> Any:
    """A function that somebody else has made."""
    return aws.create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": "arn:aws:iam::123456789012:role/there",
            "Code": {"ZipFile": zipped("handler = None")},
            **more,
        }
    )


def function(aws: Any, name: str = "f") -> Any:
    """What AWS tells of a function, without what changes of itself."""
    told = aws.get_function(FunctionName=name)
    told.pop("ResponseMetadata")
    told["Configuration"].pop("LastModified")
    told["Code"].pop("Location", None)
    return told


def names(aws: Any) -> set[str]:
    return {each["FunctionName"] for each in aws.list_functions()["Functions"]}


async def actions(session: Session, *tables: str) -> list[tuple[str, str]]:
    """What an apply has done to some tables."""
    return [row[:2] for row in await session.apply() if not tables or row[1] in tables]
