"""The functions of a module: their operations, where each parameter comes from, and what their rows show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from botocore.exceptions import UnknownServiceError

from engine.check.checked import element
from engine.check.fault import Fault, fault
from engine.check.models import Described, NoPathError, Service, found, parameter, service
from modules.catalogue import Catalogue
from modules.spec import Function, Module, named

_PREFIX = "iasql_"


def faults(module: Module, catalogue: Catalogue) -> Iterator[Fault]:
    """What is wrong with a module's functions."""
    for function in module.functions:
        for each in _faults(function, catalogue):
            yield replace(each, what=f"{function.name}: {each.what}")


def _faults(function: Function, catalogue: Catalogue) -> Iterator[Fault]:
    if not function.name.startswith(_PREFIX):
        yield fault(f"its name does not begin with {_PREFIX}")
    if sum(each.name == function.name for one in catalogue.modules for each in one.functions) > 1:
        yield fault("another function has its name")
    if "region" in function.parameters:
        yield fault("every function has a parameter region, unless it is `anywhere`")
    if unknown := list(_unknown(function.service, function.operation)):
        yield from unknown
        return
    aws = service(function.service)
    yield from _parameters(function, aws)
    yield from _columns(function, aws)
    yield from _following(function)


def _parameters(function: Function, aws: Service) -> Iterator[Fault]:
    shape = aws.input(function.operation)
    for path, source in function.params.items():
        try:
            parameter(shape, path)
        except NoPathError as error:
            yield fault(f"{function.operation} takes no {path}: {error}", error.name, error.allowed)
        for name in named(source):
            if name not in function.parameters:
                yield fault(f"{path}: no parameter {name}", name, function.parameters)
    given = {path.partition(".")[0].partition("[")[0] for path in function.params}
    for name in shape.required_members:
        if name not in given:
            yield fault(f"{function.operation} needs {name}")


def _columns(function: Function, aws: Service) -> Iterator[Fault]:
    answer = aws.output(function.operation)
    try:
        row = answer if function.items is None else element(found(answer, function.items))
    except NoPathError as error:
        yield fault(f"{function.operation} answers no {function.items}: {error}", error.name, error.allowed)
        return
    there = Described(row, {"Asked": aws.input(function.operation)})
    for each in function.columns:
        try:
            found(there, each.path or "@")
        except NoPathError as error:
            yield fault(f"{each.name}: nothing at {each.path}: {error}", error.name, error.allowed)


def _following(function: Function) -> Iterator[Fault]:
    if (function.then is None) != (not function.following):
        yield fault("`then` makes the calls that `following` names, and no others")
    if function.then is not None and function.items is not None:
        yield fault("`then` follows a call with one row")
    for name, operation in function.following:
        yield from _unknown(name, operation)


def _unknown(name: str, operation: str) -> Iterator[Fault]:
    """That there is no such service, or that it has no such operation."""
    try:
        aws = service(name)
    except UnknownServiceError:
        yield fault(f"no service {name}", name)
        return
    if operation not in aws.operations:
        yield fault(f"no operation {operation} in {aws.name}", operation, aws.operations)
