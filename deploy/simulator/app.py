"""The WSGI application: control API, faults, missing services, rules, moto, in this order.

Control API, for tests:

    POST /simulator/faults    a list of faults (`deploy.simulator.faults.Fault`)
    GET  /simulator/calls     the calls seen since the last reset
    POST /simulator/images    {"repository", "tag"}: push an image to a public repository
    POST /simulator/reset     an empty account, no faults, no calls
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.wrappers import Request, Response

from deploy.simulator.call import DEFAULT_ACCOUNT, AwsCall, Environ, read_call
from deploy.simulator.ecr_public import EcrPublic
from deploy.simulator.faults import Faults
from deploy.simulator.replies import AwsError, error_reply
from deploy.simulator.strict import Existing, judge, trim


class RequestHandler(MotoRequestHandler):
    """Closes the connection of a call that a fault dropped, which werkzeug leaves open."""

    def connection_dropped(self, error: BaseException, environ: Environ | None = None) -> None:
        self.close_connection = True


class Simulator:
    """AWS, as a WSGI application that any number of threads may call."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._moto_lock = threading.Lock()  # moto is not safe for threads
        self._ecr_public = EcrPublic()
        self._faults = Faults()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/simulator/"):
            reply = self._control(Request(environ))
        elif path.startswith("/moto-api"):
            reply = self._perform_by_moto(environ)
        else:
            reply = self._call(environ)
        return reply(environ, start_response)

    def _call(self, environ: Environ) -> Response:
        call = read_call(environ)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = call.account  # else moto looks for the key in every partition
        with self._faults.around(call) as outcome:
            if outcome.reply is None:
                outcome.reply = self._perform(call, environ)
        return outcome.reply

    def _perform(self, call: AwsCall, environ: Environ) -> Response:
        with self._moto_lock:
            if call.service == "ecr-public":
                return self._ecr_public.answer(call)
            verdict = judge(call)
            if isinstance(verdict, AwsError):
                return error_reply(call, verdict)
            if isinstance(verdict, Existing):
                return self._describe(verdict, environ)
            return trim(call, self._moto_reply(environ))

    def _describe(self, existing: Existing, environ: Environ) -> Response:
        """Let moto describe what is there, and answer as if it had just been created."""
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            body = json.dumps(existing.parameters).encode()
            environ["HTTP_X_AMZ_TARGET"] = f"{target.rpartition('.')[0]}.{existing.operation}"
        else:
            body = urlencode(
                {"Action": existing.operation, "Version": "2015-12-01"} | dict(existing.parameters)
            ).encode()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("werkzeug.request", None)
        reply = self._moto_reply(environ)
        reply.set_data(existing.reshape(reply.get_data()))
        return reply

    def _perform_by_moto(self, environ: Environ) -> Response:
        with self._moto_lock:
            return self._moto_reply(environ)

    def _moto_reply(self, environ: Environ) -> Response:
        return Response.from_app(self._moto, environ, buffered=True)

    def _control(self, request: Request) -> Response:
        match request.method, request.path.removeprefix("/simulator/"):
            case "GET", "calls":
                return _document(self._faults.calls())
            case "POST", "faults":
                try:
                    self._faults.plan(json.loads(request.get_data()))
                except (TypeError, ValueError) as error:
                    return _document({"error": str(error)}, 400)
            case "POST", "images":
                image = json.loads(request.get_data())
                with self._moto_lock:
                    self._ecr_public.put_image(DEFAULT_ACCOUNT, image["repository"], image["tag"])
            case "POST", "reset":
                self._reset()
            case method, path:
                return _document({"error": f"no {method} {path} here"}, 404)
        return _document({})

    def _reset(self) -> None:
        environ = Request.from_values("/moto-api/reset", method="POST").environ
        with self._moto_lock:
            self._moto_reply(environ)
            self._ecr_public = EcrPublic()
            self._faults.forget()


def _document(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
