"""Which texts are asked about, and what stands among the options."""

from dataclasses import replace

import pytest

from app.dialogue.advising import LEAST, SHORTEST, needs_advice, option_of, targets_of
from app.dialogue.understand import Brain, Understanding
from app.faq.knowledge import Action
from app.matching.entities import extract
from app.matching.match import Candidate, Match, Tier


def understood(brain: Brain, text: str, tier: Tier, *targets: str, confidence: float = 0.3) -> Understanding:
    """As if the index had found these targets."""
    candidates = tuple(Candidate(target, 0.2) for target in targets)
    match = Match(text, candidates, confidence, tier, False, "index")
    slots = extract(text).slots
    return replace(
        brain.understand("随便什么话"), text=text, slots=slots, words=text, match=match, meant=None, flag=None
    )


@pytest.mark.parametrize(
    ("text", "tier", "confidence", "asked"),
    [
        ("投到电视上看不了", Tier.likely, 0.5, True),
        ("卡", Tier.likely, 0.5, True),
        ("字太小看不清", Tier.none, LEAST, True),
        ("字太小看不清", Tier.none, LEAST / 2, False),
        ("字" * (SHORTEST - 1), Tier.none, 0.2, False),
        ("第二个", Tier.likely, 0.5, False),
        ("安卓", Tier.likely, 0.5, False),
        ("30012", Tier.likely, 0.5, False),
        ("T-1003怎么样了", Tier.likely, 0.5, False),
    ],
)
def test_what_may_be_one_of_the_candidates(brain: Brain, text: str, tier: Tier, confidence: float, asked: bool) -> None:
    assert needs_advice(understood(brain, text, tier, "playback.cast", confidence=confidence)) is asked


def test_what_is_sure_flagged_or_like_nothing_needs_none(brain: Brain) -> None:
    unsure = understood(brain, "投到电视上看不了", Tier.likely, "playback.cast")
    intent = next(iter(brain.knowledge.intents.values()))
    assert not needs_advice(replace(unsure, meant=brain.target("playback.cast")))
    assert not needs_advice(replace(unsure, flag=intent))
    assert not needs_advice(understood(brain, "投到电视上看不了", Tier.likely))


def test_options_are_shown_by_title_and_question(brain: Brain) -> None:
    entry, praise = brain.knowledge.entries["ticket.human"], brain.knowledge.intents["praise"]
    assert option_of("ticket.human", brain.knowledge) == (entry.title, entry.question)
    assert option_of("intent:praise", brain.knowledge) == (praise.title, praise.examples[0])


def test_a_ticket_is_never_closed_by_advice(brain: Brain) -> None:
    closing = [f"intent:{name}" for name, known in brain.knowledge.intents.items() if known.action is Action.solved]
    assert closing
    unsure = understood(brain, "应该算好了吧", Tier.likely, *closing, "intent:praise")
    assert list(targets_of(unsure, brain.knowledge)) == ["intent:praise"]
