"""Lambda: what a function needs, what of its configuration moto forgets, and what moto has no answer to.

Nothing runs a function: what invokes one gets its own input back, and queues hand their messages to nobody.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.utils import get_backend
from moto.core.config import default_user_config
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

Document = dict[str, Any]

# moto would look for Docker.
default_user_config["lambda"]["use_docker"] = False

_SOURCES = ("ZipFile", "S3Bucket", "ImageUri")
#: What moto does not keep, as AWS has it at first, and whether a change sets single members of it.
_KEPT: Mapping[str, Any] = {
    "DeadLetterConfig": None,
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "ImageConfig": None,
    "KMSKeyArn": None,
    "LoggingConfig": None,
    "SnapStart": {"ApplyOn": "None"},
    "TracingConfig": {"Mode": "PassThrough"},
}
_NO_VPC = {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": ""}


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


# What is refused ---------------------------------------------------------------------------------------


def code_is_somewhere(call: AwsCall) -> Outcome:
    """A function is made, and its code changed, of one source."""
    code = call.parameters.get("Code", {}) if call.operation == "CreateFunction" else call.parameters
    there = [name for name in _SOURCES if code.get(name)]
    if not there:
        return _invalid("Please provide a source for function code.")
    if len(there) > 1:
        return _invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
    found = function(call)
    kind = found.package_type if found else call.parameters.get("PackageType", "Zip")
    if (there == ["ImageUri"]) is not (kind == "Image"):
        return _invalid(f"Please don't provide {there[0]} when updating a function with packageType {kind}.")
    return None


def zip_has_handler_and_runtime(call: AwsCall) -> Outcome:
    """An image says itself what runs."""
    zipped = call.parameters.get("PackageType", "Zip") == "Zip"
    if zipped and not (call.text("Handler") and call.text("Runtime")):
        return _invalid("Runtime and Handler are mandatory parameters for functions created with deployment")
    if not zipped and (call.text("Handler") or call.text("Runtime")):
        return _invalid("Please don't provide Handler or Runtime or Layer when the intended function Package")
    return None


def numbers_are_within_limits(call: AwsCall) -> Outcome:
    """Memory and time have a most."""
    for name, least, most in (("MemorySize", 128, 10240), ("Timeout", 1, 900)):
        value = call.parameters.get(name)
        if value is not None and not least <= int(value) <= most:
            what = f"1 validation error detected: Value '{value}' at '{name}'"
            return AwsError("ValidationException", what)
    return None


def subnets_and_groups_go_together(call: AwsCall) -> Outcome:
    """A function in a VPC has both."""
    vpc = call.parameters.get("VpcConfig") or {}
    if bool(vpc.get("SubnetIds")) is not bool(vpc.get("SecurityGroupIds")):
        return _invalid("SecurityGroupIds and SubnetIds must coexist or be both empty list.")
    return None


def bucket_and_key_are_there(call: AwsCall) -> Outcome:
    """AWS takes the file at once."""
    code = call.parameters.get("Code", {}) if call.operation == "CreateFunction" else call.parameters
    if not code.get("S3Bucket"):
        return None
    bucket = backend(call, "s3", everywhere=True).buckets.get(code["S3Bucket"])
    if bucket is None or code.get("S3Key") not in bucket.keys:
        wrong = "NoSuchBucket" if bucket is None else "NoSuchKey"
        return _invalid(f"Error occurred while GetObject. S3 Error Code: {wrong}.")
    return None


# What moto has no answer to ----------------------------------------------------------------------------


def _kept_beside(name: str, first: Document) -> tuple[Rule, Rule]:
    """The rules that tell and set what is kept beside a function."""

    def told(call: AwsCall) -> Outcome:
        found = function(call)
        if found is None:
            return None
        beside: Document = getattr(found, name, first)
        return Answer(json.dumps({**beside, "FunctionArn": found.function_arn}), "application/json")

    def set_(call: AwsCall) -> Outcome:
        found = function(call)
        if found is None:
            return None
        setattr(found, name, {key: each for key, each in call.parameters.items() if key != "FunctionName"})
        return told(call)

    return told, set_


_RECURSION = _kept_beside("recursion", {"RecursiveLoop": "Terminate"})
_RUNTIME = _kept_beside("runtime_management", {"UpdateRuntimeOn": "Auto"})


def urls(call: AwsCall) -> Outcome:
    """A function's URL."""
    found = function(call)
    if found is None:
        return AwsError("ResourceNotFoundException", "Function not found", 404)
    some = [found.url_config.to_dict()] if found.url_config else []
    return Answer(json.dumps({"FunctionUrlConfigs": some}), "application/json")


def only_one_configuration_of_invocations(call: AwsCall) -> Outcome:
    """moto keeps the first of several."""
    found = function(call)
    if found is not None:
        found.event_invoke_config = []
    return None


