"""CloudWatch Logs: what a log group may be called, and that its tags go with it.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
"""

from __future__ import annotations

import re

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict.outcome import Outcome, Rule, backend

_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")


def log_group_name_has_its_form(call: AwsCall) -> Outcome:
    """A name has letters, digits and some signs."""
    name = call.text("logGroupName")
    if _NAME.fullmatch(name):
        return None
    return AwsError(
        "InvalidParameterException",
        f"1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+",
    )


def tags_go_along(call: AwsCall) -> Outcome:
    """moto would give them to the next group of that name."""
    logs = backend(call, "logs")
    group = logs.groups.get(call.text("logGroupName"))
    if group is not None:
        logs.tagger.delete_all_tags_for_resource(group.arn)
    return None


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("logs", "CreateLogGroup"): (log_group_name_has_its_form,),
    ("logs", "DeleteLogGroup"): (tags_go_along,),
}
