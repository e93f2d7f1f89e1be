"""`python -m bench.engine`: measure, print, and keep the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click
import uvloop

from bench.engine import client_cpu, regions, scale, stacks, strict, three_tiers
from bench.engine.throttling import Documented, Shared
from bench.figures import Figure, keep, show
from tests.fixtures.databases import PostgresServer, running_postgres


@click.command()
@click.option("--stacks", "many", default=50, show_default=True, help="How many stacks at once.")
@click.option("--repeats", default=5, show_default=True, help="Runs of which the median counts.")
@click.option("--size", "sizes", multiple=True, default=(1000, 5000), show_default=True, help="Resources.")
@click.option(
    "--regions-size",
    "in_regions",
    multiple=True,
    default=(20_000, 100_000),
    show_default=True,
    help="Resources over seventeen regions.",
)
@click.option("--only-regions", is_flag=True, help="Measure these alone, and keep nothing.")
@click.option("--peer/--no-peer", default=True, help="Make the stacks one call after another as well.")
def main(
    many: int,
    repeats: int,
    sizes: tuple[int, ...],
    in_regions: tuple[int, ...],
    only_regions: bool,
    peer: bool,
) -> None:
    """Measure the engine, print the figures, and keep them in bench/results/ and docs/performance.md."""
    found: list[Figure] = []

    def take(some: Iterable[Figure]) -> None:
        for each in some:
            found.append(each)
            show(each)

    # With the settings that `iasql up` gives it: what it commits is on disk.
    with running_postgres() as server:
        if only_regions:
            take(regions.figures(server, in_regions, repeats))
            return
        take(uvloop.run(stacks.figures(server, 1, repeats)))
        take(uvloop.run(stacks.figures(server, many, repeats)))
        take(uvloop.run(stacks.throttled(server, many, "throttled", Shared())))
        few = min(many, 20)  # AWS allows a load balancer every five seconds
        take(uvloop.run(stacks.throttled(server, few, "throttled as AWS documents", Documented())))
        take(uvloop.run(stacks.throttled(server, many, "limits raised tenfold", Documented(10), aim=None)))
        take(strict.figures(server, 10))
        take(three_tiers.figures(server, repeats))
        take(_of_scale(server, sizes, repeats))
        take(regions.figures(server, in_regions, repeats))
        if peer:
            apply = next(each.value for each in found if each.name == f"{many} stacks: apply")
            take(uvloop.run(stacks.peer(server, many, apply)))
    keep("engine", found)


def _of_scale(server: PostgresServer, sizes: tuple[int, ...], repeats: int) -> Iterator[Figure]:
    by_size = {size: scale.medians(server, size, repeats) for size in sizes}
    for size, measures in by_size.items():
        for each in measures:
            yield Figure(name=f"{size:,} resources: {each.operation}", value=each.seconds, unit="s")
    for size, measures in by_size.items():
        for each in measures:
            aim = 100 if each.operation == "plan_apply" else None
            yield Figure(
                name=f"{size:,} resources: {each.operation}, the engine's CPU a resource",
                value=each.cpu / size * 1e6,
                unit="µs",
                aim=aim,
            )
    yield Figure(
        name="AWS client's CPU to parse a described rule", value=client_cpu.microseconds(), unit="µs"
    )
    small, large = min(sizes), max(sizes)
    for before, after in zip(by_size[small], by_size[large], strict=True):
        yield Figure(
            name=f"{large:,} resources: {after.operation}, peak memory a resource",
            value=after.memory / large / 1024,
            unit="KB",
            aim=4,
        )
        yield Figure(
            name=f"{after.operation}: time a resource at {large:,} against {small:,}",
            value=after.seconds / large / (before.seconds / small),
            unit="×",
            aim=1.2,
        )


if __name__ == "__main__":
    main()
