"""Whom outgoing connections trust."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """For all clients of the process: reading the authorities' certificates costs each some 40 ms, and memory."""
    return httpx.create_ssl_context()
