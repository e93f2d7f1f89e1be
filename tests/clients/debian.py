"""What Debian has of an installed package besides what is installed: its source, and its headers.

Both are of the version that is installed, and apt checks their signatures.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from tests.clients.packages import fetched_once, only
from tests.fixtures.tools import missing, run, tool

_APT = Path("/etc/apt")
#: https://manpages.debian.org/bookworm/apt/sources.list.5.en.html: in both forms, what asks for binaries.
_BINARIES = re.compile(r"^(Types: *|)deb\b", re.MULTILINE)
_AS_ONESELF = "--option=APT::Sandbox::User="


def source_of(package: str, wanted: Collection[str]) -> Path:
    """Some files and folders of the authors' source of an installed package, fetched once.

    Raises:
        pytest.skip.Exception: it cannot be fetched.
    """
    version = _version(package)

    def fetch(folder: Path) -> Path:
        unpacked = folder / "unpacked"
        unpacked.mkdir()
        archive = _download_source(package, version, folder)
        _run("tar", "--extract", "--strip-components=1", "--file", archive, "--directory", unpacked)
        return only(wanted, unpacked)

    return fetched_once("sources", f"{package}-{version}", fetch)


def files_of(package: str, version_of: str) -> Path:
    """What a package would install, unpacked in a folder; fetched once.

    Args:
        version_of: an installed package of the same source, whose version it has to have.

    Raises:
        pytest.skip.Exception: it cannot be fetched.
    """
    version = _version(version_of)

    def fetch(folder: Path) -> Path:
        _run("apt-get", _AS_ONESELF, "download", f"{package}={version}", cwd=folder)
        [archive] = folder.glob("*.deb")
        _run("dpkg-deb", "--extract", archive, folder / "unpacked")
        return folder / "unpacked"

    return fetched_once("packages", f"{package}-{version}", fetch)


def _version(package: str) -> str:
    return _run("dpkg-query", "--show", "--showformat=${Version}", package)


def _download_source(package: str, version: str, folder: Path) -> Path:
    """The archive of the authors' files, by lists of sources of our own: few machines have any."""
    entries = folder / "entries"
    entries.mkdir()
    for each in (_APT / "sources.list", *(_APT / "sources.list.d").glob("*")):
        if each.is_file():
            (entries / each.name).write_text(_BINARIES.sub(r"\1deb-src", each.read_text()))
    for needed in ("lists/partial", "cache/archives/partial"):
        (folder / needed).mkdir(parents=True)
    options = [
        "--option=Dir::Etc::sourcelist=-",
        f"--option=Dir::Etc::sourceparts={entries}",
        f"--option=Dir::State::lists={folder / 'lists'}",
        f"--option=Dir::Cache={folder / 'cache'}",
        _AS_ONESELF,
    ]
    run([tool("apt-get"), *options, "update"])  # fails where one of several places has no sources
    _run("apt-get", *options, "source", "--download-only", f"{package}={version}", cwd=folder)
    return next(folder.glob("*.orig.tar.*"))


def _run(program: str, *arguments: str | Path, cwd: Path | None = None) -> str:
    result = run([tool(program), *arguments], cwd=cwd)
    if result.returncode != 0:
        missing(f"{program} {arguments[-1]}: {result.stderr[-400:]}")
    return result.stdout
