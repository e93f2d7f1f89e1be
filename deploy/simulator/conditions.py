"""How the simulated AWS behaves when nothing goes wrong: as fast as it can, or as slow and narrow as AWS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What AWS does not do at once, in one answer, or as often as it is asked. Times are seconds.

    Attributes:
        latency: how many times the latency of `deploy.simulator.latency` a call takes; 0 is none.
        throttled: whether calls take tokens from AWS's buckets (`deploy.simulator.throttling`).
        page_size: the most that one answer of a listing has; 0 is as many as moto gives.
        unseen: how long other services do not see a new role or security group.
        provisioning: how long a new load balancer is not active yet.
        pending: how long a NAT gateway, an endpoint, an instance, a function, a table or a cache takes to
            become what it is to be, or to go, and a distribution to be known everywhere.
        draining: how long a deleted service still runs down its tasks.
        lingering: how long the network interfaces of a deleted load balancer, service or function stay.
    """

    latency: float = 0.0
    throttled: bool = False
    page_size: int = 0
    unseen: float = 0.0
    provisioning: float = 0.0
    pending: float = 0.0
    draining: float = 0.0
    lingering: float = 0.0


#: The rules of AWS, without its times and limits. For tests, and for `iasql up --simulate`.
PLAIN = Conditions()
#: Everything at once; slow things take seconds where AWS takes minutes.
STRICT = Conditions(
    latency=1.0,
    throttled=True,
    page_size=5,
    unseen=4.0,
    provisioning=6.0,
    pending=6.0,
    draining=5.0,
    lingering=5.0,
)
NAMED = {"plain": PLAIN, "strict": STRICT}
