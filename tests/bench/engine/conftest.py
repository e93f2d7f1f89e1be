"""The engine on a simulated account, as its own tests have it."""

from tests.engine.conftest import sharing_clients

__all__ = ["sharing_clients"]
