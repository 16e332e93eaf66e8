"""Who follows the account, and the tags on them. Each function raises DeliveryError (see ``calls``)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.channels.delivery import Line, Outcome
from app.channels.exchange import bad_answer
from app.channels.wechat import calls

TAGGED_AT_ONCE = 50
"""Openids that one call of ``tag`` or ``untag`` takes."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Of one who left the platform tells nothing else. It has told no names and pictures since the end of 2021."""

    openid: str
    following: bool
    union_id: str | None = None
    """The same person with every account that is bound to one open platform."""
    since: datetime | None = None
    scene: str = ""
    tags: tuple[int, ...] = ()
    remark: str = ""


class Page(NamedTuple):
    """Up to 10,000 openids; ``next`` continues, empty at the end."""

    total: int
    openids: tuple[str, ...]
    next: str


class Tag(NamedTuple):
    id: int
    name: str
    followers: int = 0


async def get_follower(line: Line, *, openid: str) -> Follower:
    """Quota 5,000,000 a day."""
    query = {"openid": openid, "lang": "zh_CN"}
    return _read(await calls.get(line, "/cgi-bin/user/info", query, needs=("subscribe", "openid")))


async def list_openids(line: Line, *, after: str = "") -> Page:
    answer = await calls.get(line, "/cgi-bin/user/get", {"next_openid": after} if after else {}, needs=("total",))
    return _page(answer)


async def every_openid(line: Line) -> AsyncIterator[str]:
    """All followers, page by page."""
    after = ""
    while True:
        page = await list_openids(line, after=after)
        for openid in page.openids:
            yield openid
        if not page.openids or not page.next:
            return
        after = page.next


# -------------------- tags: at most 100 an account, 20 a follower


async def create_tag(line: Line, *, name: str) -> Tag:
    """A name is unique (45157), at most 30 characters."""
    body = {"tag": {"name": name}}
    answer = await calls.post(line, "/cgi-bin/tags/create", body, lost=Outcome.retry, needs=("tag",))
    return _tag(answer["tag"])


async def list_tags(line: Line) -> tuple[Tag, ...]:
    answer = await calls.get(line, "/cgi-bin/tags/get", needs=("tags",))
    if not isinstance(answer["tags"], list):
        raise bad_answer(Outcome.retry)
    return tuple(map(_tag, answer["tags"]))


async def list_tagged(line: Line, *, tag_id: int, after: str = "") -> Page:
    body = {"tagid": tag_id, "next_openid": after}
    return _page(await calls.post(line, "/cgi-bin/user/tag/get", body, lost=Outcome.retry))


async def tag(line: Line, *, tag_id: int, openids: Sequence[str]) -> None:
    """At most ``TAGGED_AT_ONCE``."""
    await _set_tag(line, "batchtagging", tag_id, openids)


async def untag(line: Line, *, tag_id: int, openids: Sequence[str]) -> None:
    await _set_tag(line, "batchuntagging", tag_id, openids)


async def _set_tag(line: Line, verb: str, tag_id: int, openids: Sequence[str]) -> None:
    if not 1 <= len(openids) <= TAGGED_AT_ONCE:
        raise ValueError(f"{len(openids)} openids; it takes 1 to {TAGGED_AT_ONCE}")
    body = {"openid_list": list(openids), "tagid": tag_id}
    await calls.post(line, f"/cgi-bin/tags/members/{verb}", body, lost=Outcome.retry, needs=("errcode",))


def _read(answer: dict[str, Any]) -> Follower:
    since = answer.get("subscribe_time")
    return Follower(
        openid=str(answer["openid"]),
        following=answer["subscribe"] == 1,
        union_id=answer.get("unionid") or None,
        since=datetime.fromtimestamp(since, UTC) if isinstance(since, int) and since > 0 else None,
        scene=str(answer.get("subscribe_scene", "")),
        tags=tuple(answer.get("tagid_list") or ()),
        remark=str(answer.get("remark", "")),
    )


def _page(answer: dict[str, Any]) -> Page:
    """An empty page has no ``data``; the pages of a tag have no ``total``."""
    openids = answer["data"].get("openid", []) if isinstance(answer.get("data"), dict) else []
    total = answer.get("total", len(openids))
    if not isinstance(openids, list) or not isinstance(total, int):
        raise bad_answer(Outcome.retry)
    return Page(total, tuple(map(str, openids)), str(answer.get("next_openid", "")))


def _tag(found: Any) -> Tag:
    match found:
        case {"id": int(number), "name": str(name)}:
            return Tag(number, name, int(found.get("count", 0)))
    raise bad_answer(Outcome.retry)
