"""HTTP clients of the sender: one for each call that is under way, used again by the next.

One client with many connections looks through all of them at the beginning and at the end of each request, and asks
the system about each that is idle: with 32 that took longer than all the rest of a message's way.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported with the first call: see Sender
    import httpx


class Connections:
    def __init__(self, open_client: Callable[[], "httpx.AsyncClient"]) -> None:
        spare_the_search()
        self._open = open_client
        self._all: list[httpx.AsyncClient] = []
        self._free: list[httpx.AsyncClient] = []

    @contextmanager
    def one(self) -> Iterator["httpx.AsyncClient"]:
        """A client that nobody else uses meanwhile; that which was used last, as its connection is still open."""
        http = self._free.pop() if self._free else self._new()
        try:
            yield http
        finally:
            self._free.append(http)

    async def close(self) -> None:
        for http in self._all:
            await http.aclose()

    def _new(self) -> "httpx.AsyncClient":
        http = self._open()
        self._all.append(http)
        return http


def spare_the_search() -> None:
    """httpcore asks for ``sniffio`` with each lock that it takes; where that is missing, Python looks for it each time.

    The search goes through all folders of the path and took a fifth of a request. What is marked as missing is not
    looked for.
    """
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # documented: an import of it fails at once
