"""What browsers ask for at the desk: each page and fragment, as its templates write the address."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from app.desk import cursors
from app.desk.orders import View
from tests.bench.desking import company as made
from tests.bench.desking.company import Company
from tests.bench.searching.corpus import ABSENT, COMMON, RARE

READERS = 8
"""People who ask in turn."""
_BEYOND = 2**40


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    form: Mapping[str, str] | None = None
    """Of what is posted; None: it is read."""


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    ask: Callable[[int, int], Asked]
    """By who asks (an agent's id) and how often that was done before."""
    undo: Callable[[Asked], Asked] | None = field(default=None)
    """Afterwards, not timed."""


def lists(company: Company, channels: Sequence[int]) -> Iterator[Task]:
    for view in View:
        yield _fixed(f"list {view}", f"/desk/list?view={view}")
        if (after := _amid(company, view)) is not None:
            yield _fixed(f"list {view}, deep", f"/desk/more?view={view}&after={after}")
    narrowed = {
        "channel": f"channel={channels[0]}", "rare channel": f"channel={channels[2]}", "priority": "priority=2",
        "title": f"title={quote(made.TITLES[0])}", "rare title": f"title={quote(made.RARE_TITLE)}",
        "tag": f"tag={quote(made.TAGS[0])}", "rare tag": f"tag={quote(made.RARE_TAG)}",
        "title + tag": f"title={quote(made.TITLES[1])}&tag={quote(made.TAGS[9])}&priority=1",
    }  # fmt: skip
    for view in (View.mine, View.queue, View.resolved, View.mentions, View.bot, View.all):
        for name, query in narrowed.items():
            yield _fixed(f"list {view}, {name}", f"/desk/list?view={view}&{query}")


def _amid(company: Company, view: View) -> str | None:
    """The cursor of a page far from the first; None where a person's own are few."""
    before = cursors.number(company.now - made.LATELY / 2)
    keys = {
        View.team: [company.amid_open_ones], View.queue: [0, 0, before, _BEYOND], View.waiting: [before, _BEYOND],
        View.resolved: [cursors.number(company.now - made.YEAR / 2), _BEYOND],
        View.mentions: [company.talks // 2 * 4], View.bot: [company.amid_open_ones], View.all: [company.talks // 2],
    }  # fmt: skip
    return cursors.write(keys[view]) if view in keys else None


def pages(company: Company) -> Iterator[Task]:
    own = {agent: company.of(agent) for agent in range(1, READERS + 1)}
    resolved, long_one = company.resolved(), company.long_one

    def of_own(suffix: str) -> Callable[[int, int], Asked]:
        return lambda who, turn: Asked(f"/desk/{own[who][turn % len(own[who])]}{suffix}")

    yield _fixed("desk", "/desk")
    yield Task("desk, opened", of_own("?view=mine"))
    yield _fixed("views", "/desk/views?view=mine")
    for part in ("work", "log?first=1&read=5", "window", "context", "beside"):
        yield Task(f"own: {part.partition('?')[0]}", of_own(f"/{part}"))
    for part in ("work", "context"):
        yield Task(f"resolved: {part}", _each(resolved, f"/{part}"))
        yield _fixed(f"5,000 messages: {part}", f"/desk/{long_one}/{part}")
    yield _fixed("60 messages: log", f"/desk/{long_one}/log?first={company.long - 59}&read={company.long - 9}")
    yield _fixed("5,000 messages: older", f"/desk/{long_one}/older?before={company.long // 2}")
    yield _fixed("20,000 characters: log", f"/desk/{long_one - 1}/log?first=1&read=9")


def searches() -> Iterator[Task]:
    words = {
        "rare word": RARE[0], "common word": COMMON, "nothing": ABSENT, "viewer": "王小明", "ticket": "T-77",
        "one character": "退",
    }  # fmt: skip
    for name, word in words.items():
        yield _fixed(f"found: {name}", f"/desk/found?view=mine&q={quote(word)}")


def deeds(company: Company, start: datetime) -> Iterator[Task]:
    own = {agent: company.of(agent) for agent in range(1, READERS + 1)}
    free = [talk.id for talk in company.open_ones() if talk.agent is None]
    revision = int((start + timedelta(days=1)).timestamp())

    def post(deed: str, form: Callable[[int, int], dict[str, str]]) -> Task:
        def ask(who: int, turn: int) -> Asked:
            talk = own[who][turn % len(own[who])]
            return Asked(f"/desk/{talk}/{deed}", form(talk, turn))

        return Task(f"post {deed}", ask)

    yield post("read", lambda talk, turn: {"seq": "9"})
    yield post("viewing", lambda talk, turn: {"writing": "yes" if turn % 2 else ""})
    yield post("draft", lambda talk, turn: {"text": f"您好 {turn}", "seen": "9", "revision": str(revision + turn)})
    yield post("note", lambda talk, turn: {"text": f"@陈客服9 第 {turn} 次看过"})
    yield post(
        "send",
        lambda talk, turn: {"text": f"您好，正在核对 {turn}", "seen": str(company.long), "key": f"key-{turn:06}"},
    )
    yield Task(
        "post take",
        lambda who, turn: Asked(f"/desk/{free[turn % len(free)]}/take", {}),
        lambda asked: Asked(asked.path.replace("take", "release"), {}),
    )


def _fixed(name: str, path: str) -> Task:
    return Task(name, lambda who, turn: Asked(path))


def _each(talks: Sequence[int], suffix: str) -> Callable[[int, int], Asked]:
    return lambda who, turn: Asked(f"/desk/{talks[turn % len(talks)]}{suffix}")
