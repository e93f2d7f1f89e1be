"""Tags, declared once for each family of services: the column, how a new resource gets them, how they change.

Tags whose keys begin with `aws:` are AWS's: they are shown, and neither compared nor sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from modules.spec import (
    SET,
    UNSET,
    Batched,
    Call,
    Column,
    Const,
    Derived,
    Detail,
    Edited,
    Item,
    PerKey,
    Source,
    Update,
    Values,
    column,
)

Tags = Mapping[str, Any]


def read(value: Any) -> dict[str, Any]:
    """Tags as AWS tells them, a map or a list of keys and values, as an object."""
    if isinstance(value, list):
        return {each["Key"]: each.get("Value") for each in value}
    return dict(value or {})


_read = read


def read_small(value: Any) -> dict[str, Any]:
    """The same where the list's elements have small letters."""
    return {each["key"]: each.get("value") for each in value or ()}


def read_long(value: Any) -> dict[str, Any]:
    """The same where their names say that they are a tag's."""
    return {each["TagKey"]: each.get("TagValue") for each in value or ()}


def own(tags: Any) -> Any:
    """The tags that are not AWS's, as AWS has them: values are texts."""
    if not isinstance(tags, Mapping):
        return {} if tags is None else tags
    return {key: _text(value) for key, value in sorted(tags.items()) if not key.startswith("aws:")}


def name(values: Values) -> str | None:
    """The tag Name, by which AWS's console calls what has no other name."""
    tags = values.get("tags")
    found = tags.get("Name") if isinstance(tags, Mapping) else None
    return str(found) if found else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def pairs(tags: Any) -> list[dict[str, str]] | None:
    """Tags as a list of structures of Key and Value; None if there are none."""
    return [{"Key": key, "Value": value} for key, value in own(tags).items()] or None


def small_pairs(tags: Any) -> list[dict[str, str]] | None:
    """The same with small letters."""
    return [{"key": key, "value": value} for key, value in own(tags).items()] or None


def as_map(tags: Any) -> dict[str, str] | None:
    """Tags as a map; None if there are none."""
    return own(tags) or None


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """How the resources of a table are tagged.

    Attributes:
        column: `tags`.
        create: the parameter of the call that makes one.
        update: the calls that change tags.
    """

    column: Column
    create: Mapping[str, Source]
    update: tuple[PerKey | Update, ...]


def of_many(arn: str) -> Batched:
    """Reads the tags of a hundred resources in one call, for services that tell those of one only.

    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html

    Args:
        arn: path of the ARN in a description.
    """
    return Batched(
        service="resourcegroupstaggingapi",
        operation="get_resources",
        ids="ResourceARNList",
        of=arn,
        batch=100,
        items="ResourceTagMappingList",
        by="ResourceARN",
        value="Tags",
        into="Tags",
    )


def _tagging(
    path: str,
    send: Callable[[Any], Any],
    create: Mapping[str, Source],
    *,
    put: tuple[str, str],
    take: tuple[str, str],
    params: Mapping[str, Source],
    read: Callable[[Any], dict[str, Any]] | None = None,
) -> Tagging:
    """
    Args:
        path: where tags are in the description.
        send: the form in which AWS takes some.
        put, take: operation that sets some, or takes some off, and its parameter for these.
        params: which resource.
        read: makes an object of what is at `path`; None: as that name's first letter says.
    """
    tags = _column(path, read)
    keys = list if "keys" in take[1].lower() else _keys
    return Tagging(
        column=tags,
        create=create,
        update=(
            PerKey(operation=put[0], column="tags", which="set", params={**params, put[1]: Item(read=send)}),
            PerKey(
                operation=take[0], column="tags", which="removed", params={**params, take[1]: Item(read=keys)}
            ),
        ),
    )


def _column(path: str, read: Callable[[Any], Any] | None = None) -> Column:
    """`tags`, by where they are in the description."""
    return column(
        "tags",
        "jsonb",
        path,
        not_null=True,
        default="'{}'",
        read=read or (read_small if path == "tags" else _read),
        canonical=own,
        doc='An object of keys and values, such as {"team": "x"}. Those of AWS\'s, aws:…, are only shown.',
    )


def _pairs(put: str, take: str, params: Mapping[str, Source], path: str = "Tags") -> Tagging:
    """Tags that a service takes as a list of structures of Key and Value, as most do.

    Args:
        put, take: operation that sets some, and that takes some off by their keys.
        params: which resource.
        path: where tags are in the description.
    """
    return _tagging(
        path,
        pairs,
        {"Tags": Derived(pairs, ("tags",))},
        put=(put, "Tags"),
        take=(take, "TagKeys"),
        params=params,
    )


