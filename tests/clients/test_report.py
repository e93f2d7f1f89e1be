"""What a comparison says of two runs."""

from __future__ import annotations

from dataclasses import replace

from tests.clients.outcomes import ABSENT, Difference, Outcome, compare
from tests.clients.pytests import read_junit
from tests.clients.report import merged, read, render, row, written
from tests.clients.runner import Comparison
from tests.clients.suite import Suite

PASSED, FAILED = Outcome("passed"), Outcome("failed", detail="port 1")
SUITE = Suite(name="a", version=lambda: "1.0", run=lambda *_: {}, origin="nobody's")
SAME = Comparison(
    suite=SUITE,
    server="15.1",
    tls=False,
    direct={"one": PASSED, "two": FAILED},
    proxied={"one": PASSED, "two": FAILED},
    differences=(),
    unsteady=(),
)


def test_only_what_must_be_the_same_is_compared() -> None:
    assert compare({"t": FAILED}, {"t": Outcome("failed", detail="port 2")}) == ()
    assert compare({"t": FAILED}, {"t": PASSED}) == (Difference("t", FAILED, PASSED),)
    assert compare({"t": Outcome("passed", "a")}, {"t": Outcome("passed", "b")}) != ()


def test_a_test_that_one_side_did_not_get_to_differs() -> None:
    assert compare({"t": PASSED}, {}) == (Difference("t", PASSED, ABSENT),)


def test_the_table_counts_what_passed_and_names_what_differs() -> None:
    difference = Difference("two", FAILED, PASSED)
    differing = replace(SAME, tls=True, proxied={"one": PASSED, "two": PASSED}, differences=(difference,))
    rows = [row(each, commit="abc", seconds=61) for each in (SAME, differing)]
    document = render(rows, {"a": "nobody's"})
    assert "| a | 1.0 | 15.1 |  | 2 | 1 | 1 | none | abc |" in document
    assert "| a | 1.0 | 15.1 | yes | 2 | 1 | 2 | `two` | abc |" in document
    assert "a, PostgreSQL 15.1 with TLS: `two`: failed directly, passed through the proxy" in document
    assert "Of 4 tests 1 differs." in document
    assert "in 2 minutes" in document


def test_a_suite_that_is_run_again_replaces_its_rows() -> None:
    old = row(SAME, commit="old", seconds=1)
    other = replace(old, suite="b")
    gone = replace(old, suite="gone")
    kept = read(written([other, gone, old]))
    new = row(SAME, commit="new", seconds=1)
    assert merged(kept, [new], ["a", "b"]) == [new, other]


def test_pytests_report_is_read_by_the_names_that_pytest_takes() -> None:
    file = 'file="tests/test_a.py"'
    document = f"""<testsuites><testsuite>
      <testcase classname="tests.test_a.TestB" name="test_c[1]" {file}/>
      <testcase classname="tests.test_a" name="test_d" {file}><failure message="m">t</failure></testcase>
      <testcase classname="tests.test_a" name="test_e" {file}><skipped message="m"/></testcase>
    </testsuite></testsuites>"""
    outcomes = read_junit(document)
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "tests/test_a.py::TestB::test_c[1]": "passed",
        "tests/test_a.py::test_d": "failed",
        "tests/test_a.py::test_e": "skipped",
    }
