"""Knowledge that is edited while the service answers: real files, a real service, real pushes."""

import asyncio
import gc
import logging
import os
import shutil
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.dialogue import keeper as module
from app.dialogue import phrases
from app.dialogue.keeper import Keeper
from app.dialogue.loading import load_brain
from app.dialogue.understand import Brain
from app.main import Service
from app.settings import Settings
from tests.db.gates import until_somebody_waits
from tests.demo_knowledge import ALWAYS_OPEN
from tests.factories import webhook
from tests.factories.knowledge import ANSWER, BUFFERING, NOT_ARRIVED, KnowledgeFolder, entry
from tests.factories.webhook import add_channel, client, serving
from tests.faults.holding import conversations_held
from tests.faults.waiting import PATIENCE, eventually

OFTEN = 0.01
"""Seconds between two looks, where a test waits for what the service does by itself."""


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
    def keeper(self) -> Keeper:
        return self.service.keeper

    async def push(self, body: bytes) -> str:
        response = await self.http.post("/webhooks/wechat/desk", params=webhook.signed(), content=body)
        assert response.status_code == 200, response.text
        return "" if response.text == "success" else webhook.text_of(response)

    async def ask(self, text: str, sender: str = "viewer") -> str:
        return await self.push(webhook.text(text, sender=sender))

    async def health(self) -> dict[str, Any]:
        """What ``/readyz`` says of the knowledge, while the service is ready."""
        response = await self.http.get("/readyz")
        assert response.status_code == 200
        found: dict[str, Any] = response.json()["knowledge"]
        return found

    async def count(self, metric: str) -> float:
        lines = (await self.http.get("/metrics")).text.splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"viewerdesk_{metric} ")), 0)

    async def loads(self, outcome: str = "loaded") -> float:
        """How often this process took up a state of the files."""
        return await self.count(f'knowledge_loads_total{{outcome="{outcome}"}}')

    async def answers(self, text: str, wanted: str) -> None:
        """Wait until it does. Each look is another viewer's, who asks for the first time."""
        senders = iter(range(100_000))

        async def look() -> bool:
            return (await self.ask(text, f"viewer{next(senders)}")).startswith(wanted)

        await eventually(f"“{wanted}” is answered", look)

    async def looks(self, times: int = 2) -> None:
        for _ in range(times):
            await self.keeper.look()


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One engine: nothing here is stored in another way than elsewhere."""
    shutil.copy(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def files(tmp_path: Path) -> KnowledgeFolder:
    return KnowledgeFolder(tmp_path / "company")


Opened = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def opened(settings: Settings, files: KnowledgeFolder) -> Opened:
    @asynccontextmanager
    async def open_desk(every: float) -> AsyncIterator[Desk]:
        own = settings.model_copy(
            update={"knowledge_dir": files.root, "knowledge_every": every, "service_hours": ALWAYS_OPEN}
        )
        async with serving(own) as app, client(app) as http:
            await add_channel(app, own, "desk")
            yield Desk(app, http)

    return open_desk


@pytest.fixture
async def desk(opened: Opened) -> AsyncIterator[Desk]:
    """It looks by itself."""
    async with opened(OFTEN) as desk:
        yield desk


@pytest.fixture
async def still(opened: Opened) -> AsyncIterator[Desk]:
    """It looks when the test says so."""
    async with opened(0) as desk:
        yield desk


class Gate:
    """Stops whoever builds an index, wherever it is built, until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self._opened, self._build = threading.Event(), threading.Event(), load_brain
        monkeypatch.setattr(module, "load_brain", self._stop)

    def _stop(self, settings: Settings, before: Brain) -> Brain:
        brain = self._build(settings, before)
        self.reached.set()
        assert self._opened.wait(PATIENCE), "nobody opened the gate: the event loop stands still"
        return brain

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


# -------------------- what is edited is served


async def test_an_edited_answer_is_served(desk: Desk, files: KnowledgeFolder) -> None:
    assert await desk.ask(BUFFERING) == ANSWER
    before = await desk.health()
    files.group("playback", files.buffering("请重启路由器。"))
    await desk.answers(BUFFERING, "请重启路由器。")
    after = await desk.health()
    assert after["version"] != before["version"]
    assert after["index_version"] == before["index_version"], "it is asked in the same ways"
    assert desk.service.backlog.rules is desk.service.ingest.rules


async def test_a_new_entry_is_matched(desk: Desk, files: KnowledgeFolder) -> None:
    question = "怎么开发票？"
    assert await desk.ask(question) != "在订单里申请。"
    files.group("invoice", entry("invoice.issue", "开发票", question, "要一张发票", "在订单里申请。"))
    await desk.answers(question, "在订单里申请。")


async def test_what_the_service_counts_by_is_kept(still: Desk, files: KnowledgeFolder) -> None:
    """The pace of viewers, the calendar: only the knowledge is another one."""
    before = still.service.ingest.rules
    files.group("playback", files.buffering("请重启路由器。"))
    await still.looks()
    after = still.service.ingest.rules
    assert after.brain is not before.brain
    assert (after.pace, after.calendar, after.promises) == (before.pace, before.calendar, before.promises)


