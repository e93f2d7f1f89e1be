"""The engine on a simulated account, as its own tests have it."""

from tests.engine.conftest import engine, quick_clients, session

__all__ = ["engine", "quick_clients", "session"]
