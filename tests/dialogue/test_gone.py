"""What a turn names may have left the knowledge since it was understood, offered or remembered: it is survived."""

import itertools
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from app.agents.calendars import ALWAYS
from app.channels.content import Content, Followed, Image, MenuUsed, Text
from app.dialogue import phrases, reports
from app.dialogue.decide import decide
from app.dialogue.reports import PATIENCE
from app.dialogue.rules import Promises, Rules
from app.dialogue.turn import Awaiting, Decision, Memory, Said, Turn, Waits
from app.dialogue.understand import Brain
from app.faq.knowledge import INTENT_PREFIX, Entry
from app.simulator import wire
from app.tickets.views import TicketRef
from tests.dialogue.conftest import NOW

SOON = int(NOW.timestamp()) + PATIENCE
BUFFERING, REFUND, PRICE = "playback.buffering", "membership.refund", "membership.price"
THEFT = "我的号被人登了，快帮我冻结"
VAGUE = "我想问会员"
ANGER = "气死我了，会员可以退款吗？"
TICKET = TicketRef(1, 1, 1, "fault", "normal", NOW)


def without(brain: Brain, *targets: str) -> Rules:
    """The rules after an edit that removed these; the index still finds them, as it did before the edit."""
    entries = {id_: entry for id_, entry in brain.knowledge.entries.items() if id_ not in targets}
    intents = {id_: it for id_, it in brain.knowledge.intents.items() if INTENT_PREFIX + id_ not in targets}
    knowledge = replace(brain.knowledge, entries=MappingProxyType(entries), intents=MappingProxyType(intents))
    return Rules(replace(brain, knowledge=knowledge), ALWAYS, Promises(), silence=timedelta(hours=24), burst=20)


def rewritten(brain: Brain, target: str) -> Rules:
    """The rules after an edit of this entry."""
    entry = replace(brain.knowledge.entries[target], version="edited")
    knowledge = replace(brain.knowledge, entries=MappingProxyType({**brain.knowledge.entries, target: entry}))
    return Rules(replace(brain, knowledge=knowledge), ALWAYS, Promises(), silence=timedelta(hours=24), burst=20)


def ask(brain: Brain, rules: Rules, text: str, memory: Memory | None = None, **known: Any) -> Decision:
    understanding = brain.understand(text)
    turn = Turn(Text(text), understanding, (memory or Memory()).hearing(understanding.slots), **known)
    return decide(turn, rules, NOW)


def waits_for(kind: Waits, *options: str) -> Memory:
    return Memory(awaiting=Awaiting(kind, options, SOON))


def said(decision: Decision) -> str:
    return "".join(say.text for say in decision.says)


def labels(decision: Decision) -> list[str]:
    return [choice.id for say in decision.says for choice in say.choices]


# -------------------- one place after the other


def test_what_was_understood_is_not_offered_any_more(brain: Brain) -> None:
    options = brain.understand(VAGUE).options
    assert len(options) > 1
    assert labels(ask(brain, without(brain, options[0]), VAGUE)) == list(options[1:])
    open_question = ask(brain, without(brain, *options), VAGUE)
    assert said(open_question) == phrases.CLARIFY_OPEN


def test_an_angry_viewer_is_offered_what_is_there(brain: Brain) -> None:
    meant = brain.understand(ANGER).meant
    assert isinstance(meant, Entry), "take another example"
    assert meant.id in labels(ask(brain, without(brain), ANGER))
    assert labels(ask(brain, without(brain, meant.id), ANGER)) == ["intent:human", "intent:complaint"]


@pytest.mark.parametrize("number", ["1", "3"])
def test_a_list_that_is_open_keeps_its_numbers(brain: Brain, number: str) -> None:
    memory, rules = waits_for(Waits.choice, BUFFERING, REFUND, PRICE), without(brain, BUFFERING, PRICE)
    gone = ask(brain, rules, number, memory)
    assert said(gone) == phrases.CHOICE_GONE
    assert ask(brain, rules, "2", gone.memory).memory.last_entry == REFUND


def test_of_a_list_nothing_is_left(brain: Brain) -> None:
    gone = ask(brain, without(brain, BUFFERING, REFUND), "2", waits_for(Waits.choice, BUFFERING, REFUND))
    assert (said(gone), gone.memory.awaiting) == (phrases.GONE, None)


def test_a_picture_does_not_choose_what_is_gone(brain: Brain) -> None:
    turn = Turn(Image("https://pictures.example/1.jpg", "M"), None, waits_for(Waits.choice, BUFFERING, REFUND))
    assert said(decide(turn, without(brain, BUFFERING), NOW)) == phrases.PICTURE


