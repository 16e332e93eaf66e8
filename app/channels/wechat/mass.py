"""Messages to many followers at once (群发). A service account reaches each follower four times a month; what comes
after that is left out silently for him. What became of a job is told by MASSSENDJOBFINISH.

Each function raises DeliveryError (see ``calls``).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from app.channels.delivery import Line, Outcome
from app.channels.exchange import bad_answer
from app.channels.text import carriable
from app.channels.wechat import calls, outcomes

FEWEST, MOST = 2, 10_000
"""Recipients of one call of ``send_to_list``."""
_PASSES = frozenset({outcomes.SAME_CLIENT_ID})


class Content(NamedTuple):
    """What a job sends: the platform's name of the kind, and its object."""

    kind: str
    body: dict[str, Any]


class Job(NamedTuple):
    """A job that the platform queued; nothing has been delivered yet."""

    id: str
    data_id: str | None
    """By which the platform's statistics name an article."""
    repeated: bool = False
    """The key had been taken before: this is the job that it became then."""


class State(StrEnum):
    sending = "sending"
    sent = "sent"
    failed = "failed"
    deleted = "deleted"


_STATES = {
    "SENDING": State.sending, "SEND_SUCCESS": State.sent, "SEND_FAIL": State.failed, "DELETE": State.deleted,
}  # fmt: skip


def text(content: str) -> Content:
    return Content("text", {"content": carriable(content)})


def article(media_id: str) -> Content:
    """A draft with all its articles, by the id of the draft."""
    return Content("mpnews", {"media_id": media_id})


def pictures(media_ids: Sequence[str], *, recommend: str = "") -> Content:
    """Up to 20 pictures of the permanent material, with a sentence beside them."""
    return Content("images", {"media_ids": list(media_ids), "recommend": carriable(recommend)})


def voice(media_id: str) -> Content:
    return Content("voice", {"media_id": media_id})


def video(media_id: str) -> Content:
    return Content("mpvideo", {"media_id": media_id})


async def send_to_tag(line: Line, *, content: Content, key: str, tag_id: int | None = None) -> Job:
    """To the followers with a tag, or to all (``tag_id`` None: also shown on the account's page).

    ``key``: at most 64 characters, recognised for 24 hours; so a lost answer is ``retry``, and a repeat gives the job
    of the first. A repeat within a minute is refused with 45066, outcome ``later``.
    """
    to_whom = {"is_to_all": True} if tag_id is None else {"is_to_all": False, "tag_id": tag_id}
    return await _submit(line, "sendall", {"filter": to_whom}, content, key)


async def send_to_list(line: Line, *, openids: Sequence[str], content: Content, key: str) -> Job:
    """To 2 to 10,000 followers by openid (service accounts only). ``key`` as for ``send_to_tag``."""
    if not FEWEST <= len(openids) <= MOST:
        raise ValueError(f"a list of {len(openids)} openids; it takes {FEWEST} to {MOST}")
    return await _submit(line, "send", {"touser": list(openids)}, content, key)


async def preview(line: Line, *, content: Content, openid: str = "", wechat_name: str = "") -> None:
    """Show one person, by openid or by his WeChat name, what would be sent. 100 a day; a lost answer is ``unknown``."""
    to_whom = {"towxname": wechat_name} if wechat_name else {"touser": openid}
    body = to_whom | {"msgtype": content.kind, content.kind: content.body}
    await calls.post(line, "/cgi-bin/message/mass/preview", body, lost=Outcome.unknown, needs=("errcode",))


async def get_state(line: Line, *, job_id: str) -> State:
    answer = await calls.post(
        line, "/cgi-bin/message/mass/get", {"msg_id": job_id}, lost=Outcome.retry, needs=("msg_status",)
    )
    try:
        return _STATES[str(answer["msg_status"])]
    except KeyError:
        raise bad_answer(Outcome.retry) from None


async def recall(line: Line, *, job_id: str, article: int = 0) -> None:
    """Delete an article or video that was sent: its card stays on the phones, but opens nothing.

    ``article`` counts from 1; 0 deletes all. Other kinds cannot be taken back.
    """
    body = {"msg_id": int(job_id), "article_idx": article}
    await calls.post(line, "/cgi-bin/message/mass/delete", body, lost=Outcome.retry, needs=("errcode",))


async def get_speed(line: Line) -> int:
    """0 (800,000 a minute) to 4 (100,000 a minute)."""
    answer = await calls.post(line, "/cgi-bin/message/mass/speed/get", {}, lost=Outcome.retry, needs=("speed",))
    if not isinstance(answer["speed"], int):
        raise bad_answer(Outcome.retry)
    return answer["speed"]


async def set_speed(line: Line, *, speed: int) -> None:
    """Slower is kinder to our own webhook, which hears the answers: 0 (fastest) to 4."""
    await calls.post(line, "/cgi-bin/message/mass/speed/set", {"speed": speed}, lost=Outcome.retry)


async def _submit(line: Line, verb: str, to_whom: dict[str, Any], content: Content, key: str) -> Job:
    body = to_whom | {
        "msgtype": content.kind,
        content.kind: content.body,
        "send_ignore_reprint": 1,
        "clientmsgid": key,
    }
    path = f"/cgi-bin/message/mass/{verb}"
    answer = await calls.post(line, path, body, lost=Outcome.retry, needs=("msg_id",), passes=_PASSES)
    data_id = answer.get("msg_data_id")
    return Job(str(answer["msg_id"]), str(data_id) if data_id else None, answer.get("errcode") in _PASSES)
