"""What the last IaSQL had is here, or has a reason not to be."""

from __future__ import annotations

from tests.modules.last_iasql import ABSENT, missing


def test_each_table_and_column_is_here_or_has_a_reason() -> None:
    absent = {f"{table}.{column}" for _, table, column in missing()}
    assert absent - ABSENT.keys() == set()


def test_no_reason_is_given_for_what_is_here() -> None:
    absent = {f"{table}.{column}" for _, table, column in missing()}
    assert ABSENT.keys() - absent == set()
