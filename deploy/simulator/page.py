"""`python -m deploy.simulator.page FILE`: what the simulated AWS refuses, as a page for people.

It is made from the rules; `docs/simulator.md` is that page.
"""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from pathlib import Path

from deploy.simulator.call import READS
from deploy.simulator.strict import RULES
from deploy.simulator.strict.outcome import Rule

_BEFORE = """\
<!-- Made by `make docs` from the rules of the simulated AWS. -->

# What the simulated AWS refuses

`iasql demo`, `iasql up --simulate` and the tests talk to a simulated AWS. It is
[moto](https://docs.getmoto.org), with rules of AWS in front of it that moto does not keep. "It refuses what
AWS refuses" means: an order of calls that AWS refuses, a name that is taken or is none, what something else
still uses, and what does not go together is refused with AWS's error code, by moto or by a rule below. A
plan that applies here can still be refused by AWS, for what this page does not list.

What it does not do:

- **Nothing runs.** No instance, database, function, container or check does anything; what invokes a
  function gets its own input back, and queues hand their messages to nobody. No alarm goes off, and nothing
  scales by itself.
- **Nobody is refused by IAM**, but for sessions of an assumed role, whose own policies count. Which actions
  AWS wants is in [iam/](iam/).
- **Quotas** are refused where a rule says so. That a region takes five VPCs, and others of that kind, is
  not.
- **Values.** Parameters that no rule is about are taken as moto takes them, which is more than AWS takes.
- **Time.** What takes AWS minutes is done at once, or takes some seconds with `--simulate=strict`:
  [reliability](reliability.md) has the list.
- **Certificates** are validated as soon as their records are in a public zone of the account; no name is
  looked up in DNS, and no mail is sent.
- **Nothing costs anything**, and nothing is kept: an account is empty again after a restart.

The rules, by service and in the words of their code (`deploy/simulator/strict`):
"""


def page() -> str:
    """The page, as Markdown: a table for each service, a line for each rule with its operations."""
    return _BEFORE + "".join(_service(name) for name in sorted({service for service, _ in RULES}))


def _service(name: str) -> str:
    operations: dict[str, list[str]] = defaultdict(list)
    for (service, operation), rules in RULES.items():
        # Rules about what reads are about answers.
        for rule in rules if service == name and not operation.startswith(READS) else ():
            if said := _said(rule):
                operations[said].append(f"`{operation}`")
    rows = "".join(f"| {said} | {', '.join(some)} |\n" for said, some in operations.items())
    return f"\n## {name}\n\n| rule | operations |\n|---|---|\n{rows}" if rows else ""


def _said(rule: Rule) -> str:
    """A rule by its name, with what its docstring says first unless that is about moto.

    One without a docstring keeps something for moto, and refuses nothing: "".
    """
    first, _, _ = (inspect.getdoc(rule) or "").partition("\n\n")
    name, said = (
        getattr(rule, "__name__", "").strip("_").replace("_", " "),
        " ".join(first.split()).replace("|", "\\|"),
    )
    return f"**{name}**" + ("" if "moto" in said else f": {said}") if said else ""


def main() -> None:
    """Write the page into the file that is named."""
    Path(sys.argv[1]).write_text(page())


if __name__ == "__main__":
    main()
