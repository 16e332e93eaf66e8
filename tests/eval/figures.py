"""Figures that tell how the service would have treated a set of labelled questions."""

# ruff: noqa: T201 - a command prints

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.matching.confidence import Weights
from app.matching.entities import extract
from app.matching.index import Index, Phrasing
from app.matching.match import Tier
from app.matching.training import Example, held_out_confidences, observe, observe_left_out, without_copies


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one question fared."""

    outside: bool
    """No entry answers it."""
    right: bool
    listed: bool
    tier: Tier


def measure(index: Index, examples: Sequence[Example], small_talk: frozenset[str]) -> list[Verdict]:
    verdicts = []
    for example in examples:
        match = index.match(extract(example.text).rest)
        names = [candidate.target for candidate in match.candidates]
        right, listed = names[:1] != [] and names[0] in example.targets, not example.targets.isdisjoint(names[:3])
        verdicts.append(Verdict(example.targets == small_talk, right, listed, match.tier))
    return verdicts


def held_out(phrasings: Sequence[Phrasing], examples: Sequence[Example], small_talk: frozenset[str]) -> list[Verdict]:
    """As ``measure`` without near copies, but no confidence has seen its question; at the shipped thresholds."""
    shipped = Weights.load()
    asked = observe(Index.build(without_copies(phrasings, examples), Weights.blank()), examples)
    confidences = held_out_confidences(asked, observe_left_out(phrasings, examples))
    tiers = [shipped.tier(found, seen.evidence.runner_up) for found, seen in zip(confidences, asked, strict=True)]
    return [
        Verdict(seen.example.targets == small_talk, seen.right, seen.listed, tier)
        for seen, tier in zip(asked, tiers, strict=True)
    ]


def show(title: str, verdicts: Sequence[Verdict]) -> None:
    inside, outside = [v for v in verdicts if not v.outside], [v for v in verdicts if v.outside]
    sure, lists = [v for v in verdicts if v.tier is Tier.sure], [v for v in verdicts if v.tier is Tier.likely]
    print(f"\n{title}: {len(verdicts)} questions, {len(outside)} of them outside every entry")
    print(f"  answerable  first is right      {_share(v.right for v in inside)}")
    print(f"              in the first three  {_share(v.listed for v in inside)}")
    print(f"  sure        of all              {_share(v.tier is Tier.sure for v in verdicts)}")
    print(f"              right               {_share(v.right for v in sure)}")
    print(f"  likely      of all              {_share(v.tier is Tier.likely for v in verdicts)}")
    print(f"              right one listed    {_share(v.listed for v in lists)}")
    print(f"  outside     answered wrongly    {_share(v.tier is Tier.sure and not v.right for v in outside)}")
    print(f"              given a list        {_share(v.tier is Tier.likely for v in outside)}")


def _share(flags: Iterable[bool]) -> str:
    counted = list(flags)
    return f"{sum(counted) / len(counted):.3f}" if counted else "–"
