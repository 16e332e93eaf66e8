"""The one guarded door to addresses that somebody else gave us.

Who writes to us may make us ask any address he likes, also those that only we can reach: our own service, the machines
beside it, the cloud's metadata. So the name is resolved here, each of its addresses must be public, and the connection
goes to the very address that was looked at: the name may mean another one a moment later. Each redirect is a new
address that has to pass. Nothing of ours goes along: no cookies, no credentials, no proxy of the environment.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from app.tls import trusted

REDIRECTS = 3
STEP = 10.0
"""Seconds of connecting, and of each read."""
_HEADERS = [
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", b"identity"),  # a few packed bytes can be gigabytes
    (b"User-Agent", b"viewer-desk"),
    (b"Connection", b"close"),
]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Iterable[str]]]


class FetchError(Exception):
    """Nothing came, or not all. ``code`` is a short word for people who look after the service; never the address,
    which can hold a credential. ``again``: later it may come. ``gone``: the other side says that it is not there, or no
    longer for us.
    """

    def __init__(self, code: str, *, again: bool = False, gone: bool = False) -> None:
        super().__init__(code)
        self.code, self.again, self.gone = code, again, gone


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be asked for."""

    schemes: tuple[str, ...] = ("https",)
    ports: tuple[int, ...] = (80, 443)
    own: str = ""
    """A base address that our own settings name (a platform's API, the simulator): what lies under it is let through
    whatever its scheme, port and network."""
    allows: Callable[[Address], bool] = lambda address: False
    """Addresses that are let through though they are not public (tests)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    content_type: str
    """As the other side says."""
    size: int | None
    """As announced; a body of another length is a FetchError."""
    chunks: AsyncIterator[bytes]
    """Read once, within the call that gave it."""


async def resolved(host: str, port: int) -> list[str]:
    """The numeric addresses of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@asynccontextmanager
async def open_url(
    url: str, *, limit: int, seconds: float = 60, rules: Rules | None = None, resolve: Resolve = resolved
) -> AsyncIterator[Fetched]:
    """GET a file of at most ``limit`` bytes within ``seconds`` from now, reading included. FetchError."""
    rules = rules or Rules()
    try:
        async with asyncio.timeout(seconds), AsyncExitStack() as stack:
            response = await _follow(stack, url, rules, resolve)
            size = _announced(response, limit)
            content_type = _header(response, b"content-type").split(";")[0].strip().lower()
            yield Fetched(content_type, size, _chunks(response, limit))
    except TimeoutError:
        raise FetchError("too_slow", again=True) from None


async def _follow(stack: AsyncExitStack, url: str, rules: Rules, resolve: Resolve) -> httpcore.Response:
    """The first response that is no redirect; it lives until the stack ends."""
    target = _parsed(url)
    for _ in range(REDIRECTS + 1):
        response = await _get(stack, target, rules, resolve)
        if response.status == 200:
            return response
        if response.status not in (301, 302, 303, 307, 308):
            raise _refused(response.status)
        target = _parsed(_header(response, b"location"), target)
    raise FetchError("too_many_redirects")


async def _get(stack: AsyncExitStack, target: httpx.URL, rules: Rules, resolve: Resolve) -> httpcore.Response:
    allows = _allowed(target, rules)
    door = _Door(resolve, allows)
    pool = httpcore.AsyncConnectionPool(ssl_context=trusted(), network_backend=door, max_connections=1)
    # What is asked is built of the parts that were looked at: two readings of one text could differ.
    url = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), STEP)
    with _told():
        await stack.enter_async_context(pool)
        return await stack.enter_async_context(
            pool.stream("GET", url, headers=_HEADERS, extensions={"timeout": timeouts})
        )


async def _chunks(response: httpcore.Response, limit: int) -> AsyncIterator[bytes]:
    size = 0
    with _told():
        async for chunk in response.aiter_stream():
            size += len(chunk)
            if size > limit:
                raise FetchError("too_large")
            yield chunk


def _announced(response: httpcore.Response, limit: int) -> int | None:
    if _header(response, b"content-encoding").lower() not in ("", "identity"):
        raise FetchError("encoded")
    length = _header(response, b"content-length")
    size = int(length) if length.isascii() and length.isdigit() else None
    if size is not None and size > limit:
        raise FetchError("too_large")
    return size


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _refused(status: int) -> FetchError:
    is_gone = status in (401, 403, 404, 410)
    return FetchError(f"http_{status}", again=status in (408, 425, 429) or status >= 500, gone=is_gone)


@contextmanager
def _told() -> Iterator[None]:
    """The library's errors, without the addresses in their texts."""
    try:
        yield
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise FetchError("not_connected", again=True) from error
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.RemoteProtocolError) as error:
        raise FetchError("broken_off", again=True) from error
    except (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol) as error:
        raise FetchError("bad_address") from error


# -------------------- what may be asked for


def _parsed(url: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        return base.join(url) if base else httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise FetchError("bad_address") from None


def _allowed(target: httpx.URL, rules: Rules) -> Callable[[Address], bool]:
    """Which addresses the host may have, or the FetchError of a target that must not be asked for at all."""
    if target.userinfo or not target.host:
        raise FetchError("bad_address")
    if rules.own and _lies_under(target, httpx.URL(rules.own)):
        return _any
    if target.scheme not in rules.schemes:
        raise FetchError("blocked_scheme")
    if _port(target) not in rules.ports:
        raise FetchError("blocked_port")
    return lambda address: is_public(address) or rules.allows(address)


def _lies_under(target: httpx.URL, base: httpx.URL) -> bool:
    same = (target.scheme, target.host, _port(target)) == (base.scheme, base.host, _port(base))
    inside = f"{target.path}/".startswith(f"{base.path.rstrip('/')}/")
    return same and inside and ".." not in target.path.split("/")


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


def _any(address: Address) -> bool:
    return True


def is_public(address: Address) -> bool:
    """Whether it is somebody's on the Internet: not private, local, shared, multicast or reserved, nor a way there."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address not in _UNICAST:
            return False
    if any(address in network for network in _BLOCKED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


_UNICAST = ipaddress.IPv6Network("2000::/3")
_BLOCKED = [
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # some versions of Python hold most of it for global; a cloud's metadata are there
        "192.88.99.0/24",
        "2002::/16",  # this and the next can hide an IPv4 address of any kind
        "2001::/32",
    )
]


class _Door(httpcore.AsyncNetworkBackend):
    """Connects to the address that was looked at, never to a name."""

    def __init__(self, resolve: Resolve, allows: Callable[[Address], bool]) -> None:
        self._resolve, self._allows = resolve, allows
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,  # noqa: ASYNC109  (the library's verb)
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:  # fmt: skip
        failure: Exception = httpcore.ConnectError("no address")
        for address in await self._looked_up(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _looked_up(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(STEP):
                found = [ipaddress.ip_address(text) for text in await self._resolve(host, port)]
        except (OSError, ValueError, TimeoutError) as error:  # ValueError: a name that no name server could know
            raise FetchError("not_resolved", again=True) from error
        if not all(self._allows(address) for address in found):
            raise FetchError("blocked_address")
        return [str(address) for address in found]
