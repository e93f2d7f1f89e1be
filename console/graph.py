"""The steps of a plan as a picture: DOT, Mermaid and SVG. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from html import escape


@dataclass(frozen=True, kw_only=True)
class Node:
    """A step, or several of a kind in one box.

    Attributes:
        after: the numbers of the steps that it waits for.
        count: how many steps it stands for.
        link: where a click on it leads.
    """

    number: int
    action: str
    table: str
    description: str
    after: tuple[int, ...]
    count: int = 1
    link: str | None = None

    @property
    def kind(self) -> str:
        """What steps are of, that can be one box: an action on a table, which has its region in its name."""
        return f"{self.action} {self.table}"

    @property
    def label(self) -> str:
        several = f"{self.count} × " if self.count > 1 else ""
        return f"{several}{self.kind}\n{self.description}"


#: Fill and border of a step, for each action; dark enough beside white text, and different without colours.
_COLOURS = {
    "create": ("#e6f4ea", "#137333"),
    "update": ("#fef7e0", "#9a6700"),
    "replace": ("#f3e8fd", "#6e3fa3"),
    "delete": ("#fce8e6", "#b3261e"),
}
_PLAIN = ("#f1f3f4", "#3c4043")


def dot(nodes: Sequence[Node]) -> str:
    """For Graphviz: https://graphviz.org/doc/info/lang.html"""
    boxes = '  node [shape=box, style="rounded,filled", fontname=Helvetica];'
    lines = ["digraph plan {", "  rankdir=LR;", boxes]
    for each in nodes:
        fill, border = _COLOURS.get(each.action, _PLAIN)
        label = json.dumps(each.label, ensure_ascii=False)
        lines.append(f'  s{each.number} [label={label}, fillcolor="{fill}", color="{border}"];')
    lines += [f"  s{before} -> s{each.number};" for each in nodes for before in each.after]
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(nodes: Sequence[Node]) -> str:
    """For Markdown: https://mermaid.js.org/syntax/flowchart.html"""
    lines = ["flowchart LR"]
    for each in nodes:
        label = escape(each.label, quote=True).replace("\n", "<br/>").replace("`", "&#96;")
        lines.append(f'  s{each.number}["{label}"]:::{each.action}')
    lines += [f"  s{before} --> s{each.number}" for each in nodes for before in each.after]
    for name, (fill, border) in _COLOURS.items():
        lines.append(f"  classDef {name} fill:{fill},stroke:{border},color:#202124")
    return "\n".join(lines) + "\n"


def folded(nodes: Sequence[Node], opened: Container[str], link: Mapping[str, str]) -> list[Node]:
    """Steps of a kind as one box each; those of a table of another region are of another kind.

    Args:
        opened: kinds whose steps stay as they are.
        link: where boxes of each kind lead.
    """
    key: dict[int, object] = {
        each.number: each.number if each.kind in opened else each.kind for each in nodes
    }
    if _has_circle(nodes, key):
        level = _levels(nodes)
        key = {number: (kind, level[number]) for number, kind in key.items()}
    members: dict[object, list[Node]] = defaultdict(list)
    for each in nodes:
        members[key[each.number]].append(each)
    number = {key: some[0].number for key, some in members.items()}
    found = []
    for some in members.values():
        own = number[key[some[0].number]]
        before = {number[key[each]]: None for node in some for each in node.after if each in key}
        box = replace(some[0], after=tuple(each for each in before if each != own))
        if len(some) > 1:
            box = replace(box, description=f"{some[0].description} …", count=len(some))
        found.append(replace(box, link=link.get(box.kind)) if box.count > 1 or box.kind in opened else box)
    return found


def _has_circle(nodes: Sequence[Node], key: Mapping[int, object]) -> bool:
    after: dict[object, set[object]] = defaultdict(set)
    for each in nodes:
        own = key[each.number]
        after[own] |= {key[before] for before in each.after if before in key} - {own}
    try:
        TopologicalSorter(after).prepare()
    except CycleError:
        return True
    return False


