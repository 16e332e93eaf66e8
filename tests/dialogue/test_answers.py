"""What an entry says, and how the conversation goes on from it: data in, data out."""

from typing import Any

import pytest

from app.channels.content import Followed, Image, Text
from app.dialogue import phrases
from app.dialogue.answers import first_words
from app.dialogue.decide import decide
from app.dialogue.turn import Decision, Memory, OpenTicket, Said, Turn, Waits
from app.dialogue.understand import Brain
from app.faq.knowledge import Entry
from app.matching.devices import Device
from app.matching.entities import Slots
from tests.dialogue.conftest import NOW
from tests.dialogue.test_decide import rules_of

BUFFERING, REFUND, PRIVACY = "播放卡顿、一直缓冲怎么办？", "会员可以退款吗？", "怎么查看或删除我的个人信息？"


class Chat:
    """One conversation, decided turn by turn."""

    def __init__(self, brain: Brain) -> None:
        self.brain, self.rules, self.memory = brain, rules_of(brain), Memory()

    def say(self, text: str, menu: str | None = None, **known: Any) -> Decision:
        understood = self.brain.named(menu, text) if menu else self.brain.understand(text)
        turn = Turn(Text(text, menu), understood, self.memory.hearing(understood.slots), **known)
        return self.decided(turn)

    def show(self) -> Decision:
        return self.decided(Turn(Image("u", "m"), None, self.memory))

    def decided(self, turn: Turn) -> Decision:
        decision = decide(turn, self.rules, NOW)
        self.memory = decision.memory
        return decision


@pytest.fixture
def chat(brain: Brain) -> Chat:
    return Chat(brain)


def said(decision: Decision) -> str:
    return "".join(say.text for say in decision.says)


def entry(brain: Brain, name: str) -> Entry:
    return brain.knowledge.entries[name]


# -------------------- devices


def test_the_device_is_asked_for_and_its_steps_follow(chat: Chat) -> None:
    known = entry(chat.brain, "playback.buffering")
    first = chat.say(BUFFERING)
    assert said(first) == first_words(known)
    assert said(first).endswith("我给您对应的步骤。")
    for word, device in (("我用的小米电视", Device.tv), ("iPhone", Device.ios), ("电脑网页", Device.computer)):
        chat.memory = first.memory
        steps = chat.say(word)
        assert said(steps) == known.steps_for(device)
        assert steps.says[0].source is not None
        assert steps.says[0].source.entry == known.id


def test_a_device_that_is_named_at_once_is_not_asked_for(chat: Chat) -> None:
    chat.memory = Memory(heard=Slots(device=Device.tv))
    assert said(chat.say(BUFFERING)) == entry(chat.brain, "playback.buffering").steps_for(Device.tv)


def test_another_question_is_answered_instead_of_the_device(chat: Chat) -> None:
    chat.say(BUFFERING)
    assert said(chat.say(REFUND)).startswith(entry(chat.brain, "membership.refund").answer)


def test_the_device_may_come_later(chat: Chat) -> None:
    chat.say(BUFFERING)
    chat.memory = chat.memory.but(awaiting=None)
    assert said(chat.say("在电视上看的")) == entry(chat.brain, "playback.buffering").steps_for(Device.tv)


# -------------------- repeats and offers


def test_who_asks_again_hears_other_words_and_then_of_a_person(chat: Chat) -> None:
    known = entry(chat.brain, "playback.buffering")
    heard = [said(chat.say(BUFFERING)) for _ in range(len(known.again) + 2)]
    assert len(set(heard)) == len(heard)
    assert heard[1 : 1 + len(known.again)] == list(known.again)
    assert heard[-1].endswith(phrases.OFFERS["human"])
    assert chat.say("好的").said is Said.handed_over


def test_in_between_something_else_it_is_said_as_at_first(chat: Chat) -> None:
    first = said(chat.say(REFUND))
    chat.say(BUFFERING)
    assert said(chat.say(REFUND)) == first


def test_an_offer_is_taken_or_declined(chat: Chat) -> None:
    offered = chat.say(REFUND)
    assert said(offered).endswith(phrases.OFFERS["human"])
    declined = chat.say("不用了")
    assert (said(declined), declined.memory.awaiting) == (phrases.DECLINED, None)
    chat.memory = offered.memory
    taken = chat.say("好的")
    ticket = taken.effects[0]
    assert isinstance(ticket, OpenTicket)
    assert (taken.said, ticket.subject, ticket.category) == (Said.handed_over, "会员退款", "membership.refund")


