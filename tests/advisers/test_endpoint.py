"""One call, over real HTTP: every way to fail is one exception with a word, and the breaker and the budget hold."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

import pytest

from app import metrics
from app.advisers.breaker import FAILURES, REST
from app.advisers.budget import MINUTE
from app.advisers.endpoint import AT_ONCE, Endpoint, Failure, NoAdvice
from tests.advisers.clock import Clock
from tests.advisers.conftest import Counted
from tests.fakes.openai import Answer, Odd, OpenAi, Raw

KEY = "sk-geheim"
PATH = "/chat/completions"
SHORT = 0.05
"""Seconds for calls that are meant to time out; the others have ``AMPLE``."""
AMPLE = 10.0
MOST = 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


Open = Callable[..., Endpoint]


@pytest.fixture
async def open_endpoint(api: OpenAi, clock: Clock) -> AsyncIterator[Open]:
    opened: list[Endpoint] = []

    def open_(url: str = "", key: str = KEY, per_minute: int = 100, per_day: int = 1000) -> Endpoint:
        endpoint = Endpoint(
            "test", url or api.url, key, calls_per_minute=per_minute, calls_per_day=per_day, clock=clock
        )
        opened.append(endpoint)
        return endpoint

    yield open_
    for endpoint in opened:
        await endpoint.close()


async def ask(endpoint: Endpoint, seconds: float = AMPLE) -> object:
    return await endpoint.post(PATH, {"q": "问"}, seconds=seconds, most_bytes=MOST)


async def failure(endpoint: Endpoint, seconds: float = AMPLE) -> Failure:
    with pytest.raises(NoAdvice) as none:
        await ask(endpoint, seconds)
    return none.value.failure


async def test_a_call_with_its_key(api: OpenAi, open_endpoint: Open) -> None:
    api.answers = [{"fine": True}]
    assert await ask(open_endpoint(api.url + "/")) == {"fine": True}
    (asked,) = api.asked
    assert (asked.path, asked.body, asked.headers["authorization"]) == (f"/v1{PATH}", {"q": "问"}, f"Bearer {KEY}")


async def test_a_service_without_a_key(api: OpenAi, open_endpoint: Open) -> None:
    await ask(open_endpoint(key=""))
    assert "authorization" not in api.asked[0].headers


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (HTTPStatus.UNAUTHORIZED, Failure.refused),
        (HTTPStatus.PAYMENT_REQUIRED, Failure.refused),
        (HTTPStatus.FOUND, Failure.refused),
        (HTTPStatus.BAD_REQUEST, Failure.refused),
        (HTTPStatus.TOO_MANY_REQUESTS, Failure.limited),
        (HTTPStatus.INTERNAL_SERVER_ERROR, Failure.failed),
        (HTTPStatus.GATEWAY_TIMEOUT, Failure.failed),
        (Odd.cut, Failure.unreachable),
        (Odd.cut_in_the_answer, Failure.unreachable),
        (Odd.endless, Failure.unusable),
        (Raw(b"<html>"), Failure.unusable),
        (Raw(b""), Failure.unusable),
        (Raw(b"\xff\xfe"), Failure.unusable),
        (Raw(b"[" * 900), Failure.unusable),
        (Raw(b" " * (MOST + 1)), Failure.unusable),
    ],
)
async def test_each_failure_has_its_word(
    api: OpenAi, open_endpoint: Open, counted: Counted, answer: Answer, expected: Failure
) -> None:
    api.answers = [answer]
    assert await failure(open_endpoint()) is expected
    assert counted() == {f"test {expected}": 1}


@pytest.mark.parametrize("odd", [Odd.silent, Odd.silent_after_headers, Odd.trickle])
async def test_a_call_ends_in_time(api: OpenAi, open_endpoint: Open, counted: Counted, odd: Odd) -> None:
    api.answers = [odd]
    assert await failure(open_endpoint(), SHORT) is Failure.timeout
    assert counted() == {"test timeout": 1}


async def test_nobody_listens(open_endpoint: Open) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    assert await failure(open_endpoint(f"http://127.0.0.1:{port}")) is Failure.unreachable
    assert await failure(open_endpoint("http://no.such.host.invalid")) is Failure.unreachable


async def test_failures_open_the_breaker_and_a_probe_closes_it(
    api: OpenAi, open_endpoint: Open, clock: Clock, counted: Counted
) -> None:
    endpoint = open_endpoint()
    api.answers = list[Answer]([HTTPStatus.BAD_GATEWAY] * FAILURES)
    for _ in range(FAILURES):
        assert await failure(endpoint) is Failure.failed
    assert await failure(endpoint) is Failure.breaker_open
    assert (len(api.asked), shown_state()) == (FAILURES, 2)
    clock.now += REST
    assert await ask(endpoint)
    assert await ask(endpoint)
    assert (len(api.asked), shown_state()) == (FAILURES + 2, 0)
    assert counted() == {"test failed": FAILURES, "test breaker_open": 1}


async def test_texts_that_a_service_refuses_do_not_shut_out_the_others(api: OpenAi, open_endpoint: Open) -> None:
    endpoint = open_endpoint()
    api.answers = list[Answer]([HTTPStatus.BAD_REQUEST] * FAILURES * 2)
    for _ in range(FAILURES * 2):
        assert await failure(endpoint) is Failure.refused
    assert await ask(endpoint)


async def test_the_budget(api: OpenAi, open_endpoint: Open, clock: Clock) -> None:
    endpoint = open_endpoint(per_minute=2, per_day=3)
    api.answers = [HTTPStatus.BAD_REQUEST]
    assert await failure(endpoint) is Failure.refused
    await ask(endpoint)
    assert await failure(endpoint) is Failure.over_budget
    clock.now += MINUTE
    await ask(endpoint)
    assert await failure(endpoint) is Failure.over_budget
    assert len(api.asked) == 3


async def test_so_many_at_once_and_whoever_comes_on_top_does_not_wait(api: OpenAi, open_endpoint: Open) -> None:
    endpoint = open_endpoint()
    api.answers = [Odd.silent] * AT_ONCE
    calls = [asyncio.create_task(ask(endpoint)) for _ in range(AT_ONCE)]
    await api.until_asked(AT_ONCE)
    assert await failure(endpoint) is Failure.busy
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    assert await ask(endpoint)


async def test_a_call_that_is_given_up_is_no_failure_of_the_service(
    api: OpenAi, open_endpoint: Open, counted: Counted
) -> None:
    endpoint = open_endpoint()
    api.answers = [Odd.silent] * FAILURES
    for number in range(FAILURES):
        call = asyncio.create_task(ask(endpoint))
        await api.until_asked(number + 1)
        call.cancel()
        await asyncio.wait([call])
        assert call.cancelled()
    assert await ask(endpoint)
    assert counted() == {"test given_up": FAILURES}


async def test_neither_key_nor_text_stands_in_a_log(
    api: OpenAi, open_endpoint: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = open_endpoint()
    api.answers = [HTTPStatus.UNAUTHORIZED, Odd.cut, Raw(json.dumps({"error": KEY}).encode()[:-1])]
    for _ in range(3):
        with pytest.raises(NoAdvice) as none:
            await ask(endpoint)
        assert KEY not in f"{none.value!r} {none.value}"
    await ask(endpoint)
    written = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "no advice" in written
    assert KEY not in written
    assert "问" not in written


def shown_state() -> float:
    return next(
        sample.value
        for family in metrics.adviser_breaker.collect()
        for sample in family.samples
        if sample.labels["adviser"] == "test"
    )
