"""The AWS CLI of this environment, looking at the simulated account."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.fixtures.cloud import Cloud
from tests.fixtures.tools import run

AWS = Path(sys.executable).with_name("aws")


def aws(cloud: Cloud, *arguments: str) -> Any:
    """Run an AWS CLI command that must succeed, and return the document it prints."""
    result = run([AWS, *arguments, "--output", "json"], env=cloud.environment)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout or "null")
