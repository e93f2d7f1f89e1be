"""Terraform or OpenTofu with its AWS provider, as its user runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.peer.commands import Ended, ran, started
from tests.fixtures.cloud import REGION, Cloud

_CONFIGURATION = Path(__file__).parent
_PROGRAMS = ("terraform", "tofu")
#: Exit status of a plan that finds something, with -detailed-exitcode.
_CHANGES = 2
_SHORT = re.compile(r"(?:Plan: |No changes\.|# \S+ (?:has changed|has been deleted|will be |must be ))")
#: Of more lines the last one says enough.
_MOST = 4
#: Nothing but this machine is to be reached: no news of new versions, and no AWS.
_ALONE = {
    "CHECKPOINT_DISABLE": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
_NOWHERE = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}


class MissingError(Exception):
    """There is no Terraform, or no provider for it."""


def program() -> Path:
    """Where it is.

    Raises:
        MissingError: nowhere.
    """
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return Path(found)
    raise MissingError(f"there is none of {', '.join(_PROGRAMS)} on PATH")


def versions() -> str:
    """Those of it and of its provider, such as "Terraform 1.11.4, provider aws 5.31.0".

    Raises:
        MissingError: one of them is missing.
    """
    terraform = Terraform(Cloud("http://127.0.0.1:9"), 1)
    try:
        if terraform.prepare().status:
            raise MissingError(_NO_PROVIDER)
        return said_versions(terraform.version())
    finally:
        terraform.stop()


_NO_PROVIDER = (
    "its init does not find the provider hashicorp/aws: install it, and name it in the CLI configuration"
    " (TF_CLI_CONFIG_FILE), such as a filesystem_mirror"
)


def said_versions(text: str) -> str:
    """What `version -json` says, in words."""
    found = json.loads(text)
    name = "OpenTofu" if "opentofu" in text else "Terraform"
    providers = [
        f"provider {source.rpartition('/')[2]} {version}"
        for source, version in found["provider_selections"].items()
    ]
    return ", ".join([f"{name} {found['terraform_version']}", *providers])


def in_short(said: str) -> str:
    """What a plan comes to, and what it says has been changed outside of it."""
    found = [line.strip() for line in said.splitlines() if _SHORT.match(line.strip())]
    return ", ".join(found if len(found) <= _MOST else found[-1:]) or said.strip().splitlines()[-1]


class Terraform:
    """A working directory with some stacks in it, and its state."""

    servers: Sequence[int] = ()
    postgres: int | None = None

    def __init__(self, cloud: Cloud, stacks: int, *, parallelism: int | None = None) -> None:
        """
        Args:
            parallelism: how many operations at once; None is its default, ten.
        """
        self._program = program()
        self._folder = TemporaryDirectory(prefix="iasql-bench-")
        self._path = Path(self._folder.name)
        shutil.copy(_CONFIGURATION / "main.tf", self._path)
        shutil.copytree(_CONFIGURATION / "stack", self._path / "stack")
        variables = {"endpoint": cloud.endpoint, "region": REGION, "stacks": stacks}
        (self._path / "terraform.tfvars.json").write_text(json.dumps(variables))
        self._options = () if parallelism is None else (f"-parallelism={parallelism}",)

    def prepare(self) -> Ended:
        return ran([self._program, "init", "-input=false", "-no-color"], cwd=self._path, env=_ALONE)

    def version(self) -> str:
        """What it says of versions, as JSON."""
        command = [str(self._program), "version", "-json"]
        env = os.environ | _ALONE
        return subprocess.run(
            command, cwd=self._path, env=env, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    def run(self, operation: str) -> Ended:
        return ran(self._command(operation), cwd=self._path, env=_ALONE | _NOWHERE)

    def start(self, operation: str) -> subprocess.Popen[str]:
        return started(self._command(operation), cwd=self._path, env=_ALONE | _NOWHERE)

    def killed(self, process: subprocess.Popen[str]) -> int:
        return process.pid

    def recover(self, process: subprocess.Popen[str]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its provider, which would end by itself a little later

    def finds_nothing(self, plan: Ended) -> bool:
        if plan.status not in {0, _CHANGES}:
            raise AssertionError(plan.said)
        return plan.status == 0

    def tells(self, plan: Ended) -> str:
        return in_short(plan.said)

    def stop(self) -> None:
        self._folder.cleanup()

    def _command(self, operation: str) -> list[str | Path]:
        more = {
            "create": ["apply", "-auto-approve"],
            "plan": ["plan", "-detailed-exitcode"],
            "change": ["apply", "-auto-approve", "-var", "desired_count=2"],
            "destroy": ["destroy", "-auto-approve"],
        }[operation]
        return [self._program, *more, "-input=false", "-no-color", *self._options]
