"""`python -m tests.soak`: work at random for some minutes, and end with status 1 if anything is wrong."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from random import Random

import click

from tests.soak.soak import Soak
from tests.soak.world import world


@click.command()
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--seed", type=int, help="Make the same decisions again.  [default: a new one]")
def main(minutes: float, seed: int | None) -> None:
    """Edit, apply, sync, and let everything go wrong, against a model of what must be true."""
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"seed {seed}")
    sys.exit(not soak(minutes * 60, seed, click.echo))


def soak(seconds: float, seed: int, say: Callable[[str], None]) -> bool:
    """Run one, say what it did, and return whether all was as it must be."""
    with world() as made:
        run = Soak(made, Random(seed), say)
        try:
            run.run(seconds)
        except AssertionError as wrong:
            say(f"WRONG: {wrong}\n(--seed {seed})")
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
