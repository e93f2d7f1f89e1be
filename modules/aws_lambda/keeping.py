"""What a function that takes the place of another gets of it besides what columns show."""

from modules.aws_lambda.configuration import NAMED
from modules.spec import Carry, Item, Kept, Look, Lost, Old


def _look(operation: str, result: str, into: str) -> Look:
    return Look(operation=operation, params=NAMED, result=result, into=into)


_ITEMS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_RUNTIME = ("UpdateRuntimeOn", "RuntimeVersionArn")

CARRY = Carry(
    looks=(
        _look("get_function_code_signing_config", "CodeSigningConfigArn", "CodeSigningConfigArn"),
        _look(
            "list_function_event_invoke_configs",
            "FunctionEventInvokeConfigs[?ends_with(FunctionArn, ':$LATEST')]",
            "EventInvokeConfigs",
        ),
        _look("get_function_recursion_config", "RecursiveLoop", "RecursiveLoop"),
        _look("get_runtime_management_config", "@", "RuntimeManagement"),
        _look("list_versions_by_function", "Versions[?Version != '$LATEST'].Version", "Versions"),
        _look("list_function_url_configs", "FunctionUrlConfigs[].FunctionUrl", "FunctionUrls"),
    ),
    calls=(
        Kept(
            operation="put_function_event_invoke_config",
            of="EventInvokeConfigs",
            each=True,
            params={**NAMED, **{name: Item(name) for name in _ITEMS}},
        ),
        Kept(
            operation="put_function_recursion_config",
            of="RecursiveLoop",
            params={**NAMED, "RecursiveLoop": Old("RecursiveLoop")},
        ),
        Kept(
            operation="put_runtime_management_config",
            of="RuntimeManagement.UpdateRuntimeOn",
            params={**NAMED, **{name: Old(f"RuntimeManagement.{name}") for name in _RUNTIME}},
        ),
    ),
    lost=(
        Lost(of="Versions", what="its versions, with what is provisioned for them"),
        Lost(of="FunctionUrls", what="its URLs"),
        Lost(of="Environment.Error", what="its environment, which AWS cannot decrypt"),
    ),
    not_kept={
        "Publish": "it asks for a version",
        "DryRun": "it asks for nothing to be done",
        "RevisionId": "the engine looks itself at what it changes",
        "Qualifier": "versions and aliases have their own, and the new function has none of them",
        "update_function_configuration.FileSystemConfigs": "AWS keeps what it is not given",
        "update_function_configuration.ImageConfig": "AWS keeps what it is not given",
        "update_function_configuration.SnapStart": "AWS keeps what it is not given",
    },
)
