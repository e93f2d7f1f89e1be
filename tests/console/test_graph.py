"""Plans as pictures."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

import pytest

from console import graph
from console.graph import Node

_SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '"]; x -->|a| y <script>alert(1)</script> `&\\" \x1b[2J'


def node(number: int, *after: int, action: str = "create", description: str = "web") -> Node:
    return Node(number=number, action=action, table="vpc", description=description, after=after)


def many(count: int) -> list[Node]:
    """A plan of steps that each wait for up to three earlier ones."""
    chance = random.Random(7)
    return [
        node(number, *sorted(chance.sample(range(number), min(number, chance.randrange(4)))))
        for number in range(count)
    ]


def boxes(text: str) -> list[tuple[float, float]]:
    """The corners of the boxes in a picture."""
    found = ElementTree.fromstring(text).iter(f"{_SVG}g")
    rectangles = [each.find(f"{_SVG}rect") for each in found]
    return [(float(each.attrib["x"]), float(each.attrib["y"])) for each in rectangles if each is not None]


@pytest.mark.parametrize("count", [0, 1, 12, 300])
def test_each_step_stands_right_of_what_it_waits_for_and_over_no_other(count: int) -> None:
    nodes = many(count)
    at = boxes(graph.svg(nodes))
    assert len(at) == len(set(at)) == count
    assert all(at[before][0] < at[each.number][0] for each in nodes for before in each.after)


@pytest.mark.parametrize("form", [graph.dot, graph.mermaid])
def test_each_step_and_each_wait_is_a_line(form: Callable[[Sequence[Node]], str]) -> None:
    text = form([node(0), node(1, 0), node(2, 0, 1)])
    arrow = " -> " if form is graph.dot else " --> "
    assert len(re.findall(r"^  s\d\W?[\[ ]", text, re.MULTILINE)) >= 3
    assert text.count(arrow) == 3


def test_names_in_aws_are_no_markup() -> None:
    hostile = [node(0, description=HOSTILE.replace("\x1b", ""))]
    svg = ElementTree.fromstring(graph.svg(hostile))
    assert [each.tag for each in svg.iter() if "script" in each.tag] == []
    line = graph.mermaid(hostile).splitlines()[1]
    assert line.count('"') == 2
    assert "<script>" not in line
    assert "-->" not in line
    (label,) = re.findall(r'label="((?:[^"\\]|\\.)*)"', graph.dot(hostile))
    assert "<script>" in label


def test_steps_that_wait_for_each_other_are_shown_all_the_same() -> None:
    assert len(boxes(graph.svg([node(0, 1), node(1, 0)]))) == 2


def test_steps_of_a_kind_fold_into_one_that_waits_for_all_that_they_wait_for() -> None:
    nodes = [kind(1, "vpc"), kind(2, "vpc"), *(kind(n, "subnet", 1 + n % 2) for n in (3, 4, 5))]
    vpc, subnet = graph.folded(nodes, (), {"create subnet": "/there"})
    assert (vpc.count, vpc.after, vpc.description, vpc.link) == (2, (), "1 …", None)
    assert (subnet.count, subnet.after, subnet.description) == (3, (1,), "3 …")
    assert subnet.link == "/there"
    opened = graph.folded(nodes, ["create subnet"], {})
    assert [each.count for each in opened] == [2, 1, 1, 1]
    assert {each.after for each in opened[1:]} == {(1,)}


def test_folding_makes_no_circle() -> None:
    nodes = [kind(1, "a"), kind(2, "b", 1), kind(3, "a", 2), kind(4, "a", 2)]
    found = graph.folded(nodes, (), {})
    assert [(each.table, each.count, each.after) for each in found] == [
        ("a", 1, ()),
        ("b", 1, (1,)),
        ("a", 2, (2,)),
    ]


def kind(number: int, table: str, *after: int) -> Node:
    return Node(number=number, action="create", table=table, description=str(number), after=after)
