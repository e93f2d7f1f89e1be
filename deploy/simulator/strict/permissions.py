"""Policies of Lambda's functions: what a statement needs, and how AWS tells it.

https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict import aliases, functions
from deploy.simulator.strict.outcome import Completion, Outcome, Rule, backend

Document = dict[str, Any]

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,100}", re.ASCII)
_ENTITY = re.compile(r"arn:aws:iam::(\d{12}):(role|user)/(?:.*/)?([^/]+)", re.ASCII)
#: Of a parameter the operator and the key of the condition that AWS makes of it.
_CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}


def statement_is_new(call: AwsCall) -> Outcome:
    """A statement has a name that the policy has not."""
    name = call.text("StatementId")
    if not _NAME.fullmatch(name):
        what = f"1 validation error detected: Value '{name}' at 'statementId' failed to satisfy constraint"
        return AwsError("ValidationException", what)
    if any(each["Sid"] == name for each in _statements(call)):
        return AwsError(
            "ResourceConflictException",
            f"The statement id ({name}) provided already exists. Please provide a new statement id, or "
            "remove the existing statement.",
            409,
        )
    return None


def principal_is_there(call: AwsCall) -> Outcome:
    """Roles and users that are let in exist; of other accounts nothing is known here."""
    entity = _ENTITY.fullmatch(call.text("Principal"))
    if entity is None or entity[1] != call.account:
        return None
    iam = backend(call, "iam", everywhere=True)
    known = iam.roles.values() if entity[2] == "role" else iam.users.values()
    return None if any(each.arn == entity[0] for each in known) else not_a_principal()


def not_a_principal() -> AwsError:
    """What AWS says of who is not there, or too new."""
    return AwsError(
        "InvalidParameterValueException",
        "The provided principal was invalid. Please check the principal and try again.",
    )


def policy_is_there(call: AwsCall) -> Outcome:
    """A policy has statements; the last one takes it along."""
    if call.text("Qualifier") or _statements(call):
        return None
    return _absent("The resource you requested does not exist.")


def statement_is_there(call: AwsCall) -> Outcome:
    """Only a statement that is there is removed."""
    name = call.text("StatementId")
    if call.text("Qualifier") or any(each["Sid"] == name for each in _statements(call)):
        return None
    return _absent(f"Statement {name} is not found in resource policy.")


def as_aws_makes_it(call: AwsCall, reply: Response) -> None:
    """The statement that AWS makes of the parameters."""
    if call.text("Qualifier"):
        return  # versions and aliases are moto's
    who = call.text("Principal")
    conditions: dict[str, dict[str, str]] = {}
    for name, (operator, key) in _CONDITIONS.items():
        if (value := call.parameters.get(name)) is not None:
            told = str(value).lower() if isinstance(value, bool) else value
            conditions.setdefault(operator, {})[key] = told
    if _ACCOUNT.fullmatch(who):
        who = f"arn:aws:iam::{who}:root"
    elif who.endswith(".amazonaws.com"):
        who = ""
    principal: Any = {"AWS": who} if who else {"Service": call.text("Principal")}
    statement = {
        "Sid": call.text("StatementId"),
        "Effect": "Allow",
        "Principal": "*" if who == "*" else principal,
        "Action": call.text("Action"),
        "Resource": functions.arn(call),
        **({"Condition": conditions} if conditions else {}),
    }
    policy = functions.function(call).policy
    policy.statements[-1] = statement
    reply.set_data(json.dumps({"Statement": json.dumps(statement)}))


def of_the_one(call: AwsCall, document: Document) -> Document:
    """The policy of a function, without the statements of its aliases, which moto has in it."""
    if call.text("Qualifier"):
        return document
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": _statements(call)}
    return {**document, "Policy": json.dumps(policy)}


def _absent(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message, 404)


def _statements(call: AwsCall) -> list[Document]:
    found = functions.function(call)
    some = found.policy.statements if found is not None else ()
    return [each for each in some if each["Resource"] == found.function_arn]


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("lambda", "AddPermission"): (statement_is_new, principal_is_there),
    ("lambda", "GetPolicy"): (aliases.policy, policy_is_there),
    ("lambda", "RemovePermission"): (statement_is_there,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("lambda", "AddPermission"): as_aws_makes_it,
}
TRIMS: dict[tuple[str, str], Callable[[AwsCall, Document], Document]] = {
    ("lambda", "GetPolicy"): of_the_one,
}
