"""Aliases of functions: what they may be, and what each has of its own, which moto takes for the function's.

https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.awslambda.utils import get_backend

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict import functions
from deploy.simulator.strict.outcome import Answer, Outcome, Rule

_NAME = re.compile(r"(?!\d+$)[a-zA-Z0-9_-]{1,128}", re.ASCII)
_LATEST = "$LATEST"


def name_is_one(call: AwsCall) -> Outcome:
    """A name is no number, and is written with few signs."""
    if _NAME.fullmatch(call.text("Name")):
        return None
    return AwsError(
        "ValidationException", f"Value '{call.text('Name')}' at 'name' failed to satisfy constraint"
    )


def versions_are_there(call: AwsCall) -> Outcome:
    """Calls go to one version that there is, or to two, of which none is $LATEST."""
    function, alias = functions.function(call), _alias(call)
    if function is None or (call.operation == "UpdateAlias" and alias is None):
        return _absent(f"Alias not found: {call.text('Name')}")
    routing = call.parameters.get("RoutingConfig", getattr(alias, "routing_config", None)) or {}
    version = call.text("FunctionVersion") or getattr(alias, "function_version", "")
    others = dict(routing.get("AdditionalVersionWeights") or {})
    lambdas = get_backend(call.account, call.region)._lambdas
    versions = lambdas.list_versions_by_function(function.function_name)
    known = {_LATEST, *(str(each.version) for each in versions)}
    for each in (version, *others):
        if each not in known:
            return _absent(f"Function not found: {function.function_arn}:{each}")
    if len(others) > 1 or (others and _LATEST in (version, *others)) or version in others:
        message = "Only one other version than that of the alias gets some of the calls, and none is $LATEST"
        return AwsError("InvalidParameterValueException", message)
    if any(not 0 <= weight <= 1 for weight in others.values()):
        return AwsError("InvalidParameterValueException", "A weight is between 0 and 1")
    return None


def _own(call: AwsCall) -> dict[str, Any] | None:
    """What an alias has of its own by the kinds of it; None if a call is not of an alias."""
    found = functions.function(call) if call.text("Qualifier") else None
    if found is None:
        return None
    if not hasattr(found, "of_aliases"):
        found.of_aliases = {}
    own: dict[str, Any] = found.of_aliases.setdefault(call.text("Qualifier"), {})
    return own


def put(call: AwsCall) -> Outcome:
    """Give an alias something of its own."""
    own = _own(call)
    if own is None:
        return None
    kind = _KINDS[call.operation]
    told = {key: each for key, each in call.parameters.items() if key not in ("FunctionName", "Qualifier")}
    told["FunctionArn"] = f"{functions.arn(call)}:{call.text('Qualifier')}"
    if kind == "url":
        told |= {"FunctionUrl": f"https://{call.text('Qualifier')}.lambda-url.on.aws/", "CreationTime": ""}
    if kind == "provisioned":
        told["RequestedProvisionedConcurrentExecutions"] = told.pop("ProvisionedConcurrentExecutions")
        told["Status"] = "READY"
    own[kind] = told
    return Answer(json.dumps(told), "application/json")


def get(call: AwsCall) -> Outcome:
    """Tell what an alias has of its own."""
    own, kind = _own(call), _KINDS[call.operation]
    if own is None:
        return None
    if kind in own:
        return Answer(json.dumps(own[kind]), "application/json")
    if kind == "provisioned":
        return AwsError(
            "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found", 404
        )
    return _absent("The resource you requested does not exist.")


def policy(call: AwsCall) -> Outcome:
    """The statements of an alias's own policy."""
    if not call.text("Qualifier") or (found := functions.function(call)) is None:
        return None
    end = f":{call.text('Qualifier')}"
    some = [
        each for each in (found.policy.statements if found.policy else ()) if each["Resource"].endswith(end)
    ]
    if not some:
        return _absent("The resource you requested does not exist.")
    return Answer(
        json.dumps({"Policy": json.dumps({"Version": "2012-10-17", "Statement": some})}), "application/json"
    )


def _alias(call: AwsCall) -> Any:
    aliases: dict[str, Any] = get_backend(call.account, call.region)._lambdas._get_function_aliases(
        call.text("FunctionName")
    )
    return aliases.get(call.text("Name"))


def _absent(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message, 404)


_KINDS = {
    f"{verb}{name}": kind
    for name, kind in (
        ("FunctionEventInvokeConfig", "invoked"),
        ("FunctionUrlConfig", "url"),
        ("ProvisionedConcurrencyConfig", "provisioned"),
    )
    for verb in ("Get", "Put", "Create")
}
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("lambda", "CreateAlias"): (name_is_one, versions_are_there),
    ("lambda", "UpdateAlias"): (versions_are_there,),
    ("lambda", "PutProvisionedConcurrencyConfig"): (put,),
    ("lambda", "GetProvisionedConcurrencyConfig"): (get,),
    ("lambda", "CreateFunctionUrlConfig"): (put,),
    ("lambda", "GetFunctionUrlConfig"): (get,),
    ("lambda", "GetFunctionEventInvokeConfig"): (get,),
    ("lambda", "PutFunctionEventInvokeConfig"): (put, functions.only_one_configuration_of_invocations),
}
