"""Drafts and their publication."""

import secrets
from datetime import datetime
from typing import Any

from app.simulator.wechat import bodies
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call
from app.simulator.wechat.codes import Refused

Json = dict[str, Any]
DONE, UNDER_WAY = 0, 1
KEPT = 100
"""Drafts; the oldest go first."""


def add_draft(account: PlayedAccount, call: Call) -> Json:
    articles = call.body(literal=True).get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= 8:
        raise Refused(45008)
    for article in articles:
        if not (isinstance(article, dict) and article.get("title") and article.get("content")):
            raise Refused(44004)
        account.files.permanent(str(article.get("thumb_media_id", "")), call.now, "image", "thumb")
    draft_id = f"DRAFT_{secrets.token_urlsafe(24)}"
    account.drafts[draft_id] = articles
    if len(account.drafts) > KEPT:
        account.drafts.pop(next(iter(account.drafts)))
    return {"media_id": draft_id}


def get_draft(account: PlayedAccount, call: Call) -> Json:
    return {"news_item": _draft(account, call), "create_time": int(call.now.timestamp())}


def delete_draft(account: PlayedAccount, call: Call) -> Json:
    _draft(account, call)
    del account.drafts[str(call.body()["media_id"])]
    return {}


def submit(account: PlayedAccount, call: Call) -> Json:
    account.may()
    articles = _draft(account, call)
    publish_id = str(2_247_500_000 + next(account.numbers))
    account.publications[publish_id] = {"publish_id": publish_id, "publish_status": UNDER_WAY, "of": articles}
    if account.automatic:
        finish(account, publish_id, call.now, call.base_url)
    return {"publish_id": publish_id, "msg_data_id": next(account.numbers)}


def get_publication(account: PlayedAccount, call: Call) -> Json:
    found = account.publications.get(str(call.body().get("publish_id", "")))
    if found is None:
        raise Refused(40035)
    return {name: value for name, value in found.items() if name != "of"}


def finish(account: PlayedAccount, publish_id: str, now: datetime, base_url: str, status: int = DONE) -> None:
    """The publication ends, and its event waits to be pushed. ``status`` otherwise 2 to 6, as the platform has them."""
    found = account.publications[publish_id]
    found["publish_status"] = status
    article_id = f"ARTICLE_{publish_id}" if status == DONE else ""
    if status == DONE:
        items = [{"idx": n, "article_url": f"{base_url}/s/{publish_id}/{n}"} for n in range(1, len(found["of"]) + 1)]
        found |= {"article_id": article_id, "article_detail": {"count": len(items), "item": items}}
    account.events.append(bodies.published(account.original_id, publish_id, status, article_id, now))


def _draft(account: PlayedAccount, call: Call) -> list[Json]:
    draft = account.drafts.get(str(call.body().get("media_id", "")))
    if draft is None:
        raise Refused(40007)
    return draft