async def test_the_metrics_name_the_state_in_force(still: Desk, files: KnowledgeFolder) -> None:
    async def named() -> list[str]:
        lines = (await still.http.get("/metrics")).text.splitlines()
        return [line for line in lines if line.startswith("viewerdesk_knowledge_loaded_at{")]

    first = await still.health()
    files.group("playback", files.buffering("请重启路由器。"))
    await still.looks()
    second, (line,) = await still.health(), await named()
    assert f'version="{second["version"]}"' in line
    assert first["version"] not in line
    assert float(line.split()[-1]) == still.keeper.loaded_at.timestamp()


async def test_a_call_looks_without_waiting_for_the_time(opened: Opened, files: KnowledgeFolder) -> None:
    async with opened(3600) as desk:
        files.group("playback", files.buffering("请重启路由器。"))
        desk.keeper.look_now()
        await desk.answers(BUFFERING, "请重启路由器。")


# -------------------- what cannot be used changes nothing


async def test_broken_files_keep_what_was_served_until_they_are_mended(
    still: Desk, files: KnowledgeFolder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app.dialogue.keeper")
    served, refused = await still.health(), await still.loads("refused")
    files.group("playback", files.buffering("''"))
    await still.looks(5)

    problem = "faq/playback.yaml:6: entries[0].answer: must not be empty"
    assert await still.health() == served | {"problems": [problem]}
    assert await still.ask(BUFFERING) == ANSWER
    (said,) = _told(caplog)
    assert (said["file"], said["line"], said["field"]) == ("faq/playback.yaml", 6, "entries[0].answer")
    assert (await still.loads("refused"), await still.count("knowledge_problems")) == (refused + 1, 1)

    files.write("faq/membership.yaml", "entries: [")
    await still.looks()
    assert len((await still.health())["problems"]) == 2
    assert [said["file"] for said in _told(caplog)] == ["faq/playback.yaml", "faq/membership.yaml"], (
        "what was told is not told again"
    )

    files.group("membership", entry("membership.not_arrived", "会员没到账", NOT_ARRIVED, "付了没给", "请退出重登。"))
    files.group("playback", files.buffering("请重启路由器。"))
    await still.looks()
    assert await still.ask(BUFFERING, "another") == "请重启路由器。"
    assert ((await still.health())["problems"], await still.count("knowledge_problems")) == ([], 0)


async def test_files_that_are_put_back_need_no_load(still: Desk, files: KnowledgeFolder) -> None:
    served, loads = await still.health(), await still.loads()
    files.group("playback", "nonsense")
    await still.looks()
    assert (await still.health())["problems"]
    files.group("playback", files.buffering())
    await still.looks()
    assert await still.health() == served
    assert await still.loads() == loads


async def test_a_folder_that_is_gone_keeps_what_was_served(still: Desk, files: KnowledgeFolder) -> None:
    files.root.rename(files.root.with_name("elsewhere"))
    await still.looks()
    assert (await still.health())["problems"] == [
        "faq: no such folder, or no .yaml file in it",
        "intents: no such folder, or no .yaml file in it",
    ]
    assert await still.ask(BUFFERING) == ANSWER
    files.root.with_name("elsewhere").rename(files.root)
    await still.looks()
    assert (await still.health())["problems"] == []


async def test_an_offer_that_the_dialogue_has_no_words_for_is_refused(still: Desk, files: KnowledgeFolder) -> None:
    files.group("playback", files.buffering() + "    offer: confirm\n")
    await still.looks()
    (problem,) = (await still.health())["problems"]
    assert problem.startswith("faq/playback.yaml:7: entries[0].offer: must be one of")


async def test_an_unforeseen_error_is_refused_and_tried_again_when_asked(
    still: Desk, files: KnowledgeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: Settings, before: Brain) -> Brain:
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(module, "load_brain", fail)
        files.group("playback", files.buffering("请重启路由器。"))
        await still.looks()
        assert (await still.health())["problems"] == ["company: cannot be loaded: MemoryError: no room"]
    still.keeper.look_now()
    await still.answers(BUFFERING, "请重启路由器。")


async def test_many_problems_are_not_all_shown(still: Desk, files: KnowledgeFolder) -> None:
    files.group("playback", *("  - {}\n" for _ in range(20)))
    await still.looks()
    problems = (await still.health())["problems"]
    assert len(problems) == 51
    assert problems[-1] == "and 50 more"


# -------------------- how often, and where


async def test_ten_quick_saves_are_one_load(still: Desk, files: KnowledgeFolder) -> None:
    loads = await still.loads()
    for number in range(10):
        files.group("playback", files.buffering(f"第{number}次保存。"))
        await still.keeper.look()
    assert await still.loads() == loads, "it is still being written"
    await still.keeper.look()
    assert await still.loads() == loads + 1
    assert await still.ask(BUFFERING) == "第9次保存。"


async def test_what_is_saved_during_a_load_is_loaded_and_nothing_in_between(
    still: Desk, files: KnowledgeFolder, gate: Gate
) -> None:
    loads, version = await still.loads(), (await still.health())["version"]
    files.group("playback", files.buffering("第一次保存。"))
    await still.keeper.look()
    loading = asyncio.create_task(still.keeper.look())
    await asyncio.to_thread(gate.reached.wait, PATIENCE)
    for number in range(10):
        files.group("playback", files.buffering(f"第{number}次保存。"))
    gate.open()
    await loading
    assert (await still.health())["version"] == version, "half of it may be of one save and half of another"
    await still.looks()
    assert await still.loads() == loads + 1
    assert await still.ask(BUFFERING) == "第9次保存。"


async def test_a_touched_file_costs_no_load(still: Desk, files: KnowledgeFolder, gate: Gate) -> None:
    os.utime(files.root / "faq/playback.yaml", (1, 1))
    files.write("faq/.#playback.yaml", "an editor's own")
    await still.looks(4)
    assert not gate.reached.is_set()
    assert (await still.health())["problems"] == []


async def test_an_edit_that_hides_its_time_is_seen(still: Desk, files: KnowledgeFolder) -> None:
    path = files.root / "faq/playback.yaml"
    before = path.stat()
    files.group("playback", files.buffering(ANSWER.replace("换个", "试下")))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    await still.looks()
    assert "试下" in await still.ask(BUFFERING)


async def test_viewers_are_answered_while_the_index_is_built(desk: Desk, files: KnowledgeFolder, gate: Gate) -> None:
    files.group("playback", files.buffering("请重启路由器。"))
    await asyncio.to_thread(gate.reached.wait, PATIENCE)
    assert await desk.ask(BUFFERING) == ANSWER
    gate.open()
    await desk.answers(BUFFERING, "请重启路由器。")


async def test_the_end_of_the_service_does_not_wait_for_a_swap(
    opened: Opened, files: KnowledgeFolder, gate: Gate
) -> None:
    async with opened(OFTEN) as desk:
        files.group("playback", files.buffering("请重启路由器。"))
        await asyncio.to_thread(gate.reached.wait, PATIENCE)
        before = desk.service.ingest.rules
    gate.open()
    assert desk.service.ingest.rules is before


async def test_the_old_knowledge_is_freed_without_a_collection(still: Desk, files: KnowledgeFolder) -> None:
    """What start-up built is frozen, out of the collector's reach: a cycle in it would stay for good."""
    assert await still.ask(BUFFERING) == ANSWER
    old = weakref.ref(still.service.ingest.rules.brain.index)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        files.group("playback", files.buffering("请重启路由器。"))
        await still.looks()

        async def is_freed() -> bool:
            return old() is None

        await eventually("the old index is freed", is_freed)
    finally:
        gc.enable()


# -------------------- what is gone while somebody talks about it


async def test_an_open_list_keeps_its_numbers_when_an_entry_leaves(still: Desk, files: KnowledgeFolder) -> None:
    assert "1. 播放卡顿\n2. 会员没到账" in await still.push(webhook.followed())
    files.remove("faq/playback.yaml")
    await still.looks()
    assert await still.ask("1") == phrases.CHOICE_GONE
    assert await still.ask("2") == "请退出重登。"


async def test_taps_on_what_left(still: Desk, files: KnowledgeFolder) -> None:
    assert await still.push(webhook.menu_clicked("playback.buffering")) == ANSWER
    files.remove("faq/playback.yaml")
    await still.looks()
    assert await still.push(webhook.menu_clicked("playback.buffering", sender="another")) == phrases.GONE
    assert await still.push(webhook.menu_clicked("membership.not_arrived")) == "请退出重登。"


async def test_a_push_that_was_understood_before_is_decided_after(
    still: Desk, files: KnowledgeFolder, database_url: str, tmp_path: Path
) -> None:
    """It waits in the queue while the knowledge changes: it is answered as if it had been a moment faster."""

    async def waits() -> bool:
        return still.service.ingest.depth() == 1

    assert await still.ask(NOT_ARRIVED, "somebody")
    async with conversations_held(database_url):
        before = asyncio.create_task(still.ask(NOT_ARRIVED, "another"))
        await asyncio.to_thread(until_somebody_waits, tmp_path / "test.db.lock")
        asked = asyncio.create_task(still.ask(BUFFERING))
        await eventually("the push waits behind the other's batch", waits)
        files.remove("faq/playback.yaml")
        await still.looks()
    assert (await before, await asked) == ("请退出重登。", ANSWER)
    assert (await still.ask("还是卡")).startswith("抱歉，刚才的办法没有解决问题。"), (
        "the steps were in vain all the same"
    )


def _told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The fields of what the keeper logged."""
    return [vars(record) for record in caplog.records if record.name == "app.dialogue.keeper"]
