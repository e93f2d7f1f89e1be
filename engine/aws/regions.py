"""The regions of an account."""

from __future__ import annotations

from dataclasses import replace

from engine.aws.account import Account
from engine.aws.calls import call, identity
from engine.aws.errors import CloudError
from engine.aws.session import Cloud
from engine.errors import OperationError
from engine.plan.layout import Layout


async def known(account: Account, layout: Layout) -> Layout:
    """A layout whose default place has a region: the recorded one, else that which the account is opened in.

    Raises:
        CloudError: AWS cannot be reached, or refuses the credentials.
    """
    if layout.default.region is not None:
        return layout
    region = account.region or (await identity(account.cloud())).region
    return replace(layout, default=replace(layout.default, region=region))


async def check(cloud: Cloud, region: str) -> None:
    """Refuse a region that the account cannot use.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html

    Raises:
        OperationError: 42704, AWS has no such region; 55000, the account has not opted in to it.
        CloudError: AWS cannot be reached, or refuses.
    """
    try:
        answer = await call(cloud, "ec2", "describe_regions", {"AllRegions": True, "RegionNames": [region]})
    except CloudError as error:
        if error.code != "InvalidParameterValue":
            raise
        answer = {"Regions": []}
    found = next((each for each in answer["Regions"] if each["RegionName"] == region), None)
    if found is None:
        raise OperationError(
            f'AWS has no region "{region}"',
            sqlstate="42704",
            hint="Its names look like eu-west-1; DescribeRegions lists those of the account.",
        )
    if found.get("OptInStatus") == "not-opted-in":
        raise OperationError(
            f"the account has not opted in to the region {region}",
            sqlstate="55000",
            hint="Whoever may do so can enable it in the account's settings (account:EnableRegion).",
        )
