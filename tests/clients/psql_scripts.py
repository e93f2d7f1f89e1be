"""What psql is given to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_SCRIPTS = Path(__file__).with_suffix(".txt")

#: Commands that list or describe, in a database with `schema.sql`.
_LISTINGS = r"""
\d  |  \d+  |  \dS  |  \d customer  |  \d+ customer  |  \d+ purchase  |  \d+ event  |  \d+ event_2023
\d+ scratch  |  \d+ rich  |  \d+ totals  |  \d counter  |  \d lowered  |  \d+ recent  |  \d address
\d nothing_of_that_name  |  \da  |  \dA+  |  \dAc  |  \dAf  |  \dAo  |  \dAp  |  \db  |  \dc  |  \dC
\dd  |  \ddp  |  \dD+  |  \dE  |  \des  |  \det  |  \deu  |  \dew  |  \df+  |  \dfa  |  \dft  |  \dfp
\dF  |  \dF+ plain  |  \dFd  |  \dFp  |  \dFt  |  \dg  |  \di+  |  \dl  |  \dL+  |  \dm+  |  \dn+  |  \do
\doS + integer  |  \dO+  |  \dp  |  \dP+  |  \drds  |  \dRp+  |  \dRs  |  \ds+  |  \dt+  |  \dt *.c*
\dT+  |  \du+  |  \dv+  |  \dx+  |  \dX  |  \dy  |  \l postgres  |  \z  |  \sf shop.doubled
\sf+ shop.touched  |  \sv shop.rich  |  \sv+ shop.rich  |  \conninfo  |  \encoding  |  \dconfig work_mem
\lo_list
"""


def listings() -> tuple[str, ...]:
    """Commands, each a line."""
    return tuple(command for line in _LISTINGS.strip().splitlines() for command in line.split("  |  "))


def scripts() -> Mapping[str, str]:
    """What is read from standard input, by its name."""
    sections = _SCRIPTS.read_text().split("\n### ")[1:]
    return {name: f"{text}\n" for name, _, text in (section.partition("\n") for section in sections)}
