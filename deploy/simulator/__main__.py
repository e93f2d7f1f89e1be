"""`python -m deploy.simulator`: serve the simulated AWS until told to stop.

The first line on standard output is the endpoint, written when it answers calls.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType

import click

#: What moto needs to be told before it is imported; what the environment says wins.
MOTO_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ECS_SERVICE_RUNNING": "0",
}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="It believes whoever reaches it.")
@click.option("--port", default=0, show_default="a free one")
@click.option(
    "--conditions",
    type=click.Choice(["plain", "strict"]),
    default="plain",
    show_default=True,
    help="strict: with AWS's latencies, throttling, small pages and slow changes.",
)
@click.option("--with-parent", is_flag=True, help="End when standard input is closed.")
def main(host: str, port: int, conditions: str, with_parent: bool) -> None:
    """Serve a simulated AWS."""
    for name, value in MOTO_SETTINGS.items():
        os.environ.setdefault(name, value)
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, _stop)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    if with_parent:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
    _serve(host, port, conditions)


def _serve(host: str, port: int, conditions: str) -> None:
    from werkzeug.serving import make_server

    from deploy.simulator.app import RequestHandler, Simulator
    from deploy.simulator.conditions import NAMED

    application = Simulator(NAMED[conditions])
    server = make_server(host, port, application, threaded=True, request_handler=RequestHandler)
    print(f"http://{host}:{server.server_port}", flush=True)
    server.serve_forever()


def _end_with_standard_input() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)


def _stop(signum: int, frame: FrameType | None) -> None:
    os._exit(0)


if __name__ == "__main__":
    main()
