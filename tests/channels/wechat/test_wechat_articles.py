"""Drafts, and their way to a page."""

from collections.abc import Awaitable

import pytest

from app.channels.delivery import DeliveryError, Outcome, Upload
from app.channels.wechat import articles, media_calls
from app.channels.wechat.articles import DraftArticle, Published
from app.simulator.trouble import Kind, Trouble
from app.simulator.wechat.apis.articles import finish
from tests.fakes.played_wechat import Standing


async def failure(call: Awaitable[object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await call
    return failed.value


@pytest.fixture
async def article(stands: Standing) -> DraftArticle:
    cover = await media_calls.add_material(stands.line, Upload("image", "c.png", "image/png", 1, b"x"))
    return DraftArticle(
        "第二季开播",
        "<p>今晚八点</p>",
        cover.media_id,
        author="小周",
        digest="八点",
        source_url="https://example.com",
        comments=True,
    )


async def test_a_draft_is_kept_as_it_was_written(stands: Standing, article: DraftArticle) -> None:
    draft_id = await articles.add_draft(stands.line, articles=[article, article])
    assert await articles.get_draft(stands.line, draft_id=draft_id) == (article, article)
    await articles.delete_draft(stands.line, draft_id=draft_id)
    assert (await failure(articles.get_draft(stands.line, draft_id=draft_id))).code == "40007"


async def test_a_draft_becomes_a_page(stands: Standing, article: DraftArticle) -> None:
    draft_id = await articles.add_draft(stands.line, articles=[article])
    publish_id = await articles.publish(stands.line, draft_id=draft_id)
    assert await articles.get_publication(stands.line, publish_id=publish_id) == Published(1, None, ())
    finish(stands.account, publish_id, stands.platform.clock.now(), "https://example.com")
    published = await articles.get_publication(stands.line, publish_id=publish_id)
    assert published.done
    assert published.article_id
    assert len(published.urls) == 1


async def test_a_publication_may_be_refused(stands: Standing, article: DraftArticle) -> None:
    draft_id = await articles.add_draft(stands.line, articles=[article])
    publish_id = await articles.publish(stands.line, draft_id=draft_id)
    finish(stands.account, publish_id, stands.platform.clock.now(), "https://example.com", 4)
    refused = await articles.get_publication(stands.line, publish_id=publish_id)
    assert (refused.done, refused.status, refused.article_id) == (False, 4, None)


async def test_what_is_no_draft(stands: Standing, article: DraftArticle) -> None:
    with pytest.raises(ValueError, match="0 articles"):
        await articles.add_draft(stands.line, articles=[])
    bare = DraftArticle("没有封面", "x", "nothing")
    assert (await failure(articles.add_draft(stands.line, articles=[bare]))).outcome is Outcome.media
    for api, call in (
        ("draft/add", articles.add_draft(stands.line, articles=[article])),
        ("freepublish/submit", articles.publish(stands.line, draft_id="D")),
    ):
        stands.platform.troubles.plan(api, Trouble(Kind.lost))
        assert (await failure(call)).outcome is Outcome.unknown
