"""A mass send on its way: queued, waiting for an administrator, sending, sent, failed, deleted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    waiting = "waiting"
    """For the administrator's confirmation, thirty minutes at most."""
    sending = "sending"
    sent = "sent"
    failed = "failed"
    deleted = "deleted"

    @property
    def words(self) -> str:
        """As ``mass/get`` says it."""
        return {"sent": "SEND_SUCCESS", "failed": "SEND_FAIL", "deleted": "DELETE"}.get(self.value, "SENDING")


@dataclass(slots=True)
class MassJob:
    id: int
    data_id: int
    api: str
    key: str
    kind: str
    content: dict[str, Any]
    openids: tuple[str, ...]
    """Whom it was meant for when it was taken."""
    at: datetime
    state: JobState
    status: str = ""
    """As the event tells it."""
    filtered: int = 0
    """Left after those who had their four this month, left, or are on the blacklist."""
    sent: int = 0
    failed: int = 0
