"""What is done to a ticket: each act is one rule, and the live event of its transaction shows it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents.rights import Actor
from app.console.catalogue import marked
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, reload
from app.console.tickets.facts import number_of
from app.console.tickets.filing import brought
from app.desk import notices as approved
from app.desk.tickets import (
    applying,
    assigning,
    changing,
    closing,
    deciding,
    labelling,
    linking,
    merging,
    notices,
    reaching,
    telling,
)
from app.desk.tickets.attaching import Brought
from app.desk.tickets.telling import Then
from app.errors import AppError
from app.forms import Id, find_id, read_fields, read_form
from app.tickets import finding
from app.tickets.models import ComplaintState

router = APIRouter(prefix="/tickets/{ticket_id:id}")
LONGEST = 20_000
DONE = 204


class OwnerWrong(AppError):
    status_code, message = 422, "请选择交给谁"


# -------------------- whose it is, and how far


class Given(BaseModel):
    to: str = Field("", title=marked("交给谁"), max_length=32)


@router.post("/give", status_code=DONE)
async def give(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    """``nobody``, ``agent:3`` or ``team:2``."""
    kind, _, number = (await read_form(request, Given)).to.partition(":")
    given: dict[str, int | None]
    if kind == "nobody":
        given = {}
    elif kind in ("agent", "team") and (found := find_id(number)) is not None:
        given = {"owner_id" if kind == "agent" else "team_id": found}
    else:
        raise OwnerWrong
    await db.write(assigning.give, ticket_id, by=signed.actor, now=now, **given)


class Taken(BaseModel):
    former: str = Field("", title=marked("负责人"), max_length=20)
    """Who has it, as the page showed it."""


@router.post("/take", status_code=DONE)
async def take(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    former = find_id((await read_form(request, Taken)).former)
    await db.write(assigning.take, ticket_id, by=signed.actor, former=former, now=now)


class Moved(BaseModel):
    status: str = Field(title=marked("状态"), max_length=12)


@router.post("/status", status_code=DONE)
async def move(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    status = (await read_form(request, Moved)).status
    await db.write(changing.change, ticket_id, by=signed.actor, changes={"status": status}, now=now)


@router.post("/watch", status_code=DONE)
async def watch(ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(labelling.watch, ticket_id, by=signed.actor, now=now)


@router.post("/unwatch", status_code=DONE)
async def unwatch(ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(labelling.unwatch, ticket_id, by=signed.actor, now=now)


class Watcher(BaseModel):
    agent: Id = Field(title=marked("同事"))


@router.post("/watchers", status_code=DONE)
async def add_watcher(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    agent = (await read_form(request, Watcher)).agent
    await db.write(labelling.watch, ticket_id, by=signed.actor, agent_id=agent, now=now)


@router.post("/watchers/remove", status_code=DONE)
async def remove_watcher(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    agent = (await read_form(request, Watcher)).agent
    await db.write(labelling.unwatch, ticket_id, by=signed.actor, agent_id=agent, now=now)


@router.post("/seen", status_code=DONE)
async def see(ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(notices.see, ticket_id, by=signed.actor, now=now)


# -------------------- what is written


class Words(BaseModel):
    text: str = Field(title=marked("内容"), max_length=LONGEST)


class Told(Words):
    then: Then = Field(Then.goes_on, title=marked("之后"))
    key: str = Field(title=marked("编号"), min_length=8, max_length=60)
    doubtful: str = ""
    template: str = Field("", title=marked("模板"), max_length=128)
    """What leaves first where the window is closed; its fields are named after it, see ``_filled``."""
    file: list[str] = Field(default_factory=list, title=marked("图片"), max_length=9)


@router.post("/tell")
async def tell(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    form = await read_form(request, Told)
    filled = _filled(form.template, await read_fields(request))
    pictures = await brought(request, form.file, signed)
    await db.write(_tell, ticket_id, form, filled, pictures, by=signed.actor, now=now)
    return done(signed, _TOLD[form.then], changed=f"ticket:{ticket_id}")


def _filled(template: str, fields: Sequence[tuple[str, str]]) -> dict[str, str]:
    """``template:<id>:<key>``, of the one that was chosen."""
    beginning = f"template:{template}:"
    return {name.removeprefix(beginning): value for name, value in fields if name.startswith(beginning)}


def _tell(
    session: Session, ticket_id: int, form: Told, filled: Mapping[str, str], pictures: Sequence[Brought], *, by: Actor,
    now: datetime,
) -> None:  # fmt: skip
    announcement = None
    if form.template:
        place = reaching.require_place(session, finding.get(session, ticket_id))
        announcement = approved.filled(approved.get_template(session, place, form.template, by=by), filled)
    telling.tell(
        session, ticket_id, by=by, text=form.text, then=form.then, key=form.key, now=now, announcement=announcement,
        even_if_doubtful=bool(form.doubtful), pictures=pictures,
    )  # fmt: skip


_TOLD = {
    Then.goes_on: marked("已经发给观众"), Then.asks: marked("已经问了观众，时限停着等他回答"),
    Then.closes: marked("已经告诉观众，工单关闭"),
}  # fmt: skip


@router.post("/note")
async def note(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    text = (await read_form(request, Words)).text
    await db.write(closing.note, ticket_id, by=signed.actor, text=text, now=now)
    return done(signed, marked("备注已写下"), changed=f"ticket:{ticket_id}")


@router.post("/close")
async def close(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    text = (await read_form(request, Words)).text
    await db.write(closing.close, ticket_id, by=signed.actor, text=text, now=now)
    return done(signed, marked("工单已关闭"), changed=f"ticket:{ticket_id}")


@router.post("/reopen")
async def reopen(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    text = (await read_form(request, Words)).text
    await db.write(closing.reopen, ticket_id, by=signed.actor, text=text, now=now)
    return done(signed, marked("工单已重新打开"), changed=f"ticket:{ticket_id}")


class Decision(BaseModel):
    decision: str = Field(title=marked("处理决定"), max_length=LONGEST)
    remedies: str = Field("", title=marked("其他途径"), max_length=2000)
    key: str = Field(title=marked("编号"), min_length=8, max_length=60)
    doubtful: str = ""


@router.post("/decide")
async def decide(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    form = await read_form(request, Decision)
    sent = await db.write(
        deciding.decide, ticket_id, by=signed.actor, decision=form.decision, remedies=form.remedies, key=form.key,
        now=now, even_if_doubtful=bool(form.doubtful),
    )  # fmt: skip
    text = marked("书面决定已经发给观众") if sent is not None else marked("书面决定已经写下，请按联系方式告诉观众")
    return done(signed, text, changed=f"ticket:{ticket_id}")


class Again(Words):
    key: str = Field(title=marked("编号"), min_length=8, max_length=60)
    doubtful: str = ""


@router.post("/ask-again")
async def ask_again(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    form = await read_form(request, Again)
    sent = await db.write(
        deciding.ask_again, ticket_id, by=signed.actor, text=form.text, key=form.key, now=now,
        even_if_doubtful=bool(form.doubtful),
    )  # fmt: skip
    text = marked("已经请观众再次确认") if sent is not None else marked("已经写下，请按联系方式告诉观众")
    return done(signed, text, changed=f"ticket:{ticket_id}")


class Settled(Words):
    outcome: ComplaintState = Field(title=marked("观众的意见"))


@router.post("/settle")
async def settle(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    form = await read_form(request, Settled)
    await db.write(deciding.settle, ticket_id, by=signed.actor, outcome=form.outcome, text=form.text, now=now)
    return done(signed, marked("观众的意见已记下"), changed=f"ticket:{ticket_id}")


class Applied(BaseModel):
    macro: Id = Field(title=marked("工单宏"))
    key: str = Field(title=marked("编号"), min_length=8, max_length=40)
    doubtful: str = ""


@router.post("/macro")
async def apply(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    form = await read_form(request, Applied)
    macro = await db.write(
        applying.apply, ticket_id, form.macro, by=signed.actor, key=form.key, now=now,
        even_if_doubtful=bool(form.doubtful),
    )  # fmt: skip
    return done(signed, marked("做完了：{name}"), changed=f"ticket:{ticket_id}", name=macro.name)


# -------------------- what it has to do with others


class Named(BaseModel):
    number: str = Field(title=marked("工单编号"), max_length=16)


@router.post("/merge")
async def merge(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    number = number_of((await read_form(request, Named)).number)
    await db.write(_merge, ticket_id, number, by=signed.actor, now=now)
    return reload()


def _merge(session: Session, ticket_id: int, number: int, *, by: Actor, now: datetime) -> None:
    into = changing.find_number(session, number)
    merging.merge(session, ticket_id, by=by, into=into, now=now)


@router.post("/unmerge")
async def unmerge(ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    await db.write(merging.unmerge, ticket_id, by=signed.actor, now=now)
    return reload()


class Split(BaseModel):
    line: list[Id] = Field(title=marked("内容"), max_length=50)
    subject: str = Field(title=marked("标题"), max_length=400)
    key: str = Field(title=marked("编号"), min_length=8, max_length=60)


@router.post("/split")
async def split(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> Response:
    form = await read_form(request, Split)
    made = await db.write(
        merging.split, ticket_id, by=signed.actor, lines=form.line, subject=form.subject, key=form.key, now=now
    )
    return Response(status_code=DONE, headers={"hx-redirect": f"/tickets/{made}"})


class Linked(BaseModel):
    conversation: Id = Field(title=marked("会话编号"))


@router.post("/link", status_code=DONE)
async def link(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    talk = (await read_form(request, Linked)).conversation
    await db.write(linking.link, ticket_id, by=signed.actor, conversation_id=talk, now=now)


@router.post("/unlink", status_code=DONE)
async def unlink(request: Request, ticket_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    talk = (await read_form(request, Linked)).conversation
    await db.write(linking.unlink, ticket_id, by=signed.actor, conversation_id=talk, now=now)
