"""Bodies of pushes as the platform writes them, and the events by which it tells what became of a call. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.simulator.wechat.jobs import MassJob

Value = str | int | float | None | Mapping[str, "Value"]
HELPER = "mphelper"
"""Who seems to send the events about the account itself."""


@dataclass(frozen=True, slots=True)
class Event:
    openid: str
    kind: str
    body: bytes


def xml(values: Mapping[str, Value]) -> bytes:
    return f"<xml>{_elements(values)}</xml>".encode()


def template_finished(account_id: str, openid: str, message_id: int, status: str, now: datetime) -> Event:
    """``status``: ``success``, ``failed:user block``, ``failed: system failed``."""
    return _event(account_id, openid, "TEMPLATESENDJOBFINISH", now, {"MsgID": message_id, "Status": status})


def subscribed_finished(account_id: str, openid: str, message_id: int, template_id: str, now: datetime) -> Event:
    told: Mapping[str, Value] = {
        "TemplateId": template_id,
        "MsgID": str(message_id),
        "ErrorCode": "0",
        "ErrorStatus": "success",
    }
    return _event(account_id, openid, "subscribe_msg_sent_event", now, {"SubscribeMsgSentEvent": {"List": told}})


def mass_finished(account_id: str, job: MassJob, now: datetime) -> Event:
    counts: Mapping[str, Value] = {
        "MsgID": job.id, "Status": job.status, "TotalCount": len(job.openids), "FilterCount": job.filtered,
        "SentCount": job.sent, "ErrorCount": job.failed,
    }  # fmt: skip
    return _event(account_id, HELPER, "MASSSENDJOBFINISH", now, counts)


def published(account_id: str, publish_id: str, status: int, article_id: str, now: datetime) -> Event:
    told: Mapping[str, Value] = {"publish_id": publish_id, "publish_status": status, "article_id": article_id or None}
    return _event(account_id, HELPER, "PUBLISHJOBFINISH", now, {"PublishEventInfo": told})


def _event(account_id: str, openid: str, kind: str, now: datetime, more: Mapping[str, Value]) -> Event:
    head: Mapping[str, Value] = {
        "ToUserName": account_id, "FromUserName": openid, "CreateTime": int(now.timestamp()), "MsgType": "event",
        "Event": kind,
    }  # fmt: skip
    return Event(openid, kind, xml({**head, **more}))


def _elements(values: Mapping[str, Value]) -> str:
    return "".join(_element(name, value) for name, value in values.items() if value is not None)


def _element(name: str, value: Value) -> str:
    """Texts stand in CDATA, where only its own end must be split; numbers stand bare."""
    if isinstance(value, Mapping):
        return f"<{name}>{_elements(value)}</{name}>"
    written = str(value) if isinstance(value, (int, float)) else f"<![CDATA[{_cdata(value or '')}]]>"
    return f"<{name}>{written}</{name}>"


def _cdata(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")
