"""The whole way with meanings: vectors fetched beside the answers, a push at the door, and what is recorded of it."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.advisers.breaker import FAILURES
from app.advisers.vectors import FOLDER
from app.conversations.models import Message
from app.dialogue import advising, enriching, phrases
from app.dialogue.advising import PER_VIEWER
from app.dialogue.endpoints import Observation, Webhooks
from app.dialogue.loading import MEANING_WEIGHTS
from app.dialogue.understand import Brain
from app.main import Service
from app.matching.confidence import Weights
from app.matching.meanings import MeaningWeights
from app.settings import Settings
from app.simulator import wire
from tests.advisers.conftest import Counted
from tests.demo_knowledge import ALWAYS_OPEN
from tests.factories.knowledge import ANSWER, KnowledgeFolder, entry
from tests.factories.webhook import add_channel, client, serving, signed, text_of
from tests.factories.webhook import text as push
from tests.fakes.openai import Answer, Held, Odd, OpenAi, Raw
from tests.faults.waiting import eventually

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DIMENSIONS = 32
AMPLE, SHORT = 3.0, 0.1
"""Seconds of a call; the short one where it is meant to pass."""
SOON = 0.01

ASKED, MEANT = "画面老是停住不动怎么办", "一直转圈圈半天加载不出来"
"""Not sure by its words, but near the phrasing by its meaning."""
OTHER = "钱付了会员没给"
"""A phrasing of another entry."""
NOT_ARRIVED = "请退出重登。"
STRENGTH = {"strength": 4.0, "runner_up": 0.0, "shared": 0.0, "cover": 0.0, "length": 0.0, "elsewhere": 0.0}
WEIGHTS = MeaningWeights("tiny", DIMENSIONS, Weights(STRENGTH, 7.3, sure=0.985, likely=0.3, level=0.85))
SOLVED = """\
id: solved
title: 解决了
examples: [问题已经解决了, 应该是弄好了]
action: solved
reply: [太好了。]
priority: 50
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A running service, and what a test asks of it."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def service(self) -> Service:
        service: Service = self.app.state.service
        return service

    @property
    def brain(self) -> Brain:
        return self.service.ingest.rules.brain

    async def ask(self, text: str, sender: str = "viewer", *, msg_id: int | None = None) -> str:
        """What the viewer reads, or nothing."""
        body = push(text, sender=sender, msg_id=msg_id)
        response = await self.http.post("/webhooks/wechat/test", params=signed(), content=body)
        assert response.status_code == 200
        return "" if response.text == "success" else text_of(response)

    async def said(self) -> list[dict[str, Any]]:
        """What is stored with the texts of the bot, in their order."""

        def read(session: Session) -> list[dict[str, Any]]:
            rows = session.scalars(select(Message).where(Message.author == "bot").order_by(Message.id))
            return [row.data or {} for row in rows]

        return await self.service.db.read(read)

    async def meanings(self) -> None:
        """Wait until they are in force."""

        async def look() -> bool:
            return self.brain.index.meanings is not None

        await eventually("meanings are in force", look)

    def asks_back(self, answer: str) -> bool:
        """As it does by words alone."""
        options = self.brain.understand(ASKED).options
        return answer == phrases.CLARIFY_OPEN or (
            len(options) > 1 and all(self.brain.target(option).title in answer for option in options)
        )


Opened = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def files(tmp_path: Path) -> KnowledgeFolder:
    files = KnowledgeFolder(tmp_path / "company")
    files.write("intents/solved.yaml", SOLVED)
    (files.root / MEANING_WEIGHTS).parent.mkdir()
    WEIGHTS.save(files.root / MEANING_WEIGHTS)
    return files


@pytest.fixture
def opened(settings: Settings, files: KnowledgeFolder, api: OpenAi) -> Opened:
    api.dimensions = DIMENSIONS
    api.alike = {ASKED: MEANT}

    @asynccontextmanager
    async def open_desk(ready: bool = True, **changes: object) -> AsyncIterator[Desk]:
        known = {
            "embedding_url": api.url, "embedding_model": "tiny", "embedding_timeout": AMPLE, "knowledge_every": 0,
            "knowledge_dir": files.root, "service_hours": ALWAYS_OPEN,
        }  # fmt: skip
        own = settings.model_copy(update=known | changes)
        async with serving(own) as app, client(app) as http:
            await add_channel(app, own, "test")
            desk = Desk(app, http)
            if ready:
                await desk.meanings()
            yield desk

    return open_desk


@pytest.fixture
async def desk(opened: Opened) -> AsyncIterator[Desk]:
    async with opened() as desk:
        yield desk


