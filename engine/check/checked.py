"""A resource whose declaration is checked, with what its declaration may name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.check.fault import Fault, fault
from engine.check.models import Described, NoPathError, Service, Shape, found, service
from modules.spec import Batched, Resource

Resources = Mapping[str, Resource]


class Checked:
    """A resource and what its sources may name.

    Attributes:
        aws: its service.
    """

    def __init__(self, resource: Resource, resources: Resources) -> None:
        """
        Raises:
            UnknownServiceError: botocore has no such service.
        """
        self.resource = resource
        self.resources = resources
        self.aws: Service = service(resource.service)
        self.columns = {each.name: each for each in resource.columns}
        self.lookups = {each.name for each in resource.lookups}
        self.parts = {each.table: each for each in resource.parts}

    def operation(self, name: str) -> Iterator[Fault]:
        """Nothing if the service has an operation."""
        if name not in self.aws.operations:
            yield fault(f"no operation {name} in {self.aws.name}", name, self.aws.operations)

    def columns_of(self, table: str) -> list[str]:
        """The names of a table's columns; none if there is no such table."""
        other = self.resources.get(table)
        return [each.name for each in other.columns] if other else []

    def described(self) -> Described | None:
        """The shape of the resource's description; None if the declaration of its listing is wrong."""
        listing, describe = self.resource.listing, self.resource.describe
        source = describe or listing
        items = self._answered(source.operation, source.items)
        if items is None:
            return None
        joined: dict[str, Shape] = dict.fromkeys(source.joins)
        joined |= dict.fromkeys(listing.per.joins if listing.per and describe is None else ())
        if listing.each is not None:
            outer = element(items)
            items = _value(outer, listing.each)
            joined |= {key: _value(outer, path) for key, path in listing.outer.items()}
        joined |= {each.into: self._answered(each.operation, each.items) for each in self.resource.details}
        if describe is not None:
            joined |= {key: self._answered(describe.operation, path) for key, path in describe.beside.items()}
        for each in self.resource.batched:
            joined |= self.told(each)
        return Described(element(items), joined)

    def told(self, batched: Batched) -> Mapping[str, Shape]:
        """The shapes of what a further call puts into a description, by key."""
        elements = element(self.by(batched.service)._answered(batched.operation, batched.items))
        value = _value(elements, batched.value)
        if batched.into:
            return {batched.into: value}
        return dict(value.members) if value is not None else {}

    def by(self, service: str | None) -> Checked:
        """The resource as another service tells of it."""
        return self if service is None else Checked(replace(self.resource, service=service), self.resources)

    def _answered(self, operation: str, path: str) -> Shape:
        try:
            return found(self.aws.output(operation), path)
        except (KeyError, NoPathError):
            return None


def _value(items: Shape, path: str) -> Shape:
    try:
        return found(items, path)
    except NoPathError:
        return None


def element(items: Shape) -> Shape:
    """What a list's elements are; anything else as it is."""
    return items.member if items is not None and items.type_name in ("list", "unknown") else items
