"""Pages as HTML. Pure: whatever a page shows is escaped, and no page names another server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from console import graph
from console.session import Row

_HERE = Path(__file__).parent
#: Above so many steps a picture is no help, and the table is shown alone.
_DRAWN = 300
STATIC = {
    "console.css": ("text/css", (_HERE / "static" / "console.css").read_text()),
    "console.js": ("text/javascript", (_HERE / "static" / "console.js").read_text()),
}
_environment = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    auto_reload=False,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters["query"] = urlencode


@dataclass(frozen=True)
class Viewer:
    """For whom a page is.

    Attributes:
        token: what their forms send along.
        may: the functions that they may execute.
    """

    user: str
    database: str
    token: str
    may: frozenset[str]


def page(template: str, viewer: Viewer | None, **given: object) -> str:
    """A page."""
    return _environment.get_template(template).render(viewer=viewer, **given)


def drawing(steps: Sequence[Row]) -> Markup | None:
    """The steps of a plan as a picture, whose texts are escaped; None if there is nothing to see."""
    if not 0 < len(steps) <= _DRAWN:
        return None
    nodes = [
        graph.Node(
            number=number, action=action, table=table, description=description or "", after=tuple(after)
        )
        for number, action, table, description, after in steps
    ]
    return Markup(graph.svg(nodes))
