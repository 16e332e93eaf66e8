"""The page, its fragments, and the stream that says which of them to fetch again."""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from app import pages
from app.errors import AppError, NotFound
from app.forms import Id
from app.simulator import faces
from app.simulator.addresses import PAGE
from app.simulator.changes import ROSTER
from app.simulator.endpoints import acts, desk, qq_acts, wechat
from app.simulator.endpoints.acts import PhoneDep, SimulatorDep
from app.simulator.endpoints.rendering import FOLDER, TEMPLATES, scenes_of, screen_of, station_of, wire_of
from app.simulator.guard import same_origin
from app.simulator.simulator import Simulator

router = APIRouter(prefix=PAGE, dependencies=[Depends(same_origin)])
ROUTERS = (router, acts.router, qq_acts.router, desk.router, wechat.router)
_KINDS = {ROSTER: "phones"}


class TooManyStreams(AppError):
    status_code, message = 503, "打开的页面太多了，请关掉几个"


@router.get("")
async def show(
    simulator: SimulatorDep, scenario: str | None = None, phone: str | None = None, exchange: Id | None = None
) -> Response:
    """The whole page. ``scenario`` names a scene to look at, ``phone`` and ``exchange`` what is opened."""
    chosen = simulator.stage.of_scenario(scenario) if scenario else None
    focus = phone or (chosen.id if chosen else None)
    stations = [await station_of(simulator, p, exchange if p.id == focus else None) for p in simulator.stage]
    phones = [station["phone"] for station in stations]
    scenes = scenes_of(simulator, scenario)
    return pages.page(TEMPLATES, "page.html", stations=stations, phones=phones, focus=focus, **scenes)


@router.get("/roster")
async def roster(simulator: SimulatorDep) -> JSONResponse:
    """Ids of the phones in their order."""
    return JSONResponse(simulator.stage.ids, headers=pages.HEADERS)


@router.get("/people")
async def people(simulator: SimulatorDep) -> Response:
    return pages.page(TEMPLATES, "people.html", phones=list(simulator.stage))


@router.get("/scenarios")
async def scenes(simulator: SimulatorDep, scenario: str | None = None) -> Response:
    return pages.page(TEMPLATES, "scenarios.html", **scenes_of(simulator, scenario))


@router.get("/phones/{phone_id}")
async def station(phone: PhoneDep, simulator: SimulatorDep) -> Response:
    return pages.page(TEMPLATES, "station.html", **await station_of(simulator, phone, None))


@router.get("/phones/{phone_id}/head")
async def head(phone: PhoneDep) -> Response:
    return pages.page(TEMPLATES, "head.html", phone=phone)


@router.get("/phones/{phone_id}/screen")
async def screen(phone: PhoneDep, simulator: SimulatorDep) -> Response:
    return pages.page(TEMPLATES, "screen.html", **screen_of(simulator, phone))


@router.get("/phones/{phone_id}/composer")
async def composer(phone: PhoneDep) -> Response:
    """Asked for where the phone turned to another account: what is being written is never swapped otherwise."""
    return pages.page(TEMPLATES, "composer.html", phone=phone, chat=phone.chat)


@router.get("/phones/{phone_id}/wire")
async def show_wire(phone: PhoneDep, simulator: SimulatorDep, exchange: Id | None = None) -> Response:
    return pages.page(TEMPLATES, "wire.html", **await wire_of(simulator, phone, exchange))


@router.get("/pictures/{name}.svg")
async def picture(name: str) -> FileResponse:
    if not any(prop.name == name for prop in faces.PICTURE_PROPS):
        raise NotFound
    return FileResponse(FOLDER / "pictures" / f"{name}.svg", media_type="image/svg+xml", headers=dict(pages.HEADERS))


@router.get("/events")
async def events(simulator: SimulatorDep) -> StreamingResponse:
    if simulator.changes.full:
        raise TooManyStreams
    simulator.watching.wake()
    return StreamingResponse(_stream(simulator), media_type="text/event-stream", headers=dict(pages.HEADERS))


async def _stream(simulator: Simulator) -> AsyncIterator[str]:
    yield "event: ping\ndata: 0\n\n"  # at once, so that the page knows that pings will come
    async for changed in simulator.changes.follow():
        known = {*simulator.stage.ids, *_KINDS}  # of a phone that has gone meanwhile nothing is to be fetched
        for changed_id in known.intersection(changed):
            kind = _KINDS.get(changed_id, "phone")
            yield f"data: {json.dumps({'kind': kind, 'id': changed_id})}\n\n"
        if not changed:
            yield "event: ping\ndata: 0\n\n"
