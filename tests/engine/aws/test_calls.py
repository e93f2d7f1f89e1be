"""Calls of AWS by a client: what is repeated, paged and waited for, and what a lost call is called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from botocore.parsers import ResponseParserError

from engine.aws.calls import call, pages, wait
from engine.aws.errors import CloudError, Treatment, translated
from engine.aws.models import paging, waiting
from engine.aws.retries import Retries
from engine.aws.session import Cloud
from engine.caller import Stop
from engine.errors import OperationError
from engine.trail import Trail
from modules.spec import Waiter
from tests.fixtures.cloud import REGION
from tests.fixtures.cloud import Cloud as Simulator
from tests.fixtures.databases import free_port


@pytest.fixture
async def cloud(simulator: Simulator) -> AsyncIterator[Cloud]:
    cloud = Cloud(
        region=REGION,
        endpoint_url=simulator.endpoint,
        access_key="simulated",
        secret_key="simulated",
        retries=Retries(attempts=3, throttled=2),
    )
    yield cloud
    await cloud.close()


async def _lost(cloud: Cloud, trail: Trail) -> CloudError:
    with pytest.raises(CloudError) as lost:
        await call(cloud, "ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, repeatable=False, trails=[trail])
    return lost.value


@pytest.mark.parametrize("fault", [{"action": "drop_before"}, {"action": "drop_after"}, {"action": "error"}])
async def test_a_call_that_may_have_been_performed_is_not_sent_again_unasked(
    simulator: Simulator, cloud: Cloud, fault: dict[str, str]
) -> None:
    simulator.plan({"operation": "CreateVpc", **fault})
    trail = Trail()
    error = await _lost(cloud, trail)
    assert error.treatment is Treatment.LOST
    assert simulator.called("CreateVpc") == 1
    assert trail.attempts == 1


async def test_a_call_that_reads_is_sent_again_when_its_answer_is_lost(
    simulator: Simulator, cloud: Cloud
) -> None:
    simulator.plan({"operation": "DescribeVpcs", "action": "drop_after", "times": 2})
    trail = Trail()
    answer = await call(cloud, "ec2", "describe_vpcs", {}, trails=[trail])
    assert len(answer["Vpcs"]) == 1
    assert (trail.attempts, len(trail.requests)) == (3, 1)


async def test_what_nobody_listens_for_was_not_sent() -> None:
    nowhere = Cloud(
        region=REGION,
        endpoint_url=f"http://127.0.0.1:{free_port()}",
        access_key="a",
        secret_key="b",
        retries=Retries(attempts=2),
    )
    trail = Trail()
    error = await _lost(nowhere, trail)
    assert error.treatment is Treatment.UNSENT
    assert trail.attempts == 2
    await nowhere.close()


async def test_a_throttled_call_is_sent_again_first_and_others_go_on(
    simulator: Simulator, cloud: Cloud
) -> None:
    simulator.plan({"operation": "CreateVpc", "action": "throttle", "times": 0})
    trails = Trail(), Trail()

    async def make(cidr: str, trail: Trail) -> None:
        await call(cloud, "ec2", "create_vpc", {"CidrBlock": cidr}, trails=(trail,))

    first = asyncio.create_task(make("10.0.0.0/16", trails[0]))
    await simulator.until_called("CreateVpc", 2)  # so that it knows of the first refusal
    second = asyncio.create_task(make("10.1.0.0/16", trails[1]))
    await call(cloud, "ec2", "create_internet_gateway", {})
    simulator.cancel_faults()
    await asyncio.gather(first, second)
    assert trails[0].attempts >= 2 > trails[1].attempts
    assert simulator.called("CreateVpc") == trails[0].attempts + 1
    assert cloud.paces.under_way == 0


async def test_a_call_that_aws_refuses_for_too_long_is_given_up(simulator: Simulator, cloud: Cloud) -> None:
    simulator.plan({"operation": "CreateVpc", "action": "throttle", "times": 0})
    with pytest.raises(CloudError) as given_up:
        await asyncio.wait_for(call(cloud, "ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}), 20)
    assert given_up.value.sqlstate == "53000"
    assert simulator.called("CreateVpc") <= 6


async def test_a_stop_ends_the_wait_of_calls_that_were_not_sent(simulator: Simulator, cloud: Cloud) -> None:
    simulator.plan({"operation": "CreateVpc", "action": "throttle", "times": 0})
    stop = Stop()
    calling = [
        asyncio.create_task(call(cloud, "ec2", "create_vpc", {"CidrBlock": f"10.{number}.0.0/16"}, stop=stop))
        for number in range(200)
    ]
    await simulator.until_called("CreateVpc", 50)
    stop.request(OperationError("enough"))
    ends = await asyncio.wait_for(asyncio.gather(*calling, return_exceptions=True), 5)
    told = {str(each) for each in ends}
    assert told == {"AWS answered RequestLimitExceeded", "enough"}
    assert cloud.paces.under_way == 0


async def test_a_stop_ends_the_repetition(simulator: Simulator, cloud: Cloud) -> None:
    simulator.plan({"operation": "CreateVpc", "action": "throttle", "times": 0})
    stop = Stop()
    calling = asyncio.create_task(call(cloud, "ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, stop=stop))
    await simulator.until_called("CreateVpc", 1)
    stop.request(OperationError("enough"))
    with pytest.raises(CloudError, match="RequestLimitExceeded"):
        await asyncio.wait_for(calling, 1)


async def test_a_page_that_is_lost_is_asked_for_again(simulator: Simulator, cloud: Cloud) -> None:
    for number in range(5):
        await call(cloud, "logs", "create_log_group", {"logGroupName": f"group-{number}"})
    simulator.plan({"operation": "DescribeLogGroups", "action": "drop_after", "nth": 2})
    found = [page["logGroups"] async for page in pages(cloud, "logs", "describe_log_groups", {"limit": 2})]
    assert [len(page) for page in found] == [2, 2, 1]
    assert len({each["arn"] for page in found for each in page}) == 5


async def test_a_waiter_waits_until_it_is_so_and_says_what_went_wrong(
    simulator: Simulator, cloud: Cloud
) -> None:
    role = Waiter(name="role_exists", params={}, seconds=0)
    with pytest.raises(CloudError, match="AWS is not done yet"):
        await wait(cloud, "iam", role, {"RoleName": "none"}, Stop())
    simulator.plan({"operation": "GetRole", "action": "error", "status": 403, "code": "AccessDenied"})
    with pytest.raises(CloudError, match="AccessDenied"):
        await wait(cloud, "iam", replace(role, seconds=10), {"RoleName": "none"}, Stop())
    await wait(cloud, "ec2", Waiter(name="vpc_available", params={}, seconds=10), {}, Stop())


async def test_what_an_answer_refuses_is_an_error(simulator: Simulator, cloud: Cloud) -> None:
    trail = Trail()
    asked = {"VpcEndpointIds": ["vpce-0123456789abcdef0"]}
    with pytest.raises(CloudError, match=r"InvalidVpcEndpoint\.NotFound") as caught:
        await call(
            cloud, "ec2", "delete_vpc_endpoints", asked, refused="Unsuccessful[].Error", trails=[trail]
        )
    assert caught.value.treatment is Treatment.REFUSED
    assert (caught.value.sqlstate, "vpce-0123456789abcdef0" in caught.value.explanation) == ("42704", True)
    assert (simulator.called("DeleteVpcEndpoints"), len(trail.requests)) == (1, 1)


@pytest.mark.parametrize(
    ("said", "named", "hinted"),
    [
        ("with an explicit deny in a service control policy", "a service control policy denies it", True),
        (
            "on resource: * with an explicit deny in a service control policy. Encoded authorization failure "
            "message: x",
            "a service control policy denies it",
            True,
        ),
        ("with an explicit deny in an identity-based policy", "an identity-based policy denies it", False),
        ("with an explicit deny in a permissions boundary", "a permissions boundary denies it", False),
        ("because no identity-based policy allows the ec2:CreateVpc action", None, False),
    ],
)
async def test_what_denies_a_call_explicitly_is_named_and_the_call_is_not_repeated(
    simulator: Simulator, cloud: Cloud, said: str, named: str | None, hinted: bool
) -> None:
    message = f"User: arn:aws:iam::123456789012:user/u is not authorized to perform: ec2:CreateVpc {said}"
    fault = {"operation": "CreateVpc", "action": "error", "status": 403, "times": 0}
    simulator.plan(fault | {"code": "UnauthorizedOperation", "message": message})
    with pytest.raises(CloudError) as caught:
        await call(cloud, "ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"})
    expected = "AWS answered UnauthorizedOperation" + (f": {named}" if named else "")
    assert (str(caught.value), caught.value.sqlstate) == (expected, "42501")
    assert ("organization" in (caught.value.hint or "")) is hinted
    assert simulator.called("CreateVpc") == 1


def test_an_answer_that_cannot_be_read_is_lost_and_a_mistake_of_ours_is_not() -> None:
    assert translated(ResponseParserError("cut off"), "ec2", "create_vpc").treatment is Treatment.LOST
    assert translated(TypeError("x"), "ec2", "create_vpc").treatment is Treatment.REFUSED


def test_the_last_page_is_followed_by_none() -> None:
    roles = paging("iam", "list_roles")
    assert roles is not None
    assert roles.following({"IsTruncated": True, "Marker": "m"}) == {"Marker": "m"}
    assert roles.following({"IsTruncated": False, "Marker": "m"}) == {}
    assert paging("sts", "get_caller_identity") is None


def test_a_waiter_looks_at_answers_and_errors() -> None:
    service = waiting("elbv2", Waiter(name="load_balancers_deleted", params={}))
    assert service.operation == "describe_load_balancers"
    assert service.state({"LoadBalancers": [{}], "ResponseMetadata": {}}) == "retry"
    assert service.state({"Error": {"Code": "LoadBalancerNotFound"}}) == "success"
    assert service.state({"Error": {"Code": "AccessDenied"}}) == "failure"


def test_where_botocore_has_no_waiter_states_are_looked_at() -> None:
    made = Waiter(
        name="describe_things", params={}, state="Things[].State", done=("available",), failed=("failed",)
    )
    there = waiting("ec2", made)
    assert there.operation == "describe_things"
    some = {"Things": [{"State": "Available"}, {"State": "pending"}]}
    assert [there.state({"Things": each}) for each in (some["Things"], some["Things"][:1], [])] == [
        "retry",
        "success",
        "retry",
    ]
    assert there.state({"Things": [*some["Things"], {"State": "failed"}]}) == "failure"
    assert there.state({"Error": {"Code": "NotFound"}}) == "failure"
    away = waiting("ec2", replace(made, done=("deleted",), gone=("NotFound",)))
    assert [away.state({"Error": {"Code": each}}) for each in ("NotFound", "Denied")] == [
        "success",
        "failure",
    ]
    assert [away.state({"Things": each}) for each in (some["Things"], [])] == ["retry", "success"]
