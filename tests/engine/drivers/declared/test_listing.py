"""What is listed where AWS keeps something from us, and what a detail that is not there means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.aws.errors import CloudError
from engine.drivers.declared.listing import listed
from engine.plan import descriptions
from modules.aws_ec2.launch_template import LAUNCH_TEMPLATE
from modules.aws_ec2_metadata.instance_metadata import INSTANCE_METADATA
from modules.aws_kms.kms_key import KMS_KEY
from modules.aws_route53.hosted_zone import HOSTED_ZONE
from modules.aws_route53.resource_record_set import RESOURCE_RECORD_SET
from modules.aws_ssm.parameter import PARAMETER

#: Without the refusals, what AWS answers by operation.
_ANSWERS: dict[str, dict[str, Any]] = {
    "get_key_policy": {"Policy": "{}"},
    "get_key_rotation_status": {"KeyRotationEnabled": True},
    "list_resource_tags": {"Tags": []},
}


class _Aws:
    """Two keys, `a` and `b`.

    Attributes:
        refusals: error codes by operation and key.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, refusals: dict[tuple[str, str], str]) -> None:
        self.refusals = refusals

        async def pages(cloud: Any, service: str, operation: str, params: Any, region: Any) -> Any:
            if operation == "list_keys":
                yield {"Keys": [{"KeyId": "a"}, {"KeyId": "b"}]}
            else:
                yield self.answer(operation, params["KeyId"])

        async def call(cloud: Any, service: str, operation: str, params: Any, region: Any) -> Any:
            return self.answer(operation, params["KeyId"])

        monkeypatch.setattr("engine.drivers.declared.listing.pages", pages)
        monkeypatch.setattr("engine.drivers.declared.listing.call", call)

    def answer(self, operation: str, key: str) -> dict[str, Any]:
        if code := self.refusals.get((operation, key)):
            raise CloudError(message="refused", sqlstate="58000", code=code)
        shown = {"KeyMetadata": {"KeyId": key, "KeyState": "Enabled"}}
        return shown if operation == "describe_key" else _ANSWERS[operation]

    async def keys(self, resource: Any = KMS_KEY) -> dict[str, Any]:
        return {each.identity: each.values for each in await listed(None, resource, {})}  # type: ignore[arg-type]


