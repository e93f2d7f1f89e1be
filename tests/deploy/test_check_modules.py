"""`iasql check-modules`."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from deploy.cli import main
from modules.catalogue import Catalogue, find_modules

CATALOGUE = find_modules()


def run(*modules: str) -> tuple[int, list[str]]:
    """The exit status, and the lines that are printed."""
    result = CliRunner().invoke(main, ["check-modules", *modules])
    return result.exit_code, result.output.splitlines()


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be connected to."""

    def refuse(*arguments: Any) -> None:
        raise AssertionError("the check connects to something")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes two modules have mistakes."""
    vpc, logs = CATALOGUE.by_name["aws_vpc"], CATALOGUE.by_name["aws_cloudwatch"]
    broken = [
        replace(each, absent=("InvalidVpcId.NotFound",), natural_key=("cidr",))
        if each.table == "vpc"
        else each
        for each in vpc.resources
    ]
    catalogue = Catalogue(
        (
            CATALOGUE.by_name["aws_account"],
            replace(logs, dependencies=("aws_acount",)),
            replace(vpc, resources=tuple(broken)),
            CATALOGUE.by_name["aws_security_group"],
        )
    )
    monkeypatch.setattr("deploy.check_modules.find_modules", lambda: catalogue)


def test_nothing_is_printed_if_nothing_is_wrong() -> None:
    assert run() == (0, [])


@pytest.mark.usefixtures("wrong")
def test_each_fault_is_a_line_with_its_file_and_what_is_allowed() -> None:
    assert run("aws_vpc", "aws_cloudwatch") == (
        1,
        [
            "modules/aws_cloudwatch/__init__.py: no module aws_acount; "
            "allowed: aws_account, aws_cloudwatch, aws_security_group, aws_vpc",
            "modules/aws_vpc/vpc.py: natural_key names no column: cidr; allowed: vpc_id",
            "modules/aws_vpc/vpc.py: no error code of ec2: InvalidVpcId.NotFound; "
            "allowed: InvalidVpcID.NotFound, InvalidIpamId.NotFound, InvalidVpcEndpointId.NotFound",
        ],
    )


@pytest.mark.usefixtures("wrong")
def test_only_the_named_modules_are_checked() -> None:
    assert run("aws_account") == (0, [])


def test_an_unknown_module_is_refused() -> None:
    status, lines = run("aws_vcp")
    assert status == 2
    assert "no module aws_vcp; there are aws_account, " in lines[-1]
