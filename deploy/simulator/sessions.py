"""Roles that were assumed: whose a session's keys are, who may assume a role, what a session may do.

moto lets anybody assume a role that need not exist. Here the role's trust policy is asked, for the account
and the external id, and a session's own policy limits it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from moto.backends import get_backend
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall, Environ
from deploy.simulator.replies import AwsError

_KEY = re.compile(r"Credential=([^/]+)/")
#: Prefixes of actions that are not what requests are signed for.
_PREFIXES = {"tagging": "tag"}
_ISSUED = re.compile(r"<AccessKeyId>([^<]+)</AccessKeyId>")


@dataclass(frozen=True, kw_only=True)
class Session:
    """A role that was assumed.

    Attributes:
        policy: the session's own, which limits it; empty if it has none.
        name, source_identity: what CloudTrail shows of who it is.
    """

    account: str
    role: str
    policy: str
    name: str
    source_identity: str


class Sessions:
    """The sessions of all accounts, by their access keys; not safe for threads."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def all(self) -> list[dict[str, Any]]:
        """All of them, in the order in which they were given out."""
        return [asdict(each) for each in self._sessions.values()]

    def of(self, environ: Environ) -> Session | None:
        """The session that a request is signed in."""
        key = _KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        return self._sessions.get(key[1]) if key else None

    def judge(self, call: AwsCall, session: Session | None) -> AwsError | None:
        """What stands against a call in the policies of roles and sessions."""
        if session is not None and session.policy and not _allows(session.policy, call):
            return _denied(f"no session policy allows the {call.service}:{call.operation} action")
        if (call.service, call.operation) == ("sts", "AssumeRole"):
            return _judge_trust(call)
        return None

    def note(self, call: AwsCall, reply: Response) -> None:
        """Remember a session that was given out."""
        if (call.service, call.operation) != ("sts", "AssumeRole") or reply.status_code != 200:
            return
        key = _ISSUED.search(reply.get_data(as_text=True))
        assert key is not None
        arn = call.text("RoleArn")
        self._sessions[key[1]] = Session(
            account=arn.split(":")[4],
            role=arn,
            policy=call.text("Policy"),
            name=call.text("RoleSessionName"),
            source_identity=call.text("SourceIdentity"),
        )


def _allows(policy: str, call: AwsCall) -> bool:
    action = f"{_PREFIXES.get(call.service, call.service)}:{call.operation}"
    patterns = [each for statement in _statements(policy) for each in _list(statement.get("Action"))]
    return action == "sts:GetCallerIdentity" or any(fnmatchcase(action, each) for each in patterns)


def _judge_trust(call: AwsCall) -> AwsError | None:
    arn = call.text("RoleArn")
    denied = _denied(f"it is not authorized to perform: sts:AssumeRole on resource: {arn}")
    try:
        role = get_backend("iam")[arn.split(":")[4]]["aws"].get_role_by_arn(arn)
    except Exception:
        return denied
    document = role.assume_role_policy_document
    text = document if isinstance(document, str) else json.dumps(document)
    return None if any(_trusts(statement, call) for statement in _statements(text)) else denied


def _trusts(statement: dict[str, Any], call: AwsCall) -> bool:
    needed = {"sts:AssumeRole"} | ({"sts:SetSourceIdentity"} if call.text("SourceIdentity") else set())
    principal = statement.get("Principal", {})
    trusted = ["*"] if principal == "*" else _list(principal.get("AWS"))
    wanted = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
    return (
        statement["Effect"] == "Allow"
        and needed <= set(_list(statement.get("Action")))
        and any(each in ("*", call.account) or f":{call.account}:" in each for each in trusted)
        and (wanted is None or call.text("ExternalId") in _list(wanted))
    )


def _statements(policy: str) -> Iterator[dict[str, Any]]:
    yield from _list(json.loads(policy)["Statement"])


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _denied(reason: str) -> AwsError:
    return AwsError("AccessDenied", f"User is not authorized: {reason}", 403)
