"""What the doctor says of the optional advisers: it asks them once, over real HTTP."""

import asyncio
import threading
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from tests.commands.conftest import Ended, Run
from tests.fakes import openai
from tests.fakes.openai import Answer, Odd, OpenAi


@pytest.fixture
def api() -> Iterator[OpenAi]:
    """In a thread of its own: a command runs an event loop itself."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop, played = asyncio.Event(), list[OpenAi]()

    async def play() -> None:
        async with openai.running() as api:
            played.append(api)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(play()))
    thread.start()
    assert ready.wait(openai.PATIENCE)
    yield played[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(openai.PATIENCE)
    loop.close()


@pytest.fixture
def ask(run: Run, api: OpenAi) -> Run:
    def ask(*arguments: str, stdin: str = "", **variables: str) -> Ended:
        named = {
            f"{prefix}_{name}": value
            for prefix in ("LLM", "EMBEDDING")
            for name, value in {"URL": api.url, "MODEL": "tiny", "KEY": "sk-geheim", "TIMEOUT": "3"}.items()
        }
        return run(*arguments, stdin=stdin, **{**named, **variables})

    return ask


def test_both_are_on_and_answer(ask: Run, api: OpenAi) -> None:
    api.otherwise = "1"
    ended = ask("doctor")
    assert ended.out.splitlines()[1] == f"Language model tiny at {api.url}, embeddings tiny at {api.url}."
    assert sorted(asked.path for asked in api.asked) == ["/v1/chat/completions", "/v1/embeddings"]
    lines = [line for line in ended.out.splitlines() if "it answered in" in line]
    assert [line.split(":")[0].split("advice")[1].strip() for line in lines] == ["language model", "embeddings"]
    assert "LLM_URL is not encrypted" in ended.out
    assert (ended.code, ended.err) == (0, "")
    assert "geheim" not in ended.out


@pytest.mark.parametrize(
    ("answer", "limit", "sentence"),
    [
        (HTTPStatus.UNAUTHORIZED, "3", "it refuses the call (401); look at LLM_URL, LLM_MODEL and LLM_KEY"),
        (HTTPStatus.BAD_GATEWAY, "3", "it does not work at the moment (failed (502))"),
        (Odd.cut, "3", "there is no connection to LLM_URL"),
        (Odd.silent, "0.2", "no answer within 0.2 s"),
        ("<think>嗯", "3", "its answer cannot be used; look at LLM_URL, and take a model that does not think aloud"),
    ],
)
def test_one_that_fails_is_no_obstacle(ask: Run, api: OpenAi, answer: Answer, limit: str, sentence: str) -> None:
    api.answers = [answer]
    ended = ask("doctor", EMBEDDING_URL="", LLM_TIMEOUT=limit)
    assert f"language model: {sentence}" in ended.out
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("The service can run.\n")


def test_half_a_configuration_is_refused(run: Run) -> None:
    ended = run("doctor", LLM_URL="https://api.example.com/v1")
    assert ended.code != 0
    assert "LLM_MODEL cannot be used" in ended.err
