"""A short text after an answer, which says half of what it asks: “那怎么取消” after one about membership. Pure.

It is ranked with what was answered last: a candidate of the same group weighs more. It answers with a clear lead only;
else it is asked back with what is akin first. Rates on composed cases stand in ``tests/dialogue/test_follow_ups.py``.
"""

from collections.abc import Sequence
from datetime import datetime

from app.dialogue import answers, phrases, reports
from app.dialogue.rules import Rules
from app.dialogue.turn import Decision, Turn
from app.dialogue.understand import OPTIONS, Brain, Understanding
from app.faq.knowledge import OFFERED, Entry, Intent
from app.matching.match import Candidate, Tier
from app.tickets.models import TicketKind

LONGEST = 14
"""Characters up to which a text can be a follow-up that says only half of what it asks."""
AKIN = 2.5
"""By what the score of a candidate of the same group is multiplied."""
LEAD = 1.5
"""By what the first must then exceed the second, to be answered."""
LEAST = 0.18
"""Score, as it was matched, below which the first is no answer."""
_STILL = ("还是", "还在", "依然", "仍然", "仍旧", "照样")
"""How a short text begins that says: the steps did not help."""


def in_vain(turn: Turn) -> bool:
    """Whether a short text says of the last answer that it did not help, whatever else it names: 还是卡."""
    last, meant = turn.memory.last_entry, turn.meant
    about_it = meant is None or (isinstance(meant, Entry) and meant.id == last)
    return bool(last) and about_it and len(turn.words) <= LONGEST and turn.words.startswith(_STILL)


def hear(turn: Turn, understanding: Understanding, rules: Rules, now: datetime) -> Decision | Entry | Intent | None:
    """Steps in vain, the device that an answer lacked, or a candidate of the same matter with a clear lead."""
    if in_vain(turn):
        return reports.hand_over(turn, rules, now, phrases.STILL_BROKEN, TicketKind.fault)
    last = _last(turn, rules.brain)
    if last is None:
        return None
    entry, device = rules.brain.target(last), understanding.slots.device
    if device and isinstance(entry, Entry) and entry.steps_for(device):
        return answers.for_device(turn, entry, device)
    if understanding.match.tier is not Tier.likely:
        return None
    chosen = _leading(understanding, last, rules.brain)
    return rules.brain.target(chosen) if chosen else None


def options(turn: Turn, understanding: Understanding, rules: Rules) -> tuple[str, ...]:
    """What is asked back: what is akin to the last answer first, where the text follows one."""
    last = _last(turn, rules.brain)
    if last is None or understanding.match.tier is not Tier.likely:
        return understanding.options
    weighed = [found.target for found in _weighed(understanding.match.candidates, last)]
    if not any(_akin(target, last) for target in weighed):
        weighed[1:1] = _together(turn, last, rules.brain)
    listed = dict.fromkeys(target for target in weighed if target != last and _can_be_offered(target, rules.brain))
    return tuple(listed)[:OPTIONS] or understanding.options


def _last(turn: Turn, brain: Brain) -> str | None:
    last = turn.memory.last_entry
    return last if last and len(turn.words) <= LONGEST and brain.knows(last) else None


def _leading(understanding: Understanding, last: str, brain: Brain) -> str | None:
    candidates = understanding.match.candidates
    weighed = [found for found in _weighed(candidates, last) if found.target != last]
    if not weighed or not _akin(weighed[0].target, last) or not _can_be_offered(weighed[0].target, brain):
        return None
    scores = {found.target: found.score for found in candidates}
    first, second = weighed[0], weighed[1].score if len(weighed) > 1 else 0.0
    said = scores[first.target]
    return first.target if said >= max(LEAST, scores.get(last, 0.0)) and first.score >= LEAD * second else None


def _weighed(candidates: Sequence[Candidate], last: str) -> list[Candidate]:
    """Best first."""
    weighed = [Candidate(one.target, one.score * (AKIN if _akin(one.target, last) else 1.0)) for one in candidates]
    return sorted(weighed, key=lambda one: -one.score)


def _together(turn: Turn, last: str, brain: Brain) -> list[str]:
    """What is akin when the text is read behind the title of what was answered; one match more."""
    joined = brain.index.match(brain.target(last).title + turn.words)
    return [found.target for found in joined.candidates if found.target != last and _akin(found.target, last)]


def _akin(target: str, last: str) -> bool:
    """Whether both are entries of one group."""
    group, dot, _ = last.partition(".")
    return bool(dot) and target.startswith(group + dot) and target != last


def _can_be_offered(target: str, brain: Brain) -> bool:
    meant = brain.target(target)
    return isinstance(meant, Entry) or meant.action in OFFERED
