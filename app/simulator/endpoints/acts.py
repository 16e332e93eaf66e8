"""What the page asks for: acts of viewers, settings of phones, scenarios. Everybody hears of it by the stream."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.channels.content import File, Followed, MenuUsed, Overheard, Text, Unfollowed, Voice
from app.errors import NotFound
from app.forms import FormWrong, Seq, read_form
from app.simulator.addresses import PAGE
from app.simulator.deeds import Deed
from app.simulator.faces import ACCOUNTS, BOT, ITEMS, LINKS, PICTURE_PROPS, PLACES, picture, video
from app.simulator.guard import same_origin
from app.simulator.phones import Network, Phone
from app.simulator.props import DOCUMENT
from app.simulator.simulator import Simulator

router = APIRouter(prefix=PAGE, dependencies=[Depends(same_origin)])
LONGEST_TEXT = 6000
"""Characters of a message; encrypted it must still be a push that the service takes."""
DONE = 204


def simulator_of(request: Request) -> Simulator:
    found: Simulator = request.app.state.simulator
    return found


def phone_of(request: Request, phone_id: str) -> Phone:
    return simulator_of(request).stage.get(phone_id)


SimulatorDep = Annotated[Simulator, Depends(simulator_of)]
PhoneDep = Annotated[Phone, Depends(phone_of)]


class Say(BaseModel):
    text: str = Field(title="消息", min_length=1, max_length=LONGEST_TEXT)
    menu_id: str = Field("", title="选项", max_length=64)
    to_bot: bool = Field(False, title="点名")
    """In a group, whether the bot is named; whoever types its name names it too."""


class Speak(BaseModel):
    recognition: str = Field("", title="识别文字", max_length=600)


class Choose(BaseModel):
    name: str = Field(title="选择", min_length=1, max_length=300)


class Recall(BaseModel):
    bubble: Seq = Field(title="消息")


class Join(BaseModel):
    name: str = Field("", title="名字", max_length=30)


class Arrange(BaseModel):
    """Settings of a phone; what is not named stays."""

    channel: str | None = Field(None, title="账号")
    network: Network | None = Field(None, title="网络")
    fast: bool | None = Field(None, title="快放")


# -------------------- what a viewer does


@router.post("/phones/{phone_id}/text", status_code=DONE)
async def say(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    form = await read_form(request, Say)
    if not form.text.strip():
        raise FormWrong("消息是空的")
    simulator.acting.act(phone, _said_in_group(form) if phone.chat.face.is_group else _said(form))


def _said(form: Say) -> Text:
    return Text(form.text, form.menu_id or None)


def _said_in_group(form: Say) -> Text | Overheard:
    named, _, rest = form.text.partition(f"@{BOT}")
    if form.to_bot or named != form.text:
        text = f"{named}{rest}".strip()
        if not text:
            raise FormWrong("消息是空的")
        return Text(text)
    return Overheard(form.text)


@router.post("/phones/{phone_id}/voice", status_code=DONE)
async def speak(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    form = await read_form(request, Speak)
    number = phone.last + 1
    recognition = form.recognition.strip() or None
    simulator.acting.act(phone, Voice(f"media-voice-{number}", "amr", f"media-voice-{number}-16k", recognition))


@router.post("/phones/{phone_id}/menu", status_code=DONE)
async def use_menu(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    item = ITEMS.get((await read_form(request, Choose)).name)
    if item is None or phone.chat.face.platform != "wechat":
        raise NotFound("菜单里没有这一项")
    simulator.acting.act(phone, MenuUsed("view" if item.url else "click", item.url or item.key))


@router.post("/phones/{phone_id}/send/{kind}", status_code=DONE)
async def send(kind: str, request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    """A ready picture, place, link, video or file: what the phone's platform has."""
    name = (await read_form(request, Choose)).name
    content = _prop(kind, name, simulator.address, phone.last + 1)
    if content is None or kind not in _SENT[phone.chat.face.platform]:
        raise NotFound("没有准备这样的内容")
    simulator.acting.act(phone, content)


@router.post("/phones/{phone_id}/follow", status_code=DONE)
async def follow(phone: PhoneDep, simulator: SimulatorDep) -> None:
    simulator.acting.act(phone, Followed())


@router.post("/phones/{phone_id}/unfollow", status_code=DONE)
async def unfollow(phone: PhoneDep, simulator: SimulatorDep) -> None:
    simulator.acting.act(phone, Unfollowed())


@router.post("/phones/{phone_id}/recall", status_code=DONE)
async def recall(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    simulator.acting.recall(phone, (await read_form(request, Recall)).bubble)


_SENT = {"wechat": ("image", "location", "link", "video"), "qq": ("image", "video", "file")}


def _prop(kind: str, name: str, address: str, number: int) -> Deed | None:
    match kind:
        case "image" if any(prop.name == name for prop in PICTURE_PROPS):
            return picture(name, address)
        case "location":
            return PLACES.get(name)
        case "link":
            return LINKS.get(name)
        case "video":
            return video(number)
        case "file":
            return File(DOCUMENT, "")
    return None


# -------------------- the phones themselves


@router.post("/phones", status_code=DONE)
async def add_phone(request: Request, simulator: SimulatorDep) -> Response:
    """Somebody of that name, or the next of the cast."""
    name = (await read_form(request, Join)).name.strip()
    return _shown(simulator.stage.add(simulator.stage.somebody(name) if name else None))


@router.post("/phones/{phone_id}/settings", status_code=DONE)
async def arrange(request: Request, phone: PhoneDep, simulator: SimulatorDep) -> None:
    form = await read_form(request, Arrange)
    if form.channel is not None and form.channel not in ACCOUNTS:
        raise NotFound("没有这个账号")
    phone.channel = phone.channel if form.channel is None else form.channel
    phone.network = phone.network if form.network is None else form.network
    phone.fast = phone.fast if form.fast is None else form.fast
    simulator.changes.publish(phone.id)


@router.post("/phones/{phone_id}/reset", status_code=DONE)
async def reset(phone: PhoneDep, simulator: SimulatorDep) -> None:
    simulator.stage.reset(phone)


@router.post("/phones/{phone_id}/remove", status_code=DONE)
async def remove(phone: PhoneDep, simulator: SimulatorDep) -> None:
    simulator.stage.remove(phone)


@router.post("/reset", status_code=DONE)
async def reset_all(simulator: SimulatorDep) -> None:
    simulator.stage.reset_all()


# -------------------- scenarios


@router.post("/scenarios/{name}/play", status_code=DONE)
async def play(name: str, simulator: SimulatorDep) -> Response:
    return _shown(simulator.plays.begin(name))


@router.post("/phones/{phone_id}/stop", status_code=DONE)
async def stop(phone: PhoneDep, simulator: SimulatorDep) -> None:
    simulator.plays.stop(phone)


def _shown(phone: Phone) -> Response:
    """Nothing to swap; the page brings this phone into view."""
    shown = {"show-phone": {"id": phone.id, "scenario": phone.scenario}}
    return Response(status_code=DONE, headers={"HX-Trigger": json.dumps(shown)})
