"""Operations of AWS that are called as such: by `iasql_call()`, and by the functions of modules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel

from engine.aws import documents
from engine.aws.calls import call, identity, pages
from engine.aws.errors import CloudError, Treatment
from engine.aws.session import Cloud
from engine.caller import Caller, tell_that_it_stays
from engine.common import Common
from engine.database import journal
from engine.errors import OperationError
from engine.guard import calls, rules
from engine.guard import ownership as whose
from engine.plan import declared, ownership
from engine.plan.descriptions import search
from engine.plan.meet import meet
from engine.plan.model import Found
from engine.request import Request, Scope
from engine.results import Record
from engine.rows import read
from engine.waiting import Attempts, growing
from modules.spec import Then

#: The rows of a function after which no more pages are asked for.
_MOST = 10_000
#: Seconds for which a call that follows is made again, until AWS has made what it tells.
_UNTIL = 30


class Calling:
    """Calls operations of AWS."""

    def __init__(self, common: Common) -> None:
        self._common = common

    async def call(self, request: Request, caller: Caller) -> list[Record]:
        """Call an operation that the call names, and return its answer as the one row's `answer`.

        Raises:
            OperationError: 42501, nobody has granted it, or it is about what is not this database's to
                change; 42704, there is no such service or operation; 22004, 22023, 22P02, its input is none.
            CloudError: AWS refused, or cannot be reached.
        """
        service = _given(request, "service")
        scope, cloud = await self._where(request, caller)
        operation = documents.operation_of(await _model(cloud, service), _given(request, "operation"))
        document = json.loads(str(request.arguments.get("input", "{}") or "null"))
        await calls.check_granted(caller, service, operation.name)
        async with self._journalled(request, scope, caller, cloud, service, operation, document) as params:
            return [{"answer": await _answer(cloud, service, operation.name, params, caller)}]

    async def function(self, request: Request, caller: Caller) -> list[Record]:
        """Call the operation that a module's function is declared with, and return the rows of the function.

        Raises:
            OperationError: 42501, it is about what is not this database's to change; 22004, 22023, an
                argument is not what it must be.
            CloudError: AWS refused, or cannot be reached.
        """
        function = self._common.catalogue.functions[request.operation.name]
        scope, cloud = await self._where(request, caller)
        service = function.service
        operation = documents.operation_of(await _model(cloud, service), function.operation)
        document = declared.document(function, request.arguments)
        async with self._journalled(request, scope, caller, cloud, service, operation, document) as params:
            if function.items is None:
                answer = await _answer(cloud, service, operation.name, params, caller)
                if function.then is not None:
                    then = function.then(document, answer)
                    answer = {**answer, "Then": await self._follow(then, request, scope, caller, cloud)}
                return declared.rows(function, answer, document)
            found: list[Record] = []
            async for page in pages(cloud, service, function.operation, params):
                found += declared.rows(function, await documents.answered(page), document)
                if len(found) >= _MOST:
                    caller.notice(f"there may be more than the first {len(found)}")
                    break
                caller.stop.check()
            return found

    async def _follow(
        self, then: Then, request: Request, scope: Scope, caller: Caller, cloud: Cloud
    ) -> Mapping[str, Any]:
        """Make the calls that follow a function's own, which has been done, so that none of them fails it."""
        answer: Mapping[str, Any] | None = None
        while True:
            try:
                following = then.send(answer)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            service, name = following.service, following.operation
            try:
                operation = documents.operation_of(await _model(cloud, service), name)
                name = operation.name
                async with self._journalled(
                    request, scope, caller, cloud, service, operation, following.params
                ) as params:
                    async for _ in Attempts(growing(0.5, most=4), seconds=_UNTIL, stop=caller.stop):
                        answer = await _answer(cloud, service, name, params, caller)
                        if following.until is None or search(following.until, answer):
                            break
            except OperationError as error:
                answer = None
                caller.notice(
                    f"{service} {name}, which follows, is refused: {error.message}",
                    severity="WARNING",
                    detail=error.detail,
                    hint=error.hint,
                )

    async def _where(self, request: Request, caller: Caller) -> tuple[Scope, Cloud]:
        """The one place that a call is made in."""
        scope = await self._common.scope(request, caller)
        if len(scope.places) != 1:
            raise OperationError("a call is made in one region", sqlstate="22023")
        account = await self._common.account(caller, changing=True)
        return scope, account.cloud(scope.places[0].region)

    @asynccontextmanager
    async def _journalled(
        self,
        request: Request,
        scope: Scope,
        caller: Caller,
        cloud: Cloud,
        service: str,
        operation: OperationModel,
        document: Any,
    ) -> AsyncIterator[dict[str, Any]]:
        """Gives the parameters of a call, once it is known that it may be made; the journal has it then."""
        params = documents.parameters(operation, document)
        reads = calls.only_reads(operation.name)
        if not reads:
            await self._check_whose(scope, caller, service, operation.name, document)
        who, region = await identity(cloud), scope.places[0].region
        where = journal.Where.of(who, [region or who.region])
        kept = json.dumps(documents.masked(operation.input_shape, document), ensure_ascii=False)
        if not reads:
            tell_that_it_stays(caller, "called", "iasql.iasql_operation has the call.")
        written = (service, operation.name, kept)
        async with journal.operation(self._common.database, caller, request.call.function, written, 0, where):
            yield params

    async def _check_whose(
        self, scope: Scope, caller: Caller, service: str, operation: str, document: Any
    ) -> None:
        """
        Raises:
            OperationError: 42501, the input names what else owns, or what the database's owner protects.
        """
        resources = {each.table: each for each in scope.layout.resources_at(scope.places)}
        protected = await rules.tables(caller, "protected", resources)
        await caller.commit()
        async with self._common.database.connection(caller.database) as connection:
            named = await calls.concerned(connection, resources, protected, service, document)
        if not named:
            return
        # What AWS has counts, and not what rows say, which the caller may have written.
        unusable: read.Unusable = {}
        rows, snapshot = await self._common.snapshots(scope, caller, unusable=unusable)
        if unread := named.keys() & snapshot.unread.keys():
            raise snapshot.unread[min(unread)]
        meeting = meet(snapshot, rows, unusable)
        some = [each for table in named for each in snapshot.tables[table] if each.identity in named[table]]

        others = [each for each in some if ownership.owner(each)]
        through = await whose.ruled(caller, "owned", snapshot, rows, meeting.pairs, others)
        if left := {_label(each) for each in others if (each.table, each.identity) not in through}:
            raise calls.refused(f"{service} {operation}", left, "something else manages", "iasql.owned")
        kept = await whose.ruled(caller, "protected", snapshot, rows, meeting.pairs, some)
        if left := {_label(each) for each in some if (each.table, each.identity) in kept}:
            raise calls.refused(f"{service} {operation}", left, "iasql.protected has", "iasql.protected")


