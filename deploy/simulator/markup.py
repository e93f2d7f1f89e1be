"""AWS's XML answers as trees without their namespace."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from werkzeug.wrappers import Response

Element = ElementTree.Element


def parse(reply: Response) -> Element:
    """The tree of an answer; its elements' names have no namespace."""
    root = ElementTree.fromstring(reply.get_data())
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def put(reply: Response, root: Element) -> None:
    """Make a tree the answer."""
    reply.set_data(ElementTree.tostring(root, encoding="utf-8"))


def texts(root: Element, name: str) -> Iterator[str]:
    """The texts of all elements of a name."""
    return (element.text or "" for element in root.iter(name))


def set_text(parent: Element, name: str, text: str) -> None:
    """Give a parent one child of a name with a text."""
    child = parent.find(name)
    if child is None:
        child = ElementTree.SubElement(parent, name)
    child.text = text
