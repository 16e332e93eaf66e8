"""Messages of several clauses: stories, two questions, a question beside an act or a courtesy; and bad input."""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commands.matching import training_material
from app.dialogue import asks, phrases
from app.dialogue.asks import Ear
from app.dialogue.turn import Awaiting, Consent, Decision, Memory, OpenTicket, Said
from app.dialogue.understand import Brain, build_brain
from app.faq.knowledge import Entry, Intent, Knowledge
from app.matching.clauses import MOST
from app.matching.entities import extract
from app.matching.index import Index, normalised
from app.matching.match import Match, Tier
from app.matching.training import Known
from app.settings import Settings
from tests.demo_knowledge import brain as shipped
from tests.dialogue.test_decide import SOON, ask, said

BRAIN = shipped()
KNOWLEDGE = BRAIN.knowledge
SPEED, DANMAKU, INVOICE = (
    KNOWLEDGE.entries[name] for name in ("playback.speed", "playback.danmaku", "membership.invoice")
)
TOLD = asks.told_by(KNOWLEDGE, KNOWLEDGE.language.normalise)
BOTH = "怎么关闭弹幕？另外怎么倍速播放"
HEARD_MOST = MOST + 2
"""The whole, what is left without courtesies, and each clause."""


class Counting:
    """An ear that counts what is matched."""

    def __init__(self, index: Index = BRAIN.index) -> None:
        self.texts: list[str] = []
        self._index, self._normalise = index, KNOWLEDGE.language.normalise
        weights = index.weights
        self.ear = Ear(self._match, self._normalise, TOLD, KNOWLEDGE.resolve, weights.sure, weights.level)

    def _match(self, text: str) -> Match:
        self.texts.append(text)
        return self._index.match_normalised(self._normalise(extract(text).rest))


def edited(knowledge: Knowledge) -> Brain:
    """The shipped knowledge after a small edit, its index taken further as a service does it."""
    return build_brain(knowledge, BRAIN.index.updated(normalised(knowledge.phrasings(), knowledge.language)))


def targets(text: str) -> tuple[str | None, str | None]:
    """What is asked first and second."""
    understood = BRAIN.understand(text)
    return (
        BRAIN.name_of(understood.meant) if understood.meant else None,
        understood.also.id if understood.also else None,
    )


# -------------------- two questions


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (BOTH, "playback.danmaku", "playback.speed"),
        ("怎么倍速播放\n怎么关闭弹幕", "playback.speed", "playback.danmaku"),
        ("怎么投屏到电视 怎么关闭弹幕", "playback.cast", "playback.danmaku"),
        ("会员怎么退款还有怎么开发票", "membership.refund", "membership.invoice"),
        ("太感谢你们了，怎么开发票？怎么倍速播放", "membership.invoice", "playback.speed"),
    ],
)
def test_two_questions_are_both_meant_in_their_order(text: str, first: str, second: str) -> None:
    assert targets(text) == (first, second)


@pytest.mark.parametrize("text", ["会员怎么退款？会员可以退款吗", "怎么倍速播放，怎么倍速播放？"])
def test_the_same_twice_is_one_question(text: str) -> None:
    assert targets(text)[1] is None


def test_both_are_answered_under_their_titles_with_both_sources() -> None:
    decision = ask(BRAIN, BOTH, Memory(failures=1, last_entry="membership.refund", repeats=1))
    (say,) = decision.says
    assert say.text.index(f"【{DANMAKU.title}】\n{DANMAKU.answer[:10]}") == 0
    assert f"\n\n【{SPEED.title}】\n{SPEED.answer[:10]}" in say.text
    assert say.source is not None
    assert say.also is not None
    assert (say.source.entry, say.also.entry) == (DANMAKU.id, SPEED.id)
    assert (say.source.tier, say.also.tier) == ("sure", "sure")
    assert decision.memory == Memory(last_entry=SPEED.id)


def test_steps_are_those_of_the_device_that_was_named() -> None:
    text = said(ask(BRAIN, "我在电视上看，怎么关闭弹幕？另外怎么倍速播放"))
    assert all(
        (entry.steps_for(BRAIN.understand("电视").slots.device) or "").rstrip() in text for entry in (DANMAKU, SPEED)
    )


def test_a_person_answers_where_one_answer_is_withheld() -> None:
    entries = MappingProxyType({**KNOWLEDGE.entries, SPEED.id: replace(SPEED, answer="")})
    assert ask(edited(replace(KNOWLEDGE, entries=entries)), BOTH).said is Said.handed_over


def test_an_urgent_matter_stands_alone() -> None:
    assert targets("怎么开发票？账号被盗了怎么办") == ("account.stolen", None)


