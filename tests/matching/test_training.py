from dataclasses import replace

import numpy as np
import pytest

from app.matching.evaluation import Verdict, confusions, figures, right_at
from app.matching.index import Index, said
from app.matching.meanings import Meaning
from app.matching.training import Known, Material, held_back, lowest_threshold, observe, train
from tests.fakes.openai import OpenAi
from tests.language import LANGUAGE

THINGS = ["字幕", "弹幕", "投屏", "倍速", "退款", "发票", "密码", "缓存", "会员", "黑屏"]
WISHES = {"plain": "怎么打开{}", "short": "{}不见了怎么办", "story": "我想问问{}的事情", "slang": "为什么没有{}了"}
KNOWN = [Known(thing, wish.format(thing), style) for thing in THINGS for style, wish in WISHES.items()]
OUTSIDE = [f"今天{word}了没" for word in ("下雨", "吃饭", "上班", "跑步", "打开", "睡觉", "出门", "回家")]
MATERIAL = Material(KNOWN, OUTSIDE, frozenset(), LANGUAGE)


def test_train_tells_known_from_foreign_questions() -> None:
    index = Index.build([(one.target, one.text) for one in KNOWN], LANGUAGE, train(MATERIAL, "a test"))
    inside, outside = index.match("字幕到底在哪个地方呢"), index.match("今天又打开窗户了")
    assert inside.candidates[0].target == "字幕"
    assert inside.confidence > outside.confidence


def test_train_is_deterministic_and_keeps_its_provenance() -> None:
    once, again = (train(MATERIAL, "a test") for _ in range(2))
    assert once == again
    assert once.provenance == "a test"
    assert once.likely <= once.sure


def test_a_style_is_held_back_as_a_whole() -> None:
    parts = held_back(KNOWN)
    assert [{one.style for one in part} for part in parts] == [{"short"}, {"plain"}, {"story"}]


def test_knowledge_without_styles_is_held_back_in_parts() -> None:
    plain = [Known(one.target, one.text) for one in KNOWN]
    parts = held_back(plain)
    assert sorted(one for part in parts for one in part) == sorted(plain)
    assert len(parts) == 10


def test_held_back_phrasings_do_not_find_themselves() -> None:
    lonely = Material([*KNOWN, Known("彩蛋", "片尾彩蛋哪里看", "plain")], [], frozenset(), LANGUAGE)
    assert sum(not one.right for one in observe(lonely)) >= 1


def test_without_examples_of_what_is_outside_targets_are_left_out_in_turn() -> None:
    seen = list(observe(replace(MATERIAL, outside=[])))
    outside = [one for one in seen if one.outside]
    assert len(outside) >= len(THINGS)
    assert not any(one.right or one.listed for one in outside)
    index = Index.build([(one.target, one.text) for one in KNOWN], LANGUAGE, train(replace(MATERIAL, outside=[])))
    assert index.match("字幕到底在哪个地方呢").confidence > index.match("怎么打开窗户").confidence


def test_meanings_take_part_in_what_is_observed() -> None:
    """Phrasings without a character in common, of which those of one target are near by what they mean."""
    known = [
        Known(thing, "".join(chr(0x5000 + 30 * number + 10 * place + step) for step in range(6)), style)
        for number, thing in enumerate(THINGS)
        for place, style in enumerate(("plain", "short", "story"))
    ]
    model = OpenAi(dimensions=48, alike={one.text: one.target for one in known})
    meanings = {said(text): unit(model.vector_of(text)) for text in [*(one.text for one in known), *OUTSIDE]}
    written = Material(known, OUTSIDE, frozenset(), LANGUAGE)
    before, after = (
        sum(one.right for one in observe(material)) for material in (written, replace(written, meanings=meanings))
    )
    assert before < len(known) / 2
    assert after == len(known)


def unit(vector: list[float]) -> Meaning:
    row = np.array(vector, np.float32)
    return np.asarray(row / np.linalg.norm(row), np.float32)


def test_small_talk_is_right_for_what_is_outside() -> None:
    chat = Material([*KNOWN, Known("chat", "今天下雨真烦")], ["今天下雨了没"], frozenset({"chat"}), LANGUAGE)
    assert [one.right for one in observe(chat) if one.outside] == [True]


def test_the_lowest_threshold_that_keeps_the_promise() -> None:
    assert lowest_threshold([0.9, 0.8, 0.7, 0.6], [True, True, False, True], 0.75) == 0.6
    assert lowest_threshold([0.9, 0.8, 0.7, 0.6], [True, True, False, False], 0.75) == 0.8
    assert lowest_threshold([0.9, 0.8], [False, True], 0.9) > 1


def verdict(expected: str | None, first: str, confidence: float, answered: bool = False) -> Verdict:
    could = not first.startswith("intent:")
    return Verdict("问", expected, (first, "b", "c", "d"), confidence, answered, could, 0.001)


def test_figures_follow_their_definitions() -> None:
    found = figures(
        [
            verdict("a", "a", 0.9, answered=True),
            verdict("b", "a", 0.8, answered=True),
            verdict("d", "a", 0.1),
            verdict(None, "a", 0.7, answered=True),
            verdict(None, "intent:thanks", 0.9),
        ]
    )
    third = pytest.approx(1 / 3)
    assert found.top1 == third
    assert found.top3 == pytest.approx(2 / 3)
    assert found.right_at_p95 == third
    assert found.sure_right == third
    assert found.sure_precision == third
    assert found.oos_answered == 0.5
    assert found.p95_ms == pytest.approx(1)


def test_equal_confidences_are_answered_together() -> None:
    assert right_at([verdict("a", "a", 0.9), verdict("b", "a", 0.9)], 0.95) == 0
    assert right_at([verdict("a", "a", 0.9), verdict("b", "a", 0.8)], 0.95) == 1


def test_small_talk_is_no_answer() -> None:
    assert right_at([verdict(None, "intent:thanks", 0.99), verdict("a", "a", 0.9)], 0.95) == 1


def test_confusions_are_counted() -> None:
    wrong = [verdict("b", "a", 0.5), verdict("b", "a", 0.4), verdict("c", "a", 0.3), verdict(None, "a", 0.2)]
    assert confusions(wrong) == [("b", "a", 2), ("c", "a", 1)]
