"""A part of all calls goes wrong: the apply gets through or names what failed, and a later one finishes.

`make bench-faults` does the same at more rates and with more seeds.
"""

from __future__ import annotations

import pytest

from bench.faults.trial import trial
from bench.faults.troubles import RATES, TROUBLES, Trouble
from tests.fixtures.cloud import Cloud
from tests.fixtures.databases import PostgresServer


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
async def test_a_fifth_of_all_changes_goes_wrong_and_the_client_does_not_try_again(
    postgres_server: PostgresServer, simulator: Cloud, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    outcomes = await trial(postgres_server, simulator, trouble, 0.2, 1, all_calls=False)
    assert sum(each.struck for each in outcomes) > 0


@pytest.mark.parametrize("rate", RATES)
async def test_a_part_of_all_answers_is_lost_and_the_client_tries_again(
    postgres_server: PostgresServer, simulator: Cloud, rate: float
) -> None:
    trouble = next(each for each in TROUBLES if each.fault["action"] == "drop_after")
    await trial(postgres_server, simulator, trouble, rate, 1, all_calls=True)
