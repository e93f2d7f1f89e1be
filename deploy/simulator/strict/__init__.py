"""Rules that AWS keeps and moto does not, one small function each.

A rule looks at a call before moto sees it and says: an error, "that exists already", or
nothing. A completion gives what moto has made then what AWS would have given it. A trim takes
from moto's reply what AWS would not show, or adds what it would.
"""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.strict import (
    acm,
    aliases,
    autoscaling,
    cloudwatch,
    dhcp,
    dynamo,
    ec2,
    ecs,
    elb,
    endpoints,
    events,
    flow_logs,
    functions,
    group_policies,
    health_checks,
    iam,
    iam_users,
    images,
    instances,
    kms,
    launch_templates,
    logs,
    network_acls,
    networks,
    peering,
    permissions,
    rds,
    route53,
    s3,
    scaling_groups,
    secretsmanager,
    security_groups,
    sqs,
    ssm,
    targets,
    volumes,
)
from deploy.simulator.strict.outcome import Answer, Existing, Outcome, Rule

RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    **acm.RULES,
    **aliases.RULES,
    **autoscaling.RULES,
    **cloudwatch.RULES,
    **dhcp.RULES,
    **dynamo.RULES,
    **ec2.RULES,
    **ecs.RULES,
    **elb.RULES,
    **endpoints.RULES,
    **events.RULES,
    **flow_logs.RULES,
    **functions.RULES,
    **group_policies.RULES,
    **health_checks.RULES,
    **iam.RULES,
    **iam_users.RULES,
    **images.RULES,
    **instances.RULES,
    **kms.RULES,
    **launch_templates.RULES,
    **logs.RULES,
    **network_acls.RULES,
    **networks.RULES,
    **peering.RULES,
    **permissions.RULES,
    **s3.RULES,
    **rds.RULES,
    **route53.RULES,
    **scaling_groups.RULES,
    **secretsmanager.RULES,
    **security_groups.RULES,
    **sqs.RULES,
    **ssm.RULES,
    **targets.RULES,
    **volumes.RULES,
}

TRIMS = {
    **acm.TRIMS,
    **autoscaling.TRIMS,
    **dynamo.TRIMS,
    **ecs.TRIMS,
    **events.TRIMS,
    **functions.TRIMS,
    **kms.TRIMS,
    **permissions.TRIMS,
    **secretsmanager.TRIMS,
    **ssm.TRIMS,
}

COMPLETIONS = {
    **dhcp.COMPLETIONS,
    **dynamo.COMPLETIONS,
    **elb.COMPLETIONS,
    **endpoints.COMPLETIONS,
    **events.COMPLETIONS,
    **flow_logs.COMPLETIONS,
    **functions.COMPLETIONS,
    **group_policies.COMPLETIONS,
    **health_checks.COMPLETIONS,
    **iam_users.COMPLETIONS,
    **instances.COMPLETIONS,
    **launch_templates.COMPLETIONS,
    **network_acls.COMPLETIONS,
    **peering.COMPLETIONS,
    **permissions.COMPLETIONS,
    **rds.COMPLETIONS,
    **route53.COMPLETIONS,
    **s3.COMPLETIONS,
    **scaling_groups.COMPLETIONS,
}

__all__ = ["Answer", "Existing", "judge", "trim"]


def judge(call: AwsCall) -> Outcome:
    """What the first rule that has something to say of a call says."""
    for rule in RULES.get((call.service, call.operation), ()):
        if (outcome := rule(call)) is not None:
            return outcome
    return None


def trim(call: AwsCall, reply: Response) -> Response:
    """moto's reply as AWS would give it, and what moto has made as AWS would have made it."""
    key, well = (call.service, call.operation), reply.status_code < 300
    if well and (complete := COMPLETIONS.get(key)) is not None:
        complete(call, reply)
    if well and (shorten := TRIMS.get(key)) is not None:
        reply.set_data(json.dumps(shorten(call, json.loads(reply.get_data()))))
        reply.headers.pop("x-amz-crc32", None)  # which was of what moto said
    return reply
