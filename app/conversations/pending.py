"""A message whose turn it is, with all that decides whether and how it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session, aliased

from app.channels import outbound
from app.channels.delivery import Passage, ReplyTo
from app.conversations.accounts import Account
from app.conversations.models import Conversation, InboundEvent, Message, Owner
from app.conversations.windows import Opened
from app.db.driver import Prepared
from app.db.sql import is_any
from app.jobs.models import Job, Priority
from app.viewers.models import Identity

TOPIC = "conversation"
KIND = "message"
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""``not_before`` of what can only leave after the viewer's next message."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One attempt: what the sender needs, and what it takes to write what became of it."""

    lane_id: int
    job_id: int
    message_id: int
    channel_id: int
    identity_id: int
    recipient: str
    message: outbound.Message
    api: str
    keyed: bool
    reply_to: ReplyTo | None
    opened: Opened | None
    """The window in which this attempt took a place; None for a repeat of an earlier one."""
    heard: int
    """The viewer's newest message when this was claimed."""
    attempts: int
    doubtful: bool
    place: tuple[int | None, int | None]
    """The viewer's message in whose window it leaves, and the number there."""
    agent: str | None
    """The platform's own name of the agent who writes, where the message says one."""
    conversation_id: int
    announces: bool = False
    """It is the notice that leaves before the message."""


@dataclass(slots=True)
class Pending:
    job: Job
    account: Account
    conversation_id: int
    channel_id: int
    identity_id: int
    recipient: str
    priority: Priority
    """That of its lane: what stands before something urgent is as urgent."""
    heard_here: bool
    """Whether this is the conversation in which the viewer wrote last."""
    proactive: bool | None
    """Of the place: the group's for its members."""
    message: outbound.Message
    fallback: outbound.Message | None
    announces: bool
    """``fallback`` leaves before the message, not in its place."""
    passage: Passage
    stored_reply: ReplyTo | None
    stored_place: tuple[int | None, int | None]
    agent: str | None
    behind: bool
    """An earlier message of the conversation is still on its way on a webhook's response."""
    heard: int = 0
    opened: Opened | None = None
    reply_to: ReplyTo | None = None
    fell_back: bool = False

    def draft(self) -> Draft:
        """Takes the place in its window."""
        place: tuple[int | None, int | None] = (None, None)
        if self.opened is not None:
            self.reply_to = self.opened.take()
            place = (self.opened.anchor.message_id, self.reply_to.number)
        elif self.reply_to is not None:
            place = self.stored_place
        return Draft(
            self.job.lane_id, self.job.id, self.job.subject_id, self.channel_id, self.identity_id, self.recipient,
            self.message, self.passage.api, self.passage.keyed, self.reply_to, self.opened, self.heard,
            self.job.attempts + 1, self.job.doubtful, place, self.agent,
            self.conversation_id, self.fell_back and self.announces,
        )  # fmt: skip


_earlier, _anchor = aliased(Message), aliased(Message)
_BEHIND = (
    select(literal_column("1"))
    .where(
        _earlier.conversation_id == Message.conversation_id,
        _earlier.seq < Message.seq,
        _earlier.seq >= Message.seq - 20,
        _earlier.state == literal_column("'sending'"),
    )
    .exists()
)
_ROWS = Prepared(
    select(
        Message.id, Message.kind, Message.text, Message.data, Message.author, Message.reply_to_id, Message.reply_number,
        Message.conversation_id, Conversation.channel_id, Conversation.owner, Conversation.heard_seq,
        Conversation.closed_at, Conversation.identity_id, Identity.external_id, Identity.following, Identity.proactive,
        Identity.refused_pushes_at, InboundEvent.dedupe_key, _BEHIND.label("behind"),
    )
    .join(Conversation, Conversation.id == Message.conversation_id)
    .join(Identity, Identity.id == Conversation.identity_id)
    .outerjoin(_anchor, _anchor.id == Message.reply_to_id)
    .outerjoin(InboundEvent, InboundEvent.id == _anchor.event_id)
    .where(is_any(Message.id, "messages"))
)  # fmt: skip


class _Row(NamedTuple):
    """What ``_ROWS`` reads."""

    id: int
    kind: str
    text: str
    data: dict[str, Any] | None
    author: str
    reply_to_id: int | None
    reply_number: int | None
    conversation_id: int
    channel_id: int
    owner: str
    heard_seq: int
    closed_at: datetime | None
    identity_id: int
    external_id: str
    following: bool | None
    proactive: bool | None
    refused_pushes_at: datetime | None
    reply_key: str | None
    behind: bool


class Refused(NamedTuple):
    """A message that must not leave."""

    job: Job
    reason: str
    dead: bool
    """Whether it is kept as a dead job, because sending it again later can help."""


def load(
    session: Session, jobs: Sequence[Job], accounts: Mapping[int, Account], priorities: Mapping[int, Priority]
) -> tuple[list[Pending], list[Refused]]:
    """What is known of the messages of these jobs, and those that must not leave, each in the order of the jobs.

    ``priorities``: by lane.
    """
    found = {row[0]: _Row(*row) for row in _ROWS(session, messages=[job.subject_id for job in jobs])} if jobs else {}
    pending: list[Pending] = []
    refused: list[Refused] = []
    for job in jobs:
        read = _read(job, found.get(job.subject_id), accounts, priorities[job.lane_id])
        (refused if isinstance(read, Refused) else pending).append(read)  # type: ignore[arg-type]
    _note_places(session, pending)
    return pending, refused


def _read(job: Job, row: _Row | None, accounts: Mapping[int, Account], priority: Priority) -> Pending | Refused:
    if row is None:
        return Refused(job, "the message does not exist any more", dead=False)
    if reason := _objection(job, row):
        return Refused(job, reason, dead=row.following is False)
    account, given = accounts[row.channel_id], row.data or {}
    try:
        message = outbound.read(row.kind, row.text, given)
        fallback = outbound.read("notice", "", given["fallback"]) if "fallback" in given else None
    except (ValueError, KeyError, TypeError) as error:
        return Refused(job, f"this version cannot read the message: {type(error).__name__}", dead=True)
    stored = ReplyTo(row.reply_key or "", row.reply_number) if row.reply_number else None
    return Pending(
        job, account, row.conversation_id, row.channel_id, row.identity_id, row.external_id,
        priority, row.heard_seq > 0 and row.closed_at is None, row.proactive, message, fallback,
        "announces" in given,
        account.platform.passage(account.credentials, row.external_id, message, None),
        stored, (row.reply_to_id, row.reply_number), given.get("agent"), row.behind,
    )  # fmt: skip


def _objection(job: Job, row: _Row) -> str | None:
    if row.following is False:
        return "the viewer does not follow the account any more"
    if row.owner == Owner.agent and row.author == "bot" and job.priority == Priority.bot.rank:
        return "an agent has taken over: the bot keeps silent"
    if row.refused_pushes_at is not None and job.priority >= Priority.notice.rank:
        return "the viewer wants no pushes"
    return None


def _note_places(session: Session, pending: Sequence[Pending]) -> None:
    """Of those who are reached in a group, whether its owner lets us speak first."""
    places = {place for p in pending if (place := p.account.platform.place(p.recipient)) != p.recipient}
    if not places:
        return
    names = sorted(places)
    rows = session.execute(
        select(Identity.channel_id, Identity.external_id, Identity.proactive).where(is_any(Identity.external_id, names))
    )
    told = {(row[0], row[1]): row[2] for row in rows}
    for p in pending:
        place = p.account.platform.place(p.recipient)
        if place != p.recipient:
            p.proactive = told.get((p.channel_id, place))
