"""Who is signed in, and how often somebody may try to. Kept in memory alone, without passwords."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from console.web.server_session import ServerSession

#: Seconds after which somebody who does nothing, and anybody at all, has to sign in again.
IDLE, LONGEST = 30 * 60.0, 8 * 3600.0
#: How many may be signed in at once.
MOST = 200
#: How many attempts there may be within so many seconds, of an address and of a user.
WINDOW, OF_ADDRESS, OF_USER = 300.0, 10, 20


@dataclass
class Visit:
    """Somebody who is signed in.

    Attributes:
        id: what the cookie has.
        server: the session of the server.
        began, seen: when, by the clock.
    """

    id: str
    server: ServerSession
    began: float
    seen: float


@dataclass
class Visits:
    """Those who are signed in.

    Attributes:
        clock: seconds that only go forwards.
    """

    clock: Callable[[], float]
    _by_id: dict[str, Visit] = field(default_factory=dict)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def full(self) -> bool:
        return len(self._by_id) >= MOST

    def begin(self, server: ServerSession) -> Visit:
        """Somebody has signed in: the id is new, whatever the browser had before."""
        now = self.clock()
        visit = Visit(id=new_id(), server=server, began=now, seen=now)
        self._by_id[visit.id] = visit
        return visit

    def find(self, id: str | None) -> Visit | None:
        """Whose cookie it is, unless the time is over; it counts as a sign of life."""
        visit = self._by_id.get(id) if id else None
        if visit is None or self._is_over(visit):
            return None
        visit.seen = self.clock()
        return visit

    def holds(self, visit: Visit) -> bool:
        """Whether somebody is still signed in; no sign of life."""
        return self._by_id.get(visit.id) is visit and not self._is_over(visit)

    def end(self, visit: Visit) -> None:
        """The cookie is worth nothing from now on."""
        self._by_id.pop(visit.id, None)

    def end_old(self) -> list[Visit]:
        """End those whose time is over, and return them."""
        over = [each for each in self._by_id.values() if self._is_over(each)]
        for each in over:
            self.end(each)
        return over

    def end_all(self) -> list[Visit]:
        """End all, and return them."""
        over = list(self._by_id.values())
        self._by_id.clear()
        return over

    def token(self, id: str) -> str:
        """What a form must send along with this cookie: no other site can know it."""
        return hmac.new(self._key, id.encode(), hashlib.sha256).hexdigest()

    def is_token(self, id: str | None, given: str) -> bool:
        return bool(id) and hmac.compare_digest(self.token(id or "").encode(), given.encode())

    def _is_over(self, visit: Visit) -> bool:
        now = self.clock()
        idle = now - visit.seen > IDLE and not visit.server.busy
        return idle or now - visit.began > LONGEST


def new_id() -> str:
    return secrets.token_urlsafe(32)


class Attempts:
    """How often somebody has tried to sign in, by address and by user.

    An attempt counts when it begins, so that many at once are not more than may be.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_who: dict[tuple[str, str], deque[float]] = {}

    def begin(self, address: str, user: str) -> bool:
        """Count an attempt, unless there were too many."""
        self._forget()
        keys = {("address", address): OF_ADDRESS, ("user", user): OF_USER}
        if any(len(self._by_who.get(key, ())) >= most for key, most in keys.items()):
            return False
        for key in keys:
            self._by_who.setdefault(key, deque()).append(self._clock())
        return True

    def succeeded(self, address: str, user: str) -> None:
        """The last attempt was none: the password was right."""
        for key in (("address", address), ("user", user)):
            if times := self._by_who.get(key):
                times.pop()

    def _forget(self) -> None:
        old = self._clock() - WINDOW
        for key, times in list(self._by_who.items()):
            while times and times[0] <= old:
                times.popleft()
            if not times:
                del self._by_who[key]
