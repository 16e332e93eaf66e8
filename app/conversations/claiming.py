"""The sender's first step: take what may leave now, in one transaction over all channels.

Whatever decides whether a message may leave is looked at here, under the lane's lock, and once more for each attempt:
who owns the conversation, whether the viewer can be reached, the window to him, the channel's rate and quotas.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.channels.delivery import ReplyTo, Window
from app.conversations import announcing, gates, windows
from app.conversations.accounts import VERSION, Account
from app.conversations.gates import Grant
from app.conversations.models import Message, MessageState
from app.conversations.pending import NEVER, TOPIC, Draft, Pending, load
from app.conversations.quiet import PATIENT
from app.conversations.settling import give_up
from app.conversations.windows import Opened
from app.db.rows import Update, table_of, together
from app.events import Kind, publish
from app.jobs import lanes
from app.jobs.models import Job, JobState, Priority, Waits

Class = tuple[int, Priority]
"""What waits in one channel with one priority."""
SOON = timedelta(seconds=1)
INTERRUPTED = "the sender was interrupted while sending"


@dataclass(slots=True)
class Claimed:
    drafts: list[Draft] = field(default_factory=list)
    paused: dict[Class, datetime] = field(default_factory=dict)
    """Classes whose rate is used up or whose channel is shut: nothing of them need be looked at before."""
    looked_at: int = 0
    """Lanes; 0: nothing is due."""
    outdated: bool = False
    """Nothing was claimed: a channel was saved since the accounts were read."""


def ready(session: Session, now: datetime) -> list[Class]:
    """The classes in which something is due, the most urgent first. The look of an idle sender: a few index probes."""
    return [due.what for due in _look(session, now)]


class _Due(NamedTuple):
    what: Class
    shut: bool
    """Nothing leaves by its channel at all."""
    version: int
    """That of the channels' configuration."""


def _look(session: Session, now: datetime) -> list[_Due]:
    rows = lanes.look(session, _LOOK, now)
    return [_Due((row[0], list(Priority)[row[1]]), bool(row[2]), row[3] or 0) for row in rows]


_LOOK = f"""
SELECT channels.id, ranks.rank,
    EXISTS (SELECT 1 FROM gates WHERE channel_id = channels.id AND api = '{gates.WHOLE}' AND closed_until > ?1),
    (SELECT value FROM counters WHERE name = '{VERSION}')
FROM channels CROSS JOIN {lanes.RANKS}
WHERE {lanes.is_due(f"topic = '{TOPIC}' AND channel_id = channels.id")}
ORDER BY ranks.rank, channels.id
"""


def claim(
    session: Session,
    accounts: Mapping[int, Account],
    *,
    worker: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    paused: Collection[Class] = (),
    version: int | None = None,
) -> Claimed:
    """Lease up to ``limit`` lanes with a message that may leave now; each draft's row is ``sending`` afterwards.

    ``version``: that of the accounts. Who has just mended a secret must not be told that it is wrong.
    """
    due = _look(session, now)
    if version is not None and any(each.version != version for each in due):
        return Claimed(outdated=True)
    classes = [each.what for each in due if each.what[0] in accounts and not each.shut and each.what not in paused]
    locked = _lock(session, classes, now, limit)
    claimed = Claimed(looked_at=len(locked), paused={each.what: now + SOON for each in due if each.shut})
    if not locked:
        return claimed
    jobs = _revive(session, lanes.first_jobs(session, locked), now)
    pending, refused = load(session, [job for job in jobs.values() if job.not_before <= now], accounts, locked)
    for each in refused:
        state = MessageState.unknown if each.job.doubtful else MessageState.failed
        give_up(session, each.job, state, each.reason, now=now, dead=each.dead)
    leaving = _admit(session, _in_turn(pending, now), now)
    for part in _by_gate(leaving):
        _pass(session, part, claimed, now)
    _begin(session, claimed.drafts, worker=worker, now=now, until=now + lease)
    kept = {draft.lane_id for draft in claimed.drafts} | _unchanged(claimed, pending)
    lanes.release_all(session, [lane_id for lane_id in locked if lane_id not in kept])
    return claimed


