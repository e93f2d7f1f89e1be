"""What the server advises, in the words of the command line and of the pages. Pure.

The server says it in SQL, for whoever has no more than that.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

_CALL = r"(?:SELECT \* FROM )?iasql_"
_TEXT = r"'((?:[^']|'')*)'"
_AND_APPLY = r"; and apply(?: again)?"


def _option(command: str, name: str, found: re.Match[str]) -> str:
    return f"`iasql {command} --{name} {shlex.quote(found[1].replace(chr(39) * 2, chr(39)))}`"


_IN_COMMANDS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (rf"SET iasql\.apply_mode = (\w+){_AND_APPLY}", r"`iasql apply --mode \1`"),
    (rf"SET (iasql\.\w+) = ([\w.]+){_AND_APPLY}", r"`iasql apply --set \1=\2`"),
    (r"SET (iasql\.\w+) = ([\w.]+)(?:;|(?=,))", r"`--set \1=\2`"),
    (rf"{_CALL}sync\(keep => {_TEXT}\)", lambda found: _option("sync", "keep", found)),
    (rf"{_CALL}apply\(only => {_TEXT}\)", lambda found: _option("apply", "only", found)),
    (rf"\b(only|keep|region) => ({_TEXT})", r"--\1 \2"),
    (rf"{_CALL}undo\((\d+)\)", r"`iasql undo \1`"),
    (rf"{_CALL}modules_list\(\)", "`iasql modules`"),
    (rf"{_CALL}plan_apply\(\)", "`iasql plan`"),
    (rf"{_CALL}(apply|diff|sync|undo|drift|review)\(\)", r"`iasql \1`"),
    (r"`; and apply", "`, and apply"),
    (r"`; shows a plan, and SELECT iasql_plan_id\(\); then names it", "` shows one, and its name"),
    (r"iasql\.iasql_operation lists", "`iasql history` lists"),
    (r"` again; iasql_plan_id\(\) then names the new plan", "` again"),
)
_STATEMENT = re.compile(rf"SELECT \* FROM iasql_\w+\((?:[^()'…]|{_TEXT})*\)")


def in_commands(hint: str) -> str:
    """A hint with the command line's own commands and options, where it has them."""
    for pattern, said in _IN_COMMANDS:
        hint = re.sub(pattern, said, hint)
    return hint


def in_pages(hint: str) -> str:
    """A hint for somebody who has the plan on a page."""
    return re.sub(
        rf"{_CALL}plan_apply\(\) again; iasql_plan_id\(\) then names the new plan", "the plan again", hint
    )


def statements(hint: str) -> list[str]:
    """The statements that a hint says to run."""
    return list(dict.fromkeys(found[0] for found in _STATEMENT.finditer(hint)))
