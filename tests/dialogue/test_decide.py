"""The bot's decisions: data in, data out."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from app.agents.calendars import ALWAYS, Calendar
from app.channels.content import AgentSession, Content, Followed, Image, Location, MenuUsed, Text, Voice
from app.dialogue import phrases
from app.dialogue.choice import chosen
from app.dialogue.decide import decide, talks
from app.dialogue.reports import PATIENCE
from app.dialogue.rules import Promises, Rules
from app.dialogue.turn import Awaiting, Consent, Decision, Memory, OpenTicket, Said, Turn
from app.dialogue.understand import Brain, build_brain
from app.tickets.views import TicketView
from tests.dialogue.conftest import NOW

REFUND = "会员可以退款吗？"
SOON = int(NOW.timestamp()) + PATIENCE
VAGUE = "我那个东西弄不了你给看下"


def ask(brain: Brain, text: str, memory: Memory | None = None, **known: Any) -> Decision:
    understanding = brain.understand(text)
    turn = Turn(Text(text), understanding, (memory or Memory()).hearing(understanding.slots), **known)
    return decide(turn, rules_of(brain), NOW)


def bring(brain: Brain, content: Content, memory: Memory | None = None) -> Decision:
    return decide(Turn(content, None, memory or Memory()), rules_of(brain), NOW)


def rules_of(brain: Brain, hours: Calendar = ALWAYS) -> Rules:
    return Rules(brain, hours, Promises(), silence=timedelta(hours=24), burst=20)


def said(decision: Decision) -> str:
    return "".join(say.text for say in decision.says)


def test_a_sure_question_is_answered_from_its_entry(brain: Brain) -> None:
    decision = ask(brain, REFUND, Memory(failures=1))
    assert decision.said is Said.answered
    assert said(decision).startswith(brain.knowledge.entries["membership.refund"].answer)
    assert (decision.memory.last_entry, decision.memory.failures) == ("membership.refund", 0)
    source = decision.says[0].source
    assert source is not None
    assert (source.entry, source.tier) == ("membership.refund", "sure")


def test_an_unsure_question_is_asked_back_once_then_handed_over(brain: Brain) -> None:
    first = ask(brain, VAGUE)
    assert (first.said, first.memory.failures) == (Said.clarified, 1)
    second = ask(brain, "都不是，就是上回那样的", first.memory)
    assert second.said is Said.handed_over
    assert second.memory == Memory(owner="queue")
    assert isinstance(second.effects[0], OpenTicket)


def test_a_question_in_between_makes_up_for_the_failure(brain: Brain) -> None:
    after = ask(brain, REFUND, ask(brain, VAGUE).memory)
    assert ask(brain, VAGUE, after.memory).said is Said.clarified


@pytest.mark.parametrize("word", ["1", "１", "第一个", "一", "选1", "1."])
def test_a_number_chooses(brain: Brain, word: str) -> None:
    memory = Memory(awaiting=Awaiting("choice", ("membership.refund", "membership.price"), SOON), failures=1)
    assert ask(brain, word, memory).memory.last_entry == "membership.refund"


def test_the_title_of_an_option_chooses(brain: Brain) -> None:
    memory = Memory(awaiting=Awaiting("choice", ("membership.refund", "membership.price"), SOON), failures=1)
    title = brain.knowledge.entries["membership.price"].title
    assert ask(brain, title, memory).memory.last_entry == "membership.price"


def test_a_number_beyond_the_list_is_asked_again_without_a_person(brain: Brain) -> None:
    waiting = Awaiting("choice", ("membership.refund", "membership.price"), SOON)
    decision = ask(brain, "5", Memory(awaiting=waiting, failures=1))
    assert "1 到 2" in said(decision)
    assert decision.memory.awaiting == waiting


def test_a_question_of_ours_that_is_too_old_is_forgotten(brain: Brain) -> None:
    stale = Awaiting("choice", ("membership.refund",), int(NOW.timestamp()) - 1)
    assert ask(brain, "1", Memory(awaiting=stale)).memory.last_entry is None


def test_none_of_them_calls_a_person(brain: Brain) -> None:
    waiting = Awaiting("choice", ("membership.refund", "membership.price"), SOON)
    assert ask(brain, "都不是", Memory(awaiting=waiting, failures=1)).said is Said.handed_over


def test_a_bare_no_out_of_nowhere_calls_nobody(brain: Brain) -> None:
    assert ask(brain, "不是").said is Said.clarified


def test_the_topics_of_the_open_question_can_be_chosen(brain: Brain) -> None:
    first = ask(brain, "就那啥")
    assert first.memory.awaiting is not None
    assert first.memory.awaiting.kind == "topic"
    assert "会员" in said(ask(brain, "2", first.memory))


def test_a_person_can_be_called_at_any_time(brain: Brain) -> None:
    waiting = Awaiting("choice", ("membership.refund",), SOON)
    decision = ask(brain, "转人工", Memory(awaiting=waiting), ahead=3)
    assert decision.said is Said.handed_over
    assert "前面还有 3 位" in said(decision)


def test_steps_that_did_not_help_call_a_person_with_a_fault(brain: Brain) -> None:
    decision = ask(brain, "还是不行", Memory(last_entry="playback.buffering"))
    ticket = decision.effects[0]
    assert isinstance(ticket, OpenTicket)
    assert ticket.kind == "fault"
    assert ask(brain, "还是不行").said is Said.clarified


def test_unsubscribing_wins_over_a_question_of_ours(brain: Brain) -> None:
    waiting = Awaiting("choice", ("membership.refund",), SOON)
    for word in ("退订", "TD", "td"):
        assert ask(brain, word, Memory(awaiting=waiting)).effects == (Consent(False),)


def test_in_the_queue_urgent_questions_are_still_answered(brain: Brain) -> None:
    decision = ask(brain, brain.knowledge.entries["account.stolen"].question, Memory(owner="queue"))
    assert decision.said is Said.answered
    assert decision.memory.owner == "queue"


def test_in_the_queue_ordinary_questions_wait_for_the_person(brain: Brain) -> None:
    first = ask(brain, REFUND, Memory(owner="queue"))
    assert first.said is Said.acknowledged
    assert said(first)
    assert not ask(brain, REFUND, first.memory).says


def test_with_an_agent_nothing_is_said(brain: Brain) -> None:
    for text in (REFUND, "转人工", VAGUE, "你好"):
        assert not ask(brain, text, Memory(owner="agent")).says
    assert not bring(brain, Followed(), Memory(owner="agent")).says


def test_the_platforms_own_agents_silence_the_bot(brain: Brain) -> None:
    assert bring(brain, AgentSession("opened", "a")).memory.owner == "agent"
    assert bring(brain, AgentSession("switched", "b"), Memory(owner="agent")).memory.owner == "agent"
    assert bring(brain, AgentSession("closed", "b"), Memory(owner="agent")).memory.owner == "bot"


def test_the_rest_of_an_answer_is_not_talked_over(brain: Brain) -> None:
    assert not ask(brain, "继续", more=True).says
    assert said(ask(brain, "继续"))


def test_what_has_no_words_is_received_without_counting_a_failure(brain: Brain) -> None:
    for content in (Image("u", "m"), Voice("m", "amr"), Location(30.0, 120.0, 15, "杭州"), Text("")):
        decision = bring(brain, content, Memory(failures=1))
        assert said(decision)
        assert decision.memory.failures == 1


def test_a_text_of_signs_alone_is_answered_kindly(brain: Brain) -> None:
    assert ask(brain, "？？？", Memory(failures=1)).said is Said.replied


def test_a_withheld_answer_calls_a_person(brain: Brain) -> None:
    entries = dict(brain.knowledge.entries)
    entries["membership.refund"] = replace(entries["membership.refund"], answer="")
    held = build_brain(replace(brain.knowledge, entries=MappingProxyType(entries)), brain.index)
    assert ask(held, REFUND).said is Said.handed_over


def test_which_contents_belong_into_a_conversation() -> None:
    assert talks(Text("x"))
    assert talks(MenuUsed("click", "membership.refund"))
    assert not talks(MenuUsed("view", "https://example.com"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", 2),
        ("第二个", 2),
        ("我选2", 2),
        ("两", 2),
        ("退款", 1),
        ("12", None),
        ("2集没有", None),
        ("", None),
        ("第十个", None),
    ],
)
def test_short_answers_name_an_option(text: str, number: int | None) -> None:
    assert chosen(text, ["退款", "价格"]) == number


@pytest.mark.parametrize("text", ["我的工单到哪了", "所有工单", "T-1003"])
def test_in_a_group_nobody_hears_of_anothers_tickets(brain: Brain, text: str) -> None:
    """Not even whether there are any."""
    own = (TicketView(1, 7, 1003, "complaint", "high", NOW, "open", "被扣了三次钱", NOW, None),)
    for tickets in (own, ()):
        decision = ask(brain, text, own=tickets, in_public=True)
        assert said(decision) == phrases.IN_PRIVATE
    assert "1003" in said(ask(brain, text, own=own))


def test_in_a_group_a_question_is_answered_as_anywhere(brain: Brain) -> None:
    assert ask(brain, REFUND, in_public=True) == ask(brain, REFUND)


def test_who_greets_while_an_answer_waits_for_him_is_not_greeted_over_it(brain: Brain) -> None:
    assert said(ask(brain, "在不在", more=True)) == phrases.ANYTHING_LEFT
    assert said(ask(brain, "在不在")) != phrases.ANYTHING_LEFT
