"""Pages as HTML. Pure: whatever a page shows is escaped, and no page names another server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from console import graph
from console.hints import in_pages, statements
from console.session import Row
from console.shown import MANY, readable
from console.web.rows import cells

_HERE = Path(__file__).parent
#: Above so many boxes a picture is no help.
_DRAWN = 300
#: Rows of a table that are laid out together: of many more only those that are seen are.
_PART = 200
STATIC = {
    "console.css": ("text/css", (_HERE / "static" / "console.css").read_text()),
    **{
        name: ("text/javascript", (_HERE / "static" / name).read_text())
        for name in ("console.js", "completion.js", "suggestions.js")
    },
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
_environment.filters["readable"] = readable
_environment.filters["in_pages"] = in_pages
_environment.filters["statements"] = statements
_environment.globals["cells"] = cells
_environment.globals["part"] = _PART


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


@dataclass(frozen=True)
class Drawing:
    """The steps of a plan as a picture.

    Attributes:
        svg: with its texts escaped.
        folded: whether steps of a kind are one box.
        opened: the kind whose steps are not.
    """

    svg: Markup
    folded: bool
    opened: str | None


def drawing(steps: Sequence[Row], opened: str | None = None) -> Drawing | None:
    """The steps of a plan as a picture; None if that would be no help.

    Args:
        opened: what has a box for each step, though steps are folded.
    """
    nodes = [
        graph.Node(
            number=number, action=action, table=table, description=description or "", after=tuple(after)
        )
        for number, action, table, description, after in steps
    ]
    folds = len(nodes) > MANY
    if folds:
        kinds = {each.kind for each in nodes}
        opened = opened if opened in kinds else None
        links = {each: f"/change?{urlencode({'open': each})}#order" for each in kinds - {opened}}
        shown = [opened] if opened else []
        nodes = graph.folded(nodes, shown, links | ({opened: "/change#order"} if opened else {}))
    if not 1 < len(nodes) <= _DRAWN:
        return None
    return Drawing(Markup(graph.svg(nodes)), folds, opened if folds else None)
