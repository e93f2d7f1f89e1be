"""CloudFront, of which moto forgets too much: distributions and origin access controls, kept in memory.

A configuration is kept as it was sent, with AWS's values for what a creation leaves out. As in AWS every
change needs the ETag of what it changes, and a change has to say all that an update requires.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html
"""

from __future__ import annotations

import datetime
import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.backends import get_backend
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.clock import Clock
from deploy.simulator.distribution_config import NOBODY, completed, items, missing, quantities
from deploy.simulator.modelled import Document, Operation, RefusedError, answer, page

_PAGE = 100


@dataclass
class Distribution:
    """One distribution; `changed` is when it began to be made known everywhere."""

    id: str
    account: str
    config: Document
    changed: float
    etag: str
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:cloudfront::{self.account}:distribution/{self.id}"


@dataclass
class Control:
    """One origin access control."""

    id: str
    account: str
    config: Document
    etag: str


class CloudFront:
    """The distributions of all accounts; not safe for threads by itself."""

    def __init__(self, clock: Clock, pending: Callable[[], float]) -> None:
        """
        Args:
            pending: seconds until a change has been made known everywhere.
        """
        self._clock = clock
        self._pending = pending
        self._distributions: dict[str, Distribution] = {}
        self._controls: dict[str, Control] = {}
        self._operations: dict[str, Operation] = {
            "CreateDistribution": self._create,
            "CreateDistributionWithTags": self._create,
            "GetDistribution": lambda call: self._described(self._find(call)),
            "GetDistributionConfig": lambda call: self._only_config(self._find(call)),
            "ListDistributions": self._list,
            "UpdateDistribution": self._update,
            "DeleteDistribution": self._delete,
            "ListTagsForResource": lambda call: {"Tags": _tags(self._by_arn(call).tags)},
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "CreateOriginAccessControl": self._create_control,
            "GetOriginAccessControl": lambda call: _control(self._find_control(call)),
            "ListOriginAccessControls": self._list_controls,
            "UpdateOriginAccessControl": self._update_control,
            "DeleteOriginAccessControl": self._delete_control,
        }

    def answer(self, call: AwsCall) -> Response:
        """Perform a call of the `cloudfront` service."""
        return answer(call, self._operations)

    def forget(self, account: str) -> None:
        """Let an account have nothing."""
        for some in (self._distributions, self._controls):
            for each in [name for name, one in some.items() if one.account == account]:
                del some[each]

    # Distributions ------------------------------------------------------------------------------------

    def _create(self, call: AwsCall) -> Document:
        whole = call.parameters.get("DistributionConfigWithTags") or call.parameters
        config = completed(whole["DistributionConfig"])
        for each in self._distributions.values():
            if each.config["CallerReference"] == config["CallerReference"] and each.account == call.account:
                message = "The caller reference that you are using is associated with another distribution."
                raise RefusedError("DistributionAlreadyExists", f"{message} Already exists: {each.id}", 409)
        self._check(call, config, None)
        made = Distribution(_id("E"), call.account, config, self._clock.now(), _id("E"))
        made.tags = {each["Key"]: each.get("Value", "") for each in items(whole.get("Tags"))}
        self._distributions[made.id] = made
        self._use_certificate(made, None)
        return self._described(made)

    def _update(self, call: AwsCall) -> Document:
        found, config = self._find(call), call.parameters["DistributionConfig"]
        _match(call, found.etag)
        for each in missing(config):
            raise RefusedError("IllegalUpdate", f"The update is missing {each}.")
        if config["CallerReference"] != found.config["CallerReference"]:
            raise RefusedError("IllegalUpdate", "The caller reference cannot be changed.")
        new, before = completed(config), found.config
        self._check(call, new, found)
        found.config, found.etag, found.changed = new, _id("E"), self._clock.now()
        self._use_certificate(found, before)
        return self._described(found)

    def _delete(self, call: AwsCall) -> Document:
        found = self._find(call)
        _match(call, found.etag)
        if found.config["Enabled"] or self._status(found) != "Deployed":
            message = "The distribution you are trying to delete has not been disabled."
            raise RefusedError("DistributionNotDisabled", message, 409)
        del self._distributions[found.id]
        before, found.config = found.config, {}
        self._use_certificate(found, before)
        return {}

    def _list(self, call: AwsCall) -> Document:
        some = [each for each in self._distributions.values() if each.account == call.account]
        listed = ({**each.config, **self._told(each)} for each in sorted(some, key=lambda one: one.id))
        return {"DistributionList": _listed(call, list(listed))}

    def _described(self, found: Distribution) -> Document:
        told = {**self._told(found), "DistributionConfig": found.config}
        nobody = {"ActiveTrustedSigners": NOBODY, "ActiveTrustedKeyGroups": NOBODY}
        return {"Distribution": {**told, **nobody, "InProgressInvalidationBatches": 0}, "ETag": found.etag}

    def _only_config(self, found: Distribution) -> Document:
        return {"DistributionConfig": found.config, "ETag": found.etag}

    def _told(self, found: Distribution) -> Document:
        return {
            "Id": found.id,
            "ARN": found.arn,
            "Status": self._status(found),
            "LastModifiedTime": datetime.datetime.now(datetime.UTC),
            "DomainName": f"d{found.id.lower()}.cloudfront.net",
        }

    def _status(self, found: Distribution) -> str:
        return "InProgress" if self._clock.now() - found.changed < self._pending() else "Deployed"

    def _find(self, call: AwsCall) -> Distribution:
        found = self._distributions.get(call.text("Id"))
        if found is None or found.account != call.account:
            raise RefusedError("NoSuchDistribution", "The specified distribution does not exist.", 404)
        return found

    def _by_arn(self, call: AwsCall) -> Distribution:
        found = self._distributions.get(call.text("Resource").rpartition("/")[2])
        if found is None or found.arn != call.text("Resource"):
            raise RefusedError("NoSuchResource", "The specified resource does not exist.", 404)
        return found

    def _tag(self, call: AwsCall) -> Document:
        more = {each["Key"]: each.get("Value", "") for each in items(call.parameters.get("Tags"))}
        self._by_arn(call).tags.update(more)
        return {}

    def _untag(self, call: AwsCall) -> Document:
        for name in items(call.parameters.get("TagKeys")):
            self._by_arn(call).tags.pop(name, None)
        return {}

    # What a configuration may say ---------------------------------------------------------------------

    def _check(self, call: AwsCall, config: Document, changed: Distribution | None) -> None:
        for quantity, some in quantities(config):
            if quantity != len(some):
                raise RefusedError("InconsistentQuantities", "The value of Quantity and the size of Items")
        origins = {each["Id"]: each for each in config["Origins"]["Items"]}
        for behavior in (config["DefaultCacheBehavior"], *items(config["CacheBehaviors"])):
            if behavior["TargetOriginId"] not in origins:
                message = "One or more of your origins or origin groups do not exist."
                raise RefusedError("NoSuchOrigin", message, 404)
        for origin in origins.values():
            self._check_origin(call, origin)
        if config["DefaultRootObject"].startswith("/"):
            message = "The parameter DefaultRootObject contains a slash."
            raise RefusedError("InvalidDefaultRootObject", message)
        self._check_names(call, config, changed)

    def _check_origin(self, call: AwsCall, origin: Document) -> None:
        name, kinds = (
            origin["OriginAccessControlId"],
            ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig"),
        )
        if len([each for each in kinds if each in origin]) != 1:
            message = (
                "The parameter Origin needs one of S3OriginConfig, CustomOriginConfig and VpcOriginConfig."
            )
            raise RefusedError("InvalidArgument", message)
        if "S3OriginConfig" in origin and ".s3" not in origin["DomainName"]:
            message = "The parameter Origin DomainName does not refer to a valid S3 bucket."
            raise RefusedError("InvalidArgument", message)
        control = self._controls.get(name)
        if name and (control is None or control.account != call.account):
            message = "The origin access control that you've specified does not exist."
            raise RefusedError("InvalidOriginAccessControl", message)
        if name and (origin.get("S3OriginConfig") or {}).get("OriginAccessIdentity"):
            message = "You cannot use both an origin access control and an origin access identity."
            raise RefusedError("IllegalOriginAccessConfiguration", message)

    def _check_names(self, call: AwsCall, config: Document, changed: Distribution | None) -> None:
        names, arn = items(config["Aliases"]), config["ViewerCertificate"].get("ACMCertificateArn")
        for each in self._distributions.values():
            if each is not changed and set(names) & set(items(each.config["Aliases"])):
                message = "One or more of the CNAMEs you provided are already associated."
                raise RefusedError("CNAMEAlreadyExists", message, 409)
        certificate = _certificate(call.account, arn)
        if arn and (certificate is None or certificate.status != "ISSUED"):
            message = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid."
            raise RefusedError("InvalidViewerCertificate", message)
        if names and not arn and not config["ViewerCertificate"].get("IAMCertificateId"):
            message = "To add an alternate domain name (CNAME), you must attach a trusted certificate."
            raise RefusedError("InvalidViewerCertificate", message)

    def _use_certificate(self, found: Distribution, before: Document | None) -> None:
        """Let certificates know who uses them."""
        for config, use in ((before, False), (found.config, True)):
            arn = ((config or {}).get("ViewerCertificate") or {}).get("ACMCertificateArn")
            certificate = _certificate(found.account, arn)
            if certificate is not None:
                others = [each for each in certificate.in_use_by if each != found.arn]
                certificate.in_use_by = [*others, found.arn] if use else others

    # Origin access controls ---------------------------------------------------------------------------

    def _create_control(self, call: AwsCall) -> Document:
        config = call.parameters["OriginAccessControlConfig"]
        self._check_control(call, config, None)
        made = Control(_id("E"), call.account, config, _id("E"))
        self._controls[made.id] = made
        return _control(made)

    def _update_control(self, call: AwsCall) -> Document:
        found, config = self._find_control(call), call.parameters["OriginAccessControlConfig"]
        _match(call, found.etag)
        self._check_control(call, config, found)
        found.config, found.etag = config, _id("E")
        return _control(found)

    def _delete_control(self, call: AwsCall) -> Document:
        found = self._find_control(call)
        _match(call, found.etag)
        for each in self._distributions.values():
            origins = each.config["Origins"]["Items"]
            if any(origin["OriginAccessControlId"] == found.id for origin in origins):
                message = "The origin access control is in use by one or more distributions."
                raise RefusedError("OriginAccessControlInUse", message, 409)
        del self._controls[found.id]
        return {}

    def _list_controls(self, call: AwsCall) -> Document:
        some = [each for each in self._controls.values() if each.account == call.account]
        listed = ({"Id": each.id, **each.config} for each in sorted(some, key=lambda one: one.id))
        return {"OriginAccessControlList": _listed(call, list(listed))}

    def _check_control(self, call: AwsCall, config: Document, changed: Control | None) -> None:
        for each in self._controls.values():
            same = each.account == call.account and each.config["Name"] == config["Name"]
            if same and each is not changed:
                message = "An origin access control with the same name already exists."
                raise RefusedError("OriginAccessControlAlreadyExists", message, 409)

    def _find_control(self, call: AwsCall) -> Control:
        found = self._controls.get(call.text("Id"))
        if found is None or found.account != call.account:
            message = "The specified origin access control does not exist."
            raise RefusedError("NoSuchOriginAccessControl", message, 404)
        return found


