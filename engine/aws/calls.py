"""One AWS operation: called, paced, repeated, paged, waited for; its errors translated.

All calls of AWS are made here. The AWS client sends each of them once, since only who made a call knows
whether it can be made again when its answer is lost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

import jmespath
from botocore.exceptions import ClientError

from engine.aws import models, pace, retries
from engine.aws.errors import CloudError, Treatment, translated
from engine.aws.session import Cloud, Identity
from engine.caller import Stop
from engine.observer import CloudCall, observer
from engine.trail import Trail
from engine.waiting import Attempts, growing
from modules.spec import Waiter

_Params = Mapping[str, Any]


async def call(
    cloud: Cloud,
    service: str,
    operation: str,
    params: _Params,
    region: str | None = None,
    *,
    repeatable: bool = True,
    trails: Sequence[Trail] = (),
    stop: Stop | None = None,
    refused: str | None = None,
) -> dict[str, Any]:
    """Call an operation and return its answer.

    Args:
        repeatable: send it again if it may have been performed; otherwise that is the caller's business.
        trails: of the steps that it is made for.
        stop: ends the repetition.
        refused: path of errors in the answer.

    Raises:
        CloudError: AWS refused, perhaps in its answer, or cannot be reached, after the repetitions that
            `cloud.retries` allows.
    """
    client = await cloud.client(service, region)
    name = client.meta.method_to_api_mapping[operation]
    sending = _Sending(cloud, service, operation, name, repeatable, trails, stop)
    async for _ in sending.attempts:
        if pace.has_time():
            await cloud.paces.spare(service, operation)
        if not await sending.turn.begin(stop):
            break
        try:
            answer = await sending.send(getattr(client, operation), params)
            if refused is not None:
                _check(answer, refused, name)
        except Exception as error:
            if not sending.failed(translated(error, service, operation), error):
                break
        else:
            sending.answered(answer)
            return answer
        finally:
            sending.turn.end()
    raise sending.given_up()


def _check(answer: Mapping[str, Any], refused: str, name: str) -> None:
    """
    Raises:
        ClientError: AWS has answered that it refuses something.
    """
    for error in jmespath.search(refused, answer) or ():
        raise ClientError({"Error": error, "ResponseMetadata": answer.get("ResponseMetadata", {})}, name)


class _Sending:
    """One call, sent once or more often."""

    def __init__(
        self,
        cloud: Cloud,
        service: str,
        operation: str,
        name: str,
        repeatable: bool,
        trails: Sequence[Trail],
        stop: Stop | None,
    ) -> None:
        self.cloud = cloud
        self.service = service
        self.name = name
        self.turn = cloud.paces.turn(service, operation)
        self.repeatable = repeatable
        self.trails = trails
        self.stop = stop
        self.attempts = Attempts(self._pause, stop=stop)
        self.throttles = 0
        self._refused = 0.0
        self._error: CloudError | None = None

    async def send(self, method: Callable[..., Any], params: _Params) -> dict[str, Any]:
        answer: dict[str, Any] = await method(**params)
        return answer

    def answered(self, answer: dict[str, Any]) -> None:
        self.turn.let_through()
        about = answer.pop("ResponseMetadata", {})
        self._note(about.get("RequestId"))
        self._observe("done")

    def failed(self, error: CloudError, cause: Exception) -> bool:
        """Note an error; whether the call can be sent again."""
        self._error, error.__cause__ = error, cause
        self._note(error.request)
        match error.treatment:
            case Treatment.THROTTLED:
                self.throttles += 1
                self._refused = self.turn.refused()
            case Treatment.REFUSED:
                self.turn.let_through()
        sent = self.attempts.number - self.throttles
        return self.cloud.retries.again(error, sent=sent, throttled=self._refused, repeatable=self.repeatable)

    def given_up(self) -> CloudError:
        """The last error, with which the call is given up.

        Raises:
            OperationError: a stop was requested before it was sent.
        """
        if self._error is None:
            assert self.stop is not None
            self.stop.check()
        assert self._error is not None
        self._observe(_OUTCOMES.get(self._error.sqlstate, "refused"))
        return self._error

    def _pause(self, _: int) -> float:
        """Seconds until it may be sent again; who was throttled waits for its turn instead."""
        assert self._error is not None
        if self._error.treatment is Treatment.THROTTLED:
            return 0
        return retries.pause(self.attempts.number - self.throttles)

    def _note(self, request: str | None) -> None:
        for trail in self.trails:
            trail.attempts = max(trail.attempts, self.attempts.number)
            if request is not None:
                trail.requests.append(request)

    def _observe(self, outcome: str) -> None:
        observer().called(
            CloudCall(
                service=self.service,
                operation=self.name,
                outcome=outcome,
                seconds=self.attempts.seconds,
                attempts=self.attempts.number,
                throttles=self.throttles,
            )
        )


#: What an error's SQLSTATE says of how a call ended; all others are refusals.
_OUTCOMES = {"53000": "throttled", "58000": "failed", "HV00N": "unreachable"}


async def pages(
    cloud: Cloud, service: str, operation: str, params: _Params, region: str | None = None
) -> AsyncIterator[dict[str, Any]]:
    """The answers of a listing, page by page; one answer if the operation has no pages.

    Raises:
        CloudError: as `call`; XX000, a page that says it comes before itself.
    """
    paging = models.paging(service, operation)
    following: dict[str, Any] = {}
    while True:
        answer = await call(cloud, service, operation, {**params, **following}, region)
        yield answer
        before, following = following, paging.following(answer) if paging else {}
        if not following:
            return
        if following == before:
            raise CloudError(
                message="AWS answers the same page again and again",
                sqlstate="XX000",
                detail=f"{service} {operation}",
            )


async def identity(cloud: Cloud) -> Identity:
    """Account, region and identity of the credentials.

    Raises:
        CloudError: there are none, they are refused, or AWS cannot be reached.
    """
    if cloud.identity is None:
        async with cloud.asking:  # many listings need it at once
            if cloud.identity is None:
                client = await cloud.client("sts")
                answer = await call(cloud, "sts", "get_caller_identity", {})
                cloud.identity = Identity(
                    account=answer["Account"], region=client.meta.region_name, arn=answer["Arn"]
                )
    return cloud.identity


async def wait(
    cloud: Cloud,
    service: str,
    waiter: Waiter,
    params: _Params,
    stop: Stop,
    region: str | None = None,
) -> None:
    """Wait for what a waiter waits for, asking every half second at first and every six seconds later.

    Raises:
        CloudError: 58000 if it takes longer than it may, or AWS refuses.
        OperationError: a stop was requested.
    """
    waiting, attempts = models.waiting(service, waiter), Attempts(_POLLING, stop=stop)
    async for _ in attempts:
        try:
            answer = await call(cloud, service, waiting.operation, params, region)
            answer["ResponseMetadata"] = {"HTTPStatusCode": 200}
        except CloudError as error:
            if error.treatment is not Treatment.REFUSED:
                raise
            answer = _as_answer(error)
        state = waiting.state(answer)
        if state == "success" and waiter.unless is not None and jmespath.search(waiter.unless, answer):
            state = "retry"
        if state == "success":
            return
        if state == "failure" or attempts.paused >= waiter.seconds:
            raise _not_done(f"{service} {waiter.name}", state, answer)
    stop.check()


_POLLING = growing(0.5, factor=1.5, most=6)


def _as_answer(error: CloudError) -> dict[str, Any]:
    """An error in the form in which a waiter looks at it."""
    return {
        "Error": {"Code": error.code, "Message": error.explanation},
        "ResponseMetadata": {"HTTPStatusCode": error.status},
    }


def _not_done(what: str, state: str, answer: Mapping[str, Any]) -> CloudError:
    error = answer.get("Error")
    said = f"{error['Code']}: {error['Message']}" if error else "it is not in that state"
    if state == "retry":
        message = "AWS is not done yet"
    else:
        message = f"AWS answered {error['Code']}" if error else "AWS has not been able to do it"
    detail = f"{what}: {said}"
    return CloudError(
        message=message,
        sqlstate="58000",
        detail=detail,
        hint="Apply again later; what has been done is kept.",
        code="WaiterError",
    )


def parameters(client: Any, operation: str) -> Collection[str]:
    """The parameters that an operation takes."""
    name = client.meta.method_to_api_mapping[operation]
    members: Collection[str] = client.meta.service_model.operation_model(name).input_shape.members
    return members
