"""Reads ``faq/*.yaml``, ``faq/language/*.yaml`` and ``intents/*.yaml``, and reports all problems at once.

The format of ``faq/<group>.yaml``::

    entries:
      - id: playback.buffering      # <group>.<name>, unique; statistics hang on it, so it never changes
        title: 播放卡顿              # 2 to 12 characters, shown as a choice in a clarifying question
        question: 播放卡顿、一直缓冲怎么办？
        similar:                    # as different real viewers write, 25 or more; a list, or lists by style (see
          plain:                    # records.STYLES), which tell the matcher's training what to hold back
            - 一直转圈圈，半天加载不出来
        answer: |                   # plain text of at most 2,000 bytes; {hotline} is a fact, see facts.py;
          ……                        # without its facts an answer is withheld: none in urgent ones, none with an intent
        again: [……]                 # optional: other wordings, for a viewer who asks the same again
        devices:                    # optional: the steps for a device that the viewer names, instead of the answer:
          tv: ……                    # android, ios, tv, computer
        offer: human                # optional: the intent that acts if the viewer says yes; the dialogue asks
        title_facts: airing         # optional: what the catalogue says first of a title; see knowledge.TitleFacts
        urgent: true                # optional: answered even while the viewer waits for a person
        intent: human               # optional: the question is really a request; its intent acts instead

and of ``intents/<id>.yaml``::

    id: human
    title: 转人工
    examples: [转人工客服, 我要人工]   # matched like similar questions
    exact: [人工, "0"]              # count only as the whole message
    words: [孩子…充了, 不想活了]     # count wherever they stand, … for some characters; one of the three is enough
    action: hand_over               # see knowledge.Action
    priority: 100                   # 0 to 100, see below
    reply: [……]                     # for the actions of knowledge.SAYING: wordings, one at least without a fact

An entry has priority 0. Where several intents are meant by the words of one message, or where a phrasing stands with
several targets once it is normalised, the highest priority wins, so an intent goes before an entry; but small talk (the
action ``say``) never goes before a question. A score that is merely near another one's is no matter of priority.

Text is text: a number, true/false or a date stands in quotes. YAML aliases are refused.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import astuple, replace
from pathlib import Path
from types import MappingProxyType

from app.errors import ConfigurationError
from app.faq import files, source
from app.faq.knowledge import Intent, Knowledge, bare, fingerprint
from app.faq.language import read_language
from app.faq.records import Phrasing, ReadEntry, entries_of, read_entry, read_intent
from app.faq.source import Problem, Spot
from app.matching.language import Language


class KnowledgeError(ConfigurationError):
    """The files have problems; the text has one line for each, by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def load(
    faq_dir: Path, intents_dir: Path, facts: Mapping[str, str | None], *, offers: Set[str] | None = None
) -> Knowledge:
    """Everything in both folders, valid as a whole; KnowledgeError lists all that is not.

    ``facts`` gives each known fact a value, or None where it is not set: answers that need such a fact are withheld.
    ``offers``: the intents that can be offered, where not all can.
    """
    problems: list[Problem] = []
    intents = [read_intent(stem, root, facts) for stem, root in source.open_files(intents_dir, problems)]
    groups = source.open_files(faq_dir, problems)
    entries = [read_entry(stem, place, facts) for stem, root in groups for place in entries_of(root)]
    _check_entry_ids(entries)
    known = {path.stem for path in files.listed(intents_dir)}
    _check_named_intents(entries, known)
    _check_offers(entries, known, offers)
    asked = [phrasing for read in entries for phrasing in read.phrasings]
    _check_phrasings([*asked, *(phrasing for read in intents for phrasing in read.phrasings)])
    language = read_language(faq_dir / "language", problems)
    if problems:
        raise KnowledgeError(problems)
    return _assemble(entries, [read.intent for read in intents], language)


def _assemble(read: Sequence[ReadEntry], intents: Sequence[Intent], language: Language) -> Knowledge:
    entries = {item.entry.id: replace(item.entry, answer="") if item.missing else item.entry for item in read}
    withheld = {item.entry.id: item.missing for item in read if item.missing}
    version = fingerprint(
        [entry.version for entry in entries.values()], [astuple(intent) for intent in intents], language.digest
    )
    by_id = {intent.id: intent for intent in intents}
    return Knowledge(version, MappingProxyType(entries), MappingProxyType(by_id), MappingProxyType(withheld), language)


# ------------------------------------------------------------------------------------------------- across all the files


def _check_entry_ids(entries: Sequence[ReadEntry]) -> None:
    seen: dict[str, Spot] = {}
    for read in entries:
        spot = read.spots.get("id")
        if spot and read.entry.id:
            first = seen.setdefault(read.entry.id, spot)
            if first is not spot:
                spot.report(f"'{read.entry.id}' is already used at {first.file}:{first.line}")


def _check_named_intents(entries: Sequence[ReadEntry], known: set[str]) -> None:
    seen: dict[str, Spot] = {}
    for read in entries:
        spot, name = read.spots.get("intent"), read.entry.intent
        if not spot or not name:
            continue
        if name not in known:
            spot.report(f"there is no intent '{name}'")
        first = seen.setdefault(name, spot)
        if first is not spot:
            spot.report(f"'{name}' already belongs to the entry at {first.file}:{first.line}")


def _check_offers(entries: Sequence[ReadEntry], known: set[str], offers: Set[str] | None) -> None:
    for read in entries:
        spot = read.spots.get("offer")
        if spot and read.entry.offer not in known:
            spot.report(f"there is no intent '{read.entry.offer}'")
        elif spot and offers is not None and read.entry.offer not in offers:
            spot.report(f"must be one of {', '.join(sorted(offers))}")


def _check_phrasings(phrasings: Sequence[Phrasing]) -> None:
    """The same words twice are a slip, or two targets between which nothing can decide.

    An exact word may repeat a phrasing of its own target: both then say the same.
    """
    seen: dict[str, Phrasing] = {}
    for phrasing in sorted(phrasings, key=lambda one: one.exact):
        key = bare(phrasing.text)
        first = seen.setdefault(key, phrasing) if key else phrasing
        same_meaning = first.target == phrasing.target and first.exact != phrasing.exact
        if first is not phrasing and not same_meaning:
            phrasing.spot.report(f"'{phrasing.text}' already stands at {first.spot.file}:{first.spot.line}")
