"""Elastic Load Balancing: names and ports are unique; creating the same thing again finds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict import acm
from deploy.simulator.strict.outcome import Existing, Outcome, Rule, backend

_SECURE = ("HTTPS", "TLS")
_OF_SECURE = re.compile(rb"<(SslPolicy|Certificates)>.*?</\1>", re.DOTALL)
_CERTIFICATES = re.compile(rb"(<Certificates>\s*<member>.*?</member>).*?(</Certificates>)", re.DOTALL)


def two_zones_and_known_groups(call: AwsCall) -> Outcome:
    """An application load balancer needs subnets in two zones and security groups that exist."""
    ec2 = backend(call, "ec2")
    wanted = call.members("Subnets.member")
    subnets = [subnet for zone in ec2.subnets.values() for subnet in zone.values() if subnet.id in wanted]
    if call.text("Type") in {"", "application"} and len(wanted) == len(subnets):
        zones = {subnet.availability_zone for subnet in subnets}
        if wanted and len(zones) < 2:
            return _error(
                "ValidationError",
                "At least two subnets in two different Availability Zones must be specified",
            )
    for group_id in call.members("SecurityGroups.member"):
        if ec2.get_security_group_from_id(group_id) is None:
            return _error("InvalidSecurityGroup", f"Security group '{group_id}' does not exist")
    return None


def load_balancer_name_is_unique(call: AwsCall) -> Outcome:
    """A second create is the first again, or an error if it asks for something else."""
    name = call.text("Name")
    for balancer in backend(call, "elbv2").load_balancers.values():
        if balancer.name != name:
            continue
        same = (
            _same(call, "Scheme", balancer.scheme, "internet-facing")
            and _same(call, "Type", balancer.type, "application")
            and sorted(call.members("Subnets.member")) == sorted(subnet.id for subnet in balancer.subnets)
        )
        if same:
            return _existing("CreateLoadBalancer", "DescribeLoadBalancers", "LoadBalancerArns", balancer.arn)
        return _error(
            "DuplicateLoadBalancerName",
            f"A load balancer with the same name '{name}' exists, but with different settings",
        )
    return None


def target_group_name_is_unique(call: AwsCall) -> Outcome:
    """As for load balancers."""
    name = call.text("Name")
    for group in backend(call, "elbv2").target_groups.values():
        if group.name != name:
            continue
        same = (
            _same(call, "Protocol", group.protocol)
            and _same(call, "Port", group.port)
            and _same(call, "VpcId", group.vpc_id)
            and _same(call, "TargetType", group.target_type, "instance")
        )
        if same:
            return _existing("CreateTargetGroup", "DescribeTargetGroups", "TargetGroupArns", group.arn)
        return _error(
            "DuplicateTargetGroupName",
            f"A target group with the same name '{name}' exists, but with different settings",
        )
    return None


def one_listener_a_port(call: AwsCall) -> Outcome:
    """A second listener on a port is refused, unless it is the same one again."""
    balancer = backend(call, "elbv2").load_balancers.get(call.text("LoadBalancerArn"))
    for listener in balancer.listeners.values() if balancer else ():
        if str(listener.port) != call.text("Port"):
            continue
        wanted = call.text("DefaultActions.member.1.TargetGroupArn")
        if _same(call, "Protocol", listener.protocol) and wanted in set(forward_targets(listener)):
            return _existing("CreateListener", "DescribeListeners", "ListenerArns", listener.arn)
        return _error("DuplicateListener", "A listener with the specified port already exists.")
    return None


def forward_targets(listener: Any) -> Iterable[str]:
    """ARNs of the target groups that a listener forwards to."""
    for action in listener.default_actions:
        if arn := action.data.get("TargetGroupArn"):
            yield arn
        groups = (action.data.get("ForwardConfig") or {}).get("TargetGroups") or []
        yield from (group["TargetGroupArn"] for group in groups)


def _error(code: str, message: str) -> AwsError:
    return AwsError(code, message)


def _same(call: AwsCall, parameter: str, actual: object, default: str = "") -> bool:
    return (call.text(parameter) or default) == (str(actual or "") or default)


def _existing(create: str, describe: str, identifiers: str, arn: str) -> Existing:
    return Existing(
        operation=describe,
        parameters={f"{identifiers}.member.1": arn},
        reshape=_renamed(describe, create),
    )


def _renamed(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(old.encode(), new.encode())


def port_is_one(call: AwsCall) -> Outcome:
    """A port is from 1 to 65535."""
    port = call.text("Port")
    if not port or 1 <= int(port) <= 65535:
        return None
    return _error(
        "ValidationError",
        f"1 validation error detected: Value '{port}' at 'port' failed to satisfy constraint: "
        "Member must have value less than or equal to 65535",
    )


def secure_listener_has_a_certificate(call: AwsCall) -> Outcome:
    """A listener that encrypts has one default certificate, which is there and valid; no other has one."""
    listener = _listener(call)
    protocol = call.text("Protocol") or getattr(listener, "protocol", "")
    wanted = call.members("Certificates.member", "CertificateArn")
    if protocol not in _SECURE:
        if wanted or call.text("SslPolicy"):
            return _error("ValidationError", f"A certificate cannot be specified for {protocol} listeners")
        return None
    if len(wanted) > 1:
        return _error("ValidationError", "Up to one certificate can be specified")
    if not wanted and not (listener and listener.certificates):
        return _error("ValidationError", f"A certificate must be specified for {protocol} listeners")
    acm.as_others_have_it(call)
    for arn in (each for each in wanted if ":acm:" in each):
        found = backend(call, "acm")._certificates.get(arn)
        if found is None:
            return _error("CertificateNotFound", f"Certificate '{arn}' not found")
        if found.status != "ISSUED":
            return _error(
                "UnsupportedCertificate",
                f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, "
                "and a supported key size.",
            )
    if listener is not None:
        listener.ssl_policy = listener.ssl_policy or "ELBSecurityPolicy-2016-08"
        listener.others = listener.certificates[1:]
    return None


def action_is_whole(call: AwsCall) -> Outcome:
    """A redirection says where to, an answer its status; what encrypts is not redirected to itself."""
    first = "DefaultActions.member.1."
    kind = call.text(f"{first}Type")
    if kind == "redirect" and not call.text(f"{first}RedirectConfig.StatusCode"):
        return _error("ValidationError", "A redirect action must specify a redirect configuration")
    if kind == "fixed-response" and not call.text(f"{first}FixedResponseConfig.StatusCode"):
        return _error("ValidationError", "A fixed-response action must specify a configuration")
    if kind in {"redirect", "fixed-response"} and call.text(f"{first}TargetGroupArn"):
        return _error("ValidationError", f"A target group cannot be specified for a {kind} action")
    return None


def _listener(call: AwsCall) -> Any:
    arn = call.text("ListenerArn")
    some = backend(call, "elbv2").load_balancers.values()
    return next((each.listeners[arn] for each in some if arn in each.listeners), None)


def as_of_its_protocol(call: AwsCall, reply: Response) -> None:
    """A listener that does not encrypt has neither a certificate nor a policy; moto keeps both.

    Of one that does, another default certificate leaves the others as they are.
    """
    for balancer in backend(call, "elbv2").load_balancers.values():
        for each in balancer.listeners.values():
            each.certificates = [*each.certificates[:1], *vars(each).pop("others", each.certificates[1:])]
            if each.protocol not in _SECURE:
                each.ssl_policy, each.certificate, each.certificates = None, None, []
    if (call.text("Protocol") or getattr(_listener(call), "protocol", "")) not in _SECURE:
        reply.set_data(_OF_SECURE.sub(b"", reply.get_data()))


def with_the_default_certificate(call: AwsCall, reply: Response) -> None:
    """A listener is told with its default certificate alone; moto tells all.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Listener.html
    """
    reply.set_data(_CERTIFICATES.sub(rb"\1\2", reply.get_data()))


def with_attributes(call: AwsCall, reply: Response) -> None:
    """A new load balancer has the attributes of its kind, of which moto knows four.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
    """
    for each in backend(call, "elbv2").load_balancers.values():
        if each.name == call.text("Name"):
            internal = "true" if each.scheme == "internal" else "false"
            each.attrs = {**_ATTRIBUTES, "ipv6.deny_all_igw_traffic": internal, **_OF_KIND[each.type]}


_ATTRIBUTES = {
    "access_logs.s3.bucket": "",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
_OF_KIND = {
    "application": {
        "client_keep_alive.seconds": "3600",
        "connection_logs.s3.bucket": "",
        "connection_logs.s3.enabled": "false",
        "connection_logs.s3.prefix": "",
        "idle_timeout.timeout_seconds": "60",
        "load_balancing.cross_zone.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http.drop_invalid_header_fields.enabled": "false",
        "routing.http.preserve_host_header.enabled": "false",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
        "routing.http.xff_client_port.enabled": "false",
        "routing.http.xff_header_processing.mode": "append",
        "routing.http2.enabled": "true",
        "waf.fail_open.enabled": "false",
    },
    "network": {
        "dns_record.client_routing_policy": "any_availability_zone",
        "load_balancing.cross_zone.enabled": "false",
        "secondary_ips.auto_assigned.per_subnet": "0",
    },
    "gateway": {"load_balancing.cross_zone.enabled": "false"},
}


def protected_balancer_stays(call: AwsCall) -> Outcome:
    """Deletion protection has to be taken off first."""
    found = backend(call, "elbv2").load_balancers.get(call.text("LoadBalancerArn"))
    if found is None or found.attrs.get("deletion_protection.enabled") != "true":
        return None
    return _error(
        "OperationNotPermitted",
        f"Load balancer '{found.arn}' cannot be deleted because deletion protection is enabled",
    )


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("elasticloadbalancing", "CreateLoadBalancer"): (
        two_zones_and_known_groups,
        load_balancer_name_is_unique,
    ),
    ("elasticloadbalancing", "SetSubnets"): (two_zones_and_known_groups,),
    ("elasticloadbalancing", "SetSecurityGroups"): (two_zones_and_known_groups,),
    ("elasticloadbalancing", "CreateTargetGroup"): (port_is_one, target_group_name_is_unique),
    ("elasticloadbalancing", "CreateListener"): (
        port_is_one,
        secure_listener_has_a_certificate,
        action_is_whole,
        one_listener_a_port,
    ),
    ("elasticloadbalancing", "ModifyListener"): (
        port_is_one,
        secure_listener_has_a_certificate,
        action_is_whole,
    ),
    ("elasticloadbalancing", "DeleteLoadBalancer"): (protected_balancer_stays,),
}
COMPLETIONS = {
    ("elasticloadbalancing", "CreateLoadBalancer"): with_attributes,
    ("elasticloadbalancing", "CreateListener"): as_of_its_protocol,
    ("elasticloadbalancing", "ModifyListener"): as_of_its_protocol,
    ("elasticloadbalancing", "DescribeListeners"): with_the_default_certificate,
}