def test_sure_clauses_that_decide_nothing_are_offered() -> None:
    understood = BRAIN.understand("孩子要看动画片，点开是有图没有声，孩子急得直哭，换一部又正常了")
    assert understood.also is None
    sure = {clause.sure for clause in understood.clauses if clause.sure}
    assert understood.meant is not None or sure <= set(understood.options)


# -------------------- a question beside a courtesy or an act


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("你好，会员可以退款吗", "membership.refund"),
        ("谢谢，那发票呢", "membership.invoice"),
        ("好的，怎么开发票", "membership.invoice"),
        ("不是，我问的是怎么开发票", "membership.invoice"),
        ("太感谢你们了，怎么开发票", "membership.invoice"),
        ("客服，会员没到账", "membership.not_arrived"),
    ],
)
def test_courtesies_ask_nothing_beside_a_question(text: str, target: str) -> None:
    assert targets(text) == (target, None)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("好的，谢谢", "confirm"),
        ("可以了，谢谢", "solved"),
        ("您好，在吗", "greeting"),
        ("客服，在吗", "greeting"),
        ("人工，谢谢", "human"),
        ("客服，客服", "human"),
    ],
)
def test_of_courtesies_alone_the_most_important_counts(text: str, intent: str) -> None:
    meant = BRAIN.understand(text).meant
    assert isinstance(meant, Intent)
    assert meant.id == intent


def test_yes_with_thanks_accepts_an_offer() -> None:
    memory = Memory(awaiting=Awaiting("offer", ("human",), SOON), last_entry="membership.refund")
    assert ask(BRAIN, "好的，谢谢", memory).said is Said.handed_over


@pytest.mark.parametrize(
    "text", ["转人工，另外会员怎么退款", "怎么开发票？怎么倍速播放，转人工", "怎么开发票，我要人工"]
)
def test_who_wants_a_person_gets_one_and_no_answer(text: str) -> None:
    decision = ask(BRAIN, text)
    assert decision.said is Said.handed_over
    assert isinstance(decision.effects[0], OpenTicket)
    assert decision.says[0].source is None


def test_a_complaint_is_registered_and_nothing_is_answered() -> None:
    decision = ask(BRAIN, "我要投诉，怎么开发票")
    assert isinstance(decision.effects[0], OpenTicket)
    assert (decision.effects[0].kind, decision.says[0].source) == ("complaint", None)


def test_who_unsubscribes_hears_the_answer_too() -> None:
    decision = ask(BRAIN, "退订，另外怎么开发票")
    assert decision.effects == (Consent(False),)
    assert said(decision).startswith(phrases.UNSUBSCRIBED)
    assert f"【{INVOICE.title}】\n{INVOICE.answer[:10]}" in said(decision)
    assert decision.says[0].source is not None
    assert decision.says[0].source.entry == INVOICE.id
    assert decision.memory.last_entry == INVOICE.id


def test_what_is_only_likely_beside_an_act_is_asked_back() -> None:
    decision = ask(BRAIN, "退订，另外会员能不能给我退了")
    assert decision.effects == (Consent(False),)
    assert decision.memory.awaiting is not None
    assert decision.memory.awaiting.options[0] == "membership.refund"
    assert ask(BRAIN, "1", decision.memory).memory.last_entry == "membership.refund"


def test_of_two_acts_the_one_of_higher_priority_counts() -> None:
    assert targets("退订，转人工")[0] == "ticket.human"
    assert targets("转人工，退订")[0] == "ticket.human"


def with_twins(*priorities: int) -> Brain:
    """Two intents, or an intent and an entry, that share a phrasing once it is normalised."""
    wait, mine = (KNOWLEDGE.intents[name] for name in ("wait_estimate", "my_tickets"))
    changed = {
        wait.id: replace(wait, examples=(*wait.examples, "小蜜蜂咋飞"), priority=priorities[0]),
        mine.id: replace(mine, examples=(*mine.examples, "小蜜蜂怎么飞"), priority=priorities[1]),
    }
    return edited(replace(KNOWLEDGE, intents=MappingProxyType({**KNOWLEDGE.intents, **changed})))


@pytest.mark.parametrize(
    ("priorities", "intent"), [((70, 62), "wait_estimate"), ((50, 62), "my_tickets"), ((5, 5), None)]
)
def test_priority_decides_between_targets_of_one_phrasing(priorities: tuple[int, int], intent: str | None) -> None:
    meant = with_twins(*priorities).understand("小蜜蜂怎样飞").meant
    assert (meant.id if isinstance(meant, Intent) else None) == intent