@pytest.mark.parametrize("operation", ["describe_key", "get_key_policy", "list_resource_tags"])
async def test_what_aws_keeps_from_us_is_not_shown(monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    aws = _Aws(monkeypatch, {(operation, "a"): "AccessDeniedException"})
    assert list(await aws.keys()) == ["b"]


async def test_if_aws_keeps_all_from_us_none_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = _Aws(monkeypatch, {("get_key_policy", each): "AccessDeniedException" for each in "ab"})
    with pytest.raises(CloudError, match="could not read kms_key"):
        await aws.keys()


async def test_another_refusal_is_one_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = _Aws(monkeypatch, {("describe_key", "a"): "KMSInternalException"})
    with pytest.raises(CloudError, match="could not read kms_key"):
        await aws.keys()


async def test_a_detail_that_a_resource_has_not_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = _Aws(monkeypatch, {("get_key_rotation_status", "a"): "UnsupportedOperationException"})
    rotated = {name: values["key_rotation_enabled"] for name, values in (await aws.keys()).items()}
    assert rotated == {"a": False, "b": True}
    strict = replace(KMS_KEY, details=tuple(replace(each, absent=()) for each in KMS_KEY.details))
    with pytest.raises(CloudError):
        await aws.keys(strict)


async def test_what_is_not_to_be_asked_for_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def pages(*a: Any, **b: Any) -> Any:
        yield {"Parameters": [{"Name": "open", "Type": "String"}, {"Name": "shut", "Type": "SecureString"}]}

    async def call(cloud: Any, service: str, operation: str, params: Any, region: Any) -> Any:
        asked.append((operation, params))
        return {"Parameters": [{"Name": "open", "Value": "v"}], "ResourceTagMappingList": []}

    monkeypatch.setattr("engine.drivers.declared.listing.pages", pages)
    monkeypatch.setattr("engine.drivers.declared.listing.call", call)
    found = await listed(None, replace(PARAMETER, batched=PARAMETER.batched[:1]), {})  # type: ignore[arg-type]
    assert asked == [("get_parameters", {"Names": ["open"]})]
    assert [(each.values["name"], each.values["value"]) for each in found] == [("open", "v"), ("shut", None)]


async def test_a_description_has_what_is_told_of_the_resource_that_it_is_listed_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    async def pages(cloud: Any, service: str, operation: str, params: Any, region: Any) -> Any:
        asked.append(params)
        yield {"ResourceRecordSets": [{"Name": "example.org.", "Type": "NS"}]}

    monkeypatch.setattr("engine.drivers.declared.listing.pages", pages)
    scope = {"HostedZoneId": "Z1", "ZoneName": "example.org", "ZoneOwner": None}
    [found] = await listed(None, RESOURCE_RECORD_SET, scope)  # type: ignore[arg-type]
    assert asked == [{"HostedZoneId": "Z1"}]
    assert (found.values["parent_hosted_zone_id"], found.values["is_apex"]) == ("Z1", True)


async def test_many_are_asked_for_with_what_is_the_same_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def pages(*a: Any, **b: Any) -> Any:
        yield {"HostedZones": [{"Id": f"/hostedzone/Z{number}"} for number in range(12)]}

    async def call(cloud: Any, service: str, operation: str, params: Any, region: Any) -> Any:
        if operation == "get_hosted_zone":
            return {"HostedZone": {"Id": params["Id"], "Name": "example.org."}}
        asked.append((params["ResourceType"], len(params["ResourceIds"])))
        tags = [{"Key": "a", "Value": params["ResourceIds"][0]}]
        return {"ResourceTagSets": [{"ResourceId": params["ResourceIds"][0], "Tags": tags}]}

    monkeypatch.setattr("engine.drivers.declared.listing.pages", pages)
    monkeypatch.setattr("engine.drivers.declared.listing.call", call)
    found = await listed(None, HOSTED_ZONE, {})  # type: ignore[arg-type]
    assert asked == [("hostedzone", 10), ("hostedzone", 2)]
    assert [each.values["tags"] for each in found[::10]] == [{"a": "Z0"}, {"a": "Z10"}]


async def test_what_is_told_of_many_may_be_added_to_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def pages(*a: Any, **b: Any) -> Any:
        data = {"ImageId": "ami-1", "UserData": "c2VjcmV0"}
        yield {
            "LaunchTemplateVersions": [
                {"LaunchTemplateId": each, "LaunchTemplateName": each, "LaunchTemplateData": data}
                for each in "ab"
            ]
        }

    async def call(cloud: Any, service: str, operation: str, params: Any, region: Any) -> Any:
        return {"LaunchTemplates": [{"LaunchTemplateId": "b", "LatestVersionNumber": 2, "Tags": []}]}

    monkeypatch.setattr("engine.drivers.declared.listing.pages", pages)
    monkeypatch.setattr("engine.drivers.declared.listing.call", call)
    found = await listed(None, LAUNCH_TEMPLATE, {})  # type: ignore[arg-type]
    assert [(each.values["ami"], each.values["latest_version"]) for each in found] == [
        ("ami-1", None),
        ("ami-1", 2),
    ]
    # AWS tells it, and nobody reads it from there or shows it.
    assert found[0].values["user_data"] is None
    assert descriptions.masked(LAUNCH_TEMPLATE, found[0].description)["LaunchTemplateData"] == {
        "ImageId": "ami-1",
        "UserData": descriptions.MASK,
    }


async def test_what_many_have_in_common_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def pages(*a: Any, **b: Any) -> Any:
        some = [{"InstanceId": f"i-{each}", "InstanceType": "t3.micro"} for each in "ab"]
        yield {"Reservations": [{"Instances": some}]}

    async def call(cloud: Any, service: str, operation: str, params: Any, region: Any) -> Any:
        asked.append(params)
        return {"InstanceTypes": [{"InstanceType": "t3.micro", "MemoryInfo": {"SizeInMiB": 1024}}]}

    monkeypatch.setattr("engine.drivers.declared.listing.pages", pages)
    monkeypatch.setattr("engine.drivers.declared.listing.call", call)
    found = await listed(None, INSTANCE_METADATA, {})  # type: ignore[arg-type]
    assert asked == [{"InstanceTypes": ["t3.micro"]}]
    assert [each.values["mem_size_mb"] for each in found] == [1024, 1024]
