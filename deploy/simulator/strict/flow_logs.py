"""Flow logs: what each destination needs, and one of a configuration and destination.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from moto.ec2.models.flow_logs import FlowLogs, FlowLogsBackend
from werkzeug.wrappers import Response

from deploy.simulator import markup
from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

_BEGINNINGS = {"VPC": "vpc-", "Subnet": "subnet-", "NetworkInterface": "eni-"}
_OPTIONS = ("FileFormat", "HiveCompatiblePartitions", "PerHourPartition")
#: Of one VPC, subnet or interface.
_MOST = 2

# moto does not tell these.
FlowLogs.destination_options = None  # type: ignore[attr-defined]
FlowLogs.deliver_cross_account_role = None  # type: ignore[attr-defined]

_create = FlowLogsBackend.create_flow_logs


def _into_folders(ec2: Any, *, log_destination: str | None, **more: Any) -> Any:
    """Make flow logs that may go into a folder of a bucket, which moto takes for the bucket's name."""
    in_s3 = log_destination and more["log_destination_type"] == "s3"
    bucket = log_destination.partition("/")[0] if log_destination and in_s3 else log_destination
    made, refused = _create(ec2, log_destination=bucket, **more)  # type: ignore[arg-type]
    for each in made:
        each.log_destination = log_destination  # type: ignore[assignment]
    return made, refused


FlowLogsBackend.create_flow_logs = _into_folders  # type: ignore[method-assign,assignment]


def destination_is_whole(call: AwsCall) -> Outcome:
    """A log group needs a role; a bucket none, and only there are files."""
    kind = call.text("LogDestinationType") or "cloud-watch-logs"
    if kind == "cloud-watch-logs" and not call.text("DeliverLogsPermissionArn"):
        return AwsError(
            "InvalidParameter",
            "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
        )
    if kind != "cloud-watch-logs" and call.text("LogGroupName"):
        return AwsError("InvalidParameter", f"LogGroupName can't be provided with LogDestinationType {kind}.")
    if kind == "s3" and call.text("DeliverLogsPermissionArn"):
        return AwsError("InvalidParameter", "DeliverLogsPermissionArn is not applicable for s3 delivery.")
    if kind != "s3" and any(name.startswith("DestinationOptions.") for name in call.parameters):
        return AwsError("InvalidParameter", f"DestinationOptions is not applicable for {kind}.")
    return None


def kind_is_of_the_id(call: AwsCall) -> Outcome:
    """An id is one of the kind that is named."""
    beginning = _BEGINNINGS.get(call.text("ResourceType"), "")
    for name in call.members("ResourceId"):
        if not name.startswith(beginning):
            return AwsError("InvalidParameter", f"{name} is no {call.text('ResourceType')}")
    return None


def one_of_a_configuration(call: AwsCall) -> Outcome:
    """Of one VPC, subnet or interface are two at most, and not of the same configuration and destination."""
    for name in call.members("ResourceId"):
        theirs = [each for each in backend(call, "ec2").flow_logs.values() if each.resource_id == name]
        if any(_to(each) == (call.text("LogGroupName"), call.text("LogDestination")) for each in theirs):
            message = "Error. There is an existing Flow Log with the same configuration and log destination."
            return AwsError("FlowLogAlreadyExists", message)
        if len(theirs) >= _MOST:
            return AwsError("FlowLogsLimitExceeded", f"{name} has {_MOST} flow logs")
    return None


def _to(log: Any) -> tuple[str, str]:
    return log.log_group_name or "", log.log_destination or ""


def delete(call: AwsCall) -> Outcome:
    """Delete some flow logs, and say in the answer of which there are none: moto refuses the call."""
    logs, refused = backend(call, "ec2").flow_logs, ""
    for name in call.members("FlowLogId"):
        if logs.pop(name, None) is None:
            message = escape(f"These flow log ids in the input list are not found: [TotalCount: 1] {name}")
            refused += (
                f"<item><resourceId>{escape(name)}</resourceId><error><code>InvalidFlowLogId.NotFound</code>"
                f"<message>{message}</message></error></item>"
            )
    return Answer(
        '<DeleteFlowLogsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>r</requestId><unsuccessful>{refused}</unsuccessful></DeleteFlowLogsResponse>"
    )


def complete(call: AwsCall, reply: Response) -> None:
    """Give a new flow log what moto does not."""
    given = {name: call.parameters.get(f"DestinationOptions.{name}") for name in _OPTIONS}
    for element in markup.parse(reply).iter("flowLogIdSet"):
        for name in markup.texts(element, "item"):
            log = backend(call, "ec2").flow_logs[name]
            log.deliver_cross_account_role = call.text("DeliverCrossAccountRole") or None
            if log.log_destination_type == "s3":
                log.destination_options = {
                    "FileFormat": given["FileFormat"] or "plain-text",
                    **{each: given[each] == "true" for each in _OPTIONS[1:]},
                }


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("ec2", "CreateFlowLogs"): (kind_is_of_the_id, destination_is_whole, one_of_a_configuration),
    ("ec2", "DeleteFlowLogs"): (delete,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {("ec2", "CreateFlowLogs"): complete}
