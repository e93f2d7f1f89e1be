"""Tests that a client's authors publish: its source distribution, as the package index has it."""

from __future__ import annotations

import shutil
import sys
import tarfile
from collections.abc import Callable, Collection
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs

from tests.fixtures.tools import missing, run


def cache(name: str) -> Path:
    """A folder that stays, for what is fetched."""
    folder = platformdirs.user_cache_path("iasql-tests") / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def installed(package: str) -> str:
    """The version of a package that is installed."""
    return metadata.version(package)


def source_of(package: str, wanted: Collection[str]) -> Path:
    """Some files and folders of the source distribution of the installed version, fetched once.

    Raises:
        pytest.skip.Exception: it cannot be fetched.
    """
    version = installed(package)

    def fetch(folder: Path) -> Path:
        return only(wanted, _unpack(_download(package, version, folder), folder / "unpacked"))

    return fetched_once("sources", f"{package}-{version}", fetch)


def fetched_once(kind: str, name: str, fetch: Callable[[Path], Path]) -> Path:
    """A folder of the cache.

    Args:
        fetch: makes it if it is not there, somewhere in an empty folder, and returns where.
    """
    folder = cache(kind) / name
    if not folder.exists():
        with TemporaryDirectory(dir=folder.parent) as temporary:
            fetch(Path(temporary)).rename(folder)
    return folder


def only(wanted: Collection[str], unpacked: Path) -> Path:
    """A folder beside the unpacked one with some of its files and folders, which are moved there."""
    folder = unpacked.parent / "wanted"
    folder.mkdir()
    for entry in wanted:
        shutil.move(unpacked / entry, folder / Path(entry).name)
    return folder


def _download(package: str, version: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-binary", package, "--dest", str(folder), f"{package}=={version}"]
    result = run([*command, *options])
    if result.returncode != 0:
        missing(f"pip cannot fetch the source of {package} {version}: {result.stderr[-400:]}")
    return next(folder.glob("*.tar.gz"))


def _unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return next(folder.iterdir())