def _lock(session: Session, classes: Iterable[Class], now: datetime, limit: int) -> dict[int, Priority]:
    """Lanes of the classes in their order, so that one channel's campaign never stands before another's urgent."""
    found: dict[int, Priority] = {}
    for channel_id, priority in classes:
        if len(found) >= limit:
            break
        ready = lanes.find_ready(
            session, topic=TOPIC, channel_id=channel_id, priorities=[priority], now=now, limit=limit - len(found)
        )
        found |= dict.fromkeys(ready, priority)
    return found


def _revive(session: Session, jobs: Mapping[int, Job], now: datetime) -> dict[int, Job]:
    """A job that runs although its lane could be taken was in flight when its worker died.

    Under a key that the platform knows it is sent again; else nobody can know whether it arrived.
    """
    alive: dict[int, Job] = {}
    for lane_id, job in jobs.items():
        if job.state != JobState.running:
            alive[lane_id] = job
        elif announcing.was_announcing(session.get_one(Message, job.subject_id)):
            announcing.wait(session, job, reason=INTERRUPTED)
        elif job.keyed:
            job.state, job.doubtful = JobState.queued, True
            session.execute(update(Message).where(Message.id == job.subject_id).values(state=MessageState.queued))
            alive[lane_id] = job
        else:
            give_up(session, job, MessageState.unknown, INTERRUPTED, now=now)
    return alive


def _in_turn(pending: Sequence[Pending], now: datetime) -> list[Pending]:
    """Without those whose predecessor is still on its way on a webhook's response."""
    for p in pending:
        if p.behind:
            p.job.not_before = now + SOON
    return [p for p in pending if not p.behind]


# -------------------- windows


def _admit(session: Session, pending: Sequence[Pending], now: datetime) -> list[Pending]:
    """Those to whose viewer a way is open; each with its passage, and the place in its window.

    A viewer with several conversations gets one message at a time: they all lead through the same windows.
    """
    needing = [p for p in pending if p.passage.window is not Window.none]
    open_to = _windows_to(session, needing, now)
    admitted: list[Pending] = []
    entered: set[int] = set()
    for p in pending:
        if p.identity_id in entered:
            continue
        if p.passage.window is Window.none or _enter(p, open_to[p.job.id]) or _speaks_first(p) or _falls_back(p):
            admitted.append(p)
            entered |= {p.identity_id} if p.opened is not None else set()
        elif p.job.doubtful:
            reason = "its window closed before it could be sent again"
            give_up(session, p.job, MessageState.unknown, reason, now=now)
        elif p.job.priority == Priority.campaign.rank:
            give_up(session, p.job, MessageState.failed, "no window to the viewer is open", now=now, dead=False)
        else:
            p.job.waits, p.job.not_before = Waits.window, NEVER
    return admitted


def _windows_to(session: Session, pending: Sequence[Pending], now: datetime) -> dict[int, list[Opened]]:
    """By job."""
    if not pending:
        return {}
    absent = [p.identity_id for p in pending if not p.heard_here]
    elsewhere = windows.latest_heard(session, absent) if absent else {}
    where = [p.conversation_id if p.heard_here else elsewhere.get(p.identity_id, p.conversation_id) for p in pending]
    found, counts = windows.anchors(session, where)
    by_job: dict[int, list[Opened]] = {}
    for p in pending:
        own = found.get(p.identity_id, [])
        p.heard = own[0].message_id if own else 0
        by_job[p.job.id] = windows.open_windows(
            p.account.platform, p.account.credentials, p.recipient, own, counts, now
        )
    return by_job


def _enter(p: Pending, opened: Sequence[Opened]) -> bool:
    """A place in an open window; a repeat under a key keeps the one it had, whatever is left."""
    if p.job.doubtful:
        if p.stored_reply is None or not p.stored_reply.key:  # the push is erased, and with it the key
            return False
        p.reply_to = p.stored_reply
    elif opened:
        p.opened = opened[0]
        p.reply_to = ReplyTo(opened[0].anchor.key, opened[0].used + 1)
    else:
        return False
    p.passage = p.account.platform.passage(p.account.credentials, p.recipient, p.message, p.reply_to)
    return True


