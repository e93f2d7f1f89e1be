"""What else owns a resource than whoever writes its row: the column `managed_by`, declared once.

Most owners leave a tag, which is known here. What only one service tells, its own tables add.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from modules.spec import Column, Context, Description, assigned
from modules.tagging import Tagging, Tags

NAME = "managed_by"
#: Names the owner that a description shows, if it shows one.
Owner = Callable[[Description], str | None]

#: What a listing joins to descriptions that say whose they are, for `another_account`.
ACCOUNT = {"Account": Context("account")}

_LANDING_ZONE = ("AWSControlTower", "StackSet-AWSControlTower")


def _stack(name: str) -> str:
    return "Control Tower" if name.startswith(_LANDING_ZONE) else f"CloudFormation stack {name}"


def _product(arn: str) -> str:
    return f"Service Catalog product {arn.partition(':stack/')[2].partition('/')[0] or arn}"


#: Tags that only an owner sets, and whom they name. What builds on another comes first: who wants to change
#: an environment of Elastic Beanstalk does so there, and not in the stack that it is made of.
_BY_TAG: dict[str, Callable[[str], str]] = {
    "aws:servicecatalog:provisionedProductArn": _product,
    "aws:servicecatalog:productArn": _product,
    "elasticbeanstalk:environment-name": "Elastic Beanstalk environment {}".format,
    "aws:eks:cluster-name": "EKS cluster {}".format,
    "eks:cluster-name": "EKS cluster {}".format,
    "elbv2.k8s.aws/cluster": "Kubernetes cluster {}".format,
    "aws:autoscaling:groupName": "Auto Scaling group {}".format,
    "aws:ec2:fleet-id": "EC2 fleet {}".format,
    "aws:ec2spot:fleet-request-id": "Spot fleet {}".format,
    "aws:cloudformation:stack-name": _stack,
    "aws:cloudformation:stack-id": _stack,
    "aws:cloud9:environment": "Cloud9 environment {}".format,
    "GuardDutyManaged": lambda value: "GuardDuty",
    "ManagedByAmazonSageMakerResource": "SageMaker {}".format,
}
_KUBERNETES = "kubernetes.io/cluster/"


def managed_by(tagging: Tagging | None = None, *others: Owner) -> Column:
    """The column of one table.

    Args:
        tagging: how its resources are tagged, if they are.
        others: what its service tells besides; the first that names an owner counts, and tags last.
    """
    tags, key = (tagging.column.read, tagging.column.path) if tagging is not None else (None, None)

    def read(description: Description) -> str | None:
        for other in others:
            if owner := other(description):
                return owner
        there = description.get(key) if key else None
        return of_tags(tags(there)) if tags and there else None

    return assigned(
        NAME,
        "text",
        read=read,
        doc="What else owns the resource, such as a CloudFormation stack; no apply changes it then.",
    )


def of_tags(tags: Tags) -> str | None:
    """The owner that tags name."""
    for key, named in _BY_TAG.items():
        if key in tags:
            return named(str(tags[key]))
    for key, value in tags.items():
        # `shared` is for what clusters may use and do not own.
        if key.startswith(_KUBERNETES) and value == "owned":
            return f"Kubernetes cluster {key.removeprefix(_KUBERNETES)}"
    return None


def another_account(key: str) -> Owner:
    """An account that shares the resource with this one.

    Args:
        key: where a description says whose it is.
    """

    def owner(description: Description) -> str | None:
        theirs, own = description.get(key), description.get("Account")
        return f"AWS account {theirs}" if theirs and own and theirs != own else None

    return owner


def control_tower(key: str) -> Owner:
    """Control Tower, which names what it makes after itself.

    Args:
        key: where a description has the resource's name, or an ARN with it.
    """
    return lambda description: "Control Tower" if _matches(_CONTROL_TOWER, description.get(key)) else None


_CONTROL_TOWER = re.compile(r"(?:^|[/:])(?:aws-controltower|AWSControlTower)")


def service_role(key: str) -> Owner:
    """The AWS service that a service-linked role is linked to.

    Args:
        key: where a description has the role's path or ARN.
    """

    def owner(description: Description) -> str | None:
        found = _matches(_SERVICE_ROLE, description.get(key))
        return f"AWS service {found[1]}" if found else None

    return owner


_SERVICE_ROLE = re.compile(r"/aws-service-role/([^/]+)/")


def _matches(pattern: re.Pattern[str], value: Any) -> re.Match[str] | None:
    return pattern.search(value) if isinstance(value, str) else None


def always(owner: str) -> Owner:
    """An owner of all resources of a table."""
    return lambda description: owner
