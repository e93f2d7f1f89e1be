"""What is pure in `bench.peer`: times and memory of processes, what is read from output, tables."""

from __future__ import annotations

import os
from pathlib import Path

from bench.figures import table
from bench.peer import iasql, terraform
from bench.peer.commands import Ended, ran
from bench.peer.race import Line, Measure, middle
from bench.peer.table import cells, told
from bench.peer.trouble import Seen, errors, left, outcome
from bench.processes import Stat, family, proportional

TICKS = os.sysconf("SC_CLK_TCK")
REFUSED = """\
module.stack["stack-0"].aws_iam_role.this: Creating...

Error: creating IAM Role (ecsTaskExecRolestack-0): EntityAlreadyExists: Role with name exists
"""


def _measure(seconds: float) -> Measure:
    return Measure(seconds=seconds, cpu=2.04, postgres=0.5, aws=1.0, calls=1234, memory=3 << 20)


def _ended(status: int, said: str) -> Ended:
    return Ended(status=status, seconds=1, cpu=1, memory=1, said=said)


def test_a_process_times_are_read_whatever_its_name_is() -> None:
    fields = ["S", "7", *["0"] * 9, str(TICKS), str(TICKS // 2), str(2 * TICKS), "0", "20"]
    assert Stat.parse(f"12 (a ) b) {' '.join(fields)}") == Stat(parent=7, own=1.5, ended=2.0)


def test_the_kernels_own_file_has_this_process_parent() -> None:
    assert Stat.parse(Path("/proc/self/stat").read_text()).parent == os.getppid()


def test_a_family_is_a_process_and_all_that_descend_from_it() -> None:
    parents = {1: 0, 2: 1, 3: 2, 4: 1, 5: 3}
    assert family(2, parents) == {2, 3, 5}
    assert family(9, parents) == set()


def test_shared_memory_counts_by_its_part() -> None:
    assert proportional("Rss:   300 kB\nPss:   200 kB\nPss_Dirty: 1 kB\n") == 200 * 1024
    assert proportional("") == 0


def test_a_command_that_has_ended_has_its_status_and_what_it_printed(tmp_path: Path) -> None:
    ended = ran(["sh", "-c", "echo $WORD; exit 3"], cwd=tmp_path, env={"WORD": "said"})
    assert (ended.status, ended.said) == (3, "said\n")
    assert ended.seconds > 0


def test_the_middle_is_taken_of_each_value() -> None:
    assert middle([_measure(3), _measure(1), _measure(2)]) == _measure(2)


def test_errors_of_both_are_found_once() -> None:
    assert errors(REFUSED * 2) == [
        "creating IAM Role (ecsTaskExecRolestack-0): EntityAlreadyExists: Role with name exists"
    ]
    assert errors("psql:create.sql:1: ERROR:  it is there\nHINT:  look\n") == ["it is there"]
    assert outcome(_ended(0, REFUSED)) == "done"
    assert outcome(_ended(1, REFUSED)).startswith("fails: creating IAM Role")


def test_what_is_left_is_told_against_the_whole() -> None:
    whole = {"role": ["a"], "rule": ["b", "c"]}
    assert left(whole, whole) == "everything once"
    assert left({"role": [], "rule": ["b", "b", "c"]}, whole) == "without role, twice: rule b, b, c"


def test_plans_are_told_in_their_own_words() -> None:
    said = "  # module.a.aws_lb.this will be updated in-place\n\nPlan: 0 to add, 1 to change, 0 to destroy.\n"
    assert terraform.in_short(said) == (
        "# module.a.aws_lb.this will be updated in-place, Plan: 0 to add, 1 to change, 0 to destroy."
    )
    assert iasql.in_short("psql:plan.sql:1: NOTICE:  nothing to do in AWS\n action | id\n") == (
        "nothing to do in AWS"
    )


def test_versions_are_said_in_words() -> None:
    source = "registry.terraform.io/hashicorp/aws"
    text = f'{{"terraform_version": "1.2.3", "provider_selections": {{"{source}": "5.6.7"}}}}'
    assert terraform.said_versions(text) == "Terraform 1.2.3, provider aws 5.6.7"


def test_a_line_is_a_row_of_the_table() -> None:
    line = Line(stacks=10, operation="plan", tool="iasql", runs=3, measure=_measure(1.25))
    row = ("10", "plan", "iasql", "1.2 s", "2.0 s", "0.5 s", "1,234", "3 MB", "1.0 s")
    assert cells(line) == row
    assert table((("a", "b"), ("---", "---:"), ("1", "2"))) == "| a | b |\n| --- | ---: |\n| 1 | 2 |\n"


def test_what_was_seen_cannot_break_the_table() -> None:
    seen = Seen(kind="edit", trouble="a tag", tool="iasql", steps=("plan: a | b", "apply: done"))
    assert told(seen) == ("edit: a tag", "iasql", "plan: a \\| b; apply: done")
