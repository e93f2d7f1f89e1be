"""Launch templates: their names, what a version says, and versions that are deleted, which moto lacks.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateBackend
from moto.ec2.utils import parse_user_data
from werkzeug.wrappers import Response

from deploy.simulator import markup
from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

_NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}", re.ASCII)
_DATA = "LaunchTemplateData."

_version = LaunchTemplate.get_version
_describe = LaunchTemplateBackend.describe_launch_template_versions


def _there(template: Any) -> list[Any]:
    """The versions that have not been deleted."""
    return [each for each in template.versions if not getattr(each, "is_deleted", False)]


def _version_there(template: Any, number: Any) -> Any:
    found = _latest(template) if str(number).lower() == "$latest" else _version(template, number)
    if found not in _there(template):
        raise InvalidLaunchTemplateVersionNotFound(template_id=template.id, version=number)
    return found


def _latest(template: Any) -> Any:
    return _there(template)[-1]


def _described(ec2: Any, **asked: Any) -> list[Any]:
    """moto knows no filters of versions, and shows fifteen unless it is asked for more."""
    found = _describe(ec2, **{**asked, "max_results": 10_000})
    return [(template, version) for template, version in found if version in _there(template)]


# moto tells the tags that a template has been made with.
LaunchTemplate.tags = property(lambda it: it.get_tags(), lambda it, tags: None)  # type: ignore[assignment]
LaunchTemplate.get_version = _version_there  # type: ignore[method-assign,assignment]
LaunchTemplate.latest_version = _latest  # type: ignore[method-assign,assignment]
LaunchTemplateBackend.describe_launch_template_versions = _described  # type: ignore[method-assign,assignment]


def name_is_one(call: AwsCall) -> Outcome:
    """A name has three characters at least, of few signs."""
    if _NAME.fullmatch(call.text("LaunchTemplateName")):
        return None
    return AwsError(
        "InvalidLaunchTemplateName.MalformedException",
        "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and "
        "the following characters: - ( ) . / _",
    )


def says_something(call: AwsCall) -> Outcome:
    """A version says something."""
    if any(name.startswith(_DATA) for name in call.parameters):
        return None
    return AwsError("MissingParameter", "The request must contain the parameter LaunchTemplateData")


def groups_are_of_an_interface(call: AwsCall) -> Outcome:
    """Where interfaces are said, their groups are theirs."""
    some = {name.partition(".")[0] for name in _said(call)}
    if "NetworkInterface" in some and some & {"SecurityGroupId", "SecurityGroup"}:
        return AwsError(
            "InvalidParameterCombination",
            "Network interfaces and instance-level security groups may not be specified in one request",
        )
    return None


def _said(call: AwsCall) -> Iterator[str]:
    return (name.removeprefix(_DATA) for name in call.parameters if name.startswith(_DATA))


def is_there(call: AwsCall) -> Outcome:
    """moto has another code for an id that there is not, or answers as if it had not been asked for it."""
    for name in (call.text("LaunchTemplateId"), *call.members("LaunchTemplateId")):
        if name and name not in backend(call, "ec2").launch_templates:
            message = f"The specified launch template, with template ID {name}, does not exist."
            return AwsError("InvalidLaunchTemplateId.NotFound", message)
    return None


def delete_versions(call: AwsCall) -> Outcome:
    """Delete some versions, of which none may be the default one, and say which there are not."""
    template = backend(call, "ec2").launch_templates[call.text("LaunchTemplateId")]
    gone = refused = ""
    for number in call.members("LaunchTemplateVersion"):
        if number == str(template.default_version_number):
            message = "The default version of a launch template can't be deleted."
            return AwsError("InvalidParameterCombination", message)
        some = [each for each in _there(template) if str(each.number) == number]
        told = f"<launchTemplateId>{template.id}</launchTemplateId>"
        told += f"<versionNumber>{escape(number)}</versionNumber>"
        if some:
            some[0].is_deleted = True
            gone += f"<item>{told}</item>"
        else:
            error = "<code>launchTemplateVersionDoesNotExist</code><message>There is none.</message>"
            refused += f"<item>{told}<responseError>{error}</responseError></item>"
    return Answer(
        '<DeleteLaunchTemplateVersionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>r</requestId><successfullyDeletedLaunchTemplateVersionSet>"
        f"{gone}</successfullyDeletedLaunchTemplateVersionSet><unsuccessfullyDeletedLaunchTemplateVersionSet>"
        f"{refused}</unsuccessfullyDeletedLaunchTemplateVersionSet></DeleteLaunchTemplateVersionsResponse>"
    )


def complete(call: AwsCall, reply: Response) -> None:
    """Take the template's own tags out of its first version, where moto puts them, and read user data."""
    for name in markup.texts(markup.parse(reply), "launchTemplateId"):
        data = backend(call, "ec2").launch_templates[name].versions[-1].data
        kinds = [
            each for each in data.get("TagSpecifications", ()) if each["ResourceType"] != "launch-template"
        ]
        data.pop("TagSpecifications", None)
        if kinds:
            data["TagSpecifications"] = kinds
        if isinstance(data.get("UserData"), str):
            data["UserData"] = parse_user_data(data["UserData"])


_OF_VERSION = (is_there, says_something, groups_are_of_an_interface)
RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "CreateLaunchTemplate"): (name_is_one, *_OF_VERSION),
    ("ec2", "CreateLaunchTemplateVersion"): _OF_VERSION,
    ("ec2", "DeleteLaunchTemplate"): (is_there,),
    ("ec2", "DeleteLaunchTemplateVersions"): (is_there, delete_versions),
    ("ec2", "DescribeLaunchTemplates"): (is_there,),
    ("ec2", "DescribeLaunchTemplateVersions"): (is_there,),
    ("ec2", "ModifyLaunchTemplate"): (is_there,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("ec2", "CreateLaunchTemplate"): complete,
    ("ec2", "CreateLaunchTemplateVersion"): complete,
}
