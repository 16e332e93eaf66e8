"""What viewers say once a ticket is done."""

from dataclasses import replace
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest

from app.dialogue import accepting, phrases
from app.dialogue.afterwards import score_in
from app.dialogue.turn import (
    AddToTicket,
    Awaiting,
    ConfirmTicket,
    Decision,
    Memory,
    ReopenTicket,
    ScoreTicket,
    SettleComplaint,
    Waits,
)
from app.dialogue.understand import Brain
from app.tickets.complaints import ASKS_ACCEPTANCE
from app.tickets.views import TicketView
from tests.dialogue.conftest import NOW
from tests.dialogue.test_decide import SOON, ask, said

DAY = timedelta(days=1)
LATER = int((NOW + 3 * DAY).timestamp())


def view(**values: Any) -> TicketView:
    """Closed yesterday."""
    given: dict[str, Any] = {
        "conversation_id": 1, "ticket_id": 5, "number": 20733, "kind": "fault", "priority": "normal", "due_at": None,
        "status": "closed", "subject": "第8集没有字幕", "opened_at": NOW - 3 * DAY, "asked": None,
        "closed_at": NOW - DAY,
    }  # fmt: skip
    return TicketView(**given | values)


def asked(**values: Any) -> TicketView:
    """He was asked an hour ago how content he is."""
    return view(surveyed_at=NOW - timedelta(hours=1), **values)


def scores(decision: Decision) -> list[int]:
    return [effect.score for effect in decision.effects if isinstance(effect, ScoreTicket)]


# -------------------- scores


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("1", 1), ("5", 5), (" 3 ", 3), ("五", 5), ("两", 2), ("给4", 4), ("打5分吧", 5), ("4分", 4), ("4 分。", 4),
        ("三星", 3), ("5颗星", 5), ("这次行了，4分吧", 4), ("勉强给个三分吧", 3), ("2！", 2),
    ],
)  # fmt: skip
def test_a_score_is_heard(text: str, score: int) -> None:
    assert score_in(text, bare=True) == score


@pytest.mark.parametrize(
    "text",
    [
        "0", "6", "10", "12345", "第1集", "1集", "5分钟了还没好", "等了5分钟", "3个", "1.", "1-2", "一般", "非常满意",
        "85分", "15分", "十五分", "4.5分", "负5分", "-1分", "100分", "我要退款", "", "分", "5 5",
        "说好的今天之前一定给我处理完结果到现在还是一点消息都没有我给1分",
    ],
)  # fmt: skip
def test_what_is_no_score_is_none(text: str) -> None:
    assert score_in(text, bare=True) is None


@pytest.mark.parametrize(("text", "score"), [("1", None), ("五", None), ("给4", None), ("4分吧", 4), ("三星", 3)])
def test_where_none_was_asked_for_a_number_alone_is_none(text: str, score: int | None) -> None:
    assert score_in(text, bare=False) == score


@pytest.mark.parametrize(("text", "wording"), [
    ("5", phrases.SCORED_WELL), ("3", phrases.SCORED_WELL), ("2", phrases.SCORED_BADLY), ("1", phrases.SCORED_BADLY),
])  # fmt: skip
@pytest.mark.parametrize("waits", [True, False])
def test_a_score_is_thanked_for_and_a_bad_one_asked_about(brain: Brain, text: str, wording: str, waits: bool) -> None:
    """Also where the conversation does not remember the question: it may be another one by now."""
    memory = Memory(awaiting=Awaiting(Waits.score, ("20733",), LATER)) if waits else Memory()
    heard = ask(brain, text, memory, own=(asked(),))
    assert said(heard) == wording
    assert scores(heard) == [int(text)]
    awaiting = heard.memory.awaiting
    assert (awaiting is not None and awaiting.kind == Waits.reason) is (wording == phrases.SCORED_BADLY)


def test_a_number_is_the_menus_where_one_waits(brain: Brain) -> None:
    memory = Memory(awaiting=Awaiting(Waits.choice, ("membership.refund", "membership.price"), SOON))
    heard = ask(brain, "1", memory, own=(asked(),))
    assert heard.memory.last_entry == "membership.refund"
    assert not scores(heard)


@pytest.mark.parametrize("own", [(), (view(),), (asked(score=4),)])
def test_a_number_is_no_score_where_nobody_asked_or_one_was_given(brain: Brain, own: tuple[TicketView, ...]) -> None:
    assert not scores(ask(brain, "1", own=own))


def test_a_number_is_no_score_long_after_the_question(brain: Brain) -> None:
    assert not scores(ask(brain, "1", own=(view(surveyed_at=NOW - 8 * DAY),)))


