"""`python -m tests.soak`: work at random for some minutes, and end with status 1 if anything is wrong."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from random import Random

import click

from tests.soak.merging import Merging
from tests.soak.soak import Soak
from tests.soak.world import world

KINDS: dict[str, type[Soak]] = {"enforce": Soak, "merge": Merging}


@click.command()
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--mode", type=click.Choice(sorted(KINDS)), default="enforce", show_default=True)
@click.option("--seed", type=int, help="Make the same decisions again.  [default: a new one]")
def main(minutes: float, mode: str, seed: int | None) -> None:
    """Edit, apply, sync, and let everything go wrong, against a model of what must be true.

    In the mode `enforce` the rows are the truth; in `merge` somebody else changes AWS all the while.
    """
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"seed {seed}")
    sys.exit(not soak(minutes * 60, seed, click.echo, mode))


def soak(seconds: float, seed: int, say: Callable[[str], None], mode: str) -> bool:
    """Run one, say what it did, and return whether all was as it must be."""
    with world() as made:
        run = KINDS[mode](made, Random(seed), say)
        try:
            run.run(seconds)
        except AssertionError as wrong:
            say(f"WRONG: {wrong}\n(--mode {mode} --seed {seed})")
            say(made.journal)
            say(made.logs)
            return False
        finally:
            calls = made.account.calls()
            struck = sum(call["fault"] is not None for call in calls)
            say(", ".join(f"{count} {what}" for what, count in sorted(run.done.items())))
            say(f"{len(calls)} calls of AWS, {struck} of them struck, {made.proxies} proxies started")
    say("no difference")
    return True


if __name__ == "__main__":
    main()
