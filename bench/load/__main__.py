"""`python -m bench.load`: let clients work for long, print what came of it, and keep the results."""

from __future__ import annotations

import logging
import resource
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import structlog
import uvloop

from bench.figures import keep, show
from bench.load import scene


@click.command()
@click.option("--minutes", default=10.0, show_default=True)
@click.option("--idle", default=1000, show_default=True, help="Connections that wait.")
@click.option("--busy", default=200, show_default=True, help="Connections that work.")
def main(minutes: float, idle: int, busy: int) -> None:
    """Load a proxy, print the figures, and keep them in bench/results/ and docs/performance.md."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with TemporaryDirectory(prefix="iasql-bench-") as name:
        Path(name).chmod(0o755)
        found = list(uvloop.run(scene.figures(Path(name), idle, busy, minutes * 60)))
    for each in found:
        show(each)
    keep("load", found)


if __name__ == "__main__":
    main()
