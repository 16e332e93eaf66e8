"""The shipped knowledge, weights and questions together: a change that makes the answers worse fails here."""

import pytest

from app.matching.entities import extract
from app.matching.index import Index
from app.matching.match import Match, Tier
from tests.eval.figures import Verdict, measure
from tests.eval.questions import SMALL_TALK, read_examples, read_phrasings


@pytest.fixture(scope="module")
def index() -> Index:
    return Index.build(read_phrasings())


@pytest.fixture(scope="module")
def verdicts(index: Index) -> list[Verdict]:
    return measure(index, read_examples(), SMALL_TALK)


def ask(index: Index, text: str) -> Match:
    return index.match(extract(text).rest)


def test_every_phrasing_leads_to_its_target(index: Index) -> None:
    for target, text in read_phrasings():
        match = ask(index, text)
        assert (match.candidates[0].target, match.tier) == (target, Tier.sure), text


def test_most_questions_find_their_entry(verdicts: list[Verdict]) -> None:
    inside = [verdict for verdict in verdicts if not verdict.outside]
    assert sum(verdict.right for verdict in inside) > 0.85 * len(inside)
    assert sum(verdict.listed for verdict in inside) > 0.94 * len(inside)


def test_sure_answers_are_right(verdicts: list[Verdict]) -> None:
    sure = [verdict for verdict in verdicts if verdict.tier is Tier.sure]
    assert sum(verdict.right for verdict in sure) > 0.97 * len(sure)
    assert len(sure) > 0.45 * len(verdicts)


def test_what_is_outside_is_not_answered(verdicts: list[Verdict]) -> None:
    answered = [verdict for verdict in verdicts if verdict.outside and verdict.tier is Tier.sure and not verdict.right]
    assert len(answered) <= 3


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
def test_everyday_questions(index: Index, text: str, target: str) -> None:
    assert ask(index, text).candidates[0].target == target


@pytest.mark.parametrize("text", ["今天北京下雨吗", "帮我订一张高铁票", "物业费多少钱", "🤔", "嗯嗯"])
def test_other_peoples_business_is_not_answered(index: Index, text: str) -> None:
    assert ask(index, text).tier is not Tier.sure
