"""Clients of the account in memory: each call takes its time, and is recorded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from bench.engine import latency
from bench.engine.account import PAGE, REGION, Account
from bench.engine.throttling import Buckets
from engine.aws import models
from engine.aws.session import Cloud

#: What asks for pages of another size.
_PAGE_SIZES = ("MaxResults", "maxResults", "MaxItems")
#: Seconds until AWS says that calls come too fast.
_REFUSAL = 0.05


@dataclass(kw_only=True, eq=False)
class Call:
    """A call that was made.

    Attributes:
        seconds: its latency.
        start, end: when, on the clock of `time.monotonic`.
        previous: the call for the page before.
    """

    service: str
    operation: str
    params: dict[str, Any]
    answer: Any
    seconds: float
    start: float
    end: float
    previous: Call | None = None

    @property
    def mutating(self) -> bool:
        return latency.mutating(self.operation)


class BenchCloud(Cloud):
    """The engine's cloud with clients of an account in memory.

    Attributes:
        calls: those made so far.
        recording: whether they are kept, with their answers.
        own_cpu: seconds of CPU spent on being AWS, which are not the engine's.
    """

    def __init__(
        self,
        account: Account,
        *,
        one_at_a_time: bool = False,
        latency: Callable[[str], float] = latency.seconds,
        buckets: Buckets | None = None,
    ) -> None:
        """
        Args:
            one_at_a_time: begin a call when the one before has ended.
            latency: seconds of an operation.
            buckets: throttle calls by these.
        """
        super().__init__(region=REGION, access_key="bench", secret_key="bench")
        self.account = account
        self.latency = latency
        self.calls: list[Call] = []
        self.recording = True
        self.own_cpu = 0.0
        self.buckets = buckets
        self._pages: dict[str, tuple[int, Call]] = {}
        self._turn = asyncio.Semaphore(1 if one_at_a_time else 1_000_000)

    async def client(self, service: str, region: str | None = None) -> Any:
        return _Client(self, service, Account() if service == "ecr-public" else self.account)

    async def answer(self, client: _Client, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Make one call."""
        if self.buckets and not self.buckets.take(client.service, operation, params):
            await asyncio.sleep(_REFUSAL)
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, operation)
        async with self._turn:
            start, seconds = time.monotonic(), self.latency(operation)
            params, at, previous = self._place(client.service, operation, params)
            call = Call(
                service=client.service,
                operation=operation,
                params=params,
                answer=None,
                seconds=seconds,
                start=start,
                end=start,
                previous=previous,
            )
            if self.recording:
                self.calls.append(call)
            await asyncio.sleep(seconds)
            before = time.thread_time()
            try:
                answer, following = _answer(client.account, operation, params, at)
            finally:
                self.own_cpu += time.thread_time() - before
                call.end = time.monotonic()
            if self.recording:
                call.answer = answer
        return {**answer, **self._following(client.service, operation, call, following)}

    def _place(
        self, service: str, operation: str, params: dict[str, Any]
    ) -> tuple[dict[str, Any], int, Call | None]:
        """Parameters without a page, where that begins, and the call for the page before."""
        paging = models.paging(service, operation)
        token = params.get(paging.inputs[0]) if paging else None
        if paging is None or token is None:
            return params, 0, None
        rest = {name: value for name, value in params.items() if name not in paging.inputs}
        at, previous = self._pages.pop(token)
        return rest, at, previous

    def _following(self, service: str, operation: str, call: Call, at: int | None) -> Mapping[str, Any]:
        """What an answer says of the next page, which begins at an item."""
        paging = models.paging(service, operation)
        if paging is None or at is None:
            return {}
        token = f"{operation} {len(self._pages)} {time.monotonic_ns()}"
        self._pages[token] = at, call
        return {paging.outputs[0]: token, **({paging.more: True} if paging.more else {})}


def _answer(
    account: Account, operation: str, params: dict[str, Any], at: int
) -> tuple[dict[str, Any], int | None]:
    wanted = next((params[name] for name in _PAGE_SIZES if name in params), None)
    params = {name: value for name, value in params.items() if name not in _PAGE_SIZES}
    answer, following = getattr(account, operation)(**params), None
    if operation in PAGE:
        items, size = PAGE[operation]
        size = wanted or size
        whole = answer[items]
        answer = {items: whole[at : at + size]}
        following = at + size if at + size < len(whole) else None
    return json.loads(json.dumps(answer)), following  # a client's answers share nothing


class _Client:
    """What the engine uses of an aiobotocore client."""

    def __init__(self, cloud: BenchCloud, service: str, account: Account) -> None:
        self.cloud = cloud
        self.service = service
        self.account = account
        self.meta = _Meta()

    def __getattr__(self, operation: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def call(**params: Any) -> dict[str, Any]:
            return await self.cloud.answer(self, operation, params)

        return call


class _Names(dict[str, str]):
    """Every operation by the name that it is called by."""

    def __missing__(self, operation: str) -> str:
        return operation


class _Meta:
    region_name = REGION
    method_to_api_mapping = _Names()
