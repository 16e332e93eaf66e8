"""What operators teach the matcher about words: rules that make texts equal, and a thesaurus. Immutable.

Everything works on cleaned, simplified text: lower case, without blanks and punctuation. Rules rewrite the text before
anything is compared; the thesaurus only adds to the likeness of two texts, so a coarse group does little harm.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import Any

import ahocorasick
import re2

from app.matching.normalise import clean, simplify

LONGEST_RAW = 2000
"""Characters of a message that are read at all: what a viewer wants stands in them, and time stays bounded."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in the syntax of RE2, which takes linear time whatever is written; see ``check_pattern``."""

    find: str
    put: str = ""


def check_pattern(find: str) -> str | None:
    """What is wrong with an operator's expression, or None."""
    options = re2.Options()
    options.max_mem = 1 << 20  # a rule, not a program
    options.log_errors = False
    try:
        compiled = re2.compile(find, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not understood"
        return f"no valid RE2 expression: {reason.decode() if isinstance(reason, bytes) else reason}"
    return "matches the empty text, so it would match everywhere" if compiled.search("") else None


@dataclass(frozen=True)
class Language:
    same: Mapping[str, Sequence[str]]
    """Word → variants that are replaced by it; longer ones win, each place is rewritten once."""
    dropped: Sequence[str] = ()
    """Words that say nothing: courtesies, particles."""
    patterns: Sequence[Pattern] = ()
    """Applied one after the other, before the words."""
    thesaurus: Mapping[str, Sequence[str]] | None = None
    """Name of a group → its words; a word stands in one group only."""

    def normalise(self, text: str) -> str:
        """The form in which phrasings and questions are compared; "" when the text is nothing but symbols."""
        plain = simplify(clean(text[:LONGEST_RAW]))
        rewritten = plain
        for find, put in self._compiled:
            if find.search(rewritten):  # half the price of a substitution that finds nothing
                rewritten = find.sub(put, rewritten)
        if self._variant is not None:
            rewritten = self._variant.sub(self._replace, rewritten)
        return rewritten if len(rewritten) > 1 else plain  # of 谢谢你 the rules would leave 你

    def groups(self, normalised: str) -> list[str]:
        """The groups of the thesaurus whose words stand in the text; of words that overlap, the longest counts."""
        return [group for _, group in self._words.iter_long(normalised)] if self._words is not None else []

    @cached_property
    def digest(self) -> str:
        """Changes with every rule."""
        rules = [self.same, list(self.dropped), [(one.find, one.put) for one in self.patterns], self.thesaurus or {}]
        plain = json.dumps(rules, ensure_ascii=False, default=list, sort_keys=True)
        return hashlib.sha256(plain.encode()).hexdigest()

    @cached_property
    def _replacements(self) -> dict[str, str]:
        replaced = {variant: word for word, variants in self.same.items() for variant in variants}
        return replaced | dict.fromkeys(self.dropped, "")

    @cached_property
    def _variant(self) -> re.Pattern[str] | None:
        words = sorted(self._replacements, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, words))) if words else None

    @cached_property
    def _compiled(self) -> list[tuple[Any, Callable[[object], str]]]:
        """Each with a function, for the library puts nothing but ASCII in by itself."""
        options = re2.Options()
        options.log_errors = False
        return [(re2.compile(one.find, options=options), partial(_put, one.put)) for one in self.patterns]

    @cached_property
    def _words(self) -> ahocorasick.Automaton | None:
        """As the words stand after the rules: a group must also be found where a rule rewrote one of its words."""
        if not self.thesaurus:
            return None
        automaton = ahocorasick.Automaton()
        for group, words in self.thesaurus.items():
            for word in chain((group,), words):
                for form in (word, self.normalise(word)):
                    if form and form not in automaton:
                        automaton.add_word(form, group)
        automaton.make_automaton()
        return automaton

    def _replace(self, found: re.Match[str]) -> str:
        return self._replacements[found[0]]


def _put(text: str, found: object) -> str:
    return text


PLAIN = Language({})
"""Without any rules."""