def _map(put: str, take: str, params: Mapping[str, Source], create: str = "Tags") -> Tagging:
    """Tags that a service takes as an object.

    Args:
        put, take: operation that sets some, and that takes some off by their keys.
        params: which resource.
        create: the parameter of a create.
    """
    return _tagging(
        "Tags",
        as_map,
        {create: Derived(as_map, ("tags",))},
        put=(put, "Tags"),
        take=(take, "TagKeys"),
        params=params,
    )


def _keys(names: list[str]) -> list[dict[str, str]]:
    return [{"Key": name} for name in names]


def ec2(kind: str, identity: str) -> Tagging:
    """EC2: a resource's kind, such as `vpc`, and the column with its id."""

    def specifications(tags: Any) -> list[dict[str, Any]] | None:
        some = pairs(tags)
        return [{"ResourceType": kind, "Tags": some}] if some else None

    return _tagging(
        "Tags",
        pairs,
        {"TagSpecifications": Derived(specifications, ("tags",))},
        put=("create_tags", "Tags"),
        take=("delete_tags", "Tags"),
        params={"Resources[0]": identity},
    )


def elbv2(identity: str) -> Tagging:
    """Load balancing, by the column with the ARN."""
    return _pairs("add_tags", "remove_tags", {"ResourceArns[0]": identity})


def iam(kind: str, params: Mapping[str, Source]) -> Tagging:
    """IAM: a kind as operations call it, such as `role`, and the parameter that says which one."""
    return _pairs(f"tag_{kind}", f"untag_{kind}", params)


def ecs(identity: str) -> Tagging:
    """ECS, by the column with the ARN."""
    return _by_arn("tags", small_pairs, identity, "tags")


def ecr(identity: str) -> Tagging:
    """ECR, private and public, by the column with the ARN."""
    return _by_arn("Tags", pairs, identity, "tags")


def logs(identity: str) -> Tagging:
    """CloudWatch Logs, by the column with the ARN."""
    return _by_arn("Tags", as_map, Derived(lambda arn: arn.removesuffix(":*"), (identity,)), "tags")


def _by_arn(path: str, send: Callable[[Any], Any], identity: Source, parameter: str) -> Tagging:
    return _tagging(
        path,
        send,
        {parameter: Derived(send, ("tags",))},
        put=("tag_resource", "tags"),
        take=("untag_resource", "tagKeys"),
        params={"resourceArn": identity},
    )


def kms(identity: str) -> Tagging:
    """KMS, by the column with the key's id."""

    def long_pairs(tags: Any) -> list[dict[str, str]] | None:
        return [{"TagKey": key, "TagValue": value} for key, value in own(tags).items()] or None

    return _tagging(
        "Tags",
        long_pairs,
        {"Tags": Derived(long_pairs, ("tags",))},
        put=("tag_resource", "Tags"),
        take=("untag_resource", "TagKeys"),
        params={"KeyId": identity},
        read=read_long,
    )


def rds(identity: str, path: str = "Tags") -> Tagging:
    """RDS and ElastiCache, by the column with the ARN.

    Args:
        path: where tags are in a description.
    """
    return _pairs("add_tags_to_resource", "remove_tags_from_resource", {"ResourceName": identity}, path=path)


def of_rds(arn: str) -> Detail:
    """Reads the tags of what RDS describes without them.

    Args:
        arn: the key of the ARN in a description.
    """
    return Detail(
        operation="list_tags_for_resource", items="TagList", into="Tags", params={"ResourceName": arn}
    )


def parameter(name: str) -> Tagging:
    """Parameters of Systems Manager, by the column with the name."""
    return _pairs(
        "add_tags_to_resource",
        "remove_tags_from_resource",
        {"ResourceType": Const("Parameter"), "ResourceId": name},
    )


def secrets(identity: str) -> Tagging:
    """Secrets Manager, by the column with the ARN."""
    return _pairs("tag_resource", "untag_resource", {"SecretId": identity})


def functions(identity: str) -> Tagging:
    """Lambda, by the column with the ARN."""
    return _map("tag_resource", "untag_resource", {"Resource": identity})


def alarms(identity: str) -> Tagging:
    """CloudWatch's alarms, by the column with the ARN."""
    return _pairs("tag_resource", "untag_resource", {"ResourceARN": identity})