def test_small_talk_never_goes_before_a_question() -> None:
    thanks = KNOWLEDGE.intents["thanks"]
    intents = {**KNOWLEDGE.intents, "thanks": replace(thanks, examples=(*thanks.examples, "小蜜蜂咋飞"), priority=90)}
    entries = {**KNOWLEDGE.entries, SPEED.id: replace(SPEED, similar=(*SPEED.similar, "小蜜蜂怎么飞"))}
    brain = edited(replace(KNOWLEDGE, intents=MappingProxyType(intents), entries=MappingProxyType(entries)))
    assert brain.understand("小蜜蜂怎样飞").meant is brain.knowledge.entries[SPEED.id]


# -------------------- stories, and what they cost


@pytest.fixture(scope="module")
def stories() -> tuple[Index, list[Known]]:
    """An index that knows no story, and the stories."""
    material = training_material(Settings(mode="demo"))
    held = [one for one in material.known if one.style == "story"]
    known = ((one.target, one.text) for one in material.known if one.style != "story")
    return Index.build(known, material.language), held


def test_more_stories_are_answered_and_hardly_any_wrongly(stories: tuple[Index, list[Known]]) -> None:
    index, held = stories
    by_whole = clauses = wrong = 0
    for one in held:
        counting = Counting(index)
        asked = asks.hear(one.text, counting.ear)
        by_whole += counting._match(one.text).tier is Tier.sure
        if asked.meant is None and asked.match.tier is not Tier.sure:
            continue
        clauses += 1
        first = BRAIN.name_of(asked.meant) if asked.meant else asked.match.candidates[0].target
        wrong += one.target not in (first, asked.also.id if asked.also else None)
    assert clauses > 1.1 * by_whole
    assert wrong < 0.04 * clauses


@pytest.mark.parametrize(
    "text", ["会员可以退款吗？", "怎么开发票", "昨天充的会员，会员可以退款吗？", "你好，怎么开发票"]
)
def test_what_is_sure_as_a_whole_is_matched_once(text: str) -> None:
    counting = Counting()
    assert asks.hear(text, counting.ear).match.tier is Tier.sure
    assert len(counting.texts) == 1


@given(
    st.lists(
        st.sampled_from(["你好", "会员怎么", "退订", "怎么开发票", "看到第8集", "卡", "是不是", "ok"]), max_size=40
    )
)
@settings(deadline=None, max_examples=60)
def test_the_work_is_bounded(pieces: list[str]) -> None:
    counting = Counting()
    asks.hear("，".join(pieces), counting.ear)
    assert len(counting.texts) <= HEARD_MOST


# -------------------- bad input


BAD = (
    "", " ", "a", "好", "0", "🤔", "👨‍👩‍👧‍👦🇨🇳🇨🇳", "\u200b\u200b\u200d", "\u202e怎么退款\u202c", "\ufeff",
    "\x00", "\ud800", "как вернуть деньги", "สวัสดี", "שלום عليكم", "，。！？", "另外", "还有，还有，还有",
    "会员，" * 3000, "怎么还有" * 2500, "会" * 10_000, "第1集" * 3000, "《《《》》》》",
)  # fmt: skip


def decided(text: str) -> Decision:
    BRAIN.understand.cache_clear()  # type: ignore[attr-defined]
    return ask(BRAIN, text)


@pytest.mark.parametrize("text", BAD)
def test_bad_input_is_decided_like_any_other(text: str) -> None:
    assert decided(text) == decided(text)


@pytest.mark.parametrize(
    "text", ["", " ", "a", "0", "🤔", "\u200b\u200b\u200d", "\ufeff", "สวัสดี", "，。！？", "《《《》》》》"]
)
def test_what_says_nothing_is_not_answered(text: str) -> None:
    assert decided(text).said is not Said.answered


def _mixed() -> st.SearchStrategy[str]:
    words: Iterable[str] = (
        "会员",
        "怎么退款",
        "另外",
        "还有",
        "退订",
        "谢谢",
        "，",
        "\n",
        " ",
        "\u200b",
        "\u202e",
        "🤔",
        "第3集",
    )
    return st.lists(st.one_of(st.sampled_from(list(words)), st.text(max_size=3)), max_size=25).map("".join)


@given(_mixed())
@settings(deadline=None, max_examples=80)
def test_nothing_raises_and_results_repeat(text: str) -> None:
    decision: Any = decided(text)
    assert decision == decided(text)


def test_zero_width_characters_hide_nothing() -> None:
    assert targets("怎\u200b么开\u2060发票") == ("membership.invoice", None)


def test_a_tapped_choice_asks_one_thing() -> None:
    named = BRAIN.named("membership.refund", BOTH)
    assert isinstance(named.meant, Entry)
    assert (named.meant.id, named.also, named.clauses) == ("membership.refund", None, ())
