"""An application of three tiers and what is around it: made by one migration, changed, and deleted."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest

from tests.drivers.flyway.project import LINES, FlywayProject, flyway
from tests.drivers.psql.client import rows, succeed
from tests.e2e import shop
from tests.fixtures.cloud import REGION, Cloud
from tests.fixtures.databases import Database
from tests.fixtures.maven import Maven

IRELAND = "eu-west-1"
_MIGRATIONS = Path(__file__).parent / "three_tiers"
_SUBNETS = {
    "10.20.0.0/24": ("a", "GatewayId"),
    "10.20.1.0/24": ("b", "GatewayId"),
    "10.20.10.0/24": ("a", "NatGatewayId"),
    "10.20.11.0/24": ("b", "NatGatewayId"),
}
_LETS_IN = [
    ("shop-app", 8080, "shop-lb"),
    ("shop-data", 5432, "shop-app"),
    ("shop-data", 6379, "shop-app"),
    ("shop-lb", 80, "0.0.0.0/0"),
    ("shop-lb", 443, "0.0.0.0/0"),
]


class Shop:
    """The migrations in one region.

    Args:
        schema: whose tables are that region's.
    """

    def __init__(self, maven: Maven, database: Database, folder: Path, region: str, schema: str) -> None:
        said = {
            "flyway.schemas": schema,
            "flyway.placeholders.region": region,
            "flyway.placeholders.code": _code(),
        }
        self._project = FlywayProject(folder / schema, flyway(maven, LINES[0]), database, said)

    def migrate(self, *names: str) -> None:
        """Run some of the migrations, which have not been run before."""
        for name in names:
            self._project.add(name, (_MIGRATIONS / name).read_text())
        assert f"Successfully applied {len(names)} migration" in self._project.succeed("migrate")


def _code() -> str:
    """A zip file of a program that does nothing."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(ZipInfo("app.py"), "def handle(event, context): pass\n")
    return b64encode(packed.getvalue()).decode()


def _assert_made(cloud: Cloud, region: str) -> None:
    network = {"stage": None, "subnets": _SUBNETS, "lets in": _LETS_IN, "described": [None, "the web"]}
    assert shop.network(cloud) == network
    application = shop.application(cloud)
    assert application.pop("certificates") == [_certificate(cloud)]
    assert application == {
        "listeners": [(80, "redirect"), (443, "forward")],
        "health": "/health",
        "behind": True,
        "cpu": "512",
        "tasks": 2,
        "members": ["shop-1", "shop-2"],
        "password": True,
        "backups": 1,
        "cache": ["shop-001", "shop-002"],
        "scales": (2, 8, 60.0),
        "works off": [("shop-jobs", 5)],
    }
    assert shop.around(cloud, region) == _around(region)


def _assert_changed(cloud: Cloud, region: str) -> None:
    network = shop.network(cloud)
    assert (network["stage"], network["described"]) == ("production", [None, "the whole web"])
    application = shop.application(cloud)
    assert (application["health"], application["cpu"], application["backups"]) == ("/ready", "1024", 7)
    assert (application["behind"], application["tasks"]) == (True, 2)
    assert application["scales"] == (3, 8, 60.0)
    assert shop.around(cloud, region) == _around(region) | {
        "alarms": {"shop-cpu": 90.0, "shop-jobs": 600.0},
        "visibility": "400",
        "schedule": "cron(0 4 * * ? *)",
        "logs": {"/shop/app": 90, "/shop/jobs": 7},
        "price": "PriceClass_100",
    }


def _around(region: str) -> dict[str, Any]:
    return {
        "key": "shop",
        "alarms": {"shop-cpu": 80.0, "shop-jobs": 600.0},
        "told": True,
        "visibility": "360",
        "schedule": "cron(0 3 * * ? *)",
        "asks": "shop-jobs",
        "logs": {"/shop/app": 30, "/shop/jobs": 7},
        "names": ["A", "CNAME", "NS", "SOA"],
        "certificate": "ISSUED",
        "price": "PriceClass_All",
        "from": f"shop-assets-{region}.s3.{region}.amazonaws.com",
        "reads": True,
    }


def _certificate(cloud: Cloud) -> str:
    [one] = cloud.client("acm").list_certificates()["CertificateSummaryList"]
    return str(one["CertificateArn"])


def _nothing_is_planned(database: Database) -> bool:
    return rows(database, "SELECT * FROM iasql_plan_apply()") == []


@pytest.mark.timeout(1200)
def test_three_tiers_are_made_changed_made_again_elsewhere_and_deleted(
    maven: Maven, database: Database, simulator: Cloud, tmp_path: Path
) -> None:
    home = Shop(maven, database, tmp_path, REGION, "public")
    home.migrate("V1__install.sql", "V2__three_tiers.sql")
    _assert_made(simulator, REGION)
    assert _nothing_is_planned(database)

    home.migrate("V3__changes.sql")
    _assert_changed(simulator, REGION)
    assert _nothing_is_planned(database)

    assert rows(database, f"SELECT * FROM iasql_add_region('{IRELAND}')") == [f"{IRELAND}|eu_west_1"]
    there = simulator.at(IRELAND)
    Shop(maven, database, tmp_path, IRELAND, "eu_west_1").migrate("V1__install.sql", "V2__three_tiers.sql")
    _assert_made(there, IRELAND)
    _assert_changed(simulator, REGION)
    assert _nothing_is_planned(database)

    # Alarms of a scaling policy are AWS's to delete, which it does with the policy.
    for schema in ("public", "eu_west_1"):
        succeed(database, f"DELETE FROM {schema}.scaling_policy; DELETE FROM {schema}.scalable_target;")
    succeed(database, "SELECT * FROM iasql_apply(); SELECT * FROM iasql_sync();")
    succeed(database, "SELECT delete_all_records('*'); SELECT * FROM iasql_apply();")
    for cloud in (simulator, there):
        assert [each["IsDefault"] for each in cloud.client("ec2").describe_vpcs()["Vpcs"]] == [True]
        assert cloud.client("rds").describe_db_clusters()["DBClusters"] == []
        assert cloud.client("ecs").list_clusters()["clusterArns"] == []
    assert simulator.client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0
    assert simulator.client("s3").list_buckets()["Buckets"] == []
    assert simulator.client("route53").list_hosted_zones()["HostedZones"] == []
    assert simulator.client("iam").list_roles()["Roles"] == []
    assert _nothing_is_planned(database)