def event_rule(identity: str) -> Tagging:
    """EventBridge, by the column with the ARN of a rule."""
    return _pairs("tag_resource", "untag_resource", {"ResourceARN": identity})


def schedule_group(identity: str) -> Tagging:
    """EventBridge Scheduler, by the column with the ARN of a group."""
    return _pairs("tag_resource", "untag_resource", {"ResourceArn": identity})


def scalable_target(identity: str) -> Tagging:
    """Application Auto Scaling, by the column with the ARN of a scalable target."""
    return _map("tag_resource", "untag_resource", {"ResourceARN": identity})


def autoscaling_group(
    names: Mapping[str, Source],
    create: Callable[..., Any],
    put: Callable[[Any], Any],
    take: Callable[[Any], Any],
) -> Tagging:
    """Auto Scaling groups, whose tags each say whether instances get them as well.

    Args:
        names: which group is looked at before a change.
        create: the tags of a new group, of those that one has which it replaces, its name and the row's.
        put, take: the tags of a call, of what is set or taken off and the group that has been seen.
    """
    seen = Call(operation="describe_auto_scaling_groups", params=names, result="AutoScalingGroups[0]")
    return Tagging(
        column=_column("Tags"),
        create={"Tags": Edited("Tags", create, ("name", "tags"))},
        update=(
            PerKey(
                operation="create_or_update_tags",
                column="tags",
                which="set",
                seen=seen,
                params={"Tags": Item(read=put)},
            ),
            PerKey(
                operation="delete_tags",
                column="tags",
                which="removed",
                seen=seen,
                params={"Tags": Item(read=take)},
            ),
        ),
    )


def dynamo_table(identity: str) -> Tagging:
    """DynamoDB, by the column with the ARN of a table."""
    return _pairs("tag_resource", "untag_resource", {"ResourceArn": identity})


def sns() -> Tagging:
    return _pairs("tag_resource", "untag_resource", {"ResourceArn": "arn"})


def sqs() -> Tagging:
    return _map("tag_queue", "untag_queue", {"QueueUrl": "url"}, create="tags")


def bucket(name: str) -> Tagging:
    """S3, by the column with the name. AWS takes all tags at once, and refuses to part with its own."""
    which: dict[str, Source] = {"Bucket": name}

    def whole(there: Any, tags: Any) -> Any:
        aws = [each for each in there or () if each["Key"].startswith("aws:")]
        return aws + (pairs(tags) or [])

    return Tagging(
        column=_column("TagSet"),
        create={"Tagging.TagSet": Derived(pairs, ("tags",))},
        update=(
            Update(
                operation="put_bucket_tagging",
                when=("tags",),
                given=("tags", SET),
                params={**which, "Tagging.TagSet": Edited("TagSet", whole, ("tags",))},
            ),
            Update(operation="delete_bucket_tagging", when=("tags",), given=("tags", UNSET), params=which),
        ),
    )


def route53(kind: str, identity: str) -> Tagging:
    """Route 53: a resource's kind, such as `hostedzone`, and the column with its id. Ten tags a call."""
    tags = _tagging(
        "Tags",
        pairs,
        {},
        put=("change_tags_for_resource", "AddTags"),
        take=("change_tags_for_resource", "RemoveTagKeys"),
        params={"ResourceType": Const(kind), "ResourceId": identity},
    )
    calls = (each for each in tags.update if isinstance(each, PerKey))
    return replace(tags, update=tuple(replace(each, most=10, new=each.which == "set") for each in calls))


def cloudfront(identity: str, parameter: str) -> Tagging:
    """CloudFront, by the column with the ARN.

    Args:
        parameter: where a create takes tags; it has to be told if there are none.
    """
    return _tagging(
        "Tags",
        pairs,
        {parameter: Derived(lambda tags: {"Items": pairs(tags) or []}, ("tags",))},
        put=("tag_resource", "Tags.Items"),
        take=("untag_resource", "TagKeys.Items"),
        params={"Resource": identity},
    )


def certificate(identity: str) -> Tagging:
    """Certificate Manager, by the column with the ARN."""
    return _tagging(
        "Tags",
        pairs,
        {"Tags": Derived(pairs, ("tags",))},
        put=("add_tags_to_certificate", "Tags"),
        take=("remove_tags_from_certificate", "Tags"),
        params={"CertificateArn": identity},
    )
