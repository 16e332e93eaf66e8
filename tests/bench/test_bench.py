"""The harness itself: figures are worth what the pushes, the counting and the arithmetic are worth."""

from collections import Counter
from dataclasses import fields
from urllib.parse import parse_qsl

import pytest
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from tests.bench import figures, outcomes
from tests.bench.account import AES_KEY, APP_ID, TOKEN
from tests.bench.measure import Figures
from tests.bench.messages import EVERYDAY, Mode, Push, pushes, read_answer

EXPOSITION = """\
# TYPE viewerdesk_turns counter
viewerdesk_turns_total{outcome="answered"} 30.0
viewerdesk_turns_created{outcome="answered"} 1.7e+09
viewerdesk_turns_total{outcome="handed_over"} 10.0
# TYPE viewerdesk_duplicates counter
viewerdesk_duplicates_total 2.0
"""


def read_by_wechatpy(push: Push) -> tuple[str, str, str]:
    """Viewer, text and id as an independent implementation reads them; raises if the push is not authentic."""
    query = dict(parse_qsl(push.query))
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    body: str | bytes = push.body
    if query.get("encrypt_type") == "aes":
        crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
        body = crypto.decrypt_message(push.body, query["msg_signature"], query["timestamp"], query["nonce"])
    message = parse_message(body)
    return message.source, message.content, message.id


@pytest.mark.parametrize("mode", ["plain", "aes"])
def test_pushes_are_authentic_and_never_repeat(mode: Mode) -> None:
    read = [read_by_wechatpy(push) for push in pushes(500, mode, different=False)]
    assert {text for _, text, _ in read} == set(EVERYDAY)
    assert len({message_id for _, _, message_id in read}) == 500


def test_each_measurement_has_new_viewers() -> None:
    first, second = ({read_by_wechatpy(push)[0] for push in pushes(300, "plain", different=False)} for _ in range(2))
    assert len(first) > 200
    assert not first & second


def test_different_questions_are_all_different() -> None:
    texts = Counter(read_by_wechatpy(push)[1] for push in pushes(2_000, "plain", different=True))
    assert max(texts.values()) == 1


@pytest.mark.parametrize("mode", ["plain", "aes"])
def test_answers_are_read_in_both_modes(mode: Mode) -> None:
    push = next(pushes(1, "plain", different=False))
    answer = create_reply("请稍候。", parse_message(push.body)).render()
    if mode == "aes":
        answer = WeChatCrypto(TOKEN, AES_KEY, APP_ID).encrypt_message(answer, "1", "1")
    assert read_answer(answer.encode(), mode) == "请稍候。"
    assert read_answer(b"success", mode) is None


def test_outcomes_are_told_as_shares_and_duplicates_are_named() -> None:
    lines = list(outcomes.describe(outcomes.read_counters(EXPOSITION), [b"success", b"<html"], "plain"))
    assert lines == [
        "viewerdesk_turns_total: outcome=answered 75.0%, outcome=handed_over 25.0%",
        "viewerdesk_duplicates_total: 2, which must not be: every push is new",
        "2 sampled answers: silent 50.0%, unreadable 50.0%",
    ]


def test_the_ratio_is_the_median_of_the_ratios_within_rounds() -> None:
    def found(rate: float) -> Figures:
        return Figures(rate, *[0] * (len(fields(Figures)) - 1))

    rounds = [
        {"base": found(100), "ours": found(90)},
        {"base": found(10), "ours": found(10)},
        {"base": found(200), "ours": found(100)},
    ]
    assert figures.median_ratio(rounds, "ours", "base") == pytest.approx(0.9)
    assert figures.median_ratio(rounds, "ours", "absent") is None
