"""Fetching a viewer's file: read what is to be done, bring it from the platform into the storage, write what happened.

May run twice and be killed anywhere: the storage keeps the same file once, and an attempt that began later counts.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from app import metrics
from app.channels.delivery import DeliveryError, Download, Line, Media, Outcome
from app.conversations import attachments
from app.conversations.accounts import Account
from app.conversations.attachments import ATTEMPTS, AttachmentState, Result, Wanted
from app.db.database import Database
from app.storage.engine import Unavailable
from app.storage.sniffing import SHOWN, UNKNOWN
from app.storage.storage import NotAccepted, Storage, Stored, TooLarge

log = logging.getLogger(__name__)

LONGEST = 120.0
"""Seconds of a whole attempt, credential and storage included; a job's lease must outlive it."""
WAITS = (10.0, 60.0, 300.0, 900.0, 2400.0)
"""Seconds after the first, second… attempt that counts: an hour in all."""
ELSEWHERE = 600.0
"""Seconds after an attempt that failed for another reason than the file: somebody must mend something first."""


class Limit(NamedTuple):
    size: int
    """Bytes."""
    families: tuple[str, ...]
    """First halves of the MIME types that fit; what is of no known type is kept too. Empty: any type."""


_MEGA: Final = 1 << 20
LIMITS: Final[Mapping[str, Limit]] = {
    "image": Limit(30 * _MEGA, ("image",)),
    "thumb": Limit(5 * _MEGA, ("image",)),
    "voice": Limit(20 * _MEGA, ("audio", "video")),  # a recording in an MP4 does not say that it shows nothing
    "video": Limit(200 * _MEGA, ("video",)),
    "file": Limit(200 * _MEGA, ()),
}


@dataclass(frozen=True, slots=True)
class Reach:
    """A channel as it can be called now."""

    account: Account
    line: Line = field(repr=False)
    forget: Callable[[], Awaitable[None]] = field(repr=False)
    """Called where the platform refuses the line's credential."""


LineFor = Callable[[int], Awaitable[Reach | None]]
"""By the channel's id; None where it is not served, or the DeliveryError of fetching its credential."""


async def fetch(
    db: Database,
    storage: Storage,
    line_for: LineFor,
    attachment_id: int,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> float | None:
    """One attempt at an attachment; the seconds after which the next one is due, None where none is."""
    wanted = await db.write(attachments.begin, attachment_id, clock())
    if wanted is None:
        return None
    result, wait = _bounded(*await _attempt(storage, line_for, wanted), wanted, clock())
    metrics.files.labels(result.state).inc()
    if result.stored is None:
        log.warning("file not fetched", extra={"attachment_id": attachment_id, "state": result.state,
                                               "reason": result.error})  # fmt: skip
    is_ours = await db.write(attachments.settle, attachment_id, result, clock(), attempt=wanted.attempt)
    return wait if is_ours else WAITS[0]  # to see that who was quicker has come to an end


def _bounded(result: Result, wait: float | None, wanted: Wanted, now: datetime) -> tuple[Result, float | None]:
    """Nothing is tried for ever: so many attempts that count, and none after the platform's time is over."""
    if result.state is not AttachmentState.waiting:
        return result, None
    if result.counts and wanted.attempt >= ATTEMPTS:
        return result._replace(state=AttachmentState.failed), None
    wait = wait or (WAITS[wanted.attempt - 1] if result.counts else ELSEWHERE)
    if now + timedelta(seconds=wait) >= wanted.expires_at:
        return result._replace(state=AttachmentState.expired), None
    return result, wait


async def _attempt(storage: Storage, line_for: LineFor, wanted: Wanted) -> tuple[Result, float | None]:
    """What came of it, and the seconds that the platform wants us to wait, where it says so."""
    try:
        async with asyncio.timeout(LONGEST):
            stored = await _bring(storage, line_for, wanted)
    except DeliveryError as error:
        return _failure(error)
    except (TooLarge, NotAccepted) as error:
        return Result(AttachmentState.refused, str(error)), None
    except Unavailable as error:
        return Result(AttachmentState.waiting, f"storage: {error}", counts=False), None
    except TimeoutError:
        return Result(AttachmentState.waiting, f"not done in {LONGEST:g} s"), None
    except Exception as error:  # a mistake of ours, in a platform's folder perhaps: seen, and not repeated for ever
        log.exception("fetching failed", extra={"attachment_id": wanted.attachment_id})
        return Result(AttachmentState.waiting, type(error).__name__), None
    return Result(AttachmentState.stored, stored=stored), None


async def _bring(storage: Storage, line_for: LineFor, wanted: Wanted) -> Stored:
    for is_last in (False, True):
        reach = await line_for(wanted.channel_id)
        if reach is None:
            raise DeliveryError("not_served", Outcome.operator, "the channel is not served")
        try:
            return await _download(storage, reach, wanted.media)
        except DeliveryError as error:
            if error.outcome is not Outcome.refresh:
                raise
            await reach.forget()  # and once again: a wrong secret would use up the quota
            if is_last:
                raise
    raise AssertionError("unreachable")


async def _download(storage: Storage, reach: Reach, media: Media) -> Stored:
    limit = LIMITS[media.kind]
    accepts = {name for name in SHOWN if name.split("/")[0] in limit.families} | {UNKNOWN} if limit.families else None
    async with reach.account.platform.download(reach.line, reach.account.credentials, media) as download:
        if accepts is not None and download.content_type.startswith(("text/", "application/json")):
            raise DeliveryError("no_file", Outcome.retry, "a page came instead of it")
        return await storage.put(_whole(download), limit=limit.size, accepts=accepts)


async def _whole(download: Download) -> AsyncIterator[bytes]:
    """Its chunks; DeliveryError where fewer bytes come than were announced, or none at all."""
    came = 0
    async for chunk in download.chunks:
        came += len(chunk)
        yield chunk
    if came < (download.size or 1):
        raise DeliveryError("broken_off", Outcome.retry, f"{came} bytes of {download.size}")


def _failure(error: DeliveryError) -> tuple[Result, float | None]:
    told = f"{error.code} {error.detail}".strip()
    match error.outcome:
        case Outcome.media:
            return Result(AttachmentState.expired, told), None
        case Outcome.retry | Outcome.refresh | Outcome.unknown:
            return Result(AttachmentState.waiting, told), error.retry_after
        case Outcome.operator | Outcome.later:
            return Result(AttachmentState.waiting, told, counts=False), error.retry_after
    refused = error.code == "too_large"
    return Result(AttachmentState.refused if refused else AttachmentState.failed, told), None