def test_a_bare_yes_out_of_nowhere_does_nothing(chat: Chat) -> None:
    decision = chat.say("好的")
    assert (said(decision), decision.effects) == (phrases.OKAY, ())


# -------------------- choices, by number, words and taps


@pytest.mark.parametrize("text", ["1", "第一个", "播放卡顿"])
def test_choosing(chat: Chat, text: str) -> None:
    chat.memory = Memory(awaiting=_choice(chat), failures=1)
    assert chat.say(text).memory.last_entry == "playback.buffering"


def test_a_tap_chooses_also_after_the_question_is_forgotten(chat: Chat) -> None:
    chat.memory = Memory(awaiting=_choice(chat), failures=1)
    assert chat.say("播放卡顿", menu="playback.buffering").memory.last_entry == "playback.buffering"
    chat.memory = Memory()
    assert chat.say("播放卡顿", menu="playback.buffering").memory.last_entry == "playback.buffering"


def test_no_thanks_to_a_question_of_ours_calls_nobody(chat: Chat) -> None:
    chat.say("我那个东西弄不了你给看下")
    assert said(chat.say("不用了，算了")) == phrases.OKAY


def test_choices_stand_as_lines_that_can_be_tapped(chat: Chat) -> None:
    decision = chat.say("垃圾平台，气死我了")
    (say,) = decision.says
    assert [choice.id for choice in say.choices] == ["intent:human", "intent:complaint"]
    assert all(f". {choice.label}\n" in say.text for choice in say.choices)


def _choice(chat: Chat) -> Any:
    return chat.say("垃圾平台，气死我了").memory.awaiting._replace(options=("playback.buffering", "membership.refund"))  # type: ignore[union-attr]


# -------------------- follow-ups by context


@pytest.mark.parametrize("text", ["还是卡", "照样转圈圈", "依然不行"])
def test_steps_in_vain_in_other_words(chat: Chat, text: str) -> None:
    chat.say(BUFFERING)
    decision = chat.say(text)
    assert decision.said is Said.handed_over
    assert isinstance(decision.effects[0], OpenTicket)
    assert decision.effects[0].kind == "fault"


def test_half_a_question_after_an_answer_of_the_same_matter(chat: Chat) -> None:
    chat.say("会员多少钱？")
    assert chat.say("那怎么取消").memory.last_entry == "membership.cancel_renewal"
    chat.memory = Memory()
    assert chat.say("那怎么取消").memory.last_entry is None


def test_a_code_that_was_asked_for_may_come_alone(chat: Chat) -> None:
    chat.show()
    told = chat.say("30012")
    assert told.memory.last_entry == "playback.error_code"
    assert told.memory.heard.error_code == "30012"
    chat.memory = Memory()
    assert chat.say("30012").memory.last_entry is None, "a number out of nowhere may be anything"


def test_a_picture_without_words_is_asked_about(chat: Chat) -> None:
    chat.show()
    asked = chat.say("就这个，点哪集都这样")
    assert asked.memory.awaiting is not None
    assert asked.memory.awaiting.kind == Waits.choice
    assert chat.say("1").memory.last_entry == "playback.error_code"


# -------------------- anger


def test_anger_is_not_answered_cheerfully(chat: Chat) -> None:
    decision = chat.say("什么破软件，" + BUFFERING)
    assert decision.said is Said.replied
    assert entry(chat.brain, "playback.buffering").answer not in said(decision)
    assert "投诉" in said(decision)
    assert "抱歉" in said(decision)


def test_what_was_said_in_anger_stands_in_the_complaint(chat: Chat) -> None:
    chat.say("你们这什么垃圾平台，扣我三次钱")
    complaint = chat.say("我要投诉")
    assert isinstance(complaint.effects[0], OpenTicket)
    assert complaint.effects[0].subject.startswith("你们这什么垃圾平台，扣我三次钱")


def test_who_follows_is_greeted_with_what_is_asked_most(chat: Chat) -> None:
    greeted = chat.decided(Turn(Followed(), None, chat.memory))
    (say,) = greeted.says
    assert len(say.choices) == 5
    assert "欢迎" in say.text
    assert chat.say("1").memory.last_entry == say.choices[0].id
    assert greeted.memory.failures == 0
