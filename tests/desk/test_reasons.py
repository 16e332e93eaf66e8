"""How a message stands, in words that people read."""

from datetime import UTC, datetime

import pytest

from app.channels.delivery import DeliveryError, Outcome
from app.conversations.models import MessageState
from app.desk.reasons import CHIPS, SENTENCES, STATES, WAITS, standing, text_of, why
from app.jobs.models import Waits
from app.settings import ROOT


def test_every_state_and_every_wait_has_its_words() -> None:
    assert STATES.keys() == set(MessageState)
    assert CHIPS.keys() == set(MessageState) - {MessageState.received}
    assert WAITS.keys() == set(Waits)


def test_every_sentence_is_one_that_the_service_writes() -> None:
    written = "".join(path.read_text() for path in (ROOT / "app" / "conversations").glob("*.py"))
    assert [sentence for sentence in SENTENCES if sentence not in written] == []


@pytest.mark.parametrize(
    ("error", "platform", "told"),
    [
        (str(DeliveryError("45047", Outcome.window, "out of response count limit")), "wechat",
         "观众没有再来消息，客服消息的条数用完了（45047）"),
        (str(DeliveryError("40054002", Outcome.recipient)), "qq", "机器人被禁言了（40054002）"),
        (str(DeliveryError("11298", Outcome.operator)), "", "服务器的 IP 不在白名单里（11298）"),
        (str(DeliveryError("45009", Outcome.later)), "", "这个接口今天的次数用完了（45009）"),
        (str(DeliveryError("99999", Outcome.permanent)), "wechat", "微信没有收（99999）"),
        (str(DeliveryError("no_answer", Outcome.unknown, "ReadTimeout")), "qq", "平台没有答复"),
        (str(DeliveryError("http_502", Outcome.unknown)), "qq", "平台没有收（http_502）"),
        ("the viewer wants no pushes", "wechat", "观众退订了推送"),
        (None, "wechat", ""),
    ],
)  # fmt: skip
def test_an_error_is_told_in_chinese_with_its_code(error: str | None, platform: str, told: str) -> None:
    assert why(error, platform) == told


def test_what_waits_says_for_what_and_until_when() -> None:
    until = datetime(2026, 11, 27, 4, 0, 5, tzinfo=UTC)
    assert standing("queued", "rate", None, until, "qq") == "发得太快，稍后自动发，11-27 12:00:05 之后"
    assert standing("queued", "window", None, None, "qq") == "窗口已关闭，等观众再说话"
    assert standing("queued", "window", None, None, "qq", used_up=True) == "这个窗口的条数用完，等观众再说话"
    assert standing("sent", None, "45002 permanent: x", None, "wechat") == ""


def test_a_message_is_told_in_a_line() -> None:
    assert text_of("text", "第一行\n 第二行") == "第一行 第二行"
    assert text_of("image", "") == "[图片]"
    assert text_of("text", "") == "[空]"