_DRAW = random.Random(0)


def _id(begin: str) -> str:
    return begin + "".join(_DRAW.choices(string.ascii_uppercase + string.digits, k=13))


def _match(call: AwsCall, etag: str) -> None:
    """See that a change is made of what is there."""
    if not call.text("IfMatch"):
        message = "The If-Match version is missing or not valid for the resource."
        raise RefusedError("InvalidIfMatchVersion", message)
    if call.text("IfMatch") != etag:
        message = "The request failed because it didn't meet the preconditions."
        raise RefusedError("PreconditionFailed", message, 412)


def _control(found: Control) -> Document:
    told = {"Id": found.id, "OriginAccessControlConfig": found.config}
    return {"OriginAccessControl": told, "ETag": found.etag}


def _tags(tags: Mapping[str, str]) -> Document:
    return {"Items": [{"Key": name, "Value": value} for name, value in tags.items()]}


def _listed(call: AwsCall, some: list[Document]) -> Document:
    size = int(call.text("MaxItems") or _PAGE)
    shown, more = page(some, call.text("Marker"), size)
    told = {"Marker": call.text("Marker"), "MaxItems": size, "IsTruncated": more is not None}
    return {**told, "NextMarker": more, "Quantity": len(shown), "Items": shown or None}


def _certificate(account: str, arn: str | None) -> Any:
    if not arn or ":us-east-1:" not in arn:
        return None
    return get_backend("acm")[account]["us-east-1"]._certificates.get(arn)