def _label(found: Found) -> str:
    owner = ownership.owner(found)
    return f"{found.table} {found.identity}" + (f": managed by {owner}" if owner else "")


def _given(request: Request, name: str) -> str:
    value = request.arguments[name]
    if value is None:
        raise OperationError(f"the name of {name} is needed, not NULL", sqlstate="22004")
    return str(value)


async def _model(cloud: Cloud, service: str) -> Any:
    try:
        client = await cloud.client(service)
    except CloudError as error:
        if not isinstance(error.__cause__, UnknownServiceError):
            raise
        raise OperationError(
            f'AWS has no service "{service}"',
            sqlstate="42704",
            hint="The names are those of the AWS CLI: ec2, s3, elbv2, logs.",
        ) from error
    return client.meta.service_model


async def _answer(
    cloud: Cloud, service: str, operation: str, params: Mapping[str, Any], caller: Caller
) -> dict[str, Any]:
    client = await cloud.client(service)
    names = {name: own for own, name in client.meta.method_to_api_mapping.items()}
    try:
        # Nobody knows whether it can be made twice.
        answer = await call(cloud, service, names[operation], params, repeatable=False, stop=caller.stop)
    except CloudError as error:
        if error.treatment is Treatment.LOST:
            error.hint = (
                "It may have been done: its answer is lost. See what AWS has before you call it again."
            )
        raise
    return await documents.answered(answer)