_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 240, 44, 70, 14, 20
#: Characters of a line in a box.
_FITS = 34


def svg(nodes: Sequence[Node]) -> str:
    """A picture by itself, levels from left to right: https://www.w3.org/TR/SVG11/"""
    at = _places(nodes)
    columns = 1 + max((x for x, _ in at.values()), default=0)
    rows = 1 + max((y for _, y in at.values()), default=0)
    width = 2 * _MARGIN + columns * _WIDTH + (columns - 1) * _GAP_X
    height = 2 * _MARGIN + rows * _HEIGHT + (rows - 1) * _GAP_Y

    def corner(number: int) -> tuple[int, int]:
        x, y = at[number]
        return _MARGIN + x * (_WIDTH + _GAP_X), _MARGIN + y * (_HEIGHT + _GAP_Y)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="Helvetica, Arial, sans-serif" font-size="12">',
        f"<title>{len(nodes)} steps</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="#80868b"/></marker></defs>',
    ]
    lines += [_arrow(corner(before), corner(each.number)) for each in nodes for before in each.after]
    for each in nodes:
        lines.append(_box(each, *corner(each.number)))
    return "\n".join([*lines, "</svg>"]) + "\n"


def _places(nodes: Sequence[Node]) -> Mapping[int, tuple[int, int]]:
    """Column and row of each step: right of all that it waits for, and near to it."""
    level = _levels(nodes)
    by_level: dict[int, list[Node]] = defaultdict(list)
    for each in nodes:
        by_level[level[each.number]].append(each)
    at: dict[int, tuple[int, int]] = {}

    def near(each: Node) -> tuple[float, int]:
        return _middle(each, at), each.number

    for x in sorted(by_level):
        for y, each in enumerate(sorted(by_level[x], key=near)):
            at[each.number] = x, y
    return at


def _middle(node: Node, at: Mapping[int, tuple[int, int]]) -> float:
    rows = [at[each][1] for each in node.after if each in at]
    return sum(rows) / len(rows) if rows else node.number


def _levels(nodes: Sequence[Node]) -> Mapping[int, int]:
    """How many steps stand before each, on the longest way."""
    level: dict[int, int] = {}
    left = {each.number: list(each.after) for each in nodes}
    while left:
        ready = [number for number, before in left.items() if all(each not in left for each in before)]
        for number in ready or list(left):
            level[number] = 1 + max((level.get(each, -1) for each in left[number]), default=-1)
        for number in ready or list(left):
            del left[number]
    return level


def _arrow(tail: tuple[int, int], head: tuple[int, int]) -> str:
    x, y = tail[0] + _WIDTH, tail[1] + _HEIGHT // 2
    to_x, to_y = head[0], head[1] + _HEIGHT // 2
    bend = (to_x - x) // 2
    return (
        f'<path d="M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}" fill="none" stroke="#80868b" '
        'marker-end="url(#tip)"/>'
    )


def _box(node: Node, x: int, y: int) -> str:
    fill, border = _COLOURS.get(node.action, _PLAIN)
    region, _, table = node.table.rpartition(".")
    several = f"{node.count} × " if node.count > 1 else ""
    first = _short(f"{several}{node.action} {table}")
    second = _short(f"{region}: {node.description}" if region else node.description)
    behind = (
        f'<rect x="{x + 4}" y="{y + 4}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{fill}" '
        f'stroke="{border}"/>'
        if node.count > 1
        else ""
    )
    box = (
        f"<g><title>{escape(node.label)}</title>{behind}"
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{fill}" stroke="{border}"/>'
        f'<text x="{x + 10}" y="{y + 18}" font-weight="bold" fill="{border}">{escape(first)}</text>'
        f'<text x="{x + 10}" y="{y + 34}" fill="#202124">{escape(second)}</text></g>'
    )
    return box if node.link is None else f'<a href="{escape(node.link)}">{box}</a>'


def _short(line: str) -> str:
    return line if len(line) <= _FITS else line[: _FITS - 1] + "…"