def test_a_later_score_is_kept_too(brain: Brain) -> None:
    heard = ask(brain, "这次行了，4分吧", own=(asked(score=1),))
    assert (said(heard), scores(heard)) == (phrases.SCORED_LATER, [4])


def test_in_a_group_nobody_scores(brain: Brain) -> None:
    assert not scores(ask(brain, "5", own=(asked(),), in_public=True))


# -------------------- why


REASON = Memory(awaiting=Awaiting(Waits.reason, ("20733",), SOON))


@pytest.mark.parametrize("text", ["根本没解决就给我关了，还问我满不满意", "还是没有字幕", "态度太差了"])
def test_a_reason_opens_the_ticket_again(brain: Brain, text: str) -> None:
    heard = ask(brain, text, REASON, own=(asked(score=1),))
    (effect,) = heard.effects
    assert isinstance(effect, ReopenTicket)
    assert (effect.number, effect.text, effect.explains_score) == (20733, text, True)
    assert effect.due > NOW
    assert "T-20733" in said(heard)


@pytest.mark.parametrize("text", ["没什么", "算了", "不用了", "没事"])
def test_who_gives_no_reason_is_left_in_peace(brain: Brain, text: str) -> None:
    heard = ask(brain, text, REASON, own=(asked(score=1),))
    assert (said(heard), heard.effects) == (phrases.NO_REASON, ())


@pytest.mark.parametrize("text", ["转人工", "退订", "我的工单进度", "会员可以退款吗？"])
def test_who_asks_for_something_else_is_followed_there(brain: Brain, text: str) -> None:
    heard = ask(brain, text, REASON, own=(asked(score=1),))
    assert not any(isinstance(effect, ReopenTicket) for effect in heard.effects)


# -------------------- closed again


AGAIN = Memory(awaiting=Awaiting(Waits.solved, ("20733",), LATER))


@pytest.mark.parametrize("text", ["解决了", "可以了，谢谢", "好的", "弄好了", "没有别的问题了"])
def test_who_says_that_it_is_solved_is_thanked(brain: Brain, text: str) -> None:
    heard = ask(brain, text, AGAIN, own=(asked(score=1),))
    assert heard.effects == (ConfirmTicket(20733, text),)
    assert said(heard) == phrases.CONFIRMED.format(number="T-20733")


@pytest.mark.parametrize("text", ["还没有", "没解决", "还是不行", "解决了一半，第9集没有字幕"])
def test_who_says_that_it_is_not_is_heard_again(brain: Brain, text: str) -> None:
    (effect,) = ask(brain, text, AGAIN, own=(asked(score=1),)).effects
    assert isinstance(effect, ReopenTicket)


def test_a_score_stands_beside_the_first(brain: Brain) -> None:
    assert ask(brain, "这次行了，4分吧", AGAIN, own=(asked(score=1),)).effects == (ScoreTicket(20733, 4),)
    scored, reopened = ask(brain, "还没解决，1分", AGAIN, own=(asked(score=1),)).effects
    assert scored == ScoreTicket(20733, 1)
    assert isinstance(reopened, ReopenTicket)


def test_who_asks_something_else_there_is_answered(brain: Brain) -> None:
    other = ask(brain, "会员可以退款吗？", AGAIN, own=(asked(score=1),))
    assert (other.memory.last_entry, other.effects) == ("membership.refund", ())


@pytest.mark.parametrize("known", [{"unseen": True}, {"own": (view(closed_at=None),)}, {"own": ()}])
def test_what_he_has_not_read_or_is_open_again_he_does_not_confirm(brain: Brain, known: dict[str, Any]) -> None:
    heard = ask(brain, "解决了", AGAIN, **{"own": (asked(score=1),)} | known)
    assert not any(isinstance(effect, ConfirmTicket) for effect in heard.effects)


# -------------------- still broken


def test_still_broken_opens_what_was_closed_last(brain: Brain) -> None:
    older = view(number=20700, ticket_id=4, closed_at=NOW - 2 * DAY)
    (effect,) = ask(brain, "还是不行", own=(view(), older)).effects
    assert isinstance(effect, ReopenTicket)
    assert (effect.number, effect.explains_score) == (20733, False)


@pytest.mark.parametrize(
    "known",
    [
        {"own": ()},
        {"own": (view(closed_at=NOW - 8 * DAY),)},
        {"own": (view(merged_into=20734),)},
        {"own": (view(closed_at=None, status="open"),)},
        {"own": (view(),), "in_public": True},
    ],
)
def test_still_broken_opens_nothing_else(brain: Brain, known: dict[str, Any]) -> None:
    assert not any(isinstance(effect, ReopenTicket) for effect in ask(brain, "还是不行", **known).effects)