def _speaks_first(p: Pending) -> bool:
    """Without a window: where the platform lets us, and the viewer (or for a group, its owner) does not refuse."""
    if p.passage.window is not Window.preferred or p.job.doubtful or p.job.waits == Waits.window:
        return False
    in_group = p.account.platform.place(p.recipient) != p.recipient
    return p.proactive is True if in_group else p.proactive is not False


def _falls_back(p: Pending) -> bool:
    """A notice instead, or before it, where the message brought one for a closed window."""
    if p.fallback is None or p.job.doubtful:
        return False
    p.message, p.reply_to, p.opened, p.fell_back = p.fallback, None, None, True
    p.passage = p.account.platform.passage(p.account.credentials, p.recipient, p.message, None)
    return p.passage.window is Window.none


# -------------------- rates and quotas


def _by_gate(pending: Sequence[Pending]) -> list[list[Pending]]:
    """Groups that pass the same gate; in the order of their keys, which is that in which all processes lock gates."""
    groups: dict[tuple[int, str, bool], list[Pending]] = {}
    for p in pending:
        groups.setdefault((p.channel_id, p.passage.api, p.priority in PATIENT), []).append(p)
    return [groups[key] for key in sorted(groups)]


def _pass(session: Session, group: Sequence[Pending], claimed: Claimed, now: datetime) -> None:
    """As many of the group as the gate lets through, the most urgent first; the others wait for its reason."""
    group = sorted(group, key=lambda p: (p.priority.rank, p.job.id))
    first, api = group[0], group[0].passage.api
    rate = first.account.platform.rates(first.account.credentials).get(api)
    share = gates.SHARE if first.priority in PATIENT else 1.0
    grant = gates.reserve(session, first.channel_id, api, rate, len(group), share=share, now=now)
    for p in group[: grant.count]:
        claimed.drafts.append(p.draft())
    before = {p.job.id: p.job.waits for p in group}
    for p in group[grant.count :]:
        _turn_away(p, grant, claimed, now)
    stuck = [p.conversation_id for p in group if p.job.waits is not None and p.job.waits != before[p.job.id]]
    publish(session, Kind.conversation, stuck, now=now)


def _turn_away(p: Pending, grant: Grant, claimed: Claimed, now: datetime) -> None:
    until = grant.until or now + SOON
    if grant.waits is Waits.rate and not grant.closed:
        # Its turn is soon: the row is left as it is, and this process looks elsewhere meanwhile.
        claimed.paused[p.channel_id, p.priority] = min(until, now + SOON)
    else:
        p.job.waits, p.job.not_before, p.job.error = grant.waits, until, grant.reason[:200]


def _unchanged(claimed: Claimed, pending: Sequence[Pending]) -> set[int]:
    """Lanes that were turned away for the rate: nothing about them changed, so nothing is written."""
    drafts = {draft.job_id for draft in claimed.drafts}
    return {
        p.job.lane_id for p in pending
        if (p.channel_id, p.priority) in claimed.paused and p.job.id not in drafts and p.job.waits is None
    }  # fmt: skip


# -------------------- on their way

_update_jobs = Update(table_of(Job), ("state", "attempts", "keyed", "waits"))
_update_messages = Update(table_of(Message), ("state", "sending_at", "reply_to_id", "reply_number"))


def _begin(session: Session, drafts: Sequence[Draft], *, worker: str, now: datetime, until: datetime) -> None:
    if not drafts:
        return
    session.flush()
    taken = lanes.taking([draft.lane_id for draft in drafts], worker=worker, until=until)
    begun = [(d.job_id, JobState.running, d.attempts, d.keyed, None) for d in drafts]
    leaving = [(d.message_id, MessageState.sending, now, *d.place) for d in drafts]
    together(session, [taken, (_update_jobs, begun), (_update_messages, leaving)])
    windows.write(session, [d.opened for d in drafts if d.opened is not None], now)
