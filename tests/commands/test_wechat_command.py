"""``wechat``: what an operator does with an official account itself, against the played platform."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.fakes.played_wechat import APP_ID, SECRET, TOKEN, Standing, standing

MENU = [
    {"name": "帮我看看", "key": "playback.buffering"},
    {
        "name": "更多",
        "buttons": [{"name": "官网", "url": "https://example.com/"}, {"name": "人工", "key": "intent:human"}],
    },
]


@dataclass
class Desk:
    """An operator's desk: commands of the channel ``main``, and the platform behind them."""

    run: Run
    stands: Standing

    def __call__(self, *words: str) -> str:
        ended = self.run("wechat", *words, WECHAT_API=self.stands.url)
        assert ended.code == 0, ended.err
        return ended.out

    def refused(self, *words: str) -> str:
        ended = self.run("wechat", *words, WECHAT_API=self.stands.url)
        assert ended.code == 1
        return ended.err


@pytest.fixture
def stands() -> Iterator[Standing]:
    """The platform in a thread: commands have an event loop of their own."""
    ready, over = threading.Event(), asyncio.Event()
    found: list[Standing] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def stand() -> None:
        async with standing() as platform:
            found.append(platform)
            loops.append(asyncio.get_running_loop())
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(stand()))
    thread.start()
    assert ready.wait(20)
    yield found[0]
    loops[0].call_soon_threadsafe(over.set)
    thread.join()


@pytest.fixture
def desk(run: Run, stands: Standing) -> Desk:
    added = run("channel", "add", "wechat", "main", "--app-id", APP_ID, "--token", TOKEN, "--app-secret", SECRET,
                "--mode", "plain")  # fmt: skip
    assert added.code == 0, added.err
    return Desk(run, stands)


def test_a_menu_is_set_shown_and_deleted(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "menu.json"
    file.write_text(json.dumps(MENU, ensure_ascii=False))
    assert desk("menu", "set", "main", str(file)).startswith("2 buttons are set")
    assert json.loads(desk("menu", "show", "main")) == MENU
    desk("menu", "delete", "main")
    assert json.loads(desk("menu", "show", "main")) == []


@pytest.mark.parametrize(
    ("menu", "said"),
    [
        ("nonsense", "cannot be read"),
        ("[]", "one to three buttons"),
        ('[{"key": "a"}]', "needs a name"),
        ('[{"name": "两样", "key": "a", "url": "https://example.com"}]', "exactly one of"),
        ('[{"name": "深", "buttons": [{"name": "更深", "buttons": [{"name": "底", "key": "a"}]}]}]', "hold none"),
    ],
)
def test_a_wrong_menu_is_explained_and_changes_nothing(desk: Desk, tmp_path: Path, menu: str, said: str) -> None:
    file = tmp_path / "menu.json"
    file.write_text(menu)
    assert said in desk.refused("menu", "set", "main", str(file))
    assert not any("menu/create" in logged.api for logged in desk.stands.platform.log)


def test_a_message_to_all_is_sent_once_for_its_key(desk: Desk) -> None:
    first = desk("mass", "send", "main", "第8集推迟到周六", "--key", "delay-e8")
    job = first.split()[1]
    assert desk("mass", "state", "main", job).strip() in ("sending", "sent")
    again = desk.run("wechat", "mass", "send", "main", "第8集推迟到周六", "--key", "delay-e8",
                     WECHAT_API=desk.stands.url)  # fmt: skip
    assert job in again.out or "45066" in again.err  # the same job, or too soon to say


def test_what_the_platform_tells_is_shown(desk: Desk) -> None:
    assert "left" in desk("quota", "main", "/cgi-bin/message/custom/send")
    assert desk("clear-quota", "main").startswith("Cleared.")
    assert desk("addresses", "main").splitlines()[0].startswith("API")
    desk("tags", "main")


def test_its_refusal_is_told_in_its_own_words(desk: Desk) -> None:
    assert "WeChat refused: " in desk.refused("why", "main", "no-such-rid")


def test_a_channel_that_is_not_there_is_named(desk: Desk) -> None:
    assert "no WeChat channel 'other'" in desk.refused("tags", "other")


def test_all_commands_share_one_token(desk: Desk) -> None:
    """One fetched beside the service's would end it."""
    desk("tags", "main")
    desk("addresses", "main")
    fetched = [logged for logged in desk.stands.platform.log if "token" in logged.api]
    assert len(fetched) == 2  # the test's own, and one for all commands
