"""What the platform reports about a viewer or the account: each event it documents, and the content it becomes."""

from collections.abc import Callable, Mapping
from typing import Final

from app.channels.content import (
    AgentSession,
    ArticlePublished,
    Content,
    Followed,
    MassSendReported,
    MenuUsed,
    NoticeReported,
    Positioned,
    PrivacyChanged,
    Scanned,
    SubscriptionChanged,
    Unfollowed,
    Unknown,
)
from app.channels.wechat.fields import Fields, Malformed, decimal, degrees, nested, optional, required, several, whole

_SCENE_PREFIX = "qrscene_"


def read_event(event: str, fields: Fields) -> Content:
    """The content of an event by its lower-case name; Malformed when what it needs is missing or wrong."""
    reader = _READERS.get(event)
    return reader(event, fields) if reader else Unknown(f"event:{event}")


def _followed(_event: str, fields: Fields) -> Followed:
    key = optional(fields, "EventKey") or ""
    # Without the prefix the key is no scene: a viewer who followed after paying has a "last_trade_no_…" there.
    scene = key.removeprefix(_SCENE_PREFIX) if key.startswith(_SCENE_PREFIX) else None
    return Followed(scene=scene or None, ticket=optional(fields, "Ticket"))


def _unfollowed(_event: str, _fields: Fields) -> Unfollowed:
    return Unfollowed()


def _scanned(_event: str, fields: Fields) -> Scanned:
    return Scanned(scene=optional(fields, "EventKey") or "", ticket=optional(fields, "Ticket"))


def _positioned(_event: str, fields: Fields) -> Positioned:
    return Positioned(
        latitude=degrees(fields, "Latitude", 90),
        longitude=degrees(fields, "Longitude", 180),
        precision=decimal(fields, "Precision"),
    )


_MENU_DETAILS = (
    ("ScanCodeInfo", "ScanType", "scan_type"),
    ("ScanCodeInfo", "ScanResult", "scan_result"),
    ("SendPicsInfo", "Count", "pictures"),
    ("SendLocationInfo", "Location_X", "latitude"),
    ("SendLocationInfo", "Location_Y", "longitude"),
    ("SendLocationInfo", "Scale", "scale"),
    ("SendLocationInfo", "Label", "label"),
    ("SendLocationInfo", "Poiname", "place"),
)


def _menu_used(event: str, fields: Fields) -> MenuUsed:
    found = {name: optional(nested(fields, group), field) for group, field, name in _MENU_DETAILS}
    found["menu_id"] = optional(fields, "MenuId")
    details = {name: value for name, value in found.items() if value is not None}
    return MenuUsed(action=event, key=optional(fields, "EventKey") or "", details=details)


def _template_reported(_event: str, fields: Fields) -> NoticeReported:
    return NoticeReported(message_id=required(fields, "MsgID"), status=required(fields, "Status"))


def _notice_reported(event: str, fields: Fields) -> NoticeReported:
    """The platform reports one notice at a time, though in a list."""
    reports = _subscriptions(event, fields)
    if not reports:
        raise Malformed("missing_field:List")
    return NoticeReported(
        message_id=required(reports[0], "MsgID"),
        status=optional(reports[0], "ErrorStatus") or required(reports[0], "ErrorCode"),
        template_id=optional(reports[0], "TemplateId"),
    )


def _subscription_changed(event: str, fields: Fields) -> SubscriptionChanged:
    choices = _subscriptions(event, fields)
    return SubscriptionChanged(
        tuple(
            (required(choice, "TemplateId"), required(choice, "SubscribeStatusString") == "accept")
            for choice in choices
        )
    )


_SUBSCRIPTION_GROUPS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


def _subscriptions(event: str, fields: Fields) -> list[Fields]:
    """The list is ``<Group><List>`` in XML; in JSON either of the two names may be missing."""
    group = _SUBSCRIPTION_GROUPS[event]
    if group not in fields:
        return several(fields, "List")
    value = fields[group]
    return several(value, "List") if isinstance(value, dict) and "List" in value else several(fields, group)


def _mass_send_reported(_event: str, fields: Fields) -> MassSendReported:
    return MassSendReported(
        message_id=required(fields, "MsgID"),
        status=required(fields, "Status"),
        total=whole(fields, "TotalCount"),
        filtered=whole(fields, "FilterCount"),
        sent=whole(fields, "SentCount"),
        failed=whole(fields, "ErrorCount"),
    )


def _article_published(_event: str, fields: Fields) -> ArticlePublished:
    result = nested(fields, "PublishEventInfo")
    return ArticlePublished(
        publish_id=required(result, "publish_id"),
        status=required(result, "publish_status"),
        article_id=optional(result, "article_id"),
    )


_SESSION_ACTIONS = {"kf_create_session": "opened", "kf_close_session": "closed"}


def _agent_session(event: str, fields: Fields) -> AgentSession:
    return AgentSession(action=_SESSION_ACTIONS[event], agent=required(fields, "KfAccount"))


def _agent_switched(_event: str, fields: Fields) -> AgentSession:
    return AgentSession(
        action="switched",
        agent=required(fields, "ToKfAccount"),
        previous_agent=optional(fields, "FromKfAccount"),
    )


_PRIVACY_ACTIONS = {
    "user_info_modified": "modified",
    "user_authorization_revoke": "revoked",
    "user_authorization_cancellation": "cancelled",
}
_PRIVACY_DETAILS = (("OpenID", "openid"), ("AppID", "app_id"), ("RevokeInfo", "revoke_info"))


def _privacy_changed(event: str, fields: Fields) -> PrivacyChanged:
    found = {name: optional(fields, field) for field, name in _PRIVACY_DETAILS}
    details = {name: value for name, value in found.items() if value is not None}
    return PrivacyChanged(action=_PRIVACY_ACTIONS[event], details=details)


_MENU_EVENTS = (
    "click",
    "view",
    "view_miniprogram",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
)

_READERS: Final[Mapping[str, Callable[[str, Fields], Content]]] = {
    "subscribe": _followed,
    "unsubscribe": _unfollowed,
    "scan": _scanned,
    "location": _positioned,
    **dict.fromkeys(_MENU_EVENTS, _menu_used),
    "templatesendjobfinish": _template_reported,
    "subscribe_msg_sent_event": _notice_reported,
    "subscribe_msg_popup_event": _subscription_changed,
    "subscribe_msg_change_event": _subscription_changed,
    "masssendjobfinish": _mass_send_reported,
    "publishjobfinish": _article_published,
    "kf_create_session": _agent_session,
    "kf_close_session": _agent_session,
    "kf_switch_session": _agent_switched,
    **dict.fromkeys(_PRIVACY_ACTIONS, _privacy_changed),
}
