"""Health checks of Route 53: what each type needs, versions, and what moto forgets of them.

https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.route53.models import HealthCheck
from werkzeug.wrappers import Response

from deploy.simulator.call import AwsCall
from deploy.simulator.replies import AwsError
from deploy.simulator.strict import route53
from deploy.simulator.strict.outcome import Answer, Completion, Outcome, Rule, backend

_PORTS = {"HTTP": 80, "HTTP_STR_MATCH": 80, "HTTPS": 443, "HTTPS_STR_MATCH": 443}

_of_moto = HealthCheck.health_check_config


def _told(check: Any) -> Any:
    """A health check as it was asked for; moto knows half of that."""
    return getattr(check, "told", None) or _of_moto.fget(check)  # type: ignore[attr-defined]


HealthCheck.health_check_config = property(_told)  # type: ignore[assignment,method-assign]


def known_again(call: AwsCall) -> Outcome:
    """A reference that was used before means the same health check, or is refused for another one."""
    for each in _checks(call).values():
        if each.caller_reference == call.text("CallerReference"):
            if each.asked == call.parameters["HealthCheckConfig"]:
                return _described(call, each)
            message = "A health check with the same caller reference and another configuration exists"
            return AwsError("HealthCheckAlreadyExists", message, 409)
    return None


def config_is_whole(call: AwsCall) -> Outcome:
    """Each type needs something else."""
    return _whole(call, call.parameters["HealthCheckConfig"])


def change_is_one(call: AwsCall) -> Outcome:
    """A change is of the version that is there, leaves a whole one, and asks what it has asked."""
    check = _checks(call).get(call.text("HealthCheckId"))
    if check is None:
        return None
    wanted = call.parameters.get("HealthCheckVersion")
    if wanted is not None and int(wanted) != check.health_check_version:
        message = f"The health check has version {check.health_check_version}, and not {wanted}"
        return AwsError("HealthCheckVersionMismatch", message, 409)
    new = _changed(call, check.told)
    if bool(new.get("IPAddress")) != bool(check.told.get("IPAddress")):
        return _invalid("IPAddress is neither added to a health check nor removed from it")
    return _whole(call, new)


def _whole(call: AwsCall, config: Mapping[str, Any]) -> Outcome:
    kind, children = config["Type"], config.get("ChildHealthChecks") or []
    if kind == "TCP" and not config.get("Port"):
        return _invalid("A TCP health check has a Port")
    if (kind in _PORTS or kind == "TCP") and not (
        config.get("IPAddress") or config.get("FullyQualifiedDomainName")
    ):
        return _invalid("IPAddress or FullyQualifiedDomainName is needed")
    if kind.endswith("_STR_MATCH") is not bool(config.get("SearchString")):
        return _invalid("SearchString is of types that end in _STR_MATCH")
    if kind == "CALCULATED" and not (children and config.get("HealthThreshold")):
        return _invalid("A calculated health check has others, and a HealthThreshold")
    if any(each not in _checks(call) for each in children):
        return _invalid("A child health check does not exist")
    if kind == "CLOUDWATCH_METRIC" and "AlarmIdentifier" not in config:
        return _invalid("A health check of a metric has an AlarmIdentifier")
    if int(config.get("RequestInterval") or 30) not in (10, 30):
        return _invalid("RequestInterval is 10 or 30")
    return None


def complete(call: AwsCall, reply: Response) -> None:
    """Keep a new health check as it was asked for, with what AWS adds."""
    checks = _checks(call).values()
    check = next(each for each in checks if each.caller_reference == call.text("CallerReference"))
    check.asked = config = dict(call.parameters["HealthCheckConfig"])
    defaults: dict[str, Any] = {"Inverted": False, "Disabled": False}
    if config["Type"] in _PORTS or config["Type"] == "TCP":
        defaults |= {"RequestInterval": 30, "FailureThreshold": 3, "MeasureLatency": False}
        defaults["EnableSNI"] = config["Type"].startswith("HTTPS")
    if port := _PORTS.get(config["Type"]):
        defaults["Port"] = port
    check.told = {**defaults, **config}
    reply.set_data(_described(call, check).body)


def _described(call: AwsCall, check: Any) -> Answer:
    told = {
        "Id": check.id,
        "CallerReference": check.caller_reference,
        "HealthCheckConfig": check.told,
        "HealthCheckVersion": check.health_check_version,
    }
    return route53.answered(call, {"HealthCheck": told})


def change(call: AwsCall, reply: Response) -> None:
    """Change a health check, which is a new version of it."""
    check = _checks(call)[call.text("HealthCheckId")]
    check.told = _changed(call, check.told)
    check.health_check_version += 1


def _changed(call: AwsCall, told: Mapping[str, Any]) -> dict[str, Any]:
    apart = ("HealthCheckId", "HealthCheckVersion", "ResetElements")
    given = {name: value for name, value in call.parameters.items() if name not in apart}
    reset = call.parameters.get("ResetElements") or ()
    return {name: value for name, value in {**told, **given}.items() if name not in reset}


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInput", message)


def _checks(call: AwsCall) -> dict[str, Any]:
    found: dict[str, Any] = backend(call, "route53", everywhere=True).health_checks
    return found


RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("route53", "CreateHealthCheck"): (known_again, config_is_whole),
    ("route53", "UpdateHealthCheck"): (change_is_one,),
}
COMPLETIONS: dict[tuple[str, str], Completion] = {
    ("route53", "CreateHealthCheck"): complete,
    ("route53", "UpdateHealthCheck"): change,
}