def test_a_yes_to_an_offer_that_nothing_acts_on_any_more_calls_a_person(brain: Brain) -> None:
    decision = ask(brain, without(brain, "intent:data_request"), "好的", waits_for(Waits.offer, "data_request"))
    assert decision.said is Said.handed_over


def test_a_device_for_an_answer_that_is_gone_is_heard_as_a_text(brain: Brain) -> None:
    memory = waits_for(Waits.device, BUFFERING).but(last_entry=BUFFERING)
    assert ask(brain, without(brain, BUFFERING), "电视", memory).says


def test_a_device_for_an_answer_that_was_edited_gets_its_steps(brain: Brain) -> None:
    """The same question with the device in it is no other question because its entry was rewritten meanwhile."""
    entry = brain.knowledge.entries[BUFFERING]
    memory = waits_for(Waits.device, BUFFERING).but(last_entry=BUFFERING)
    text = "电视上播放卡顿一直缓冲怎么办"
    assert brain.understand(text).meant is entry, "take another example"
    assert said(ask(brain, rewritten(brain, BUFFERING), text, memory)) == dict(entry.devices)["tv"]  # type: ignore[index]


def test_steps_in_vain_go_to_a_person_whether_or_not_they_still_exist(brain: Brain) -> None:
    decision = ask(brain, without(brain, BUFFERING), "照样没用", Memory(last_entry=BUFFERING))
    assert decision.said is Said.handed_over


def test_a_tap_in_an_old_menu_is_answered_whatever_is_waited_for(brain: Brain) -> None:
    turn = Turn(MenuUsed("click", "gone.entry"), None, waits_for(Waits.details), here=(TICKET,))
    assert said(decide(turn, without(brain), NOW)) == phrases.GONE


def test_who_follows_is_greeted_when_nothing_of_the_list_is_left(brain: Brain) -> None:
    nothing = without(brain, *brain.knowledge.entries, *(INTENT_PREFIX + name for name in brain.knowledge.intents))
    assert said(decide(Turn(Followed(), None, Memory()), nothing, NOW)) == phrases.WELCOME_PLAIN


def test_the_simulator_shows_what_was_matched_by_its_id(brain: Brain) -> None:
    understanding = brain.understand("会员可以退款吗？")
    bars = wire.understood(understanding, without(brain, REFUND).brain).bars
    assert (bars[0].title, bars[0].chosen) == (REFUND, False)
    edited = wire.understood(understanding, rewritten(brain, REFUND).brain).bars
    assert edited[0].chosen, "the same entry, whatever is written in it now"


# -------------------- all at once

TEXTS = (
    "1", "2", "9", "好的", "不用", "都不是", "照样没用", "还是不行", "电视", "E1001", "解决了", "人工", "退订", "投诉",
    "嗯", "工单进度", "播放卡顿、一直缓冲怎么办？", "会员可以退款吗？", "我孩子充了好多钱", VAGUE, ANGER, THEFT,
)  # fmt: skip
CONTENTS: tuple[Content, ...] = (Followed(), MenuUsed("click", BUFFERING), Image("https://pictures.example/1.jpg", "M"))
OPTIONS = {
    Waits.choice: (BUFFERING, "intent:human", "playback.error_code"),
    Waits.device: (BUFFERING,), Waits.offer: ("human",), Waits.answer: ("1",),
}  # fmt: skip


def test_nothing_fails_when_all_is_gone(brain: Brain) -> None:
    """Whatever was understood, waited for and remembered. What is said is worded above, and by what is left."""
    nothing = without(brain, *brain.knowledge.entries, *(INTENT_PREFIX + name for name in brain.knowledge.intents))
    waited = [None, *(Awaiting(kind, OPTIONS.get(kind, ()), SOON) for kind in Waits)]
    lasts = (None, BUFFERING, "account.stolen", "intent:danger")
    for awaiting, last, owner in itertools.product(waited, lasts, ("bot", "queue", "agent")):
        memory = Memory(owner, awaiting, 0, last)
        for here in ((), (TICKET,)):
            for text in TEXTS:
                ask(brain, nothing, text, memory, here=here)
            for content in CONTENTS:
                decide(Turn(content, None, memory, here=here), nothing, NOW)
    assert reports.last_spoken_of(Turn(Text("嗯"), None, Memory(last_entry=BUFFERING)), nothing) is None
