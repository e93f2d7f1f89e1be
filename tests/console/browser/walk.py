"""A walk through a page by the tab key alone, which knows nothing of what is on it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from playwright.async_api import Page

#: Parts that a time has.
_FIELDS = 10

#: From the beginning, whatever has the focus.
_BEGIN = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  scrollTo(0, 0);
}"""
#: What the tab key has to reach: of radio buttons of a name, one.
_REACHABLE = """() => {
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')];
  const shown = all.filter(each => each.checkVisibility({ visibilityProperty: true })
    && !each.disabled && each.type !== 'hidden' && each.tabIndex >= 0);
  const taken = each => shown.some(one => one.type === 'radio' && one.name === each.name && one.checked);
  const reached = shown.filter(each => each.type !== 'radio' || each.checked || !taken(each));
  const every = [...document.querySelectorAll('*')];
  return reached.map(each => every.indexOf(each));
}"""
#: What has the focus, where it is, and whether it is seen.
_FOCUSED = """() => {
  const each = document.activeElement;
  if (!each || each === document.body || each === document.documentElement) return null;
  const style = getComputedStyle(each), box = each.getBoundingClientRect();
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  const parts = [0.5, 0.1, 0.9];
  const points = parts.flatMap(x => parts.map(y => [left + (right - left) * x, top + (bottom - top) * y]));
  const drawn = style.outlineStyle !== 'none' && style.outlineColor !== 'rgba(0, 0, 0, 0)';
  const own = [...each.querySelectorAll('*'), each, ...(each.labels ?? [])];
  return {
    number: [...document.querySelectorAll('*')].indexOf(each),
    html: each.outerHTML.slice(0, 120),
    outline: drawn && parseFloat(style.outlineWidth) >= 2,
    seen: right > left && bottom > top
      && points.some(([x, y]) => own.includes(document.elementFromPoint(x, y))),
    x: box.left + scrollX,
    y: box.top + scrollY,
    bottom: box.bottom + scrollY,
    inner: !!each.parentElement.closest('.wide, .picture'),
  };
}"""


async def walk(page: Page) -> list[str]:
    """What is wrong with a walk from the beginning of a page until it has come round.

    A stop that is not seen or has no outline, one that is not reached, a way back. A trap fails at once.
    """
    await page.evaluate(_BEGIN)
    reachable = await page.evaluate(_REACHABLE)
    found = await _stops(page)
    wrong = [f"is not seen: {each['html']}" for each in found if not each["seen"]]
    wrong += [f"has no outline: {each['html']}" for each in found if not each["outline"]]
    missing = set(reachable) - {each["number"] for each in found}
    every = "number => document.querySelectorAll('*')[number].outerHTML.slice(0, 120)"
    wrong += [f"is not reached: {await page.evaluate(every, number)}" for number in sorted(missing)]
    # The first one is the skip link, which is where there is room for it.
    wrong += [
        f"goes back from {one['html']} to {other['html']}"
        for one, other in pairwise(found[1:])
        if _is_back(one, other, found[1]["y"])
    ]
    return wrong


def _is_back(one: dict[str, Any], other: dict[str, Any], top: float) -> bool:
    """Whether the second one is above, and not at the top of another column."""
    if one["inner"] or other["inner"] or other["bottom"] > one["y"]:
        return False
    return bool(other["x"] <= one["x"] or other["y"] < top)


async def _stops(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    most = await page.evaluate("document.querySelectorAll('*').length")
    inner = 0
    for _ in range(most + _FIELDS):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(_FOCUSED)
        if focused is None or (found and focused["number"] == found[0]["number"]):
            return found
        if found and focused["number"] == found[-1]["number"] and (inner := inner + 1) < _FIELDS:
            continue  # day, month and year
        inner = 0
        assert focused["number"] not in {each["number"] for each in found}, f"a trap: {focused['html']}"
        found.append(focused)
    raise AssertionError("the walk has no end")
