"""What stands in a thread: messages with their files and how they fare, and what happened beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.agents.models import Agent, Team
from app.channels.outbound import Choice
from app.conversations import attachments, outbox
from app.conversations.attachments import Attachment
from app.conversations.history import HistoryEntry
from app.conversations.models import Direction, Message
from app.conversations.pending import KIND, NEVER, TOPIC
from app.db.sql import is_any
from app.desk import names
from app.desk.models import Mention
from app.jobs.models import Job, JobState, Lane

MOST_EVENTS = 300
MOST_JOBS = 500


@dataclass(frozen=True, slots=True)
class File:
    id: int
    kind: str
    state: str
    content_type: str | None
    size: int | None
    name: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """Which entry of the knowledge answered, and how sure that was."""

    entry: str
    version: str
    score: float
    title: str | None
    """None where the message does not say it: the page asks the knowledge."""


@dataclass(frozen=True, slots=True)
class Said:
    id: int
    seq: int
    side: str
    """``viewer``, ``agent``, ``bot`` or ``system``."""
    author_name: str
    """Empty for bot and system: the page has words for them."""
    agent_id: int | None
    kind: str
    text: str
    data: Mapping[str, Any]
    state: str
    waits: str | None
    """Why it has not left (``jobs.models.Waits``)."""
    until: datetime | None
    """Until when it waits; None: not by time alone."""
    attempts: int
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    recalled_at: datetime | None
    via: str | None
    source: Source | None
    choices: tuple[Choice, ...]
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    id: int
    after_seq: int
    kind: str
    agent_id: int | None
    agent: str | None
    """None: the service."""
    text: str
    data: Mapping[str, Any]
    """As ``history.Kind`` says, with ``to_name``, ``former_name`` and ``team_name`` where they are known."""
    at: datetime
    mentions: tuple[str, ...]
    """Names of those whom a note names."""


Item = Said | Happened


@dataclass(slots=True)
class _Known:
    """What the rows of a page refer to."""

    viewer: str
    agents: dict[int, str] = field(default_factory=dict)
    teams: dict[int, str] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    files: dict[int, list[File]] = field(default_factory=dict)
    mentions: dict[int, list[int]] = field(default_factory=dict)


def page(
    session: Session, conversation_id: int, viewer: str, *, before: int | None, limit: int
) -> tuple[tuple[Item, ...], int | None]:
    """The newest messages (before ``before``) with what happened beside them; and where the page before ends."""
    own = [Message.conversation_id == conversation_id]
    beside = [HistoryEntry.conversation_id == conversation_id]
    if before is not None:
        own.append(Message.seq < before)
        beside.append(HistoryEntry.after_seq < before)
    newest = session.scalars(select(Message).where(*own).order_by(Message.seq.desc()).limit(limit + 1)).all()
    said = newest[:limit][::-1]
    older = said[0].seq if len(newest) > limit else None
    if older is not None:
        beside.append(HistoryEntry.after_seq >= older)
    return _items(session, conversation_id, viewer, said, beside), older


def since(session: Session, conversation_id: int, viewer: str, seq: int, *, limit: int) -> tuple[Item, ...]:
    """What came behind the message ``seq``, and what happened since it was the last."""
    own = (Message.conversation_id == conversation_id, Message.seq > seq)
    said = session.scalars(select(Message).where(*own).order_by(Message.seq).limit(limit)).all()
    beside = [HistoryEntry.conversation_id == conversation_id, HistoryEntry.after_seq >= seq]
    return _items(session, conversation_id, viewer, said, beside)


def _items(
    session: Session, conversation_id: int, viewer: str, said: Sequence[Message], beside: list[ColumnElement[bool]]
) -> tuple[Item, ...]:
    entries = select(HistoryEntry).where(*beside)
    newest_first = entries.order_by(HistoryEntry.after_seq.desc(), HistoryEntry.id.desc()).limit(MOST_EVENTS)
    happened = session.scalars(newest_first).all()[::-1]
    known = _Known(viewer)
    _load_files(session, known, said)
    _load_jobs(session, known, conversation_id, said)
    _load_names(session, known, said, happened)
    found: list[tuple[tuple[int, int, int], Item]] = [((m.seq, 0, m.id), _said(m, known)) for m in said]
    found += [((e.after_seq, 1, e.id), _happened(e, known)) for e in happened]
    return tuple(item for _, item in sorted(found, key=lambda each: each[0]))


# -------------------- what they refer to


def _load_files(session: Session, known: _Known, said: Sequence[Message]) -> None:
    heard = [message.id for message in said if message.direction == Direction.inbound]
    for row in attachments.list_of(session, heard) if heard else ():
        known.files.setdefault(row.message_id, []).append(_file(row))


def _file(row: Attachment) -> File:
    return File(row.id, row.kind, row.state, row.content_type, row.size, row.name, row.error)


def _load_jobs(session: Session, known: _Known, conversation_id: int, said: Sequence[Message]) -> None:
    """By the lane of the conversation: no index leads from a message to its job."""
    if not any(message.direction == Direction.outbound and message.state != "sent" for message in said):
        return
    own = (Lane.topic == TOPIC, Lane.subject_id == conversation_id, Job.kind == KIND)
    for job in session.scalars(select(Job).join(Lane, Lane.id == Job.lane_id).where(*own).limit(MOST_JOBS)):
        known.jobs[job.subject_id] = job


def _load_names(session: Session, known: _Known, said: Sequence[Message], happened: Sequence[HistoryEntry]) -> None:
    notes = [entry.id for entry in happened if entry.kind == "note"]
    if notes:
        named = select(Mention.entry_id, Mention.agent_id).where(is_any(Mention.entry_id, notes))
        for entry_id, agent_id in session.execute(named.order_by(Mention.agent_id)):
            known.mentions.setdefault(entry_id, []).append(agent_id)
    agents = {int(message.author) for message in said if message.author.isdecimal()}
    agents |= {entry.agent_id for entry in happened if entry.agent_id is not None}
    agents |= {agent_id for named_here in known.mentions.values() for agent_id in named_here}
    data = [entry.data or {} for entry in happened]
    agents |= {given[key] for given in data for key in ("to", "former") if isinstance(given.get(key), int)}
    teams = {given["team"] for given in data if isinstance(given.get("team"), int)}
    if agents:
        known.agents = _names(session, Agent, agents)
    if teams:
        known.teams = _names(session, Team, teams)


def _names(session: Session, model: type[Agent] | type[Team], ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(model.id, model.name).where(is_any(model.id, sorted(ids))))
    return {row[0]: row[1] for row in rows}


# -------------------- as they are shown


def _said(message: Message, known: _Known) -> Said:
    data, job = message.data or {}, known.jobs.get(message.id)
    side = names.side_of(message.direction, message.author)
    agent_id = int(message.author) if side == "agent" and message.author.isdecimal() else None
    name = known.viewer if side == "viewer" else known.agents.get(agent_id or 0, "")
    timed = job is not None and job.waits is not None and job.not_before != NEVER and job.state == JobState.queued
    return Said(
        message.id, message.seq, side, name, agent_id, message.kind, message.text, data, message.state,
        job.waits if job else None, job.not_before if job and timed else None, job.attempts if job else 0,
        message.error or (job.error if job else None), message.created_at, message.sent_at, message.recalled_at,
        message.via, _source(message.direction, data), _choices(message), tuple(known.files.get(message.id, ())),
    )  # fmt: skip


def _source(direction: str, data: Mapping[str, Any]) -> Source | None:
    if direction == Direction.inbound or "entry" not in data:
        return None
    return Source(data["entry"], data.get("version", ""), data.get("score", 0.0), data.get("title"))


def _choices(message: Message) -> tuple[Choice, ...]:
    return outbox.choices_of(message) if message.direction == Direction.outbound else ()


def _happened(entry: HistoryEntry, known: _Known) -> Happened:
    data = dict(entry.data or {})
    for key, named in (("to", known.agents), ("former", known.agents), ("team", known.teams)):
        if data.get(key) in named:
            data[f"{key}_name"] = named[data[key]]
    mentions = tuple(known.agents[each] for each in known.mentions.get(entry.id, ()) if each in known.agents)
    return Happened(
        entry.id, entry.after_seq, entry.kind, entry.agent_id, known.agents.get(entry.agent_id or 0), entry.text,
        data, entry.at, mentions,
    )  # fmt: skip
