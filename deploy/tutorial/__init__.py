"""The tutorial: its two migrations and its flyway.conf, as files that the demo and the tests run."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
CONFIGURATION = FOLDER / "flyway.conf"
V1 = FOLDER / "migrations" / "V1__install.sql"
V2 = FOLDER / "migrations" / "V2__init.sql"

_PREFIX = "flyway.placeholders."


def placeholders() -> dict[str, str]:
    """The values that flyway.conf gives to the placeholders, by name."""
    values = {}
    for line in CONFIGURATION.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and name.startswith(_PREFIX):
            values[name.removeprefix(_PREFIX)] = value
    return values


def migration(path: Path) -> str:
    """A migration's SQL with its placeholders replaced, as Flyway sends it."""
    text = path.read_text()
    for name, value in placeholders().items():
        text = text.replace(f"${{{name}}}", value)
    return text
