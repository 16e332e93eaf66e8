"""What is looked for, and the work that one page may cost."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.desk.search.grams import ranges, wanted
from app.desk.search.letters import fold, runs
from app.desk.search.sources import Kind
from app.desk.search.walking import Stretch, walk, walk_all, walk_rarest
from app.errors import AppError

LONGEST = 100
WALKED, READ = 10_000, 4_000
"""Ids and texts that are looked at for one page at most."""
FEWER = 1_000
"""Texts of viewers, or of tickets: what a number finds in their addresses is seldom looked for."""
LOOSE = 300
TEXTS = 512
"""Texts that are read at a time."""
TOP = 2**62
"""Above all ids."""

Texts = Callable[[Sequence[int]], Mapping[int, str]]
Ids = Callable[[int, int], Sequence[int]]


class QueryTooLong(AppError):
    status_code, message = 422, f"搜索的内容太长，请缩短到 {LONGEST} 个字以内"


@dataclass(frozen=True, slots=True)
class Query:
    """Words between blanks; all of them must occur in a text, in any order."""

    terms: Sequence[str]
    """Folded, each once."""

    def most(self, usual: int) -> int:
        """How many texts are read: few where the index knows but a part of a word, as of T-77, and finds much else."""
        is_loose = any(len(found := runs(term)) > 1 and min(map(len, found)) == 1 for term in self.terms)
        return min(usual, LOOSE) if is_loose else usual

    def meets(self, text: str) -> bool:
        folded = fold(text)
        return all(term in folded for term in self.terms)


def parse(text: str) -> Query:
    """QueryTooLong beyond ``LONGEST`` characters. What is blank has no terms, and finds nothing."""
    if len(text.strip()) > LONGEST:
        raise QueryTooLong
    return Query(list(dict.fromkeys(fold(text).split())))


def stretches(session: Session, kind: Kind, query: Query, every: Ids, *, below: int, floor: int) -> Iterator[Stretch]:
    """The ids where it may be, on the shortest way that there is. ``every``: all ids, where the index is of no help."""
    if grams := wanted(query.terms):
        return walk(session, kind, grams, below=below, floor=floor)
    rarest = walk_rarest(session, kind, ranges(query.terms), below=below, floor=floor)
    return walk_all(every, below=below, floor=floor) if rarest is None else rarest


def collect(
    way: Iterator[Stretch], read: Texts, query: Query, *, limit: int, most: int = READ
) -> tuple[list[tuple[int, str]], int | None]:
    """The first hits with their texts, and where to go on. ``most``: texts that are read."""
    hits: list[tuple[int, str]] = []
    walked = checked = 0
    for stretch in way:
        walked += stretch.walked
        for at in range(0, len(stretch.ids), TEXTS):
            part = stretch.ids[at : at + TEXTS]
            checked += len(part)
            texts = read(part)
            hits += [(each, texts[each]) for each in part if each in texts and query.meets(texts[each])]
            if len(hits) > limit:
                return hits[:limit], hits[limit - 1][0]
            if checked >= most:
                return hits, part[-1]
        if walked >= WALKED:
            return hits, stretch.down_to
    return hits, None
