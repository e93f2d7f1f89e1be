"""What pages are answered with."""

from __future__ import annotations

from aiohttp import web


def html(body: str, *, status: int = 200) -> web.Response:
    """A page."""
    return web.Response(text=body, status=status, content_type="text/html")


def number(request: web.Request, name: str, otherwise: int) -> int:
    """A number in an address, or another one if there is none."""
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else otherwise
