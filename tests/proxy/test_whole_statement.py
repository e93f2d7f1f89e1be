"""Nothing is performed for a statement that Postgres would refuse."""

from __future__ import annotations

import asyncpg
import psycopg
import pytest

from tests.proxy.conftest import Scene
