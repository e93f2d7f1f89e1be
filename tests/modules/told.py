"""AWS as botocore's models have it: it tells every attribute of everything, and notes what it is asked for.

An answer has each member that the model knows, with a value of its own, so that whatever a call leaves out or
puts elsewhere can be seen. Of what a model does not say, such as that a text is a policy, a module's tests
have examples: `EXAMPLES` in `tests/modules/<module>/told.py`, by table, then by the end of a path of members.
"""

from __future__ import annotations

import datetime
import importlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.validate import ParamValidator

from engine.aws.patience import Patience
from engine.aws.session import Cloud, Identity
from engine.check.checked import element
from engine.check.models import Service, Shape, found, service
from engine.plan import descriptions
from modules.catalogue import find_modules
from modules.spec import Batched, EnumType, Resource

ACCOUNT, REGION = "111111111111", "us-east-1"
#: What an example says of a member that AWS leaves out.
ABSENT = object()
_MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
#: So deep a structure is that contains itself.
_DEEPEST = 3

Examples = Mapping[str, Any]


@cache
def examples(table: str) -> Examples:
    """What the models do not say of a table's resources: values, by the end of a path such as `image.id`."""
    labels = {
        column.path: column.type.values
        for column in find_modules().resources[table].columns
        if isinstance(column.type, EnumType) and column.path and column.read is None
    }
    return {**labels, **_of_tests(table, "EXAMPLES")}


def excused(table: str) -> Mapping[str, str]:
    """What a replacement or a change does not keep as AWS tells it, with the reason."""
    return _of_tests(table, "EXCUSED")


def _of_tests(table: str, name: str) -> Mapping[str, Any]:
    catalogue = find_modules()
    module = next(each for each in catalogue.modules if catalogue.resources[table] in each.resources)
    try:
        told = importlib.import_module(f"tests.modules.{module.name}.told")
    except ModuleNotFoundError:
        return {}
    found: Mapping[str, Any] = getattr(told, name, {}).get(table, {})
    return found


@dataclass(frozen=True)
class Teller:
    """Fills shapes.

    Attributes:
        examples: see `examples`.
        variant: which of the values that a model allows, from 0; of a union, which member.
    """

    examples: Examples
    variant: int = 0

    def value(self, shape: Shape, path: str, number: int = 0) -> Any:
        """A value of a shape with all that it can have.

        Args:
            path: the members on the way, joined by dots.
            number: of the element, where there are several.
        """
        if (example := self._example(path)) is not None:
            given = example[self.variant % len(example)] if isinstance(example, tuple) else example
            return f"{given}{number or ''}" if isinstance(given, str) and given.endswith("-") else given
        match shape.type_name:
            case "structure":
                return self._structure(shape, path, number)
            case "list":
                count = min(2, shape.metadata.get("max", 2))
                each = [self.value(shape.member, path, number * 2 + place) for place in range(count)]
                return [one for place, one in enumerate(each) if one not in each[:place]]
            case "map":
                keys = getattr(shape.key, "enum", None) or ("one", "two")
                some = {key: self.value(shape.value, f"{path}.{key}", number) for key in keys}
                return {key: each for key, each in some.items() if each is not ABSENT}
            case "boolean":
                return self.variant % 2 == 0
            case "timestamp":
                return _MOMENT
            case "blob":
                return b"blob"
            case "string":
                return self._text(shape, path, number)
        least = shape.metadata.get("min", 1)
        number = least + (sum(map(ord, path)) + number + self.variant) % 7
        most = min(number, shape.metadata.get("max", number))
        return most if shape.type_name in ("integer", "long") else float(most)

    def _structure(self, shape: Shape, path: str, number: int) -> dict[str, Any]:
        members = dict(shape.members)
        if getattr(shape, "is_tagged_union", False):
            name = sorted(members)[self.variant % len(members)]
            members = {name: members[name]}
        result = {}
        for name, member in members.items():
            if path.split(".").count(name) < _DEEPEST - 1:
                value = self.value(member, f"{path}.{name}", number)
                if value is not ABSENT:
                    result[name] = value
        return result

    def _text(self, shape: Shape, path: str, number: int) -> str:
        allowed = getattr(shape, "enum", ())
        if allowed:
            return str(allowed[(self.variant + number) % len(allowed)])
        name = re.sub(r"\W", "", path.rpartition(".")[2])
        text = f"{name}-{number}-{self.variant}"
        if name.lower().endswith("arn"):
            text = f"arn:aws:service:{REGION}:{ACCOUNT}:{text}"
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 10_000)
        return text.ljust(least, "x")[-most:]

    def _example(self, path: str) -> Any:
        best = ""
        for end in self.examples:
            if f".{path}".endswith(f".{end}") and len(end) > len(best):
                best = end
        return self.examples[best] if best else None


