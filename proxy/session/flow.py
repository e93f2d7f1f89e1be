"""Whether a client's bytes are read, which several things may want to prevent at once."""

from __future__ import annotations

import asyncio


class Flow:
    """Reads from a transport while nobody has a reason not to."""

    __slots__ = ("_reasons", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._reasons: tuple[str, ...] = ()

    def pause(self, reason: str) -> None:
        """Stop reading, for one reason more."""
        if not self._reasons:
            self._transport.pause_reading()
        if reason not in self._reasons:
            self._reasons += (reason,)

    def resume(self, reason: str) -> None:
        """Read again, if this was the last reason not to."""
        if reason in self._reasons:
            self._reasons = tuple(each for each in self._reasons if each != reason)
            if not self._reasons and not self._transport.is_closing():
                self._transport.resume_reading()
