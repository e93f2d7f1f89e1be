"""`make chaos`: cuts, crashes and kills for as long as you like, and what the clients saw of them."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path

import click

from deploy.simulator.process import SimulatorProcess
from tests.chaos.scene import Scene
from tests.fixtures.cloud import Cloud


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--seconds", default=300.0, show_default=True)
@click.option("--seed", default=1, show_default=True, help="Repeats a run's choices, though not its timing.")
@click.option("--clients", default=16, show_default=True)
@click.option("--rate", default=0.3, show_default=True, help="The share of connections that are cut.")
@click.argument("options", nargs=-1, metavar="[OPTIONS OF iasql up]...")
def main(seconds: float, seed: int, clients: int, rate: float, options: tuple[str, ...]) -> None:
    """Let everything befall a proxy, and count what its clients see."""
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    with SimulatorProcess() as simulator, tempfile.TemporaryDirectory(prefix="iasql-chaos-") as folder:
        scene = Scene(Path(folder), Cloud(simulator.endpoint), seed, options)
        asyncio.run(_run(scene, seconds, clients, rate))
    counts = dict(sorted(scene.findings.counts.items()))
    counts |= {"cut before the proxy": scene.to_proxy.cuts, "cut behind it": scene.to_postgres.cuts}
    click.echo(json.dumps(counts, indent=2))
    for failure in scene.findings.failures:
        click.echo(failure, err=True)
    click.echo(f"seed {seed}: {len(scene.findings.failures)} failures")
    sys.exit(bool(scene.findings.failures))


async def _run(scene: Scene, seconds: float, clients: int, rate: float) -> None:
    async with scene.running():
        await scene.visit(clients, lambda: scene.run(seconds, rate))
        scene.findings.failures += scene.faults()


if __name__ == "__main__":
    main()
