"""What only a phone with QQ does: taps on buttons, switches of its holder, of the group's owner, of the platform."""

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from app.channels.content import ProactiveChanged
from app.errors import NotFound
from app.forms import Seq, read_form
from app.simulator.addresses import PAGE
from app.simulator.deeds import Tap
from app.simulator.endpoints.acts import DONE, PhoneDep, SimulatorDep
from app.simulator.guard import same_origin
from app.simulator.phones import Phone, QQChat

router = APIRouter(prefix=PAGE, dependencies=[Depends(same_origin)])


class Tapped(BaseModel):
    bubble: Seq = Field(title="消息")
    button: Seq = Field(title="按钮")


class Switched(BaseModel):
    on: bool = Field(title="开关")


class NotOnQQ(NotFound):
    message = "这部手机没有在用 QQ"


class NoSuchButton(NotFound):
    message = "没有这个按钮"


def _chat(phone: Phone) -> QQChat:
    if not isinstance(phone.chat, QQChat):
        raise NotOnQQ
    return phone.chat


@router.post("/phones/{phone_id}/tap", status_code=DONE)
async def tap(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    form = await read_form(request, Tapped)
    bubble = _chat(phone).bubble(form.bubble)
    if bubble is None or form.button >= len(bubble.buttons):
        raise NoSuchButton
    button = bubble.buttons[form.button]
    simulator.acting.act(phone, Tap(button.label, button.data, bubble.number, form.button))


@router.post("/phones/{phone_id}/proactive", status_code=DONE)
async def allow_proactive(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    """The viewer, or the group's owner, lets the bot speak first or forbids it."""
    form = await read_form(request, Switched)
    _chat(phone)
    simulator.acting.act(phone, ProactiveChanged(form.on))


@router.post("/phones/{phone_id}/hears-all", status_code=DONE)
async def let_hear_all(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    """The group's owner lets the bot read what is not said to it; the platform tells the bot nothing of that."""
    form = await read_form(request, Switched)
    chat = _chat(phone)
    if chat.group is None:
        raise NotOnQQ
    chat.group.hears_all = form.on
    simulator.changes.publish(*simulator.stage.phones_with(phone, chat))


@router.post("/phones/{phone_id}/buttons", status_code=DONE)
async def grant_buttons(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    """The platform gives the bot the right to buttons of its own, or takes it."""
    form = await read_form(request, Switched)
    _chat(phone)
    for bot in simulator.qq.world.bots.values():
        bot.buttons = form.on
    simulator.changes.publish(*simulator.stage.ids)
