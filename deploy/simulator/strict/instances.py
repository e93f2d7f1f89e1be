"""EC2's instances: what changes in which state, what a new one needs, and what moto leaves out.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.types import Base64EncodedString
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.models.instances import Instance
from werkzeug.wrappers import Response

from deploy.simulator import markup
from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

#: What AWS changes of a stopped instance only.
_WHEN_STOPPED = ("InstanceType.Value", "EbsOptimized.Value", "UserData.Value")
#: Parameters of ModifyInstanceMetadataOptions, and where moto has them.
_METADATA = {
    "HttpTokens": "http_tokens",
    "HttpEndpoint": "http_endpoint",
    "HttpProtocolIpv6": "http_protocol_ipv6",
    "InstanceMetadataTags": "instance_metadata_tags",
}
_HOP_LIMIT = "HttpPutResponseHopLimit"


def _processors(instance: Any) -> dict[str, int] | None:
    """As many as are usual for its type, which moto does not tell."""
    usual = INSTANCE_TYPES.get(instance.instance_type, {}).get("VCpuInfo", {})
    names = {"CoreCount": "DefaultCores", "ThreadsPerCore": "DefaultThreadsPerCore"}
    return {name: usual[there] for name, there in names.items() if there in usual} or None


Instance.cpu_options = property(_processors)  # type: ignore[attr-defined]


def key_is_there(call: AwsCall) -> Outcome:
    """An instance is made with a key pair of the region."""
    name = call.text("KeyName")
    if not name or name in backend(call, "ec2").key_pairs:
        return None
    return AwsError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def profile_is_there(call: AwsCall) -> Outcome:
    """An instance has an instance profile of the account, with a role in it."""
    named = [call.text(f"IamInstanceProfile.{each}") for each in ("Name", "Arn")]
    profile = _profile(call)
    if any(named) and profile is None:
        return AwsError(
            "InvalidParameterValue",
            f"Value ({''.join(named)}) for parameter iamInstanceProfile is invalid. "
            "Invalid IAM Instance Profile",
        )
    if profile is not None and not profile.roles:
        return AwsError(
            "InvalidParameterValue", f"IAM Instance Profile {profile.arn} has no associated IAM Roles"
        )
    return None


def _profile(call: AwsCall) -> Any:
    """The instance profile that a call names."""
    name, arn = call.text("IamInstanceProfile.Name"), call.text("IamInstanceProfile.Arn")
    profiles = backend(call, "iam", everywhere=True).instance_profiles.values()
    return next((each for each in profiles if each.arn == arn or (name and each.name == name)), None)


def terminated_stays(call: AwsCall) -> Outcome:
    """Nothing becomes of an instance that has been terminated."""
    for instance in _instances(call):
        if instance.state == "terminated":
            return incorrect_state(instance.id)
    return None


def changes_when_stopped(call: AwsCall) -> Outcome:
    """Type, EBS optimization and user data change while an instance is stopped."""
    if any(map(call.text, _WHEN_STOPPED)):
        for instance in _instances(call):
            if instance.state != "stopped":
                return incorrect_state(instance.id)
    return None


def hibernates_if_set_up(call: AwsCall) -> Outcome:
    """Only an instance that was made so hibernates."""
    for instance in _instances(call) if call.text("Hibernate") == "true" else ():
        if not (instance.hibernation_options or {}).get("Configured"):
            return AwsError(
                "UnsupportedHibernationConfiguration",
                f"The instance {instance.id} is not configured for hibernation.",
            )
    return None


def incorrect_state(name: str) -> AwsError:
    return AwsError(
        "IncorrectInstanceState", f"The instance '{name}' is not in a state in which that can be done."
    )


def one_attribute(call: AwsCall) -> Outcome:
    """AWS changes one attribute of an instance a call, and its groups are its interface's."""
    some = {name.partition(".")[0] for name in call.parameters} - {"Action", "Version", "InstanceId"}
    if len(some) > 1:
        return AwsError("InvalidParameterCombination", "Fields for multiple attribute types specified")
    groups = [value for name, value in call.parameters.items() if name.startswith("GroupId.")]
    ec2 = backend(call, "ec2")
    for instance in _instances(call) if groups else ():
        for interface in instance.nics.values():
            interface._group_set = [ec2.get_security_group_from_id(each) for each in groups]
    return None


