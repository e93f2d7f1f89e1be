"""The page of what the simulated AWS refuses."""

from __future__ import annotations

from pathlib import Path

from deploy.simulator.page import page
from deploy.simulator.strict import RULES

PAGE = Path(__file__).parents[3] / "docs" / "simulator.md"


def test_the_page_in_the_documents_is_that_of_the_rules() -> None:
    """`make docs` writes it."""
    assert PAGE.read_text() == page()


def test_it_has_every_service_that_has_rules() -> None:
    text = page()
    assert all(f"\n## {service}\n" in text for service, _ in RULES)
