"""Whether a viewer can be reached now, and how often: what the sender will decide, told to people beforehand."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.channels import outbound
from app.channels.delivery import Window as Need
from app.conversations import windows
from app.conversations.accounts import Account
from app.conversations.models import Conversation
from app.viewers.models import Identity


class Closed(StrEnum):
    """Why no window is open."""

    unserved = "unserved"
    """This process does not serve the channel."""
    left = "left"
    """The viewer does not follow the account any more."""
    silent = "silent"
    """He did not write for longer than the platform's time, or never."""
    used_up = "used_up"
    """It is open by its time, but has had all its messages."""


@dataclass(frozen=True, slots=True)
class Window:
    is_open: bool
    until: datetime | None
    """When the last of what is open closes."""
    left: int | None
    """Messages; None: nobody counts them."""
    allowed: int
    used_up: bool
    closed_reason: Closed | None
    speaks_first: bool = False
    """Where no window is open we may still write, of our own accord."""


def window(session: Session, talk: Conversation, identity: Identity, account: Account | None, now: datetime) -> Window:
    if account is None:
        return _closed(Closed.unserved)
    if identity.following is False:
        return _closed(Closed.left)
    here = talk.heard_seq > 0 and talk.closed_at is None
    heard_in = talk.id if here else windows.latest_heard(session, [talk.identity_id]).get(talk.identity_id, talk.id)
    found, counts = windows.anchors(session, [heard_in])
    anchors = found.get(talk.identity_id, [])
    given = (account.platform, account.credentials, identity.external_id, anchors, counts, now)
    opened = windows.open_windows(*given)
    if not opened:
        used_up = windows.is_used_up(*given)
        return _closed(Closed.used_up if used_up else Closed.silent, speaks_first=_speaks_first(account, identity))
    left = sum(each.left for each in opened)
    return Window(True, max(each.until for each in opened), left, sum(each.allowed for each in opened), False, None)


def _closed(reason: Closed, *, speaks_first: bool = False) -> Window:
    return Window(False, None, 0, 0, reason is Closed.used_up, reason, speaks_first)


def _speaks_first(account: Account, identity: Identity) -> bool:
    address = identity.external_id
    passage = account.platform.passage(account.credentials, address, outbound.Text("…"), None)
    if passage.window is Need.none:
        return True
    if passage.window is not Need.preferred or account.platform.place(address) != address:
        return False  # a group's owner decides, of whom this says nothing
    return identity.proactive is not False
