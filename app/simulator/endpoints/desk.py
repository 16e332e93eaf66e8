"""The agent's side of a phone: take the conversation, reply, let time pass, make the platform misbehave."""

from datetime import timedelta

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app import pages
from app.channels import outbound
from app.forms import FormWrong, read_body, read_form
from app.simulator import mischief
from app.simulator.addresses import PAGE
from app.simulator.carriers.carrier import say
from app.simulator.desk import PASSED
from app.simulator.endpoints.acts import DONE, PhoneDep, SimulatorDep
from app.simulator.endpoints.rendering import TEMPLATES, desk_of
from app.simulator.faces import AGENT_PICTURES
from app.simulator.guard import same_origin
from app.simulator.phones import Side
from app.simulator.props import picture_bytes
from app.simulator.wechat.files import Part, parts

router = APIRouter(prefix=PAGE, dependencies=[Depends(same_origin)])
LONGEST_TEXT = 2000
LONGEST_FORM = 3 * 1024 * 1024
"""Bytes: a picture and what stands around it."""


class Pass(BaseModel):
    hours: int = Field(title="时间", ge=1, le=24 * 30)


class Plan(BaseModel):
    kind: str = Field(title="怎么出错", max_length=20)
    code: int = Field(0, title="错误码", ge=-(2**31), lt=2**31)


class Slow(BaseModel):
    on: bool = Field(title="开关")


@router.get("/phones/{phone_id}/desk")
async def show_desk(phone: PhoneDep, simulator: SimulatorDep) -> Response:
    return pages.page(TEMPLATES, "desk_state.html", **await desk_of(simulator, phone))


@router.get("/phones/{phone_id}/owner")
async def show_owner(phone: PhoneDep, simulator: SimulatorDep) -> Response:
    return pages.page(TEMPLATES, "owner.html", **await desk_of(simulator, phone))


@router.post("/phones/{phone_id}/desk/take", status_code=DONE)
async def take(phone: PhoneDep, simulator: SimulatorDep) -> None:
    await simulator.desk.take(phone.chat)
    simulator.changes.publish(phone.id)


@router.post("/phones/{phone_id}/desk/release", status_code=DONE)
async def release(phone: PhoneDep, simulator: SimulatorDep) -> None:
    await simulator.desk.release(phone.chat)
    simulator.changes.publish(phone.id)


@router.post("/phones/{phone_id}/desk/reply", status_code=DONE)
async def reply(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    """A text, a picture (one of ours, or a file), or both: two messages then."""
    form = parts(await read_body(request, LONGEST_FORM), request.headers.get("content-type", ""))
    text, picture = _text(form), _picture(form)
    if not text and picture is None:
        raise FormWrong("写一句话，或者选一张图片")
    kept = await simulator.desk.keep(picture) if picture is not None else None
    if text:
        await simulator.desk.reply(phone.chat, outbound.Text(text))
    if kept is not None:
        await simulator.desk.reply(phone.chat, kept)
    simulator.changes.publish(phone.id)


def _text(form: dict[str, Part]) -> str:
    text = form["text"].content.decode("utf-8", "replace").strip() if "text" in form else ""
    if len(text) > LONGEST_TEXT:
        raise FormWrong("回复太长了")
    return text.replace("\r\n", "\n")


def _picture(form: dict[str, Part]) -> bytes | None:
    if "file" in form and form["file"].content:
        return form["file"].content
    name = form["picture"].content.decode("utf-8", "replace") if "picture" in form else ""
    if not name:
        return None
    if name not in AGENT_PICTURES:
        raise FormWrong("没有这张图片")
    return picture_bytes(name)


# -------------------- time and trouble


@router.post("/phones/{phone_id}/time", status_code=DONE)
async def pass_time(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    form = await read_form(request, Pass)
    await simulator.desk.pass_time(simulator.stage.chats_with(phone.chat), timedelta(hours=form.hours))
    say(phone, phone.chat, Side.system, PASSED.format(hours=form.hours))
    simulator.changes.publish(*simulator.stage.phones_with(phone, phone.chat))


@router.post("/phones/{phone_id}/trouble", status_code=DONE)
async def plan_trouble(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    form = await read_form(request, Plan)
    mischief.plan(simulator.troubles_of(phone.chat), phone.chat, form.kind, form.code)
    simulator.changes.publish(*simulator.stage.ids)


@router.post("/phones/{phone_id}/slow", status_code=DONE)
async def slow_down(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    form = await read_form(request, Slow)
    simulator.troubles_of(phone.chat).latency = mischief.SLOW if form.on else 0.0
    simulator.changes.publish(*simulator.stage.ids)


@router.post("/phones/{phone_id}/calm", status_code=DONE)
async def end_trouble(phone: PhoneDep, simulator: SimulatorDep) -> None:
    """All goes well again on the phone's platform."""
    troubles = simulator.troubles_of(phone.chat)
    troubles.clear()
    troubles.latency = 0.0
    simulator.changes.publish(*simulator.stage.ids)
