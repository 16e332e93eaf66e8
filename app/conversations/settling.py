"""The sender's last step: what became of each attempt, written as soon as it is known, for all that ended together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.channels import outbound
from app.channels.delivery import DeliveryError, Outcome, Receipt
from app.channels.text import carriable
from app.conversations import announcing, gates, windows
from app.conversations.models import Conversation, Message, MessageState
from app.conversations.pending import NEVER, Draft
from app.db.driver import Prepared
from app.db.rows import Update, table_of
from app.db.sql import is_any
from app.events import Kind, publish
from app.jobs import lanes
from app.jobs.models import Job, JobState, Waits

ATTEMPTS = {Outcome.retry: 8, Outcome.refresh: 4, Outcome.media: 4, Outcome.unknown: 6}
"""By what an attempt ended with; more of them and the message is given up."""
PLATFORM_ID = 64
"""Characters that are kept of a platform's id; reports are cut to the same."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=10)


class Ended(NamedTuple):
    """An attempt that is over: with a receipt, or with an error."""

    draft: Draft
    receipt: Receipt | None
    error: DeliveryError | None
    chance: float
    """0–1, for the jitter: what failed together must not come again together."""
    whole: bool = False
    """The error concerns the channel as a whole: its credential."""


@dataclass(slots=True)
class _Case:
    """An attempt that failed, whose lane is still ours."""

    ended: Ended
    job: Job
    error: DeliveryError

    @property
    def draft(self) -> Draft:
        return self.ended.draft


def settle(session: Session, ended: Sequence[Ended], *, worker: str, now: datetime) -> list[Ended]:
    """Write what became of these; returns those that were given up, for the log."""
    held = lanes.lock_held(session, [e.draft.lane_id for e in ended], worker)
    arrived = [e for e in ended if e.error is None and e.draft.lane_id in held]
    done = _finish(session, [e for e in arrived if not e.draft.announces], now)
    done |= _announced(session, [e for e in arrived if e.draft.announces], now)
    failed = [e for e in ended if e.error is not None and e.draft.lane_id in held]
    jobs = _jobs(session, [e.draft.job_id for e in failed])
    old = [e for e in failed if e.draft.job_id in jobs and not _is_last(jobs[e.draft.job_id], e.draft)]
    _correct(session, [e for e in ended if e.error is None and e.draft.job_id not in done], now)
    cases = [
        _Case(e, jobs[e.draft.job_id], e.error)
        for e in failed if e.error is not None and e.draft.job_id in jobs and e not in old
    ]  # fmt: skip
    heard = _heard(session, {case.draft.identity_id for case in cases if case.error.outcome is Outcome.window})
    given_up = [case.ended for case in cases if not _settle(session, case, heard, now)]
    lanes.release_all(session, held - {e.draft.lane_id for e in old})
    publish(session, Kind.conversation, [e.draft.conversation_id for e in ended], now=now)
    return given_up


_job = table_of(Job).c
_delete_jobs = Prepared(delete(table_of(Job)).where(is_any(_job.id, "jobs")).returning(_job.id))
_update_arrived = Update(table_of(Message), ("state", "sent_at", "error", "platform_id"))


def _finish(session: Session, arrived: Sequence[Ended], now: datetime) -> set[int]:
    """What arrived is sent, and its job is done; returns the jobs that were still there. All of them at once."""
    if not arrived:
        return set()
    gone = {row[0] for row in _delete_jobs(session, jobs=[e.draft.job_id for e in arrived])}
    rows = [
        (e.draft.message_id, MessageState.sent, now, None, _platform_id(e.receipt))
        for e in arrived if e.draft.job_id in gone
    ]  # fmt: skip
    _update_arrived(session, sorted(rows, key=lambda row: row[0]))
    return gone