def inputs(api: OpenAi) -> list[list[str]]:
    return [asked.body["input"] for asked in api.asked if asked.path.endswith("/embeddings")]


# -------------------- what it changes


async def test_what_becomes_sure_by_its_meaning_is_answered_and_recorded(
    desk: Desk, api: OpenAi, counted: Counted
) -> None:
    assert desk.brain.understand(ASKED).meant is None
    assert await desk.ask(ASKED) == ANSWER
    (stored,) = await desk.said()
    assert (stored["entry"], stored["tier"], stored["chosen_by"]) == ("playback.buffering", "sure", "embedding:tiny")
    assert stored["index"] == desk.brain.index.meaning_version
    assert inputs(api)[1:] == [[ASKED]]
    assert counted() == {"embedding embedded": 1, "embedding chosen": 1}


async def test_the_meaning_can_lead_elsewhere_than_the_words(opened: Opened, api: OpenAi) -> None:
    text = "付完款还是普通用户怎么办"
    async with opened() as desk:
        api.alike = {text: OTHER}
        assert desk.brain.understand(text).match.candidates[0].target == "playback.buffering"
        assert await desk.ask(text) == NOT_ARRIVED


@pytest.mark.parametrize("text", ["播放卡顿怎么办？", "人工", "2", "第二个", "30012", "谢谢", "[微笑]"])
async def test_what_is_sure_or_nobodys_question_is_not_asked_about(desk: Desk, api: OpenAi, text: str) -> None:
    await desk.ask(text)
    assert len(api.asked) == 1, "that of the knowledge"


async def test_what_stays_unsure_is_asked_back(desk: Desk, api: OpenAi, counted: Counted) -> None:
    api.alike = {}
    assert (await desk.ask(ASKED)).startswith(phrases.CLARIFY.partition("{")[0])
    assert "chosen_by" not in (await desk.said())[0]
    assert counted()["embedding none"] == 1


async def test_a_ticket_is_never_closed_by_a_meaning(desk: Desk, api: OpenAi) -> None:
    text = "大概应该算是搞定弄妥了吧"
    api.alike = {text: "应该是弄好了"}
    assert desk.brain.understand(text).meant is None
    await desk.ask(text)
    assert len(api.asked) == 2
    assert "chosen_by" not in (await desk.said())[0]


async def test_the_wire_beside_the_phones_says_how_it_was_found(desk: Desk) -> None:
    seen: list[Observation] = []
    service = desk.service
    desk.app.door = Webhooks(  # type: ignore[attr-defined]
        service.directory, service.ingest, service.keyring, seen.append, service.advising
    )
    await desk.ask(ASKED)
    decided = wire.decided(seen[0], desk.brain)
    assert decided is not None
    assert decided.source.endswith("按文本向量认出的")


async def test_what_tells_who_somebody_is_does_not_leave(desk: Desk, api: OpenAi) -> None:
    await desk.ask(f"{ASKED}，电话13812345678，邮箱a@b.cn")
    (sent,) = inputs(api)[1]
    assert ASKED in sent
    assert "13812345678" not in sent
    assert "a@b.cn" not in sent


# -------------------- together with a language model


async def test_the_language_model_chooses_among_what_was_found_by_meaning(opened: Opened, api: OpenAi) -> None:
    async with opened(llm_url=api.url, llm_model="small", llm_timeout=AMPLE) as desk:
        api.alike, api.otherwise = {ASKED: OTHER}, "1"
        assert desk.brain.understand(ASKED).match.candidates[0].target == "playback.buffering"
        assert await desk.ask(ASKED) == NOT_ARRIVED
        assert (await desk.said())[0]["chosen_by"] == "llm:small"


async def test_it_is_not_asked_where_the_meaning_is_enough(opened: Opened, api: OpenAi) -> None:
    async with opened(llm_url=api.url, llm_model="small") as desk:
        assert await desk.ask(ASKED) == ANSWER
        assert [asked.path for asked in api.asked] == ["/v1/embeddings"] * 2


async def test_without_vectors_it_chooses_as_ever(opened: Opened, api: OpenAi) -> None:
    async with opened(llm_url=api.url, llm_model="small", llm_timeout=AMPLE) as desk:
        api.answers = [HTTPStatus.BAD_GATEWAY, "1"]
        assert await desk.ask(ASKED) == ANSWER
        assert (await desk.said())[0]["chosen_by"] == "llm:small"