# -------------------- decisions


DECIDED = view(kind="complaint", status="waiting", closed_at=None, asked=ASKS_ACCEPTANCE, complaint="decided")
DECISION = Memory(awaiting=Awaiting(Waits.decision, ("20733",), LATER))


def settles(decision: Decision) -> list[str]:
    return [effect.outcome.value for effect in decision.effects if isinstance(effect, SettleComplaint)]


def outcome(brain: Brain, text: str, *, own: TicketView = DECIDED) -> str | None:
    heard = ask(brain, text, DECISION, own=(own,), here=(own,))
    found = [effect.outcome for effect in heard.effects if isinstance(effect, SettleComplaint)]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("接受", "accepted"),
        ("我接受", "accepted"),
        ("同意", "accepted"),
        ("可以", "accepted"),
        ("可以的", "accepted"),
        ("好的，我接受这个处理结果。", "accepted"),
        ("行吧", "accepted"),
        ("满意，谢谢", "accepted"),
        ("嗯，同意", "accepted"),
        ("没意见", "accepted"),
        ("谢谢，接受", "accepted"),
        ("钱收到了，我接受", "accepted"),
        ("勉强接受吧", "accepted"),
        ("不接受", "refused"),
        ("我不同意", "refused"),
        ("不满意", "refused"),
        ("复核", "refused"),
        ("申请复核", "refused"),
        ("接受不了", "refused"),
        ("不接受，钱太少，之后我要投诉", "refused"),
        ("不行", "refused"),
        ("钱收到我才认", "pending"),
        ("钱到账以后再说接受", "pending"),
        ("先退钱", "pending"),
        ("等退款到了再说", "pending"),
        ("退了我才接受", "pending"),
        ("没到账之前不接受", "pending"),
        ("钱没到账我不认", "pending"),
        ("三天内到账就接受", "pending"),
        ("好的，但是我不接受", "refused"),
        ("知道了，不接受", "refused"),
        ("凭什么只退一笔？不接受", "refused"),
        ("怎么可能接受", "refused"),
        ("再补一个月会员我就接受", None),
        ("多退一百我就同意", None),
        ("除非你们道歉", None),
        ("好", None),
        ("好的", None),
        ("好的谢谢", None),
        ("嗯", None),
        ("嗯嗯", None),
        ("哦", None),
        ("知道了", None),
        ("收到", None),
        ("收到，谢谢", None),
        ("行行行", None),
        ("OK", None),
        ("👌", None),
        ("好的呵呵", None),
        ("呵呵，好的", None),
        ("行，你们真行", None),
        ("可以可以，真可以", None),
        ("满意，太满意了呵呵", None),
        ("接受？做梦", None),
        ("接受才怪", None),
        ("接受不接受有用吗", None),
        ("不接受会怎样", None),
        ("不接受的话怎么办", None),
        ("你觉得我能接受吗", None),
        ("没有不满意", None),
        ("不认识这个人", None),
        ("可以再解释一下吗", None),
        ("可以退多少钱", None),
        ("行不通的话怎么办", None),
        ("满意个鬼", None),
        ("会员多少钱一个月", None),
    ],
)  # fmt: skip
def test_what_he_says_of_the_decision(brain: Brain, text: str, expected: str | None) -> None:
    assert outcome(brain, text) == expected


@pytest.mark.parametrize("text", ["好的", "嗯", "知道了", "收到，谢谢", "OK"])
def test_who_only_says_that_he_read_it_is_asked_once(brain: Brain, text: str) -> None:
    heard = ask(brain, text, DECISION, own=(DECIDED,))
    assert (said(heard), heard.effects) == (phrases.DECISION_ASK.format(number="T-20733"), ())
    again = ask(brain, "知道了", heard.memory, own=(DECIDED,))
    assert (said(again), again.effects) == (phrases.DECISION_IN_TIME.format(number="T-20733"), ())
    third = ask(brain, "好的", again.memory, own=(DECIDED,))
    assert said(third) not in (said(heard), said(again))
    assert third.effects == ()
    assert settles(ask(brain, "接受", again.memory, own=(DECIDED,))) == ["accepted"]


@pytest.mark.parametrize(("text", "expected"), [
    ("好的", ["accepted"]), ("嗯", ["accepted"]), ("是的", ["accepted"]), ("好的谢谢", ["accepted"]), ("收到", []),
    ("谢谢", []), ("好的呵呵", []), ("不", []), ("不接受", ["refused"]), ("钱到账了再说", ["pending"]),
])  # fmt: skip
def test_a_short_yes_answers_the_direct_question(brain: Brain, text: str, expected: list[str]) -> None:
    asked_directly = ask(brain, "好的", DECISION, own=(DECIDED,)).memory
    assert settles(ask(brain, text, asked_directly, own=(DECIDED,))) == expected


