"""The command line: `iasql up`, `iasql demo`."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import click
import structlog
import uvloop

from deploy.demo import demo
from deploy.failure import StartError
from deploy.up import Settings, up


def _address(context: click.Context, option: click.Parameter, value: str) -> tuple[str, int]:
    """HOST:PORT; an IPv6 host in brackets."""
    host, colon, port = value.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"{value!r} is not HOST:PORT, such as 127.0.0.1:5432", context, option)
    return host.strip("[]") or "127.0.0.1", int(port)


@click.group()
@click.version_option(package_name="iasql", prog_name="iasql")
def main() -> None:
    """Infrastructure as SQL: a Postgres proxy that keeps an AWS account and its tables the same."""


@main.command("up")
@click.option(
    "--listen",
    callback=_address,
    default="127.0.0.1:5432",
    show_default=True,
    metavar="HOST:PORT",
    help="Where clients connect.",
)
@click.option("--postgres", metavar="URL", help="A Postgres 13 to 18 to use instead of the embedded one.")
@click.option("--simulate", is_flag=True, help="Work on a simulated AWS account instead of a real one.")
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Where the embedded Postgres keeps its data."
)
@click.option("--verbose", is_flag=True, help="Log more.")
def up_command(
    listen: tuple[str, int], postgres: str | None, simulate: bool, data_dir: Path | None, verbose: bool
) -> None:
    """Run the proxy until Ctrl-C."""
    if postgres and data_dir:
        raise click.UsageError("--data-dir is for the embedded Postgres, which --postgres replaces")
    _log_to_standard_error(logging.DEBUG if verbose else logging.WARNING)
    host, port = listen
    settings = Settings(host=host, port=port, postgres=postgres, simulate=simulate, data_dir=data_dir)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(up(settings))
    except StartError as error:
        click.echo(f"iasql: {error}", err=True)
        sys.exit(1)


@main.command("demo")
def demo_command() -> None:
    """Run the whole tutorial against a simulated AWS account, and show it."""
    sys.exit(demo())


def _log_to_standard_error(level: int) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
    )


if __name__ == "__main__":
    main()
