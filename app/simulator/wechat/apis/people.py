"""Followers and their tags."""

from typing import Any

from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call, inner, texts
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.contacts import Contact

Json = dict[str, Any]
PAGE = 10_000
TAGS, TAGS_EACH, TAGGED_AT_ONCE = 100, 20, 50
_FIRST_TAG = 100
"""The platform's own tags (星标) stand below."""


def info(account: PlayedAccount, call: Call) -> Json:
    """One who left is told of by his openid alone."""
    contact = account.contact(call.query.get("openid"), call.now)
    told: Json = {"subscribe": int(contact.following), "openid": contact.openid}
    if contact.union_id:
        told["unionid"] = contact.union_id
    if not contact.following:
        return told
    since = int(contact.followed_at.timestamp()) if contact.followed_at else 1_700_000_000
    return told | {
        "language": "zh_CN", "subscribe_time": since, "remark": contact.remark, "groupid": 0,
        "tagid_list": sorted(contact.tags), "subscribe_scene": contact.scene, "qr_scene": 0, "qr_scene_str": "",
    }  # fmt: skip


def get(account: PlayedAccount, call: Call) -> Json:
    followers = [contact.openid for contact in account.contacts.values() if contact.following]
    return _page(followers, call.query.get("next_openid", "")) | {"total": len(followers)}


def create_tag(account: PlayedAccount, call: Call) -> Json:
    name = str(inner(call.body(literal=True), "tag").get("name", ""))
    if not name or name in account.tags.values():
        raise Refused(45157)
    if len(name) > 30:
        raise Refused(45158)
    if len(account.tags) >= TAGS:
        raise Refused(45056)
    number = _FIRST_TAG + len(account.tags)
    account.tags[number] = name
    return {"tag": {"id": number, "name": name}}


def get_tags(account: PlayedAccount, _call: Call) -> Json:
    counts = {number: sum(number in c.tags for c in account.contacts.values()) for number in account.tags}
    return {"tags": [{"id": n, "name": name, "count": counts[n]} for n, name in account.tags.items()]}


def get_tagged(account: PlayedAccount, call: Call) -> Json:
    body = call.body()
    number = _tag(account, body)
    tagged = [contact.openid for contact in account.contacts.values() if number in contact.tags]
    return _page(tagged, str(body.get("next_openid", "")))


def tag(account: PlayedAccount, call: Call) -> Json:
    number, contacts = _tagging(account, call)
    if any(len(contact.tags | {number}) > TAGS_EACH for contact in contacts):
        raise Refused(45059)
    for contact in contacts:
        contact.tags.add(number)
    return {}


def untag(account: PlayedAccount, call: Call) -> Json:
    number, contacts = _tagging(account, call)
    for contact in contacts:
        contact.tags.discard(number)
    return {}


def _tagging(account: PlayedAccount, call: Call) -> tuple[int, list[Contact]]:
    body = call.body()
    number, openids = _tag(account, body), texts(body.get("openid_list"))
    if openids is None or not 1 <= len(openids) <= TAGGED_AT_ONCE:
        raise Refused(40032)
    if any(openid not in account.contacts for openid in openids):
        raise Refused(49003)
    return number, [account.contacts[openid] for openid in openids]


def _tag(account: PlayedAccount, body: Json) -> int:
    number = body.get("tagid")
    if not isinstance(number, int) or number not in account.tags:
        raise Refused(45159)
    return number


def _page(openids: list[str], after: str) -> Json:
    start = openids.index(after) + 1 if after in openids else 0
    page = openids[start : start + PAGE]
    return {"count": len(page), "next_openid": page[-1] if page else ""} | ({"data": {"openid": page}} if page else {})
