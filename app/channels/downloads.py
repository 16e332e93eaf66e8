"""Files that a platform gives as addresses, for the ``download`` of its folder. Imports httpx: see ``Line``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.channels.delivery import DeliveryError, Download, Line, Media, Outcome
from app.fetch import FetchError, Rules, open_url

LARGEST = 200 << 20
"""Bytes; what is kept of a kind is less."""
LONGEST = 110.0
"""Seconds of a whole download."""


@asynccontextmanager
async def from_address(line: Line, media: Media, *, schemes: tuple[str, ...] = ("https",)) -> AsyncIterator[Download]:
    """The file that lies at ``media.reference``: anywhere public, or under the platform's own address.

    DeliveryError: ``media`` where the other side no longer has it, ``retry``, or ``permanent``. Codes: see ``fetch``.
    """
    try:
        rules = Rules(schemes, own=line.base_url)
        async with open_url(media.reference, limit=LARGEST, seconds=LONGEST, rules=rules) as fetched:
            yield Download(fetched.content_type, fetched.size, media.name, fetched.chunks)
    except FetchError as error:
        raise DeliveryError(error.code, _outcome(error)) from error


def _outcome(error: FetchError) -> Outcome:
    if error.gone:
        return Outcome.media
    return Outcome.retry if error.again else Outcome.permanent
