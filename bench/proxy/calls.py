"""`python -m bench.proxy.calls`: how long a statement with a call is on its way before the engine begins."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

import uvloop

from bench.figures import Figure, show
from bench.proxy.contestants import DATABASE, DIRECT, USER, Contestant, contestants
from engine.aws.account import only
from engine.aws.session import Cloud
from engine.caller import Caller
from engine.errors import OperationError
from engine.operations import Engine
from engine.request import Call
from modules.catalogue import find_modules
from proxy.entry.listeners import TCPAddress
from proxy.server import Proxy
from proxy.transport.upstream import Upstream
from tests.proxy.raw import connected, query

#: The first one also creates the functions in the database.
_WARM, _COUNTED = 5, 300
#: How often it is measured alone.
_TIMES = 3


class _Watch(Engine):
    """Notes when it is asked to begin, and refuses to.

    Attributes:
        began: when it was asked last, on the clock of time.perf_counter().
    """

    began = 0.0

    async def perform(self, call: Call, caller: Caller) -> None:
        self.began = time.perf_counter()
        raise OperationError("this is only a measurement")


async def figures(server: Contestant) -> Iterator[Figure]:
    """Milliseconds from the client's sending to the engine's beginning."""
    url = f"postgresql://{USER}@127.0.0.1:{server.port}/{DATABASE}?sslmode=disable"
    engine = _Watch(postgres_url=url, accounts=only(Cloud(region="us-east-2")), catalogue=find_modules())
    upstream = Upstream.from_url(url)
    proxy = Proxy(listen=[TCPAddress("127.0.0.1", 0)], upstream=upstream, engine=engine)
    await proxy.start()
    try:
        async with connected(proxy.port, DATABASE) as client:
            waits: list[float] = []
            for _ in range(_WARM + _COUNTED):
                sent = time.perf_counter()
                await client.ask(query("SELECT * FROM iasql_plan_apply()"))
                waits.append(engine.began - sent)
    finally:
        await proxy.stop()
        await engine.close()
    value = median(waits[_WARM:]) * 1000
    return iter([Figure(name="a call: time before the engine begins", value=value, unit="ms", aim=1)])


def main() -> None:
    """Measure a few times, and print the figures."""
    with contestants() as everyone:
        direct = next(each for each in everyone if each.name == DIRECT)
        for _ in range(_TIMES):
            for figure in uvloop.run(figures(direct)):
                show(figure)


if __name__ == "__main__":
    main()
