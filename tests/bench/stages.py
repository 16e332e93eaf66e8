"""What one turn costs, stage by stage, in one process without a network: where the next gain is.

A stage is a function that returns a ``Stage``; ``report`` lists them in the order of a turn, on the same pushes.
"""

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from app.channels import outbound
from app.channels.base import Inbound, Request
from app.channels.content import Text
from app.channels.wechat.account import Account
from app.channels.wechat.platform import WeChat
from app.conversations import accounts
from app.dialogue.loading import load_brain
from app.dialogue.understand import Brain
from app.matching.entities import extract
from app.settings import Settings
from tests.bench import turns
from tests.bench.account import AES_KEY, APP_ID, TOKEN
from tests.bench.generator import Traffic
from tests.bench.messages import Mode, Push, pushes

_PUSHES = 200
_REPEATS = 7
_SECONDS = 0.1
_TURNS = 16_000
_INSIDE = {
    "accept": "understand from the cache, seal the body, make the push",
    "store": "who it is, and the raw events",
    "load": "conversations, new viewers, lanes, circumstances",
    "decide": "what to say",
    "write": "messages, conversations, tickets, deliveries",
    "commit": "savepoint, commit with fsync (processor time), and the rest of the batch",
}
_ANSWER = outbound.Text("会员退款请在“我的—订单”里申请，三个工作日内原路退回。如需帮助，请回复“人工”。")


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    microseconds: float
    """Of one message."""
    what: str


def report(traffic: Traffic) -> None:
    now, platform, account = datetime.now(UTC), WeChat(), account_of(traffic.mode)
    requests = [request_of(push) for push in pushes(_PUSHES, traffic.mode, different=traffic.different)]
    inbounds = [inbound_of(platform, account, request, now) for request in requests]
    understanding = understand(load_brain(Settings(mode="demo")), inbounds, different=traffic.different)
    many = [inbound_of(platform, account, request_of(p), now) for p in pushes(_TURNS, traffic.mode, different=False)]
    inside = turns.measure(accounts.Account(1, "bench", False, platform, account), many)
    stages = [
        codec(platform, account, requests, now),
        understanding,
        *(Stage(name, microseconds, _INSIDE[name]) for name, microseconds in inside.items()),
        respond(platform, account, inbounds, now),
    ]
    print(*table(stages), sep="\n")


def codec(platform: WeChat, account: Account, requests: Sequence[Request], now: datetime) -> Stage:
    def work() -> None:
        for request in requests:
            platform.parse(account, request, now)

    return Stage("codec", microseconds(work, messages=len(requests)), "verify, decrypt in safe mode, decode")


def understand(brain: Brain, inbounds: Sequence[Inbound], *, different: bool) -> Stage:
    texts = [inbound.content.text for inbound in inbounds if isinstance(inbound.content, Text)]

    def work() -> None:
        for text in texts:
            if different:
                brain.index.match(extract(text, brain.catalogue).rest)
            else:
                brain.understand(text)

    what = "each question new: extract, normalise, match" if different else "questions repeat: the cache answers"
    return Stage("understand", microseconds(work, messages=len(texts)), what)


def respond(platform: WeChat, account: Account, inbounds: Sequence[Inbound], now: datetime) -> Stage:
    def work() -> None:
        for inbound in inbounds:
            platform.answer(account, inbound, _ANSWER, now)

    return Stage("respond", microseconds(work, messages=len(inbounds)), "write, and in safe mode encrypt, the reply")


def microseconds(work: Callable[[], object], *, messages: int) -> float:
    """µs for one of the ``messages`` that one call of ``work`` handles: the best of several runs, without GC."""
    calls = max(1, int(_SECONDS / _elapsed(work, 1)))
    gc.disable()
    try:
        best = min(_elapsed(work, calls) for _ in range(_REPEATS))
    finally:
        gc.enable()
    return best * 1e6 / calls / messages


def table(stages: Iterable[Stage]) -> Iterator[str]:
    """The stages with their share of the whole, and the sum."""
    stages = list(stages)
    total = sum(stage.microseconds for stage in stages)
    yield f"{'stage':<12} {'µs':>8} {'share':>6}  what"
    for stage in stages:
        yield f"{stage.name:<12} {stage.microseconds:8.1f} {stage.microseconds / total:6.1%}  {stage.what}"
    yield f"{'one turn':<12} {total:8.1f}"


def _elapsed(work: Callable[[], object], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        work()
    return time.perf_counter() - started


def account_of(mode: Mode) -> Account:
    settings = {"app_id": APP_ID, "mode": "safe" if mode == "aes" else "plain"}
    return WeChat().account(settings, {"token": TOKEN, "aes_key": AES_KEY})


def request_of(push: Push) -> Request:
    return Request(dict(parse_qsl(push.query)), push.body)


def inbound_of(platform: WeChat, account: Account, request: Request, now: datetime) -> Inbound:
    inbound = platform.parse(account, request, now)
    assert isinstance(inbound, Inbound), inbound
    return inbound
