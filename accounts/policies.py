"""The least that credentials have to be allowed, made from what the modules declare. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.session import Session

from engine.aws.models import waiting
from modules.catalogue import Catalogue
from modules.spec import Module, Resource, Waiter

_READS = ("describe_", "list_", "get_", "batch_get_")
#: The characters that a session policy may have.
#: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_SESSION_POLICY = 2048
#: What the engine itself asks, whatever the modules.
_ALWAYS = frozenset({"ec2:DescribeRegions", "sts:GetCallerIdentity"})
_VERB = re.compile(r"(:[A-Z][a-z]+).*")
#: Of services whose actions are called otherwise than they sign.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonresourcegrouptaggingapi.html
_PREFIXES = {"resourcegroupstaggingapi": "tag"}
#: Actions that are called otherwise than their operation. Who may put what S3 keeps of a bucket may also
#: take it off.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_ACTIONS = {
    "cloudfront:CreateDistributionWithTags": "cloudfront:CreateDistribution",
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "s3:PutBucketAccelerateConfiguration": "s3:PutAccelerateConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:PutBucketCors": "s3:PutBucketCORS",
    "s3:DeleteBucketCors": "s3:PutBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:GetBucketMetadataConfiguration": "s3:GetBucketMetadataTableConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:DeleteBucketTagging": "s3:PutBucketTagging",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:ListBucketAnalyticsConfigurations": "s3:GetAnalyticsConfiguration",
    "s3:ListBucketIntelligentTieringConfigurations": "s3:GetIntelligentTieringConfiguration",
    "s3:ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
    "s3:ListBucketMetricsConfigurations": "s3:GetMetricsConfiguration",
}
#: What tells contents, and not how a resource is set up, although its name begins as if it did. A session
#: that may use all verbs of a service may not use these.
_CONTENTS = (
    "dynamodb:GetItem",
    "dynamodb:GetRecords",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "ecr-public:GetAuthorizationToken",
    "lambda:GetFunction",
    "lambda:GetLayerVersion",
    "logs:GetLogEvents",
    "logs:GetLogRecord",
    "logs:GetQueryResults",
    "s3:GetObject*",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
)
#: What AWS asks for beside the operation itself.
#: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-iam-roles.html
_IMPLIED = {
    "ecs:RegisterTaskDefinition": ("iam:PassRole",),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2.html
    "ec2:AssociateIamInstanceProfile": ("iam:PassRole",),
    "ec2:ReplaceIamInstanceProfileAssociation": ("iam:PassRole",),
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    "ec2:CreateVpcEndpoint": ("route53:AssociateVPCWithHostedZone",),
    # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam.html
    "ec2:CreateFlowLogs": ("iam:PassRole", "logs:CreateLogDelivery"),
    "ec2:DeleteFlowLogs": ("logs:DeleteLogDelivery",),
    "ec2:RunInstances": ("iam:PassRole",),
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
    **dict.fromkeys(
        ("autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"),
        ("ec2:CreateTags", "ec2:RunInstances", "iam:CreateServiceLinkedRole", "iam:PassRole"),
    ),
    # https://docs.aws.amazon.com/autoscaling/application/userguide/security-iam-awsmanpol.html
    "application-autoscaling:DeleteScalingPolicy": ("cloudwatch:DeleteAlarms",),
    "application-autoscaling:PutScalingPolicy": ("cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"),
    "application-autoscaling:RegisterScalableTarget": (
        "ecs:DescribeServices",
        "ecs:UpdateService",
        "iam:CreateServiceLinkedRole",
    ),
    "ecs:CreateCluster": ("iam:CreateServiceLinkedRole",),
    "elasticloadbalancing:CreateLoadBalancer": ("iam:CreateServiceLinkedRole",),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    "s3:CreateBucket": ("s3:PutBucketOwnershipControls", "s3:PutBucketVersioning"),
}


def reading(catalogue: Catalogue) -> str:
    """The least policy for plans, syncs and reports of all modules."""
    return _policy(sorted(_reads(catalogue)))


def reading_session(catalogue: Catalogue, most: int = _SESSION_POLICY) -> str:
    """The policy of a session that may do no more than read.

    Args:
        most: the characters that it may have; beyond them it names the verbs of operations, and denies what
            tells contents.
    """
    exact = reading(catalogue)
    if len(exact) <= most:
        return exact
    needed = _reads(catalogue)
    verbs = {_VERB.sub(r"\1*", action) for action in needed}
    denied = (
        each
        for each in _CONTENTS
        if any(fnmatchcase(each, verb) for verb in verbs)
        and not any(fnmatchcase(action, each) for action in needed)
    )
    return _policy(sorted(verbs), sorted(denied))


def changing(module: Module) -> str:
    """The least policy for applies to one module, beside that for reading."""
    return _policy(sorted(actions(module, reads=False)))


def calling(catalogue: Catalogue) -> str:
    """The least policy for the functions of modules, which call AWS in other ways than by an apply."""
    calls = {call for each in catalogue.functions.values() for call in each.calls}
    return _policy(sorted({action_of(*each) for each in calls}))


def documents(catalogue: Catalogue) -> dict[str, str]:
    """The policies as files for people, by name: for reading, for changes of each module, for functions."""
    texts = {"reading": reading(catalogue)}
    texts |= {each.name: changing(each) for each in catalogue.modules if actions(each, reads=False)}
    texts["functions"] = calling(catalogue)
    return {f"{name}.json": json.dumps(json.loads(text), indent=2) + "\n" for name, text in texts.items()}


def actions(module: Module, *, reads: bool) -> set[str]:
    """The IAM actions of the calls that a module's resources declare, of those that read or of the others."""
    return set().union(*(actions_of(each, reads=reads) for each in module.resources))


def actions_of(resource: Resource, *, reads: bool) -> set[str]:
    """The IAM actions of the calls that one resource declares, of those that read or of the others."""
    found = {
        action_of(service, operation)
        for service, operation in _operations(resource)
        if operation.startswith(_READS) == reads
    }
    return found.union(*(_IMPLIED.get(each, ()) for each in found))


def _reads(catalogue: Catalogue) -> frozenset[str]:
    return _ALWAYS.union(*(actions(each, reads=True) for each in catalogue.modules))


def _operations(resource: Resource) -> Iterator[tuple[str, str]]:
    """The service and operation of each call, by botocore's names."""
    for value in _values(resource):
        if isinstance(value, Waiter):
            yield resource.service, waiting(resource.service, value).operation
        elif isinstance(operation := getattr(value, "operation", None), str):
            yield getattr(value, "service", None) or resource.service, operation


def _values(value: Any) -> Iterator[Any]:
    """The declarations within a declaration, and itself."""
    if is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in fields(value):
            yield from _values(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _values(each)


def action_of(service: str, operation: str) -> str:
    """The IAM action of an operation, both by botocore's names."""
    prefix, names = _model(service)
    action = f"{prefix}:{names[operation]}"
    return _ACTIONS.get(action, action)


@cache
def _model(service: str) -> tuple[str, dict[str, str]]:
    """A service's prefix of IAM actions, and its operations by botocore's names."""
    model = Session().get_service_model(service)
    return _PREFIXES.get(service, model.signing_name), {
        xform_name(name): name for name in model.operation_names
    }


def _policy(allowed: Sequence[str], denied: Sequence[str] = ()) -> str:
    effects = (("Allow", allowed), ("Deny", denied))
    statements = [
        {"Effect": effect, "Action": actions, "Resource": "*"} for effect, actions in effects if actions
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