@dataclass(frozen=True)
class Asked:
    """A call that was made."""

    service: str
    operation: str
    params: dict[str, Any]


class TellingCloud(Cloud):
    """An account that tells everything of one resource.

    Attributes:
        resource: that.
        asked: the calls that were made.
        answers: what operations answer, where that is not what the model has.
        complaints: what botocore says of calls that it would not send.
    """

    def __init__(self, resource: Resource, variant: int = 0) -> None:
        super().__init__(region=REGION, access_key="told", secret_key="told")
        self.identity = Identity(account=ACCOUNT, region=REGION, arn=f"arn:aws:iam::{ACCOUNT}:user/told")
        self.resource = resource
        self.teller = Teller(examples(resource.table), variant)
        self.asked: list[Asked] = []
        self.answers: dict[str, Any] = {}
        self.complaints: list[str] = []

    async def client(self, service: str, region: str | None = None) -> Any:
        return _Client(self, service)

    def answer(self, name: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """What an operation answers: everything, or what it is told to."""
        aws = service(name)
        self.asked.append(Asked(name, operation, params))
        report = ParamValidator().validate(params, aws.input(operation))
        if report.has_errors():
            self.complaints.append(f"{operation}: {report.generate_report()}")
        if operation in self.answers:
            return dict(self.answers[operation])
        shape = aws.output(operation)
        if shape is None:
            return {}
        answer: dict[str, Any] = self.teller.value(shape, operation)
        for each in self.resource.batched:
            if each.operation == operation:
                answer |= _within(each.items, self._batched(aws, each, params))
        return _one_page(answer)

    def _batched(self, aws: Service, batched: Batched, params: Mapping[str, Any]) -> list[Any]:
        shape = element(found(aws.output(batched.operation), batched.items))
        names = descriptions.search(batched.ids, params)
        return [{**self.teller.value(shape, batched.operation), batched.by: name} for name in names]


def _within(path: str, elements: list[Any]) -> dict[str, Any]:
    """An answer in which a path such as `a` or `a[].b[]` finds some elements."""
    name, _, inner = path.partition("[].")
    return {name: [_within(inner, elements)]} if inner else {name.removesuffix("[]"): elements}


def _one_page(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer after which there is none."""
    tokens = ("nexttoken", "nextmarker", "marker", "istruncated", "continuationtoken")
    some = {
        name: value
        for name, value in answer.items()
        if name.lower() not in tokens and not name.startswith("LastEvaluated")
    }
    listed = [name for name, value in some.items() if isinstance(value, dict) and "IsTruncated" in value]
    return {**some, **{name: _one_page(some[name]) for name in listed}}


class _Client:
    """What the engine uses of an aiobotocore client."""

    def __init__(self, cloud: TellingCloud, name: str) -> None:
        self._cloud = cloud
        self._name = name
        self.meta = _Meta(service(name))

    def __getattr__(self, operation: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def call(**params: Any) -> dict[str, Any]:
            return self._cloud.answer(self._name, operation, params)

        return call


class _Meta:
    region_name = REGION

    def __init__(self, aws: Service) -> None:
        self.method_to_api_mapping = aws.operations
        self.service_model = aws.model


PATIENCE = Patience(eventual=0, busy=0, lost=0)
