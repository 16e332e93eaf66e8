"""Files in a bucket of an S3-compatible service. Imported only where one is configured: the library takes 12 MB."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from app.settings import Settings
from app.storage.engine import Missing, Unavailable

if TYPE_CHECKING:  # only types
    from obstore.store import S3Credential

_PART = 8 << 20
"""Bytes of one part of an upload; smaller files travel in one request."""
_STEP = timedelta(seconds=60)
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")


class _Credentials:
    """Two keys that do not end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self) -> "S3Credential":
        secret = self._settings.s3_secret_key.get_secret_value()
        return {"access_key_id": self._settings.s3_access_key, "secret_access_key": secret, "expires_at": None}


class Bucket:
    """An upload that a crash cut short leaves parts that nobody sees: let the bucket's lifecycle rules remove them."""

    def __init__(self, settings: Settings) -> None:
        place = urlsplit(settings.storage_url)
        bucket, endpoint = place.netloc, endpoint_of(settings, place.netloc)
        # All that AWS's own variables could say otherwise is said here: they may be meant for other programs.
        self._store = S3Store(
            bucket,
            prefix=place.path.strip("/") or None,
            endpoint=endpoint,
            aws_endpoint_url_s3=endpoint,
            region=settings.s3_region,
            credential_provider=_Credentials(settings),
            skip_signature=False,
            virtual_hosted_style_request=not settings.s3_path_style,
            disable_bulk_delete=True,  # not every compatible service has it
            client_options={"allow_http": True, "connect_timeout": timedelta(seconds=5), "timeout": _STEP},
            retry_config={"max_retries": 2, "retry_timeout": _STEP},
        )

    async def keep(self, draft: Path, key: str) -> None:
        with _told():
            await obstore.put_async(self._store, key, draft, chunk_size=_PART, max_concurrency=2)

    @asynccontextmanager
    async def read(self, key: str) -> AsyncIterator[AsyncIterator[bytes]]:
        with _told():
            try:
                found = await obstore.get_async(self._store, key)
            except FileNotFoundError:
                raise Missing(key) from None
        yield _chunks(found)

    async def size(self, key: str) -> int | None:
        with _told():
            try:
                return (await obstore.head_async(self._store, key))["size"]
            except FileNotFoundError:
                return None

    async def delete(self, key: str) -> None:
        with _told(), suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)


async def _chunks(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    stream = found.stream(min_chunk_size=1 << 20)
    while True:
        with _told():
            chunk = await anext(stream, None)
        if chunk is None:
            return
        yield bytes(chunk)


@contextmanager
def _told() -> Iterator[None]:
    """The library's errors as Unavailable. Their texts quote requests and answers: only the service's code is taken."""
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        code = _CODE.search(str(error))
        raise Unavailable(f"S3: {code[1] if code else type(error).__name__}") from None


def endpoint_of(settings: Settings, bucket: str) -> str:
    """The library wants the bucket in the host's name where it is to stand there."""
    country = ".cn" if settings.s3_region.startswith("cn-") else ""
    amazon = f"https://s3.{settings.s3_region}.amazonaws.com{country}"
    scheme, host = (settings.s3_endpoint or amazon).rstrip("/").split("://", 1)
    return f"{scheme}://{host}" if settings.s3_path_style else f"{scheme}://{bucket}.{host}"
