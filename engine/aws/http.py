"""Connections of the AWS client that share what they verify AWS's certificates with.

Each client would otherwise read the authorities' certificates anew: nearly a megabyte, most of what an
account takes that is open.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

import aiohttp
from aiobotocore.httpsession import AIOHTTPSession
from botocore.httpsession import create_urllib3_context, get_cert_path


class HttpSession(AIOHTTPSession):  # type: ignore[misc]  # aiobotocore has no types
    """What one client sends its requests with."""

    def _create_connector(self, proxy_url: str | None) -> aiohttp.TCPConnector:
        authorities = get_cert_path(self._verify)
        if proxy_url or self._cert_file or not authorities:
            connector: aiohttp.TCPConnector = super()._create_connector(proxy_url)
            return connector
        context = _context(authorities, os.stat(authorities).st_mtime_ns)
        return aiohttp.TCPConnector(limit=self._max_pool_connections, ssl=context, **self._connector_args)


@lru_cache(maxsize=4)
def _context(authorities: str, changed: int) -> Any:
    """What connections are verified with, by the certificates in a file.

    Args:
        changed: when the file was written: what is written anew is read again.
    """
    context = create_urllib3_context()
    context.load_verify_locations(authorities)
    return context
