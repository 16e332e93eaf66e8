"""The shipped knowledge, weights and questions together: a change that makes the answers worse fails here."""

import pytest

from app.dialogue.understand import Brain
from app.matching.confidence import Weights
from app.matching.evaluation import Figures
from app.matching.match import Match, Tier
from tests.demo_knowledge import brain as shipped


@pytest.fixture(scope="module")
def brain() -> Brain:
    return shipped()


def ask(brain: Brain, text: str) -> Match:
    return brain.understand(text).match


def test_every_phrasing_leads_to_its_target(brain: Brain) -> None:
    for target, text in brain.knowledge.phrasings():
        match = ask(brain, text)
        assert (match.candidates[0].target, match.tier) == (target, Tier.sure), text


def test_questions_find_their_entry(found: Figures) -> None:
    assert found.top1 > 0.92
    assert found.top3 > 0.96
    assert found.right_at_p95 > 0.80


def test_sure_answers_are_right_and_not_rare(found: Figures) -> None:
    assert found.sure_precision > 0.97
    assert found.sure_right > 0.5


def test_what_is_outside_is_not_answered(found: Figures) -> None:
    assert found.oos_answered < 0.02


def test_the_shipped_weights_are_those_of_the_shipped_knowledge(trained: Weights) -> None:
    """``app matching train`` after an edit of the knowledge; small edits change little."""
    shipped_weights = Weights.load()
    assert trained.sure == pytest.approx(shipped_weights.sure, abs=0.02)
    assert trained.coefficients == pytest.approx(shipped_weights.coefficients, rel=0.25, abs=0.1)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("《长风渡》第8集没字幕", "playback.subtitle_missing"),
        ("错误码30012", "playback.error_code"),
        ("会员到期了咋取消自动续费", "membership.cancel_renewal"),
        ("第二季什么时候出", "schedule.next_season"),
        ("一共36集吗", "schedule.episode_count"),
        ("怎麼投屏到電視", "playback.cast"),
        ("转人工", "ticket.human"),
    ],
)
def test_what_viewers_say(brain: Brain, text: str, target: str) -> None:
    understood = brain.understand(text)
    first = brain.name_of(understood.meant) if understood.meant else understood.match.candidates[0].target
    assert first == target


@pytest.mark.parametrize(
    "text", ["今天北京下雨吗", "帮我订一张高铁票", "物业费多少钱", "🤔", "嗯嗯", "asdkjh 那个东西"]
)
def test_other_peoples_business_is_not_answered(brain: Brain, text: str) -> None:
    assert ask(brain, text).tier is not Tier.sure


@pytest.mark.parametrize("text", ["a b ", "第十二集", "1", "会", "昨晚八点 "])
def test_saying_little_very_often_is_no_question(brain: Brain, text: str) -> None:
    assert ask(brain, text * 2000).tier is not Tier.sure


def test_when_it_happened_leaves_no_doubt_about_what(brain: Brain) -> None:
    assert brain.index.match("昨晚没字幕").tier is Tier.likely, "take another: this is surely understood as it is"
    meant = brain.understand("昨晚没字幕").meant
    assert meant is not None
    assert brain.name_of(meant) == "playback.subtitle_missing"
    lasting = brain.understand("昨晚的直播在哪看").meant
    assert lasting is not None
    assert brain.name_of(lasting) == "live.replay", "a moment may say what is meant"