def only_a_function_is_invoked(call: AwsCall) -> Outcome:
    """moto answers 404 without an error."""
    if function(call) is not None:
        return None
    name = call.text("FunctionName")
    where = f"arn:aws:lambda:{call.region}:{call.account}:function:{name}"
    return AwsError("ResourceNotFoundException", f"Function not found: {where}", 404)


def tell_version(call: AwsCall, reply: Response) -> None:
    """Say which version has run."""
    reply.headers["X-Amz-Executed-Version"] = call.text("Qualifier") or "$LATEST"


# What moto forgets -------------------------------------------------------------------------------------


def keep(call: AwsCall, reply: Response) -> None:
    """Keep what a call says of a function and moto does not."""
    found = function(call)
    if found is None:
        return
    kept: Document = getattr(found, "kept", {})
    for name in _KEPT:
        if name in call.parameters:
            kept[name] = call.parameters[name]
    if "Architectures" in call.parameters:
        found.architectures = call.parameters["Architectures"]
    found.kept = kept


def as_aws_tells(call: AwsCall, document: Document) -> Document:
    """A function with all that has been said of it."""
    _complete(call, document)
    return document


def answer_as_aws_tells(call: AwsCall, document: Document) -> Document:
    """The same, with its code, its tags and how many of it may run."""
    _complete(call, document["Configuration"])
    found = function(call)
    if found is not None and found.reserved_concurrency is not None:
        document["Concurrency"] = {"ReservedConcurrentExecutions": found.reserved_concurrency}
    return document


def all_as_aws_tells(call: AwsCall, document: Document) -> Document:
    """Functions, without what AWS leaves out of a listing."""
    for each in document["Functions"]:
        _complete(call, each)
        for name in ("State", "LastUpdateStatus"):
            each.pop(name, None)
    return document


def of_latest(call: AwsCall, document: Document) -> Document:
    """What is said of invocations, with the version that it is said of."""
    for each in document["FunctionEventInvokeConfigs"]:
        each["FunctionArn"] += "" if each["FunctionArn"].count(":") > 6 else ":$LATEST"
    return document


def _complete(call: AwsCall, told: Document) -> None:
    found = function(call, told["FunctionName"])
    kept: Document = {**_KEPT, **getattr(found, "kept", {})}
    image = kept.pop("ImageConfig")
    told.update(kept)
    told["LoggingConfig"] = {
        "LogFormat": "Text",
        "LogGroup": f"/aws/lambda/{told['FunctionName']}",
        **(kept["LoggingConfig"] or {}),
    }
    told.pop("ImageConfigResponse", None)
    if image:
        told["ImageConfigResponse"] = {"ImageConfig": image}
    if not (kept["DeadLetterConfig"] or {}).get("TargetArn"):
        told["DeadLetterConfig"] = None
    told["KMSKeyArn"] = kept["KMSKeyArn"] or None
    if told.get("Environment") and not _is_usable(call, told["KMSKeyArn"]):
        error = {
            "ErrorCode": "KMSDisabledException",
            "Message": "Lambda was unable to decrypt the environment",
        }
        told["Environment"] = {"Error": error}
    told["Architectures"] = found.architectures if found is not None else told["Architectures"]
    vpc = told.get("VpcConfig")
    told["VpcConfig"] = {**_NO_VPC, **vpc} if vpc and vpc.get("SubnetIds") else dict(_NO_VPC)


def _is_usable(call: AwsCall, key: str | None) -> bool:
    """Whether AWS can decrypt what a key has encrypted."""
    found = backend(call, "kms").keys.get((key or "").rpartition("/")[2])
    return found is None or found.key_state == "Enabled"


def networks(call: AwsCall) -> list[str]:
    """Subnets and security groups of the function that a call deletes, or that it takes out of them."""
    vpc = getattr(function(call), "vpc_config", None) or {}
    kept = call.parameters.get("VpcConfig") or {}
    return [
        each
        for name in ("SubnetIds", "SecurityGroupIds")
        for each in vpc.get(name) or ()
        if each not in kept.get(name, ())
    ]


def arn(call: AwsCall) -> str:
    """The ARN of the function that a call is about; "" if there is none."""
    return getattr(function(call), "function_arn", "")


def function(call: AwsCall, name: str = "") -> Any:
    """The function that a call is about; None if there is none."""
    named = name or call.text("FunctionName")
    named = named.split(":")[6] if named.startswith("arn:") else named.partition(":")[0]
    known = get_backend(call.account, call.region)._lambdas._functions.get(named)
    return known["latest"] if known else None


# Event sources -----------------------------------------------------------------------------------------


def source_is_read_once(call: AwsCall) -> Outcome:
    """A function reads a source once, and has to be able to."""
    source, function = call.text("EventSourceArn"), call.text("FunctionName")
    for other in _mappings(call).values():
        if other.event_source_arn == source and _asked_for(other) == function:
            return AwsError(
                "ResourceConflictException",
                f'An event source mapping with event source arn ("{source}") and function ("{function}") '
                f"already exists. Please update or delete the existing mapping with UUID {other.uuid}",
                409,
            )
    return None


