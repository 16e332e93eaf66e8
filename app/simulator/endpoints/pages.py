"""The page, its fragments, and the stream that says which of them to fetch again."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, StreamingResponse

from app import pages
from app.errors import AppError, NotFound
from app.simulator import faces, wire
from app.simulator.acting import title_of
from app.simulator.addresses import PAGE
from app.simulator.changes import ROSTER, Changes
from app.simulator.endpoints import acts, wechat
from app.simulator.endpoints.acts import PhoneDep, SimulatorDep
from app.simulator.envelopes import pretty
from app.simulator.guard import same_origin
from app.simulator.phones import CallExchange, Exchange, NoteExchange, Phone, PushExchange
from app.simulator.richtext import parts
from app.simulator.scenarios import SCENARIOS
from app.simulator.screen import clock, exactly, rows
from app.simulator.simulator import Simulator
from app.simulator.stored import StoredEvent, find

router = APIRouter(prefix=PAGE, dependencies=[Depends(same_origin)])
front = APIRouter()
ROUTERS = (front, router, acts.router, wechat.router)

_FOLDER = Path(__file__).parent.parent
_templates = pages.environment(_FOLDER)
_templates.globals |= {
    "PAGE": PAGE, "faces": faces, "scenarios": SCENARIOS, "wire": wire,
    "title_of": title_of, "parts": parts, "pretty": pretty, "exactly": exactly, "clock": clock,
}  # fmt: skip
_templates.tests |= {
    "push": lambda exchange: isinstance(exchange, PushExchange),
    "call": lambda exchange: isinstance(exchange, CallExchange),
    "note": lambda exchange: isinstance(exchange, NoteExchange),
}


class TooManyStreams(AppError):
    status_code, message = 503, "打开的页面太多了，请关掉几个"


@front.get("/", include_in_schema=False)
async def go_to_the_simulator() -> RedirectResponse:
    return RedirectResponse(PAGE)


@router.get("")
async def show(
    simulator: SimulatorDep, scenario: str | None = None, phone: str | None = None, exchange: int | None = None
) -> Response:
    """The whole page. ``scenario`` names a scene to look at, ``phone`` and ``exchange`` what is opened."""
    chosen = simulator.stage.of_scenario(scenario) if scenario else None
    focus = phone or (chosen.id if chosen else None)
    stations = [await _station(simulator, p, exchange if p.id == focus else None) for p in simulator.stage]
    phones = [station["phone"] for station in stations]
    scenes = _scenes(simulator, scenario)
    return pages.page(_templates, "page.html", stations=stations, phones=phones, focus=focus, **scenes)


@router.get("/roster")
async def roster(simulator: SimulatorDep) -> JSONResponse:
    """Ids of the phones in their order."""
    return JSONResponse(simulator.stage.ids, headers=pages.HEADERS)


@router.get("/people")
async def people(simulator: SimulatorDep) -> Response:
    return pages.page(_templates, "people.html", phones=list(simulator.stage))


@router.get("/scenarios")
async def scenes(simulator: SimulatorDep, scenario: str | None = None) -> Response:
    return pages.page(_templates, "scenarios.html", **_scenes(simulator, scenario))


@router.get("/phones/{phone_id}")
async def station(phone: PhoneDep, simulator: SimulatorDep) -> Response:
    return pages.page(_templates, "station.html", **await _station(simulator, phone, None))


@router.get("/phones/{phone_id}/head")
async def head(phone: PhoneDep) -> Response:
    return pages.page(_templates, "head.html", phone=phone)


@router.get("/phones/{phone_id}/screen")
async def screen(phone: PhoneDep) -> Response:
    return pages.page(_templates, "screen.html", **_screen(phone))


@router.get("/phones/{phone_id}/wire")
async def show_wire(phone: PhoneDep, simulator: SimulatorDep, exchange: int | None = None) -> Response:
    return pages.page(_templates, "wire.html", **await _wire(simulator, phone, exchange))


@router.get("/pictures/{name}.svg")
async def picture(name: str) -> FileResponse:
    if not any(prop.name == name for prop in faces.PICTURE_PROPS):
        raise NotFound
    return FileResponse(_FOLDER / "pictures" / f"{name}.svg", media_type="image/svg+xml", headers=dict(pages.HEADERS))


@router.get("/events")
async def events(simulator: SimulatorDep) -> StreamingResponse:
    if simulator.changes.full:
        raise TooManyStreams
    return StreamingResponse(_stream(simulator.changes), media_type="text/event-stream", headers=dict(pages.HEADERS))


async def _stream(changes: Changes) -> AsyncIterator[str]:
    yield "event: ping\ndata: 0\n\n"  # at once, so that the page knows that pings will come
    async for changed in changes.follow():
        for phone_id in changed:
            kind = "phones" if phone_id == ROSTER else "phone"
            yield f"data: {json.dumps({'kind': kind, 'id': phone_id})}\n\n"
        if not changed:
            yield "event: ping\ndata: 0\n\n"


def _scenes(simulator: Simulator, chosen: str | None) -> dict[str, Any]:
    return {"players": {phone.scenario: phone for phone in simulator.stage if phone.scenario}, "chosen": chosen}


async def _station(simulator: Simulator, phone: Phone, exchange: int | None) -> dict[str, Any]:
    return _screen(phone) | await _wire(simulator, phone, exchange)


def _screen(phone: Phone) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"phone": phone, "chat": phone.chat, "rows": rows(phone.chat, now), "now": now}


async def _wire(simulator: Simulator, phone: Phone, pinned: int | None) -> dict[str, Any]:
    """The exchanges, newest first, of which one is open: the pinned one, else the newest."""
    chat = phone.chat
    exchanges: list[Exchange] = list(reversed(chat.exchanges))
    opened = chat.exchange(pinned) if pinned is not None else None
    shown = opened or next(iter(exchanges), None)
    event: StoredEvent | None = None
    if isinstance(shown, PushExchange):
        event = await simulator.db.read(find, shown.channel_id, shown.key)
    return {
        "phone": phone, "chat": chat, "exchanges": exchanges, "shown": shown, "pinned": opened, "event": event,
        "brain": simulator.brain, "now": datetime.now(UTC),
    }  # fmt: skip
