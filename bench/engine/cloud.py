"""Clients of the account in memory: each call takes its time, and is recorded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bench.engine import latency
from bench.engine.account import OWNER, PAGE, REGION, Account
from engine.aws.session import Cloud, Identity

#: What a waiter asks.
_WAITERS = {"role_exists": "get_role", "load_balancer_available": "describe_load_balancers"}


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
    ) -> None:
        """
        Args:
            one_at_a_time: begin a call when the one before has ended.
            latency: seconds of an operation.
        """
        super().__init__(region=REGION, access_key="bench", secret_key="bench")
        self.account = account
        self.latency = latency
        self.calls: list[Call] = []
        self.recording = True
        self.own_cpu = 0.0
        self._turn = asyncio.Semaphore(1 if one_at_a_time else 1_000_000)

    async def identity(self) -> Identity:
        if self._identity is None:
            await _Client(self, "sts", self.account).get_caller_identity()
            self._identity = Identity(account=OWNER, region=REGION, arn=f"arn:aws:iam::{OWNER}:user/bench")
        return self._identity

    async def client(self, service: str, region: str | None = None) -> Any:
        return _Client(self, service, Account() if service == "ecr-public" else self.account)

    async def page(
        self,
        client: _Client,
        operation: str,
        params: dict[str, Any],
        at: int = 0,
        previous: Call | None = None,
    ) -> tuple[dict[str, Any], int | None, Call]:
        """Make one call.

        Returns:
            the answer, where the next page begins, and the record.
        """
        async with self._turn:
            start, seconds = time.monotonic(), self.latency(operation)
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
                call.answer, following = _answer(client.account, operation, params, at)
            finally:
                self.own_cpu += time.thread_time() - before
                call.end = time.monotonic()
            answer = call.answer
            if not self.recording:
                call.answer = None
        return answer, following, call


def _answer(
    account: Account, operation: str, params: dict[str, Any], at: int
) -> tuple[dict[str, Any], int | None]:
    answer, following = getattr(account, operation)(**params), None
    if operation in PAGE:
        items, size = PAGE[operation]
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

    def __getattr__(self, operation: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def call(**params: Any) -> dict[str, Any]:
            return (await self.cloud.page(self, operation, params))[0]

        return call

    def can_paginate(self, operation: str) -> bool:
        return operation in PAGE

    def get_paginator(self, operation: str) -> _Paginator:
        return _Paginator(self, operation)

    def get_waiter(self, name: str) -> _Waiter:
        return _Waiter(self, _WAITERS[name])


@dataclass
class _Paginator:
    client: _Client
    operation: str

    async def paginate(self, **params: Any) -> AsyncIterator[dict[str, Any]]:
        at: int | None = 0
        call: Call | None = None
        while at is not None:
            answer, at, call = await self.client.cloud.page(self.client, self.operation, params, at, call)
            yield answer


@dataclass
class _Waiter:
    client: _Client
    operation: str

    async def wait(self, *, WaiterConfig: dict[str, int], **params: Any) -> None:  # noqa: N803
        await self.client.cloud.page(self.client, self.operation, params)
