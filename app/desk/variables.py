"""Variables of quick replies: {观众} becomes the viewer's name; what nobody knows becomes 【观众】, to be filled in."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.calendars import BEIJING
from app.agents.rights import Action, Actor
from app.conversations.models import Channel, Conversation
from app.errors import NotFound
from app.tickets.models import Ticket
from app.viewers.models import Identity, Viewer

VARIABLES: Final = ("观众", "客服", "作品", "剧集", "工单", "渠道", "时间")
_PLATFORMS: Final = {"wechat": "微信公众号", "qq": "QQ"}
"""As viewers call them."""
_NAME = "[^{}｛｝【】\\s]{1,12}"
_VARIABLE: Final = re.compile(f"[{{｛]({_NAME})[}}｝]")
_BLANK: Final = re.compile(f"【({_NAME})】")


def render(text: str, values: Mapping[str, str]) -> str:
    """Pure. A variable that is unknown or empty is left as a blank that nobody overlooks."""
    return _VARIABLE.sub(lambda found: values.get(found[1]) or f"【{found[1]}】", text)


def blanks(text: str) -> tuple[str, ...]:
    """What is still to be filled in, in order, each once. Pure."""
    return tuple(dict.fromkeys(_BLANK.findall(text)))


def unknown(text: str) -> tuple[str, ...]:
    """What stands in braces and is none of ``VARIABLES``: most probably mistyped. Pure."""
    return tuple(dict.fromkeys(name for name in _VARIABLE.findall(text) if name not in VARIABLES))


def values_for(session: Session, conversation_id: int, *, by: Actor, now: datetime) -> dict[str, str]:
    """What the variables mean in a conversation; those of which nothing is known are missing. NotFound."""
    rights.require(by, Action.see_conversations)
    row = session.execute(
        select(Conversation.title, Conversation.heard, Viewer.name, Viewer.id, Channel.platform)
        .join(Identity, Identity.id == Conversation.identity_id)
        .join(Viewer, Viewer.id == Identity.viewer_id)
        .join(Channel, Channel.id == Conversation.channel_id)
        .where(Conversation.id == conversation_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    title, heard, viewer, viewer_id, platform = row
    local = now.astimezone(BEIJING)
    found = {
        "观众": viewer, "客服": by.name, "作品": title, "剧集": _episode(heard), "工单": _ticket(session, viewer_id),
        "渠道": _PLATFORMS.get(platform), "时间": f"{local.month}月{local.day}日 {local:%H:%M}",
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _episode(heard: str | None) -> str:
    """第5集, or 第2季第5集."""
    known = json.loads(heard) if heard else {}
    season, episode = known.get("season"), known.get("episode")
    return (f"第{season}季" if season else "") + (f"第{episode}集" if episode else "")


def _ticket(session: Session, viewer_id: int) -> str | None:
    """The newest one that is open."""
    newest = select(Ticket.number).where(Ticket.viewer_id == viewer_id, Ticket.closed_at.is_(None))
    number = session.scalar(newest.order_by(Ticket.id.desc()).limit(1))
    return f"T-{number}" if number is not None else None