async def test_both_together_have_one_limit(
    opened: Opened, api: OpenAi, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(llm_url=api.url, llm_model="small", llm_timeout=AMPLE) as desk:
        monkeypatch.setattr(advising, "TOGETHER", SHORT)
        api.answers = [{"data": [{"index": 0, "embedding": [1.0] * DIMENSIONS}]}, Odd.silent]
        assert await desk.ask(ASKED)
        assert counted()["llm given_up"] == 1


# -------------------- how it fails


@pytest.mark.parametrize(
    ("limit", "answer"),
    [
        (AMPLE, HTTPStatus.UNAUTHORIZED),
        (AMPLE, HTTPStatus.BAD_GATEWAY),
        (AMPLE, Odd.cut),
        (AMPLE, Odd.cut_in_the_answer),
        (AMPLE, Raw(b"<html>")),
        (AMPLE, {"data": [{"index": 0, "embedding": [1.0] * (DIMENSIONS + 1)}]}),
        (AMPLE, {"data": [{"index": 0, "embedding": ["x"] * DIMENSIONS}]}),
        (SHORT, Odd.silent),
        (SHORT, Odd.trickle),
    ],
)
async def test_without_a_vector_it_asks_back_as_ever(opened: Opened, api: OpenAi, limit: float, answer: Answer) -> None:
    async with opened(embedding_timeout=limit) as desk:
        api.answers = [answer]
        assert desk.asks_back(await desk.ask(ASKED))
        assert len(api.asked) == 2
        assert "chosen_by" not in (await desk.said())[0]


async def test_the_breaker(desk: Desk, api: OpenAi, counted: Counted) -> None:
    api.answers = [HTTPStatus.BAD_GATEWAY] * FAILURES
    for number in range(FAILURES + 1):
        assert desk.asks_back(await desk.ask(ASKED, f"viewer{number}"))
    assert len(api.asked) == 1 + FAILURES
    assert counted()["embedding breaker_open"] == 1


async def test_the_budget(opened: Opened, api: OpenAi, counted: Counted) -> None:
    async with opened(embedding_calls_per_day=2) as desk:
        assert await desk.ask(ASKED) == ANSWER
        api.alike = {}
        assert desk.asks_back(await desk.ask("画面老是停住不动咋整怎么办", "other"))
        assert len(api.asked) == 2
        assert counted()["embedding over_budget"] == 1


async def test_one_viewer_does_not_use_up_what_is_there_for_all(desk: Desk, api: OpenAi, counted: Counted) -> None:
    api.alike = {}
    for number in range(2 * PER_VIEWER + 1):  # a minute may begin meanwhile, but not two
        await desk.ask(f"{ASKED}{'啊' * number}", "eager")
    asked = len(inputs(api)) - 1
    assert PER_VIEWER <= asked <= 2 * PER_VIEWER
    assert counted()["embedding too_many"] == 2 * PER_VIEWER + 1 - asked


async def test_a_repeat_and_the_same_words_of_another_ask_once(desk: Desk, api: OpenAi, counted: Counted) -> None:
    answers = [await desk.ask(ASKED, msg_id=7) for _ in range(3)]
    assert [*answers, await desk.ask(ASKED, "other")] == [ANSWER] * 4
    assert len(api.asked) == 2
    assert counted()["embedding remembered"] == 1


# -------------------- how the vectors of the knowledge come


async def test_it_answers_by_words_until_they_are_there(opened: Opened, api: OpenAi) -> None:
    held = Held()
    api.answers = [held]
    async with opened(ready=False) as desk:
        await api.until_asked(1)
        assert await desk.ask("播放卡顿怎么办？", "sure") == ANSWER
        assert desk.asks_back(await desk.ask(ASKED))
        assert len(api.asked) == 1, "nobody's words are asked about before there is something to compare them with"
        held.released.set()
        await desk.meanings()
        assert await desk.ask(ASKED, "other") == ANSWER
        assert "viewerdesk_meanings 8.0" in (await desk.http.get("/metrics")).text


async def test_a_failure_is_tried_again(
    opened: Opened, api: OpenAi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(enriching, "SOONEST", SOON)
    api.answers = [HTTPStatus.BAD_GATEWAY, Raw(b"<html>"), Odd.cut]
    async with opened() as desk:
        assert len(api.asked) == 4
        assert await desk.ask(ASKED) == ANSWER
    assert sum(record.message == "meanings not fetched" for record in caplog.records) == 3


async def test_vectors_of_other_dimensions_are_refused_by_name(
    opened: Opened, api: OpenAi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(enriching, "SOONEST", SOON)
    api.dimensions = DIMENSIONS // 2  # before anything can be asked for
    async with opened(ready=False, embedding_batch=2) as desk:

        async def look() -> bool:
            return "meanings refused" in caplog.text

        await eventually("they are refused", look)
        assert desk.asks_back(await desk.ask(ASKED))
        (refused, *_) = [record for record in caplog.records if record.message == "meanings refused"]
        assert (vars(refused)["dimensions"], vars(refused)["fitted"]) == (DIMENSIONS // 2, DIMENSIONS)
        api.dimensions = DIMENSIONS
        await desk.meanings()
        assert await desk.ask(ASKED, "other") == ANSWER


async def test_an_edit_asks_for_what_is_new_and_no_more(opened: Opened, api: OpenAi, files: KnowledgeFolder) -> None:
    async with opened() as desk:
        asked, before = len(api.asked), desk.brain.index.meaning_version
        held = Held()
        api.answers = [held]
        files.group("download", entry("download.where", "下载在哪", "下载的片子在哪里", "缓存好的去哪儿看", "在我的。"))
        for _ in range(2):
            await desk.service.keeper.look()
        await api.until_asked(asked + 1)
        assert await desk.ask("下载的片子在哪里") == "在我的。"
        assert desk.asks_back(await desk.ask(ASKED))
        held.released.set()
        await desk.meanings()
        assert sorted(inputs(api)[asked]) == ["下载的片子在哪里", "缓存好的去哪儿看"]
        assert await desk.ask(ASKED, "other") == ANSWER
        assert desk.brain.index.meaning_version != before
        assert desk.service.keeper.rules.brain is desk.brain


async def test_an_edit_in_the_middle_of_it_is_taken_up_at_once(
    opened: Opened, api: OpenAi, files: KnowledgeFolder
) -> None:
    held = Held()
    api.answers = [held]
    async with opened(ready=False) as desk:
        await api.until_asked(1)
        files.group("playback", files.buffering("请看看网线。"))
        for _ in range(2):
            await desk.service.keeper.look()
        held.released.set()
        await desk.meanings()
        assert await desk.ask(ASKED) == "请看看网线。"
        assert len(inputs(api)) == 2, "the second was the question"


async def test_a_restart_asks_nothing(opened: Opened, api: OpenAi) -> None:
    async with opened():
        pass
    asked = len(api.asked)
    async with opened():
        assert len(api.asked) == asked


async def test_an_end_in_the_middle_of_it_goes_on_from_there(opened: Opened, api: OpenAi) -> None:
    api.answers = [Held(), Held()]
    api.answers[0].released.set()  # type: ignore[union-attr]
    async with opened(ready=False, embedding_batch=5):
        await api.until_asked(2)
    async with opened():
        assert [len(texts) for texts in inputs(api)] == [5, 3, 3]


# -------------------- on and off


def lose(path: Path) -> None:
    path.unlink()


def rename(path: Path) -> None:
    MeaningWeights("large", DIMENSIONS, WEIGHTS.weights).save(path)


def spoil(path: Path) -> None:
    path.write_text("{", encoding="utf-8")


def outdate(path: Path) -> None:
    fields = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(fields | {"coefficients": {"strength": 1.0}}), encoding="utf-8")


@pytest.mark.parametrize("change", [lose, rename, spoil, outdate])
async def test_without_fitting_weights_it_stays_off_and_says_what_to_do(
    opened: Opened, api: OpenAi, files: KnowledgeFolder, change: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    change(files.root / MEANING_WEIGHTS)
    caplog.set_level(logging.WARNING)
    async with opened(ready=False) as desk:
        assert (desk.service.enriching, desk.service.advising) == (None, None)
        assert desk.asks_back(await desk.ask(ASKED))
    assert api.asked == []
    (off,) = [record for record in caplog.records if record.message == "embeddings are off"]
    assert "app matching train --embedding" in vars(off)["reason"]


async def test_off_nothing_is_made(opened: Opened, api: OpenAi, settings: Settings) -> None:
    async with opened(ready=False, embedding_url="") as desk:
        assert (desk.service.enriching, desk.service.advising) == (None, None)
        assert desk.asks_back(await desk.ask(ASKED))
        assert "viewerdesk_meanings 0.0" in (await desk.http.get("/metrics")).text
    assert api.asked == []
    assert not (settings.data_dir / FOLDER).exists()


async def test_no_text_stands_in_a_log(opened: Opened, api: OpenAi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened() as desk:
        api.answers = [HTTPStatus.BAD_GATEWAY]
        for _ in range(2):
            await desk.ask(ASKED)
    ours = "\n".join(f"{vars(record)}" for record in caplog.records if record.name.startswith("app."))
    assert "no advice" in ours
    assert "meanings in force" in ours
    assert ASKED not in ours
