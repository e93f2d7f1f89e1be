"""A load balancer's addresses in its subnets."""

from modules.aws_elb.subnets import mappings, without_addresses

_ELASTIC = {
    "SubnetId": "a",
    "LoadBalancerAddresses": [{"IpAddress": "192.0.2.1", "AllocationId": "eipalloc-1"}],
    "SourceNatIpv6Prefixes": ["2001:db8::/80"],
}
_PLAIN = {"SubnetId": "b", "LoadBalancerAddresses": []}


def test_subnets_without_addresses_are_a_list() -> None:
    assert without_addresses([_PLAIN], ["b", "c"]) == ["b", "c"]
    assert mappings([_PLAIN], ["b", "c"]) is None


def test_a_new_load_balancer_has_no_addresses() -> None:
    assert without_addresses(None, ["a"]) == ["a"]
    assert mappings(None, ["a"]) is None


def test_addresses_stay_where_the_load_balancer_stays() -> None:
    kept = {"SubnetId": "a", "AllocationId": "eipalloc-1", "SourceNatIpv6Prefix": "2001:db8::/80"}
    assert mappings([_ELASTIC, _PLAIN], ["a", "c"]) == [kept, {"SubnetId": "c"}]
    assert without_addresses([_ELASTIC, _PLAIN], ["a", "c"]) is None


def test_addresses_go_with_the_subnet_that_they_are_in() -> None:
    assert without_addresses([_ELASTIC, _PLAIN], ["b"]) == ["b"]
    assert mappings([_ELASTIC, _PLAIN], ["b"]) is None