def _announced(session: Session, arrived: Sequence[Ended], now: datetime) -> set[int]:
    """The notices went before their messages, which wait for the viewer, unless he has written meanwhile."""
    jobs = _jobs(session, [e.draft.job_id for e in arrived])
    heard = _heard(session, {e.draft.identity_id for e in arrived})
    for e in arrived:
        if (job := jobs.get(e.draft.job_id)) is not None and _is_last(job, e.draft):
            wrote_meanwhile = heard.get(e.draft.identity_id, 0) > e.draft.heard
            at = now if wrote_meanwhile else NEVER
            announcing.wait(session, job, reason=announcing.ANNOUNCED, at=at)
    return {e.draft.job_id for e in arrived}


def _jobs(session: Session, ids: Sequence[int]) -> dict[int, Job]:
    if not ids:
        return {}
    found = session.scalars(select(Job).where(is_any(Job.id, ids)), execution_options={"populate_existing": True})
    return {job.id: job for job in found}


def _is_last(job: Job, draft: Draft) -> bool:
    """False where this process has begun another attempt since: the lease had ended, and it took the lane again."""
    return job.state == JobState.running and job.attempts == draft.attempts


def _correct(session: Session, lost: Sequence[Ended], now: datetime) -> None:
    """Our lease ended while the attempt was under way, and its taker could only guess: what arrived is no guess."""
    for draft, receipt, *_ in lost:
        guessed = (Message.id == draft.message_id, Message.state == MessageState.unknown)
        arrived = {"state": MessageState.sent, "sent_at": now, "error": None, "platform_id": _platform_id(receipt)}
        session.execute(update(Message).where(*guessed).values(arrived))


def _platform_id(receipt: Receipt | None) -> str | None:
    return carriable(receipt.platform_id)[:PLATFORM_ID] if receipt and receipt.platform_id else None


def _settle(session: Session, case: _Case, heard: Mapping[int, int], now: datetime) -> bool:
    """False where the message will not leave by itself any more."""
    error = case.error
    match error.outcome:
        case Outcome.retry | Outcome.refresh | Outcome.media:
            return _again(session, case, error, now)
        case Outcome.unknown:
            return _doubt(session, case, error, now)
        case Outcome.later | Outcome.operator:
            _shut(session, case, error, now)
            return True
        case Outcome.window:
            return _close_window(session, case, error, heard, now)
    return _fail(session, case, error, now)


# -------------------- again


def _again(session: Session, case: _Case, error: DeliveryError, now: datetime) -> bool:
    """Nothing was taken: later, ever more seldom, up to a limit."""
    if case.job.attempts >= ATTEMPTS[error.outcome]:
        return _fail(session, case, error, now)
    _give_back(session, case.draft)
    _requeue(session, case, now + _pause(case), Waits.retry)
    return True


def _pause(case: _Case) -> timedelta:
    """Not shorter than the platform asks for."""
    return max(backoff(case.job.attempts, case.ended.chance), timedelta(seconds=case.error.retry_after or 0))


def backoff(attempts: int, chance: float) -> timedelta:
    """Doubled after each attempt up to a limit, then between a half and one and a half of it by chance."""
    doubled: timedelta = FIRST_WAIT * 2 ** (attempts - 1)
    return min(doubled, LONGEST_WAIT) * (0.5 + chance)


def _doubt(session: Session, case: _Case, error: DeliveryError, now: datetime) -> bool:
    """It may have arrived: again only under a key by which the platform recognises it."""
    if case.draft.announces:  # the viewer may have it twice, or not at all; what it announces he gets in either case
        announcing.wait(session, case.job, reason=str(error))
        return True
    if not case.draft.keyed or case.job.attempts >= ATTEMPTS[Outcome.unknown]:
        give_up(session, case.job, MessageState.unknown, str(error), now=now)
        return False
    case.job.doubtful = True  # and its place in the window stays taken
    _requeue(session, case, now + _pause(case), Waits.retry)
    return True


