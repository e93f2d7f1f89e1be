"""The pages of tables, as they are documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.reference import pages
from engine.database.functions import SIGNATURES
from modules.catalogue import find_modules
from modules.spec import Module

FOLDER = Path(__file__).parents[2] / "docs" / "tables"
PAGES = pages(find_modules())


def test_the_pages_in_the_documents_are_those_of_the_declarations() -> None:
    """`make docs` writes them."""
    assert {each.name: each.read_text() for each in FOLDER.glob("*.md")} == PAGES


@pytest.mark.parametrize("module", find_modules().modules, ids=lambda module: module.name)
def test_a_page_has_every_table_and_column(module: Module) -> None:
    page = PAGES[f"{module.name}.md"]
    for resource in module.resources:
        _, _, section = page.partition(f"\n## {resource.table}\n")
        assert all(f"| `{each.name}` |" in section for each in resource.columns)
        for part in resource.parts:
            _, _, section = page.partition(f"\n### {part.table}\n")
            assert all(f"| `{each.name}` |" in section for each in (part.parent, *part.columns))


def test_the_page_of_functions_has_each_with_its_parameters_and_what_it_returns() -> None:
    page = PAGES["functions.md"]
    for signature in SIGNATURES:
        name, _, types = signature.removeprefix("public.").rstrip(")").partition("(")
        assert f"\n## {name}\n" in page
        _, _, section = page.partition(f"\n## {name}\n")
        counts = [
            len(parameters.split(", ")) if parameters else 0
            for parameters in re.findall(rf"^- `{name}\(([^`]*)\)`: ", section, re.MULTILINE)
        ]
        assert (len(types.split(", ")) if types else 0) in counts
    assert "- returns `setting text, value text, source text`" in page


def test_a_page_says_what_a_change_does() -> None:
    page = PAGES["aws_vpc.md"]
    assert "| `cidr_block` | varchar, not null | replaces it | `CidrBlock` |" in page
    assert "in place, by `ec2:CreateTags`, `ec2:DeleteTags`" in page
    assert "refers to [vpc](aws_vpc.md#vpc)" in page