def test_a_short_yes_is_none_once_something_else_lies_between(brain: Brain) -> None:
    asked_directly = ask(brain, "好的", DECISION, own=(DECIDED,)).memory
    between = ask(brain, "会员可以退款吗？", asked_directly, own=(DECIDED,)).memory
    assert settles(ask(brain, "好的", between, own=(DECIDED,))) == []
    mocked = ask(brain, "好的呵呵", asked_directly, own=(DECIDED,)).memory
    assert settles(ask(brain, "好的", mocked, own=(DECIDED,))) == []


@pytest.mark.parametrize(("text", "expected"), [
    ("接受", ["accepted"]), ("我同意这个处理结果", ["accepted"]), ("不接受", ["refused"]), ("好的", []), ("可以", []),
])  # fmt: skip
def test_a_clear_word_is_heard_also_after_other_things(brain: Brain, text: str, expected: list[str]) -> None:
    assert settles(ask(brain, text, own=(DECIDED,))) == expected
    assert settles(ask(brain, text, own=(DECIDED, replace(DECIDED, number=2)))) == []
    assert settles(ask(brain, text, own=(DECIDED,), in_public=True)) == []
    assert settles(ask(brain, text, own=(replace(DECIDED, complaint="examining"),))) == []


def test_a_condition_goes_to_whoever_works_on_it(brain: Brain) -> None:
    heard = ask(brain, "再补一个月会员我就接受", DECISION, own=(DECIDED,))
    assert heard.effects == (AddToTicket("再补一个月会员我就接受", 20733),)
    assert settles(ask(brain, "好的", heard.memory, own=(DECIDED,))) == []


def test_what_he_has_not_got_yet_he_does_not_accept(brain: Brain) -> None:
    """The decision still waits to leave when he writes."""
    assert settles(ask(brain, "可以", DECISION, own=(DECIDED,), unseen=True)) == []


def test_long_texts_are_read_in_no_time() -> None:
    started = perf_counter()
    for text in ("嗯" * 2000, "好的" * 1000 + "x", "你们的" * 500, "我我们" * 13 + "x", "钱" * 2000, "不接受吗" * 500):
        accepting.read(text)
    assert perf_counter() - started < 0.5


def test_of_what_is_closed_or_not_his_nothing_is_said(brain: Brain) -> None:
    assert outcome(brain, "接受", own=replace(DECIDED, status="closed", closed_at=NOW)) is None
    assert outcome(brain, "接受", own=replace(DECIDED, number=1)) is None


def test_who_waits_for_money_is_heard_again(brain: Brain) -> None:
    heard = ask(brain, "钱收到我才认", DECISION, own=(DECIDED,))
    assert heard.memory.awaiting == DECISION.awaiting
    assert ask(brain, "接受", heard.memory, own=(DECIDED,)).effects == (
        SettleComplaint(20733, "accepted", "接受"),  # type: ignore[arg-type]
    )


def test_who_asks_how_it_stands_is_asked_for_his_yes(brain: Brain) -> None:
    """And not for an answer to anything else, which would set the complaint going again."""
    told = ask(brain, "处理得怎么样了", own=(DECIDED,))
    assert told.memory.awaiting is not None
    assert told.memory.awaiting.kind == Waits.decision
    question = ask(brain, "处理得怎么样了", own=(replace(DECIDED, asked="哪一笔？", complaint="examining"),))
    assert question.memory.awaiting is not None
    assert question.memory.awaiting.kind == Waits.answer


def test_what_was_merged_again_and_again_is_followed_to_its_end(brain: Brain) -> None:
    first = view(number=3, merged_into=2)
    second, last = view(number=2, merged_into=1), view(number=1, status="in_progress", closed_at=None)
    told = said(ask(brain, "T-3 怎么样了", own=(first, second, last)))
    assert "T-3 已经并入 T-1" in told
    assert "正在处理" in told


def test_danger_goes_before_a_decision(brain: Brain) -> None:
    heard = ask(brain, "不接受，我不想活了", DECISION, own=(DECIDED,))
    assert not any(isinstance(effect, SettleComplaint) for effect in heard.effects)


def test_a_new_complaint_is_one_also_while_a_decision_waits(brain: Brain) -> None:
    heard = ask(brain, "我要投诉，你们主播骂人", DECISION, own=(DECIDED,))
    assert not any(isinstance(effect, SettleComplaint) for effect in heard.effects)
    assert any(getattr(effect, "kind", None) == "complaint" for effect in heard.effects)