def source_fits_the_function(call: AwsCall) -> Outcome:
    """A queue hides messages for as long as the function may take; a stream is read from somewhere on."""
    source, found = call.text("EventSourceArn"), function(call)
    if ":sqs:" not in source:
        if call.parameters.get("StartingPosition"):
            return None
        what = "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint"
        return _invalid(f"{what}: Member must not be null.")
    if call.parameters.get("StartingPosition"):
        return _invalid("StartingPosition is not valid for SQS event sources.")
    queue = backend(call, "sqs").queues.get(source.rpartition(":")[2])
    if queue is None or found is None:
        return None
    if int(queue.visibility_timeout) < int(found.timeout):
        return _invalid(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than "
            f"Function timeout: {found.timeout} seconds"
        )
    return None


def mapping_is_there(call: AwsCall) -> Outcome:
    """moto's answer has no code."""
    if call.text("UUID") in _mappings(call):
        return None
    return AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404)


def hands_nothing_on(call: AwsCall, reply: Response) -> None:
    """No message of a queue, and no record of a stream, is handed to a function."""
    mapping = _mappings(call)[json.loads(reply.get_data())["UUID"]]
    mapping.asked_for = call.text("FunctionName")
    for queue in backend(call, "sqs").queues.values():
        queue.lambda_event_source_mappings.clear()
    for table in backend(call, "dynamodb").tables.values():
        table.lambda_event_source_mappings.clear()
    for stream in backend(call, "kinesis").streams.values():
        stream.lambda_event_source_mappings.clear()


def mapping_as_aws_tells(call: AwsCall, document: Document) -> Document:
    """A mapping with the version or alias that it calls."""
    asked = _asked_for(_mappings(call).get(document["UUID"]))
    if asked.startswith(document["FunctionArn"]):
        document["FunctionArn"] = asked
    return document


def mappings_as_aws_tells(call: AwsCall, document: Document) -> Document:
    """The same of several."""
    for each in document["EventSourceMappings"]:
        mapping_as_aws_tells(call, each)
    return document


def _mappings(call: AwsCall) -> dict[str, Any]:
    found: dict[str, Any] = get_backend(call.account, call.region)._event_source_mappings
    return found


def _asked_for(mapping: Any) -> str:
    return str(getattr(mapping, "asked_for", ""))


_CONFIGURED = (numbers_are_within_limits, subnets_and_groups_go_together)
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("lambda", "CreateFunction"): (
        code_is_somewhere,
        zip_has_handler_and_runtime,
        bucket_and_key_are_there,
        *_CONFIGURED,
    ),
    ("lambda", "Invoke"): (only_a_function_is_invoked,),
    ("lambda", "UpdateFunctionCode"): (code_is_somewhere, bucket_and_key_are_there),
    ("lambda", "UpdateFunctionConfiguration"): _CONFIGURED,
    ("lambda", "GetFunctionRecursionConfig"): _RECURSION[:1],
    ("lambda", "PutFunctionRecursionConfig"): _RECURSION[1:],
    ("lambda", "GetRuntimeManagementConfig"): _RUNTIME[:1],
    ("lambda", "PutRuntimeManagementConfig"): _RUNTIME[1:],
    ("lambda", "ListFunctionUrlConfigs"): (urls,),
    ("lambda", "CreateEventSourceMapping"): (source_is_read_once, source_fits_the_function),
    ("lambda", "GetEventSourceMapping"): (mapping_is_there,),
    ("lambda", "UpdateEventSourceMapping"): (mapping_is_there,),
    ("lambda", "DeleteEventSourceMapping"): (mapping_is_there,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("lambda", "CreateEventSourceMapping"): hands_nothing_on,
    ("lambda", "CreateFunction"): keep,
    ("lambda", "Invoke"): tell_version,
    ("lambda", "UpdateFunctionCode"): keep,
    ("lambda", "UpdateFunctionConfiguration"): keep,
}
TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    ("lambda", "CreateFunction"): as_aws_tells,
    ("lambda", "UpdateFunctionCode"): as_aws_tells,
    ("lambda", "UpdateFunctionConfiguration"): as_aws_tells,
    ("lambda", "GetFunctionConfiguration"): as_aws_tells,
    ("lambda", "GetFunction"): answer_as_aws_tells,
    ("lambda", "ListFunctions"): all_as_aws_tells,
    ("lambda", "ListFunctionEventInvokeConfigs"): of_latest,
    ("lambda", "CreateEventSourceMapping"): mapping_as_aws_tells,
    ("lambda", "GetEventSourceMapping"): mapping_as_aws_tells,
    ("lambda", "UpdateEventSourceMapping"): mapping_as_aws_tells,
    ("lambda", "ListEventSourceMappings"): mappings_as_aws_tells,
}
