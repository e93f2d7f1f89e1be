"""The WSGI application: control API, faults, throttling, latency, pages, rules, moto, in this order.

Control API, for tests:

    POST /simulator/faults      a list of faults (`deploy.simulator.faults.Fault`), added to those planned
    POST /simulator/no-faults   drop all of them
    POST /simulator/conditions  the attributes of `deploy.simulator.conditions.Conditions`
    POST /simulator/clock       {"advance"}: let seconds have passed
    GET  /simulator/calls       the calls seen since the last reset
    GET  /simulator/sessions    the roles that were assumed since then (`deploy.simulator.sessions.Session`)
    POST /simulator/images      {"repository", "tag"}: push an image to a public repository
    POST /simulator/forget      {"account"}: an account is empty again
    POST /simulator/reset       an empty account, no faults, no calls, the conditions of the start
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.wrappers import Request, Response

from deploy.simulator import latency
from deploy.simulator.call import DEFAULT_ACCOUNT, AwsCall, Environ, put_parameters, read_call
from deploy.simulator.clock import Clock
from deploy.simulator.cloudfront import CloudFront
from deploy.simulator.conditions import PLAIN, Conditions
from deploy.simulator.ecr_public import EcrPublic
from deploy.simulator.elasticache import ElastiCache
from deploy.simulator.faults import Faults
from deploy.simulator.lifecycle import Lifecycle
from deploy.simulator.pages import paged
from deploy.simulator.repeats import Repeats
from deploy.simulator.replies import AwsError, error_reply
from deploy.simulator.sessions import Sessions
from deploy.simulator.strict import Answer, Existing, judge, trim
from deploy.simulator.throttling import Throttle, refusal


class RequestHandler(MotoRequestHandler):
    """Closes the connection of a call that a fault dropped, which werkzeug leaves open."""

    def connection_dropped(self, error: BaseException, environ: Environ | None = None) -> None:
        self.close_connection = True


class Simulator:
    """AWS, as a WSGI application that any number of threads may call."""

    def __init__(self, conditions: Conditions = PLAIN) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()  # neither moto nor what is around it is safe for threads
        self._at_start = conditions
        self._clock = Clock()
        self._faults = Faults(self._clock)
        self._begin()

    def _begin(self) -> None:
        """Remember nothing."""
        self._conditions = self._at_start
        self._throttle = Throttle(self._clock)
        self._lifecycle = Lifecycle(self._clock, self._conditions)
        self._repeats = Repeats()
        self._sessions = Sessions()
        self._ecr_public = EcrPublic()
        self._cloudfront = CloudFront(self._clock, lambda: self._conditions.pending)
        self._elasticache = ElastiCache(self._clock, lambda: self._conditions.pending)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/simulator/"):
            reply = self._control(Request(environ))
        elif path.startswith("/moto-api"):
            with self._lock:
                reply = self._moto_reply(environ)
        else:
            reply = self._call(environ)
        return reply(environ, start_response)

    def _call(self, environ: Environ) -> Response:
        call = read_call(environ)
        if (session := self._sessions.of(environ)) is not None:
            call = replace(call, account=session.account)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = call.account  # else moto looks for the key in every partition
        with self._faults.around(call) as outcome:
            if outcome.reply is None:
                outcome.reply = self._answer(call, environ)
        return outcome.reply

    def _answer(self, call: AwsCall, environ: Environ) -> Response:
        conditions = self._conditions
        if conditions.throttled and not self._throttle.allows(call):
            return error_reply(call, refusal(call))
        if conditions.latency:
            time.sleep(latency.seconds(call) * conditions.latency)
        with self._lock:
            if not conditions.page_size:
                return self._perform(call, environ)

            def perform(parameters: Mapping[str, Any]) -> Response:
                put_parameters(environ, parameters)
                return self._perform(read_call(environ), environ)

            return paged(call, conditions.page_size, perform)

    def _perform(self, call: AwsCall, environ: Environ) -> Response:
        again = self._repeats.answer(call)
        if isinstance(again, Response):
            return again
        refused = self._sessions.judge(call, self._sessions.of(environ))
        verdict = again or refused or self._lifecycle.judge(call) or judge(call)
        if isinstance(verdict, AwsError):
            return error_reply(call, verdict)
        reply = self._performed(call, verdict, environ)
        self._sessions.note(call, reply)
        self._lifecycle.note(call, reply)
        self._repeats.remember(call, reply)
        return self._lifecycle.show(call, reply)

    def _performed(self, call: AwsCall, verdict: Existing | Answer | None, environ: Environ) -> Response:
        if call.service == "ecr-public":
            return self._ecr_public.answer(call)
        if call.service == "cloudfront":
            return self._cloudfront.answer(call)
        if call.service == "elasticache":
            return self._elasticache.answer(call)
        if self._elasticache.knows(call):
            return self._elasticache.tagged(call)
        if isinstance(verdict, Answer):
            return Response(verdict.body, content_type=verdict.kind)
        if verdict is not None:
            return self._describe(verdict, environ)
        return trim(call, self._moto_reply(environ))

    def _describe(self, existing: Existing, environ: Environ) -> Response:
        """Let moto describe what is there, and answer as if it had just been created."""
        parameters = dict(existing.parameters)
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            environ["HTTP_X_AMZ_TARGET"] = f"{target.rpartition('.')[0]}.{existing.operation}"
        else:
            parameters |= {"Action": existing.operation, "Version": "2015-12-01"}
        put_parameters(environ, parameters)
        reply = self._moto_reply(environ)
        reply.set_data(existing.reshape(reply.get_data()))
        return reply

    def _moto_reply(self, environ: Environ) -> Response:
        return Response.from_app(self._moto, environ, buffered=True)

    def _control(self, request: Request) -> Response:
        document = json.loads(request.get_data() or b"{}")
        try:
            return self._controlled(request.method, request.path.removeprefix("/simulator/"), document)
        except (TypeError, ValueError) as error:
            return _document({"error": str(error)}, 400)

    def _controlled(self, method: str, path: str, document: Any) -> Response:
        match method, path:
            case "GET", "calls":
                return _document(self._faults.calls())
            case "GET", "sessions":
                return _document(self._sessions.all())
            case "POST", "faults":
                self._faults.plan(document)
            case "POST", "no-faults":
                self._faults.cancel()
            case "POST", "conditions":
                self._conditions = self._lifecycle.conditions = Conditions(**document)
            case "POST", "clock":
                self._clock.advance(float(document["advance"]))
            case "POST", "images":
                with self._lock:
                    self._ecr_public.put_image(DEFAULT_ACCOUNT, document["repository"], document["tag"])
            case "POST", "forget":
                self._forget(str(document["account"]))
            case "POST", "reset":
                self._reset()
            case _:
                return _document({"error": f"no {method} {path} here"}, 404)
        return _document({})

    def _forget(self, account: str) -> None:
        with self._lock:
            for backend in BackendDict._instances:  # type: ignore[misc]
                backend.pop(account, None)
            self._ecr_public.forget(account)
            self._cloudfront.forget(account)
            self._elasticache.forget(account)

    def _reset(self) -> None:
        environ = Request.from_values("/moto-api/reset", method="POST").environ
        with self._lock:
            self._moto_reply(environ)
            self._begin()
            self._faults.forget()


def _document(document: object, status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