def user_data(call: AwsCall) -> Outcome:
    """Text comes encoded, which moto takes for encoded twice."""
    if "UserData.Value" not in call.parameters:
        return None
    for instance in _instances(call):
        instance.user_data = Base64EncodedString(call.text("UserData.Value"))
    return _answer(call, "<return>true</return>")


def other_profile(call: AwsCall) -> Outcome:
    """An instance shows the profile that takes the place of another, which moto does not let it."""
    profile = _profile(call)
    for association in backend(call, "ec2").iam_instance_profile_associations.values():
        if profile is not None and association.association_id == call.text("AssociationId"):
            association.instance.iam_instance_profile = {
                "Arn": profile.arn,
                "Id": association.association_id,
            }
    return None


def monitored(call: AwsCall) -> Outcome:
    """Metrics each minute, or each five, which moto does not change."""
    state = "disabled" if call.operation == "UnmonitorInstances" else "enabled"
    for instance in _instances(call):
        instance.monitoring_state = state
    return _answer(call, "<instancesSet/>")


def metadata_options(call: AwsCall) -> Outcome:
    """Options that are left out stay as they are, which moto sets back."""
    for instance in _instances(call):
        for parameter, name in _METADATA.items():
            if value := call.text(parameter):
                setattr(instance.metadata_options, name, value)
        if limit := call.text(_HOP_LIMIT):
            instance.metadata_options.http_put_response_hop_limit = int(limit)
    return _answer(call, f"<instanceId>{call.text('InstanceId')}</instanceId>")


def complete(call: AwsCall, reply: Response) -> None:
    """Make new instances as protected as they are to be, and let their interfaces go with them."""
    ec2, protected = backend(call, "ec2"), call.text("DisableApiTermination") == "true"
    for name in markup.texts(markup.parse(reply), "instanceId"):
        found = ec2.get_instance_by_id(name)
        if found is not None:
            found.disable_api_termination = protected
            for interface in found.nics.values():
                interface.delete_on_termination = True


def _answer(call: AwsCall, body: str) -> Answer:
    space = "http://ec2.amazonaws.com/doc/2016-11-15/"
    kind = f"{call.operation}Response"
    return Answer(f'<{kind} xmlns="{space}"><requestId>1</requestId>{body}</{kind}>')


def names(call: AwsCall) -> list[str]:
    """The instances that a call is about."""
    one = call.text("InstanceId")
    return [one] if one else list(call.members("InstanceId"))


def networks(call: AwsCall) -> Iterator[str]:
    """The subnets and security groups of the instances that a call is about."""
    for instance in _instances(call):
        for interface in instance.nics.values():
            yield interface.subnet.id
            yield from (group.id for group in interface.group_set)


def _instances(call: AwsCall) -> Iterator[Any]:
    for name in names(call):
        found = backend(call, "ec2").get_instance_by_id(name)
        if found is not None:
            yield found


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "AssociateIamInstanceProfile"): (profile_is_there, terminated_stays),
    ("ec2", "ModifyInstanceAttribute"): (
        terminated_stays,
        changes_when_stopped,
        one_attribute,
        user_data,
    ),
    ("ec2", "ModifyInstanceMetadataOptions"): (terminated_stays, metadata_options),
    ("ec2", "MonitorInstances"): (terminated_stays, monitored),
    ("ec2", "ReplaceIamInstanceProfileAssociation"): (profile_is_there, other_profile),
    ("ec2", "RunInstances"): (key_is_there, profile_is_there),
    ("ec2", "StartInstances"): (terminated_stays,),
    ("ec2", "StopInstances"): (terminated_stays, hibernates_if_set_up),
    ("ec2", "UnmonitorInstances"): (terminated_stays, monitored),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {("ec2", "RunInstances"): complete}
