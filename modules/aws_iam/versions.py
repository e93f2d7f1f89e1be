"""The versions of a managed policy, of which AWS keeps five."""

from typing import Any

from modules import canonical
from modules.spec import Call, Clear, Derived, Item, Source

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_MOST = 5
PATH = "PolicyVersionList"
#: What AWS describes without the document that it has just been sent.
SENT: dict[str, Source] = {
    PATH: Derived(lambda document: [{"Document": document, "IsDefaultVersion": True}], ("policy_document",))
}


def document(versions: Any) -> Any:
    """The document that counts."""
    return next((canonical.document(each.get("Document")) for each in versions or () if _counts(each)), None)


def others(versions: list[Any]) -> list[Any]:
    """All but the one that counts."""
    return [each for each in versions if not _counts(each)]


def oldest(versions: list[Any]) -> list[Any]:
    """The version that has to go before there can be another one."""
    if len(versions) < _MOST:
        return []
    return sorted(others(versions), key=lambda each: int(str(each["VersionId"]).lstrip("v")))[:1]


def _counts(version: Any) -> bool:
    return bool(version.get("IsDefaultVersion"))


def delete(**more: Any) -> Clear:
    """Deletes some.

    Args:
        more: which, and when.
    """
    return Clear(
        operation="delete_policy_version",
        params={"PolicyArn": "arn", "VersionId": Item("VersionId")},
        found=Call(operation="list_policy_versions", params={"PolicyArn": "arn"}, result="Versions"),
        **more,
    )
