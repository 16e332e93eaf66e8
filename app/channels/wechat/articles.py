"""Drafts (草稿箱) and their publication (发布): an article is written as a draft, then published or sent to followers.

Publishing makes a page and tells nobody. Each function raises DeliveryError (see ``calls``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.channels.delivery import Line, Outcome
from app.channels.exchange import bad_answer
from app.channels.wechat import calls

MOST = 8
"""Articles of one draft."""


@dataclass(frozen=True, slots=True)
class DraftArticle:
    """``content`` is HTML whose pictures come from ``media_calls.upload_picture``; ``cover`` is permanent material."""

    title: str
    """At most 32 characters."""
    content: str
    cover: str
    author: str = ""
    digest: str = ""
    """What stands under the title, at most 128 characters; empty: the beginning of the text."""
    source_url: str = ""
    """Behind “阅读原文”."""
    comments: bool = False


class Published(NamedTuple):
    """How a publication stands. ``status``: 0 done, 1 under way, 2 original elsewhere, 3 failed, 4 refused by audit,
    5 all deleted, 6 banned afterwards."""

    status: int
    article_id: str | None
    urls: tuple[str, ...]

    @property
    def done(self) -> bool:
        return self.status == 0


async def add_draft(line: Line, *, articles: Sequence[DraftArticle]) -> str:
    """The draft's id. There is no key, so a lost answer is ``unknown``: a repeat could leave a second draft."""
    if not 1 <= len(articles) <= MOST:
        raise ValueError(f"a draft of {len(articles)} articles; it takes 1 to {MOST}")
    body = {"articles": [_written(article) for article in articles]}
    answer = await calls.post(line, "/cgi-bin/draft/add", body, lost=Outcome.unknown, needs=("media_id",))
    return str(answer["media_id"])


async def get_draft(line: Line, *, draft_id: str) -> tuple[DraftArticle, ...]:
    body = {"media_id": draft_id}
    answer = await calls.post(line, "/cgi-bin/draft/get", body, lost=Outcome.retry, needs=("news_item",))
    try:
        return tuple(_read(item) for item in answer["news_item"])
    except (KeyError, TypeError, AttributeError):
        raise bad_answer(Outcome.retry) from None


async def delete_draft(line: Line, *, draft_id: str) -> None:
    await calls.post(line, "/cgi-bin/draft/delete", {"media_id": draft_id}, lost=Outcome.retry, needs=("errcode",))


async def publish(line: Line, *, draft_id: str) -> str:
    """Submit a draft: the id of its publication, whose end PUBLISHJOBFINISH tells. A lost answer is ``unknown``."""
    body = {"media_id": draft_id}
    answer = await calls.post(line, "/cgi-bin/freepublish/submit", body, lost=Outcome.unknown, needs=("publish_id",))
    return str(answer["publish_id"])


async def get_publication(line: Line, *, publish_id: str) -> Published:
    body = {"publish_id": publish_id}
    answer = await calls.post(line, "/cgi-bin/freepublish/get", body, lost=Outcome.retry, needs=("publish_status",))
    details = answer.get("article_detail")
    try:
        items = details.get("item", []) if isinstance(details, dict) else []
        urls = tuple(str(item["article_url"]) for item in items)
        return Published(int(answer["publish_status"]), answer.get("article_id") or None, urls)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise bad_answer(Outcome.retry) from None


def _written(article: DraftArticle) -> dict[str, Any]:
    return {
        "title": article.title,
        "author": article.author,
        "digest": article.digest,
        "content": article.content,
        "content_source_url": article.source_url,
        "thumb_media_id": article.cover,
        "need_open_comment": int(article.comments),
    }


def _read(item: Mapping[str, Any]) -> DraftArticle:
    return DraftArticle(
        title=str(item["title"]),
        content=str(item["content"]),
        cover=str(item["thumb_media_id"]),
        author=str(item.get("author", "")),
        digest=str(item.get("digest", "")),
        source_url=str(item.get("content_source_url", "")),
        comments=bool(item.get("need_open_comment", 0)),
    )
