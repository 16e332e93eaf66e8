"""Answers of the knowledge to what the viewer wrote last: for the agent to take over, never sent by themselves."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.conversations.models import Direction, Message
from app.desk import threads
from app.dialogue.understand import Brain
from app.faq.knowledge import Entry
from app.matching.devices import Device

SUGGESTED: Final = 3
LATEST: Final = 3
"""Of the viewer's texts: what he asks often takes two or three."""
LOWEST: Final = 0.3
"""Score below which an entry has nothing to do with the text."""
LONGEST: Final = 1000
"""Characters of a viewer's text that are looked at."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    entry: str
    title: str
    text: str
    """For the viewer's device where it is known."""
    version: str
    score: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What the viewer wrote since somebody last answered him; else the last that he wrote."""

    texts: tuple[str, ...]
    device: Device | None


def read_asked(session: Session, conversation_id: int, *, by: Actor) -> Asked:
    rights.require(by, Action.see_conversations)
    talk = threads.get_for(session, by, conversation_id)
    here = Message.conversation_id == conversation_id
    answered = session.scalar(
        select(func.max(Message.seq)).where(here, Message.direction == Direction.outbound, Message.author != "bot")
    )
    heard = (here, Message.direction == Direction.inbound, Message.kind == "text", Message.recalled_at.is_(None))
    rows = session.execute(select(Message.seq, Message.text).where(*heard).order_by(Message.seq.desc()).limit(LATEST))
    newest = [(seq, text[:LONGEST]) for seq, text in rows]
    open_ = [text for seq, text in newest if seq > (answered or 0)] or [text for _, text in newest[:1]]
    device = json.loads(talk.heard).get("device") if talk.heard else None
    return Asked(tuple(reversed(open_)), Device(device) if device else None)


def suggest(asked: Asked, brain: Brain) -> list[Suggestion]:
    """The best entries first. Each text by itself, and all of them as one. Pure, and cached where it is costly."""
    best: dict[str, float] = {}
    for text in _looked_at(asked.texts):
        for candidate in brain.understand(text).match.candidates:
            best[candidate.target] = max(best.get(candidate.target, 0.0), candidate.score)
    ranked = sorted(best.items(), key=lambda found: -found[1])
    found = [(brain.target(target), score) for target, score in ranked if score >= LOWEST]
    return [
        Suggestion(entry.id, entry.title, entry.steps_for(asked.device) or entry.answer, entry.version, score)
        for entry, score in found
        if isinstance(entry, Entry) and entry.answer  # one that is withheld is no answer, an intent acts by itself
    ][:SUGGESTED]


def _looked_at(texts: Sequence[str]) -> list[str]:
    known = [text for text in texts if text.strip()]
    return known if len(known) < 2 else [*known, "\n".join(known)]
