"""How a function runs: as AWS has it, as columns show it, and the calls' parameters for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modules.spec import Derived, Description, Each, Edited, Old, Source, Values, present

NAMED: dict[str, Source] = {"FunctionName": "name"}
#: A queue that is a row, or anything else by its ARN.
DEAD = ("dead_letter_queue_id", "dead_letter_target_arn")
GROUPS = "lambda_function_security_groups"


def variables(there: Any) -> dict[str, str] | None:
    """Environment variables as AWS has them: their values are texts, and none are NULL."""
    return {name: _text(value) for name, value in sorted(there.items())} if there else None


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def is_unreadable(description: Description, values: Values) -> bool:
    """Whether AWS cannot decrypt a function's environment, and so does not tell it."""
    return bool((description.get("Environment") or {}).get("Error"))


def layers(there: Sequence[Mapping[str, Any]] | None) -> list[str] | None:
    """The versions of layers, in their order."""
    return [each["Arn"] for each in there or ()] or None


def _in_group(there: Mapping[str, Any] | None, group: str | None) -> dict[str, Any] | None:
    """How a function logs, to another group. What else is said of it stays, and AWS's own group is AWS's."""
    kept = {name: value for name, value in (there or {}).items() if name != "LogGroup"}
    return {**kept, **({"LogGroup": group} if group else {})} or None


def _target(name: str, queue: str | None, arn: str | None) -> str:
    """Where what a function could not work on goes; AWS takes an empty text for nowhere."""
    return queue or arn or ""


def _cleared(column: str, nothing: Any = "") -> Derived:
    """A column of which AWS takes an empty value for nothing, and leaves alone what is not sent."""
    return Derived(lambda name, value: nothing if value is None else value, ("name", column))


_ALIKE: dict[str, Source] = {
    **NAMED,
    "Role": "role_name",
    "Handler": "handler",
    "Runtime": "runtime",
    "Timeout": "timeout",
    "MemorySize": "memory_size",
    "TracingConfig.Mode": "tracing_mode",
    "EphemeralStorage.Size": "ephemeral_storage_size",
    "LoggingConfig": Edited("LoggingConfig", _in_group, ("log_group_name",)),
}
NEW: dict[str, Source] = {
    **_ALIKE,
    "Description": "description",
    "Environment.Variables": Derived(variables, ("environment",)),
    "KMSKeyArn": "kms_key_arn",
    "DeadLetterConfig.TargetArn": Derived(lambda *some: _target(*some) or None, ("name", *DEAD)),
    "Layers": "layers",
    "VpcConfig.SubnetIds": "subnets",
    "VpcConfig.SecurityGroupIds": Each(GROUPS, "security_group_id", some=True),
    "VpcConfig.Ipv6AllowedForDualStack": Old("VpcConfig.Ipv6AllowedForDualStack"),
    "FileSystemConfigs": Old("FileSystemConfigs"),
    "ImageConfig": Old("ImageConfigResponse.ImageConfig"),
    "SnapStart.ApplyOn": Old("SnapStart.ApplyOn"),
}
CHANGED: dict[str, Source] = {
    **_ALIKE,
    "Description": _cleared("description"),
    "Environment.Variables": Derived(lambda name, some: variables(some) or {}, ("name", "environment")),
    "KMSKeyArn": _cleared("kms_key_arn"),
    "DeadLetterConfig.TargetArn": Derived(_target, ("name", *DEAD)),
    "Layers": _cleared("layers", []),
    "VpcConfig.SubnetIds": _cleared("subnets", []),
    "VpcConfig.SecurityGroupIds": Each(GROUPS, "security_group_id"),
    "VpcConfig.Ipv6AllowedForDualStack": Edited(
        "VpcConfig.Ipv6AllowedForDualStack", lambda there, subnets: there if subnets else None, ("subnets",)
    ),
}
COLUMNS = (
    "role_name",
    "handler",
    "runtime",
    "timeout",
    "memory_size",
    "tracing_mode",
    "ephemeral_storage_size",
    "log_group_name",
    "description",
    "environment",
    "kms_key_arn",
    *DEAD,
    "layers",
    "subnets",
    GROUPS,
)
#: What there was, for code that AWS refuses after it has taken another configuration.
BEFORE: dict[str, Source] = {
    **NAMED,
    **{
        name: present(name)
        for name in (
            "Role",
            "Handler",
            "Runtime",
            "Timeout",
            "MemorySize",
            "TracingConfig",
            "EphemeralStorage",
            "LoggingConfig",
            "VpcConfig.Ipv6AllowedForDualStack",
        )
    },
    "Description": Edited("Description", lambda there: there or "", ()),
    "Environment.Variables": Edited("Environment.Variables", lambda there: there or {}, ()),
    "KMSKeyArn": Edited("KMSKeyArn", lambda there: there or "", ()),
    "DeadLetterConfig.TargetArn": Edited("DeadLetterConfig.TargetArn", lambda there: there or "", ()),
    "Layers": Edited("Layers", lambda there: layers(there) or [], ()),
    "VpcConfig.SubnetIds": Edited("VpcConfig.SubnetIds", lambda there: there or [], ()),
    "VpcConfig.SecurityGroupIds": Edited("VpcConfig.SecurityGroupIds", lambda there: there or [], ()),
}
