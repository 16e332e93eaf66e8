"""Template messages (模板消息) and subscription notices (订阅通知): they need no open window."""

from typing import Any

from app.channels.delivery import Line, Outcome, Receipt
from app.channels.wechat import calls, outcomes


async def send_template(line: Line, notice: dict[str, Any]) -> Receipt:
    """Send ``messages.template_notice``. What becomes of it is told by TEMPLATESENDJOBFINISH.

    Its ``client_msg_id`` is recognised for ten minutes: within them a repeat cannot reach the viewer twice, and a lost
    answer is ``retry``.
    """
    passes = frozenset({outcomes.SAME_CLIENT_ID})
    answer = await calls.post(
        line, "/cgi-bin/message/template/send", notice, lost=Outcome.retry, needs=("errcode",), passes=passes
    )
    return Receipt(_id(answer), repeated=answer["errcode"] in passes)


async def send_subscribed(line: Line, notice: dict[str, Any]) -> Receipt:
    """Send ``messages.subscribed_notice``, which uses up one acceptance of the viewer.

    There is no key: a lost answer is ``unknown``.
    """
    answer = await calls.post(
        line, "/cgi-bin/message/subscribe/bizsend", notice, lost=Outcome.unknown, needs=("errcode",)
    )
    return Receipt(_id(answer))


def _id(answer: dict[str, Any]) -> str | None:
    found = answer.get("msgid")
    return str(found) if found else None