def _shut(session: Session, case: _Case, error: DeliveryError, now: datetime) -> None:
    """This API takes nothing from us for now: its gate closes for all, and the attempt does not count."""
    if error.outcome is Outcome.operator:
        until, waits = gates.UNTIL_MENDED, Waits.operator
    elif error.retry_after is not None:
        until, waits = now + timedelta(seconds=error.retry_after), Waits.rate
    else:
        until, waits = gates.quota_resets_at(now), Waits.quota
    api = gates.WHOLE if case.ended.whole else case.draft.api
    gates.close(session, case.draft.channel_id, api, until=until, waits=waits, reason=str(error), now=now)
    case.job.attempts -= 1
    _give_back(session, case.draft)
    _requeue(session, case, now, waits)  # the gate keeps it, and lets it go as soon as it opens


def _close_window(
    session: Session, case: _Case, error: DeliveryError, heard: Mapping[int, int], now: datetime
) -> bool:  # fmt: skip
    """The platform's word on the window counts more than our ledger's."""
    draft = case.draft
    if draft.heard:
        windows.close(session, draft.identity_id, draft.heard, now)
    if draft.doubtful:
        give_up(session, case.job, MessageState.unknown, str(error), now=now)
        return False
    case.job.attempts -= 1
    wrote_meanwhile = heard.get(draft.identity_id, 0) > draft.heard
    again = wrote_meanwhile or _may_fall_back(session, draft)
    _give_back(session, draft)
    _requeue(session, case, now if again else NEVER, Waits.window)
    return True


def _may_fall_back(session: Session, draft: Draft) -> bool:
    """Whether something else can leave without a window, which this attempt was not."""
    if isinstance(draft.message, outbound.Notice):
        return False
    return "fallback" in (session.scalar(select(Message.data).where(Message.id == draft.message_id)) or {})


def _heard(session: Session, identity_ids: Collection[int]) -> dict[int, int]:
    """By viewer, the id of his newest message: he may have written while the attempt was under way."""
    if not identity_ids:
        return {}
    latest = windows.latest_heard(session, identity_ids)
    rows = session.execute(
        select(Conversation.identity_id, Message.id)
        .join(Message, (Message.conversation_id == Conversation.id) & (Message.seq == Conversation.heard_seq))
        .where(is_any(Conversation.id, sorted(latest.values())))
    )
    return {row[0]: row[1] for row in rows}


def _requeue(session: Session, case: _Case, at: datetime, waits: Waits) -> None:
    case.job.state, case.job.not_before = JobState.queued, at
    case.job.waits, case.job.error = waits, str(case.error)[:200]
    queued = update(Message).where(Message.id == case.draft.message_id).values(state=MessageState.queued)
    session.execute(queued)


def _give_back(session: Session, draft: Draft) -> None:
    """Nothing was taken, so the place in the window is free again."""
    if draft.opened is not None and not draft.doubtful and draft.reply_to is not None:
        windows.give_back(session, draft.identity_id, draft.opened.anchor.message_id, draft.reply_to.number)


# -------------------- given up


def _fail(session: Session, case: _Case, error: DeliveryError, now: datetime) -> bool:
    if case.draft.announces and error.outcome is not Outcome.recipient:
        announcing.wait(session, case.job, reason=str(error))
        return True
    _give_back(session, case.draft)
    state = MessageState.unknown if case.draft.doubtful else MessageState.failed
    give_up(session, case.job, state, str(error), now=now, dead=error.outcome is not Outcome.recipient)
    return False


def give_up(session: Session, job: Job, state: MessageState, reason: str, *, now: datetime, dead: bool = True) -> None:
    """A message that will not leave by itself any more: ``unknown`` is no dead job, nobody may simply repeat it."""
    values: dict[str, Any] = {"state": state, "error": reason[:200]}
    given_up = update(Message).where(Message.id == job.subject_id).values(values)
    publish(session, Kind.conversation, session.scalars(given_up.returning(Message.conversation_id)), now=now)
    if state is MessageState.unknown or not dead:
        session.delete(job)
    else:
        job.state, job.error, job.waits = JobState.dead, reason[:200], None
