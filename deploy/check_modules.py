"""`iasql check-modules`: what is wrong with the declarations of modules."""

from __future__ import annotations

from collections.abc import Sequence

import click

from engine.check.check import check
from modules.catalogue import find_modules


def check_modules(names: Sequence[str]) -> int:
    """Print each fault of some modules, of all if none is named.

    Returns:
        the exit status: 1 if something is wrong.

    Raises:
        click.BadParameter: there is no such module.
    """
    catalogue = find_modules()
    unknown = [name for name in names if name not in catalogue.by_name]
    if unknown:
        known = ", ".join(catalogue.by_name)
        raise click.BadParameter(f"no module {', '.join(unknown)}; there are {known}")
    faults = list(check(catalogue, tuple(names)))
    for each in faults:
        click.echo(str(each))
    return 1 if faults else 0
