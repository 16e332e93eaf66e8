"""A service that is too slow: told to come again three times, then the answer comes by itself, or with the next one."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.conversations.models import InboundEvent
from app.simulator.carriers.wechat import FAILURE
from app.simulator.exchanges import CallExchange, Fate, PushExchange
from app.simulator.phones import Chat, Side
from tests.demo_knowledge import answer_of
from tests.factories.hurrying import GIVEN_UP
from tests.simulator.conftest import Played, until

pytestmark = pytest.mark.usefixtures("hurried")
QUESTION, ENTRY = "会员怎么退款", "membership.refund"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


async def test_an_answer_that_is_too_late_comes_by_itself(played: Played) -> None:
    await played.do("settings", channel="demo-safe", network="slow")
    chat = await played.do("text", text=QUESTION)
    pushed = first_push(chat)
    assert [attempt.fate for attempt in pushed.attempts] == [Fate.cut] * 3
    assert said(chat) == [FAILURE]
    assert "微信不再重推了，就由客服消息接口主动发" in await played.wire()
    await until(lambda: isinstance(chat.exchanges[-1], CallExchange))
    assert said(chat) == [FAILURE, answer_of(ENTRY)]
    assert (chat.bubbles[-1].at - pushed.at).total_seconds() >= GIVEN_UP  # not before the platform has given up
    assert await played.db.read(events) == 1
    assert pushed.seen is not None
    assert ENTRY in await played.wire(exchange=pushed.number)


async def test_an_account_that_cannot_send_waits_for_the_viewer(played: Played) -> None:
    await played.do("settings", channel="demo-sub", network="slow")
    await played.do("text", text=QUESTION)
    assert "随那一次的响应带回" in await played.wire()
    await played.do("settings", network="normal")
    chat = await played.do("text", text="继续")
    assert said(chat) == [FAILURE, answer_of(ENTRY)]
    assert not any(isinstance(exchange, CallExchange) for exchange in chat.exchanges)


async def test_a_phone_that_is_reset_meanwhile_is_forgotten(played: Played) -> None:
    """Whoever is reset meanwhile leaves nothing behind that is decided later."""
    await played.post(f"/phones/{played.phone.id}/settings", network="slow")
    await played.post(f"/phones/{played.phone.id}/text", text=QUESTION)
    await until(lambda: played.phone.chat.exchanges)
    await played.post(f"/phones/{played.phone.id}/reset")
    await played.do("settings", network="normal")
    assert said(await played.do("text", text=QUESTION)) == [answer_of(ENTRY)]
    assert await played.db.read(events) == 1


def first_push(chat: Chat) -> PushExchange:
    return next(exchange for exchange in chat.exchanges if isinstance(exchange, PushExchange))


def said(chat: Chat) -> list[str]:
    return [bubble.text for bubble in chat.bubbles if bubble.side is not Side.viewer]


def events(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboundEvent)) or 0
