"""A notice by template that leaves before its message: while the window is closed it tells the viewer to write, and the
message itself, in however many pieces, leaves as soon as he does.

A notice in place of a message (``fallback`` alone, as a campaign has it) ends it; one that announces it does not.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from app.channels import outbound
from app.conversations.models import Message, MessageState
from app.conversations.pending import NEVER
from app.jobs.models import Job, JobState, Waits

ANNOUNCED: Final = "the viewer was told by a notice that a message waits for him"


def written(notice: outbound.Notice) -> dict[str, Any]:
    """As the message's row keeps it."""
    return {"fallback": outbound.written(notice)[2], "announces": True}


def was_announcing(message: Message) -> bool:
    """What an attempt of this message that was interrupted did: the message itself takes a place in a window."""
    return "announces" in (message.data or {}) and message.reply_number is None


def wait(session: Session, job: Job, *, reason: str, at: datetime = NEVER) -> None:
    """It was announced, or cannot be: the message waits for the viewer, and no second notice follows.

    ``at``: now, where he wrote meanwhile.
    """
    message = session.get_one(Message, job.subject_id, populate_existing=True)
    left = {name: value for name, value in (message.data or {}).items() if name not in ("fallback", "announces")}
    message.state, message.data, message.error = MessageState.queued, left or None, reason[:200]
    job.state, job.attempts, job.keyed, job.doubtful = JobState.queued, 0, False, False
    job.waits, job.not_before, job.error = Waits.window, at, None
