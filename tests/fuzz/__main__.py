"""`make fuzz`: any bytes for each parser, guided by what they reach in it (atheris, libFuzzer)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click

#: Bytes of the longest input, seconds for one, and megabytes that the process may have.
_LONGEST, _PATIENCE, _MEMORY = 4096, 5, 1024


@click.command()
@click.option("--seconds", default=60, show_default=True, help="For each target.")
@click.option("--target", "names", multiple=True, help="As often as you like.  [default: all]")
@click.option("--inside", hidden=True, help="The one that this process is for.")
@click.option("--corpus", default="", help="A directory that keeps what was found to reach something new.")
def main(seconds: int, names: tuple[str, ...], inside: str | None, corpus: str) -> None:
    """Try bytes on the parsers, each in a process of its own, and end with the first fault."""
    if inside is not None:
        _fuzz(inside, seconds, corpus)
        return
    from tests.fuzz.targets import TARGETS

    with tempfile.TemporaryDirectory(prefix="iasql-fuzz-") as folder:
        for name in names or TARGETS:
            found = Path(corpus or folder) / name
            found.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-m", "tests.fuzz", "--inside", name, "--corpus", str(found)]
            ended = subprocess.run([*command, "--seconds", str(seconds)], capture_output=True, text=True)
            if ended.returncode:
                click.echo(ended.stderr[-4000:] + ended.stdout[-4000:])
                raise SystemExit(f"{name}: a fault; the bytes are in the file named above")
            runs = [line for line in ended.stderr.splitlines() if line.startswith("Done")]
            click.echo(f"{name}: {' '.join(runs)}, {len(list(found.iterdir()))} inputs that reach something")


def _fuzz(name: str, seconds: int, corpus: str) -> None:
    import atheris

    with atheris.instrument_imports(include=["proxy", "tests.fuzz.targets"]):
        from tests.fuzz.targets import TARGETS, seeds

    for number, seed in enumerate(seeds(name)):
        (Path(corpus) / f"seed-{number}").write_bytes(seed)
    bounds = [f"-max_len={_LONGEST}", f"-timeout={_PATIENCE}", f"-rss_limit_mb={_MEMORY}"]
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", *bounds, corpus], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
