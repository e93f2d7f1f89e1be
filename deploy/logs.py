"""What is logged, and how it looks: on standard error, a line an event.

`console` is for people at a terminal, and says what is wrong; `json` is for programs, and says what happens.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

Format = Literal["console", "json"]


def log_to_standard_error(form: Format, *, verbose: bool) -> None:
    """Begin to log.

    Args:
        verbose: whether everything is logged; else `console` begins at warnings, and `json` at what is
            written down of each connection and operation.
    """
    level = logging.DEBUG if verbose else logging.WARNING if form == "console" else logging.INFO
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            _renderer(form),
        ],
        cache_logger_on_first_use=True,
    )


def _renderer(form: Format) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    # What a client calls itself must not look like a line of ours: names are shown with their escapes.
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), repr_native_str=True)
