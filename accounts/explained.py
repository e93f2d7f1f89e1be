"""What operators are told of a connection that was made."""

from __future__ import annotations

from collections.abc import Iterator

from accounts import policies
from accounts.connect import Connected
from accounts.model import Profile, Role, Standard
from modules.catalogue import find_modules


def explained(made: Connected) -> Iterator[str]:
    """What is to be known of a connection that was made."""
    it = made.connection
    yield f"Regions: {', '.join(it.regions)}; tables of {it.regions[0]} in schema {it.schema}"
    yield f'Database "{it.database}", of {made.login}. Credentials: {it.credentials}'
    match it.credentials:
        case Standard():
            yield "The server has to have credentials of the same account: others are refused."
        case Profile():
            yield "The server's machine has to have the profile, too."
        case Role():
            yield from _of_role(it.credentials)
        case _:
            yield "An access key cannot be limited to reading: plans use it as it is. A role can be."


def _of_role(role: Role) -> Iterator[str]:
    catalogue = find_modules()
    yield f"Its trust policy asks for the external id {role.external_id}, which is this connection's own."
    yield f"The least that it has to be allowed: {policies.reading(catalogue)}"
    for module in catalogue.modules:
        if policies.actions(module, reads=False):
            yield f"To change {module.name}: {policies.changing(module)}"
