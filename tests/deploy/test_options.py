"""What options mean that are more than a word."""

from __future__ import annotations

import click
import pytest

from deploy import options


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("5min", 300), ("1s", 1), ("90 s", 90), ("1.5min", 90), ("2h", 7200), ("1d", 86400)],
)
def test_an_interval(text: str | None, seconds: float | None) -> None:
    assert options.interval(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "5 minutes", "0.5s", "-1s", "2d", "1e9s", "٣s", "5min x"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not an interval such as 5min"):
        options.interval(text)
