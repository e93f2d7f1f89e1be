"""CloudWatch Logs: the tags of a log group go with it."""

from __future__ import annotations

from deploy.simulator.call import AwsCall
from deploy.simulator.strict.outcome import Outcome, Rule, backend


def tags_go_along(call: AwsCall) -> Outcome:
    """moto would give them to the next group of that name."""
    logs = backend(call, "logs")
    group = logs.groups.get(call.text("logGroupName"))
    if group is not None:
        logs.tagger.delete_all_tags_for_resource(group.arn)
    return None


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {("logs", "DeleteLogGroup"): (tags_go_along,)}
