"""What every platform must keep about what leaves, over the whole registry."""

import socket
from importlib import import_module
from pathlib import Path

import httpx
import pytest

from app.channels import outbound
from app.channels.base import Inbound
from app.channels.content import SPOKEN, Text
from app.channels.delivery import Delivery, DeliveryError, Line, Outcome, ReplyTo, Upload, Window
from app.channels.registry import PLATFORMS
from tests.channels.samples import SAMPLES, account_of

HERE = Path(__file__).parent
MAX_API = 32
"""Characters of an API's name."""
MAX_SCOPE = 32
TOKEN = "accessTokenForTests"
MESSAGE = outbound.Text("您好。")

each_platform = pytest.mark.parametrize("name", PLATFORMS)


def said(name: str) -> list[Inbound]:
    paths = sorted((HERE / name / "payloads").iterdir())
    read = [PLATFORMS[name].restore(path.read_bytes()) for path in paths if path.name != "expected.json"]
    return [found for found in read if isinstance(found, Inbound)]


def senders(name: str) -> list[str]:
    return sorted({inbound.sender for inbound in said(name)})


def dead_address() -> str:
    """Where nobody listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{door.getsockname()[1]}"


# -------------------- what may leave


@each_platform
def test_a_passage_is_named_and_the_same_for_the_same(name: str) -> None:
    platform, account = account_of(name)
    for inbound in said(name):
        for reply_to in (None, ReplyTo(inbound.key, 1)):
            passage = platform.passage(account, inbound.sender, MESSAGE, reply_to)
            assert 0 < len(passage.api) <= MAX_API
            assert passage == platform.passage(account, inbound.sender, MESSAGE, reply_to)


@each_platform
def test_every_rate_is_that_of_a_passage(name: str) -> None:
    platform, account = account_of(name)
    messages: list[outbound.Message] = [MESSAGE, outbound.Notice("t", {}), outbound.Notice("t", {}, subscribed=True)]
    ways = [(message, reply_to) for message in messages for reply_to in (None, ReplyTo("m:1", 1))]
    apis = {platform.passage(account, sender, *way).api for sender in senders(name) for way in ways}
    assert platform.rates(account).keys() <= apis
    for rate in platform.rates(account).values():
        limits = [limit for limit in rate if limit is not None]
        assert limits
        assert min(limits) > 0


@each_platform
def test_what_opens_a_window_says_how_far(name: str) -> None:
    platform, account = account_of(name)
    given = {
        inbound.content.kind: allowance
        for inbound in said(name)
        if (allowance := platform.allowance(account, inbound.sender, inbound.content.kind, inbound.key))
    }
    assert Text.kind in given
    assert given.keys() <= {kind.kind for kind in SPOKEN} | {"followed", "menu", "scanned", "proactive"}
    for allowance in given.values():
        assert allowance.trigger
        assert allowance.messages > 0
        assert allowance.valid.total_seconds() > 0


@each_platform
def test_what_nobody_said_to_us_allows_nothing(name: str) -> None:
    platform, account = account_of(name)
    kinds = ("unfollowed", "unknown", "overheard", "notice_report", "mass_report", "recalled")
    assert not [
        kind for kind in kinds for s in senders(name) if platform.allowance(account, s, kind, "m:1") is not None
    ]


@each_platform
def test_without_leave_to_speak_first_a_window_is_needed_where_one_can_open(name: str) -> None:
    platform, account = account_of(name)
    for inbound in said(name):
        allowance = platform.allowance(account, inbound.sender, inbound.content.kind, inbound.key)
        if allowance is not None:
            assert platform.passage(account, inbound.sender, MESSAGE, None).window is Window.required


@each_platform
def test_a_place_is_a_place_of_its_own(name: str) -> None:
    platform = PLATFORMS[name]
    for inbound in said(name):
        place = platform.place(inbound.sender)
        assert platform.place(place) == place
        assert inbound.sender.startswith(place)
        assert inbound.in_public or place == inbound.sender
        assert len(platform.media_scope(inbound.sender)) <= MAX_SCOPE


# -------------------- how it can fail


@each_platform
def test_every_code_has_an_outcome_and_one_alone(name: str) -> None:
    outcomes = import_module(f"app.channels.{name}.outcomes")
    for table in (outcomes.SEND, outcomes.TOKEN):
        assert table
        assert all(isinstance(code, int) and isinstance(outcome, Outcome) for code, outcome in table.items())


async def failures(name: str) -> list[DeliveryError]:
    """Of each call, where nobody answers."""
    platform, account = account_of(name)
    found = []
    async with httpx.AsyncClient() as http:
        line = Line(http, dead_address(), TOKEN)
        sender = next(inbound.sender for inbound in said(name) if isinstance(inbound.content, Text))
        upload = Upload("image", "a.png", "image/png", 1, b"1", sender)
        for call in (
            platform.fetch_token(line, account),
            platform.send(line, account, Delivery(sender, MESSAGE, "1")),
            platform.upload(line, account, upload),
        ):
            with pytest.raises(DeliveryError) as failed:
                await call
            found.append(failed.value)
    return found


@each_platform
async def test_no_secret_is_told(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with httpx.AsyncClient() as http:
        told = [repr(account_of(name)[1]), repr(Line(http, "nowhere", TOKEN))]
    told += [f"{error} {error!r} {error.__cause__!r}" for error in await failures(name)]
    told += [record.getMessage() for record in caplog.records]
    secrets = [*SAMPLES[name].secrets.values(), TOKEN]
    assert not [secret for secret in secrets for text in told if secret in text]


@each_platform
async def test_where_nobody_listens_nothing_was_taken(name: str) -> None:
    token, sent, _ = await failures(name)
    assert (token.outcome, sent.outcome) == (Outcome.retry, Outcome.retry)
    assert sent.code == "not_connected"


@each_platform
async def test_a_kind_that_a_platform_lacks_never_leaves(name: str) -> None:
    platform, account = account_of(name)
    lacking = Delivery(senders(name)[0], SAMPLES[name].lacking, "1")
    async with httpx.AsyncClient() as http:
        with pytest.raises(DeliveryError) as failed:
            await platform.send(Line(http, "nowhere", TOKEN), account, lacking)
    assert (failed.value.code, failed.value.outcome) == ("unsupported", Outcome.permanent)
