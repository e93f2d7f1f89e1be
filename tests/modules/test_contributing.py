"""The example in CONTRIBUTING is one that works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine.check.check import faults
from modules.catalogue import find_modules
from modules.spec import Module

_PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"


def examples() -> list[str]:
    """The page's Python, a block each."""
    return re.findall(r"^```python\n(.*?)^```", _PAGE.read_text(), re.MULTILINE | re.DOTALL)


def run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(text, names)
    return names


def test_nothing_is_wrong_with_the_example_of_a_resource() -> None:
    resource, module = examples()
    queue = run(resource)["QUEUE"]
    assert [str(each) for each in faults(queue, {**find_modules().resources, "queue": queue})] == []
    assert isinstance(run(module)["MODULE"], Module)
