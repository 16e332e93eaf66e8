"""How the played platform pushes: signed, and again with the same id where it is not acknowledged."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.channels.base import Handshake, Inbound
from app.channels.base import Request as Push
from app.channels.qq.account import Account
from app.channels.qq.addresses import Scene
from app.channels.qq.limits import PUSH_ATTEMPTS
from app.channels.qq.platform import QQ
from app.simulator.qq.acts import Acts
from app.simulator.qq.pushing import Pusher
from app.simulator.qq.world import Bot, World
from tests.fakes.qq import APP_ID, SECRET

ACKNOWLEDGED = Response(b'{"op":12,"d":0}', media_type="application/json")


class Listener:
    """A webhook that answers as told, the last answer for ever, and keeps what it got."""

    def __init__(self, *answers: Response) -> None:
        self.answers, self.got = list(answers), list[Push]()
        self.app = Starlette(routes=[Route("/", self.serve, methods=["POST"])])

    async def serve(self, request: Request) -> Response:
        self.got.append(Push({}, await request.body(), dict(request.headers)))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def pushing(listener: Listener) -> AsyncIterator[tuple[World, Pusher]]:
    world = World()
    bot = world.add(Bot(APP_ID, SECRET))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=listener.app)) as http:
        yield world, Pusher(bot, "http://test/", http, world.clock)


@pytest.mark.parametrize(
    ("answers", "attempts"),
    [
        ([ACKNOWLEDGED], 1),
        ([Response(status_code=204)], 1),
        ([Response(b"")], 1),
        ([Response(status_code=503), ACKNOWLEDGED], 2),
        ([Response(b'{"op":12,"d":1}'), Response(b"success"), ACKNOWLEDGED], 3),
        ([Response(status_code=500)], PUSH_ATTEMPTS),
    ],
)
async def test_a_push_is_repeated_until_it_is_acknowledged(answers: Sequence[Response], attempts: int) -> None:
    listener = Listener(*answers)
    async with pushing(listener) as (world, pusher):
        heard = await pusher.push(Acts(world).says(Scene.c2c, "U1", "U1", "在吗"))
    assert len(heard) == len(listener.got) == attempts
    assert len({json.loads(push.body)["id"] for push in listener.got}) == 1


async def test_what_is_pushed_is_authentic_to_the_bot_alone() -> None:
    listener = Listener(ACKNOWLEDGED)
    async with pushing(listener) as (world, pusher):
        await pusher.push(Acts(world).says(Scene.group, "G1", "P1", "在吗"))
        await pusher.check()
    said, check = (QQ().parse(Account(APP_ID, SECRET), push, world.clock.now()) for push in listener.got)
    assert isinstance(said, Inbound)
    assert (said.sender, said.in_public) == ("group:G1:P1", True)
    assert isinstance(check, Handshake)


@pytest.mark.parametrize("answer", [b"", b"{}", b'{"plain_token":"plainTok000000000001","signature":"00"}'])
async def test_a_check_that_is_not_answered_as_it_must_be(answer: bytes) -> None:
    async with pushing(Listener(Response(answer))) as (_, pusher):
        assert not await pusher.check()


async def test_where_nobody_listens_nothing_is_heard() -> None:
    async with pushing(Listener(ACKNOWLEDGED)) as (world, pusher), httpx.AsyncClient(trust_env=False) as http:
        deaf = Pusher(pusher.bot, "http://127.0.0.1:1/", http, world.clock)
        heard = await deaf.push(Acts(world).befriends("U1"))
    assert [each.status for each in heard] == [None] * PUSH_ATTEMPTS


def acts() -> dict[str, Any]:
    made = Acts(World())
    return {
        "text": made.says(Scene.dm, "D1", "P1", "在吗"),
        "overheard": made.overheard("G1", "P1", "在吗"),
        "followed": made.invites("G1", "P1"),
        "unfollowed": made.leaves("U1"),
        "proactive": made.allows(Scene.group, "G1", allowed=False),
    }


@pytest.mark.parametrize("kind", ["text", "overheard", "followed", "unfollowed", "proactive"])
def test_what_people_do_is_read_as_that(kind: str) -> None:
    read = QQ().restore(acts()[kind].body)
    assert isinstance(read, Inbound)
    assert read.content.kind == kind


def test_a_tap_brings_what_the_button_held() -> None:
    world = World()
    read = QQ().restore(Acts(world).taps("U1", "intent:human|转人工").body)
    assert isinstance(read, Inbound)
    assert (read.content.kind, read.awaits_call, len(world.taps)) == ("text", True, 1)
