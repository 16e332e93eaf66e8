"""What has not left, and what a person decides about it: the functions of the command ``outbox``, on a page."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app import pages
from app.conversations import reasons, undelivered
from app.conversations.undelivered import PAGE as ROWS
from app.conversations.undelivered import Listed
from app.errors import AppError
from app.forms import read_form
from app.simulator.addresses import OUTBOX
from app.simulator.changes import OUTBOX as CHANGED
from app.simulator.endpoints.acts import DONE, SimulatorDep
from app.simulator.endpoints.rendering import TEMPLATES
from app.simulator.guard import same_origin
from app.simulator.simulator import Simulator

router = APIRouter(prefix=OUTBOX, dependencies=[Depends(same_origin)])
SHOWN = 20
"""Rows of a section at a time."""
STATES = ("dead", "unknown", "waiting")


class DecidedAlready(AppError):
    status_code, message = 409, "这一条已经有人处理过了，页面已更新"


class Decide(BaseModel):
    message: int = Field(title="消息")


class Reopen(BaseModel):
    channel: int = Field(title="渠道")


@router.get("")
async def show(simulator: SimulatorDep) -> Response:
    return pages.page(TEMPLATES, "outbox_page.html", **await _sections(simulator, {}))


@router.get("/list")
async def show_list(simulator: SimulatorDep, dead: int = 0, unknown: int = 0, waiting: int = 0) -> Response:
    """The fragment; each section shows what follows the message that is named for it."""
    after = {"dead": dead, "unknown": unknown, "waiting": waiting}
    return pages.page(TEMPLATES, "undelivered.html", **await _sections(simulator, after))


async def _sections(simulator: Simulator, after: dict[str, int]) -> dict[str, Any]:
    """What the fragment needs: it knows nothing of the simulator."""
    summary = await simulator.db.read(undelivered.summary, datetime.now(UTC))
    lists: dict[str, list[Listed]] = {}
    for state in STATES:
        lists[state] = await simulator.db.read(
            undelivered.list_undelivered, state=state, after=after.get(state, 0), limit=SHOWN
        )
    return {"base": OUTBOX, "summary": summary, "lists": lists, "after": after, "shown": SHOWN, "reasons": reasons}


# -------------------- decisions


@router.post("/redrive", status_code=DONE)
async def redrive(request: Request, simulator: SimulatorDep) -> None:
    message = (await read_form(request, Decide)).message
    _decided(simulator, await simulator.db.write(undelivered.redrive, now=datetime.now(UTC), message_ids=[message]))


@router.post("/redrive-all", status_code=DONE)
async def redrive_all(simulator: SimulatorDep) -> None:
    while await simulator.db.write(undelivered.redrive, now=datetime.now(UTC), limit=ROWS) == ROWS:
        pass
    simulator.changes.publish(CHANGED)


@router.post("/drop", status_code=DONE)
async def drop(request: Request, simulator: SimulatorDep) -> None:
    message = (await read_form(request, Decide)).message
    _decided(simulator, await simulator.db.write(undelivered.drop, [message], now=datetime.now(UTC)))


@router.post("/arrived", status_code=DONE)
async def mark_arrived(request: Request, simulator: SimulatorDep) -> None:
    message = (await read_form(request, Decide)).message
    _decided(simulator, await simulator.db.write(undelivered.mark_arrived, message, now=datetime.now(UTC)))


@router.post("/lost", status_code=DONE)
async def mark_lost(request: Request, simulator: SimulatorDep) -> None:
    message = (await read_form(request, Decide)).message
    _decided(simulator, await simulator.db.write(undelivered.mark_lost, message, now=datetime.now(UTC)))


@router.post("/again", status_code=DONE)
async def send_again(request: Request, simulator: SimulatorDep) -> None:
    message = (await read_form(request, Decide)).message
    _decided(simulator, await simulator.db.write(undelivered.send_again, message, now=datetime.now(UTC)))


@router.post("/reopen", status_code=DONE)
async def reopen(request: Request, simulator: SimulatorDep) -> None:
    """What closed a channel's gates is mended: what waited for that may go."""
    channel = (await read_form(request, Reopen)).channel
    while await simulator.db.write(undelivered.reopen, channel, now=datetime.now(UTC)) == ROWS:
        pass
    simulator.changes.publish(CHANGED)


def _decided(simulator: Simulator, done: int | bool) -> None:
    simulator.changes.publish(CHANGED)
    if not done:
        raise DecidedAlready
