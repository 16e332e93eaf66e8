"""What may be said although no window is open: the channel's approved templates, filled in by a person."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.channels import outbound
from app.channels.templates import Template, read_templates
from app.conversations.models import Channel
from app.desk import threads
from app.errors import AppError, ConfigurationError, NotFound

LONGEST: Final = 200
"""Characters of a field; platforms cut most of them at 20."""


class TemplateNotFound(NotFound):
    message = "没有找到这个模板，可能已经从渠道的设置里去掉"


class FieldMissing(AppError):
    status_code, message = 422, f"“{{label}}”要填，最多 {LONGEST} 字"


def list_for(session: Session, conversation_id: int, *, by: Actor) -> tuple[Template, ...]:
    """Those of the conversation's channel; none where its settings cannot be read."""
    rights.require(by, Action.see_conversations)
    channel_id = threads.get_for(session, by, conversation_id).channel_id
    settings = session.scalars(select(Channel.settings).where(Channel.id == channel_id)).one()
    try:
        return read_templates(settings)
    except ConfigurationError:
        return ()


def get_template(session: Session, conversation_id: int, template_id: str, *, by: Actor) -> Template:
    """TemplateNotFound."""
    for template in list_for(session, conversation_id, by=by):
        if template.id == template_id:
            return template
    raise TemplateNotFound


def filled(template: Template, values: Mapping[str, str]) -> outbound.Notice:
    """FieldMissing for one that is empty or too long. Pure."""
    given = {key: " ".join(values.get(key, "").split()) for key, _ in template.fields}
    for key, label in template.fields:
        if not 0 < len(given[key]) <= LONGEST:
            raise FieldMissing(label=label)
    return outbound.Notice(template.id, given)
