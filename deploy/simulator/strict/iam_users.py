"""IAM: users, groups and OpenID Connect providers, as far as moto is laxer, forgets, or lacks a call."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.iam import answer
from deploy.simulator.strict.outcome import Completion, Outcome, Rule, backend


def user_is_called_otherwise(call: AwsCall) -> Outcome:
    """A user's keys and tags stay its own under another name or path, which moto forgets."""
    iam, name = _iam(call), call.text("UserName")
    user, new, path = iam.users.get(name), call.text("NewUserName") or name, call.text("NewPath")
    if user is None:
        return None
    if new != name and _taken(new, set(iam.users) - {name}):
        return _exists("User", new)
    tags, old = iam.tagger.get_tag_dict_for_resource(user.arn), user.arn
    for key in user.access_keys:
        key.user_name = new
    arn = f"{old.partition(':user')[0]}:user{path or user.path}{new}"
    if tags and arn != old:
        iam.tagger.delete_all_tags_for_resource(old)
        iam.tagger.tag_resource(arn, [{"Key": key, "Value": value} for key, value in tags.items()])
    return None


def group_is_called_otherwise(call: AwsCall) -> Outcome:
    """moto gives a group no other path alone, and no letters of another case."""
    iam, name = _iam(call), call.text("GroupName")
    group, new = iam.groups.get(name), call.text("NewGroupName") or name
    if group is None:
        return None
    if new != name and _taken(new, set(iam.groups) - {name}):
        return _exists("Group", new)
    group.name, group.path = new, call.text("NewPath") or group.path
    iam.groups[new] = iam.groups.pop(name)
    return answer(call)


def user_has_nothing(call: AwsCall) -> Outcome:
    """A user is deleted when nothing signs in as it, and no group has it."""
    iam = _iam(call)
    user = iam.users.get(call.text("UserName"))
    if user is None:
        return None
    there = {
        "access keys": user.access_keys,
        "login profile": user.password,
        "MFA devices": user.mfa_devices,
        "SSH public keys": user.ssh_public_keys,
        "signing certificates": user.signing_certificates,
        "groups": [each for each in iam.groups.values() if user in each.users],
    }
    return next((_in_the_way(what) for what, some in there.items() if some), None)


def group_has_nothing(call: AwsCall) -> Outcome:
    """A group is deleted when it has no users and no policies."""
    group = _iam(call).groups.get(call.text("GroupName"))
    if group is None:
        return None
    there = {"users": group.users, "policies": [*group.managed_policies, *group.policies]}
    return next((_in_the_way(what) for what, some in there.items() if some), None)


def boundary_is_set(call: AwsCall) -> Outcome:
    """moto knows the boundaries of roles alone."""
    return _bounded(call, call.text("PermissionsBoundary"))


def boundary_is_lifted(call: AwsCall) -> Outcome:
    """As `boundary_is_set`."""
    return _bounded(call, None)


def complete(call: AwsCall, reply: Response) -> None:
    """Give a user that moto has just made its boundary."""
    if arn := call.text("PermissionsBoundary"):
        _iam(call).users[call.text("UserName")].permissions_boundary = _boundary(arn)


def no_credentials_of_services(call: AwsCall) -> Outcome:
    """There are none here, and moto does not say so."""
    return answer(call, "<ServiceSpecificCredentials/>")


def status_is_one(call: AwsCall) -> Outcome:
    """A key is active or not."""
    if call.text("Status") in ("Active", "Inactive"):
        return None
    return AwsError("ValidationError", "1 validation error detected: Value at 'status' failed to satisfy")


def client_is_added(call: AwsCall) -> Outcome:
    """One that a provider has already is no error."""
    provider, client = _provider(call), call.text("ClientID")
    if provider is None:
        return AwsError("NoSuchEntity", "OpenIDConnect Provider not found", 404)
    if client not in provider.client_id_list:
        provider.client_id_list.append(client)
    return answer(call)


def client_is_removed(call: AwsCall) -> Outcome:
    """One that a provider has not is no error."""
    provider, client = _provider(call), call.text("ClientID")
    if provider is None:
        return AwsError("NoSuchEntity", "OpenIDConnect Provider not found", 404)
    provider.client_id_list = [each for each in provider.client_id_list if each != client]
    return answer(call)


def _bounded(call: AwsCall, arn: str | None) -> Outcome:
    user = _iam(call).users.get(call.text("UserName"))
    if user is None:
        return AwsError("NoSuchEntity", "The user cannot be found.", 404)
    user.permissions_boundary = _boundary(arn) if arn else None
    return answer(call)


def _boundary(arn: str) -> dict[str, str]:
    return {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": arn}


def _iam(call: AwsCall) -> Any:
    return backend(call, "iam", everywhere=True)


def _provider(call: AwsCall) -> Any:
    return _iam(call).open_id_providers.get(call.text("OpenIDConnectProviderArn"))


def _taken(name: str, names: set[str]) -> bool:
    """Whether something is called so: letters of another case make no other name."""
    return name.lower() in {each.lower() for each in names}


def _exists(what: str, name: str) -> AwsError:
    return AwsError("EntityAlreadyExists", f"{what} with name {name} already exists.", 409)


def _in_the_way(what: str) -> AwsError:
    return AwsError("DeleteConflict", f"Cannot delete entity, must remove {what} first.", 409)


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("iam", "AddClientIDToOpenIDConnectProvider"): (client_is_added,),
    ("iam", "DeleteGroup"): (group_has_nothing,),
    ("iam", "DeleteUser"): (user_has_nothing,),
    ("iam", "DeleteUserPermissionsBoundary"): (boundary_is_lifted,),
    ("iam", "ListServiceSpecificCredentials"): (no_credentials_of_services,),
    ("iam", "PutUserPermissionsBoundary"): (boundary_is_set,),
    ("iam", "RemoveClientIDFromOpenIDConnectProvider"): (client_is_removed,),
    ("iam", "UpdateAccessKey"): (status_is_one,),
    ("iam", "UpdateGroup"): (group_is_called_otherwise,),
    ("iam", "UpdateUser"): (user_is_called_otherwise,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {("iam", "CreateUser"): complete}
