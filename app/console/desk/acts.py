"""What is done to a conversation: each act is one rule, and the live event of its transaction shows it."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents.calendars import BEIJING
from app.agents.rights import Action, Actor
from app.channels import outbound
from app.console.catalogue import marked
from app.console.desk.files import read_ticket
from app.console.guard import DbDep, Now, SignedIn
from app.conversations import routing
from app.desk import context, drafts, marks, notes, replies, tags, threads, viewing
from app.errors import AppError
from app.forms import Id, Seq, find_id, read_form

router = APIRouter(prefix="/desk/{conversation_id:id}")
DONE = 204


class TargetWrong(AppError):
    status_code, message = 422, "请选择转给谁"


class TimeWrong(AppError):
    status_code, message = 422, "请选择一个以后的时间"


# -------------------- who speaks


@router.post("/take", status_code=DONE)
async def take(conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(routing.take_over, conversation_id, by=signed.actor, now=now)


class TakeFrom(BaseModel):
    expected: Id = Field(title="同事")


@router.post("/take-from", status_code=DONE)
async def take_from(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    expected = (await read_form(request, TakeFrom)).expected
    await db.write(routing.take_from, conversation_id, by=signed.actor, expected=expected, now=now)


@router.post("/release", status_code=DONE)
async def release(conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(routing.release, conversation_id, by=signed.actor, now=now)


@router.post("/put-back", status_code=DONE)
async def put_back(conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(routing.put_back, conversation_id, by=signed.actor, now=now)


class Transfer(BaseModel):
    to: str = Field(title="转给谁", max_length=80)
    note: str = Field("", title="留给对方的话", max_length=1000)


@router.post("/transfer", status_code=DONE)
async def transfer(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    form = await read_form(request, Transfer)
    kind, _, target = form.to.partition(":")
    given: dict[str, Any]
    if kind == "skill" and target:
        given = {"to_skill": target}
    elif kind in ("agent", "team") and (number := find_id(target)) is not None:
        given = {f"to_{kind}": number}
    else:
        raise TargetWrong
    note = form.note.strip()
    await db.write(routing.transfer, conversation_id, by=signed.actor, note=note, now=now, **given)


class Snooze(BaseModel):
    until: str = Field(title="到什么时候", max_length=40)
    own: str = Field("", title="自己定的时间", max_length=40)


@router.post("/snooze", status_code=DONE)
async def snooze(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    form = await read_form(request, Snooze)
    until = _instant(form.own if form.until == "own" else form.until)
    await db.write(routing.snooze, conversation_id, by=signed.actor, until=until, now=now)


def _instant(written: str) -> datetime:
    """A time as the page or the browser's own field writes it, which knows no time zone: Beijing's."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise TimeWrong from None
    return at if at.tzinfo is not None else at.replace(tzinfo=BEIJING)


def snooze_choices(now: datetime) -> list[tuple[str, str]]:
    """(instant, words) of what is chosen most."""
    local = now.astimezone(BEIJING)
    morning = local.replace(hour=9, minute=0, second=0, microsecond=0)
    evening = local.replace(hour=18, minute=0, second=0, microsecond=0)
    choices = [(now + timedelta(hours=1), marked("一小时后")), (now + timedelta(hours=3), marked("三小时后"))]
    if local < evening - timedelta(minutes=30):
        choices.append((evening, marked("今天 18:00")))
    choices.append((morning + timedelta(days=1), marked("明天 9:00")))
    choices.append((morning + timedelta(days=7 - local.weekday()), marked("下周一 9:00")))
    return [(at.isoformat(), words) for at, words in choices]


@router.post("/wake", status_code=DONE)
async def wake(conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(routing.wake, conversation_id, by=signed.actor, now=now)


@router.post("/resolve", status_code=DONE)
async def resolve(conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(routing.resolve, conversation_id, by=signed.actor, now=now)


@router.post("/reopen", status_code=DONE)
async def reopen(conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(routing.reopen, conversation_id, by=signed.actor, now=now)


# -------------------- what is said


class Reply(BaseModel):
    text: str = Field("", title="回复", max_length=20_000)
    file: list[str] = Field(default_factory=list, title="图片", max_length=9)
    seen: Seq = Field(title="看到哪一条")
    key: str = Field(title="编号", min_length=8, max_length=60)
    """The same for each attempt, so that a repeat says nothing twice."""
    revision: int = Field(0, title="版本", ge=0, lt=2**53)
    """Of the draft that this was."""
    stale: str = ""
    doubtful: str = ""
    step_in: str = ""


@router.post("/send", status_code=DONE)
async def send(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    """A text, pictures, or both: the text goes first. All of it, or nothing, in one transaction."""
    form = await read_form(request, Reply)
    keyring = request.app.state.service.keyring
    pictures = [outbound.Image(read_ticket(keyring, ticket, signed)) for ticket in form.file]
    await db.write(_send, conversation_id, form, pictures, by=signed.actor, now=now)


def _send(
    session: Session, conversation_id: int, form: Reply, pictures: list[outbound.Image], *, by: Actor, now: datetime
) -> None:
    text = form.text.replace("\r\n", "\n").strip()
    said: list[outbound.Message] = [*([outbound.Text(text)] if text or not pictures else []), *pictures]
    for number, message in enumerate(said):
        replies.send(
            session, conversation_id, by=by, message=message, seen_seq=form.seen, key=f"{form.key}-{number}", now=now,
            step_in=bool(form.step_in), even_if_stale=bool(form.stale), even_if_doubtful=bool(form.doubtful),
            draft_revision=form.revision,
        )  # fmt: skip


class Note(BaseModel):
    text: str = Field(title="备注", min_length=1, max_length=5000)


@router.post("/note", status_code=DONE)
async def add_note(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    text = (await read_form(request, Note)).text.strip()
    await db.write(notes.add, conversation_id, by=signed.actor, text=text, now=now)


class Kept(BaseModel):
    text: str = Field("", title="草稿", max_length=20_000)
    seen: Seq = Field(title="看到哪一条")
    revision: int = Field(title="版本", ge=0, lt=2**53)


@router.post("/draft", status_code=DONE)
async def keep_draft(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    form = await read_form(request, Kept)
    await db.write(
        drafts.save, conversation_id, by=signed.actor, text=form.text, seen_seq=form.seen, revision=form.revision,
        now=now,
    )  # fmt: skip


# -------------------- marks


class Read(BaseModel):
    seq: Seq = Field(title="看到哪一条")


@router.post("/read", status_code=DONE)
async def mark_read(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep) -> None:
    seq = (await read_form(request, Read)).seq
    await db.write(marks.mark_read, conversation_id, by=signed.actor, seq=seq)


class Look(BaseModel):
    writing: str = ""


@router.post("/viewing", status_code=DONE)
async def look(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    writing = bool((await read_form(request, Look)).writing)
    await db.write(viewing.look, conversation_id, by=signed.actor, writing=writing, now=now)


@router.post("/leave", status_code=DONE)
async def leave(conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    await db.write(viewing.leave, conversation_id, by=signed.actor, now=now)


class Priority(BaseModel):
    priority: int = Field(title="优先级", ge=0, le=2)


@router.post("/priority", status_code=DONE)
async def set_priority(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    priority = (await read_form(request, Priority)).priority
    await db.write(routing.set_priority, conversation_id, by=signed.actor, priority=priority, now=now)


class Tags(BaseModel):
    tags: str = Field("", title="标签", max_length=700)


@router.post("/tags", status_code=DONE)
async def set_tags(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    written = (await read_form(request, Tags)).tags.replace("，", ",").replace("、", ",")
    given = [tag.strip().lstrip("#") for tag in written.split(",")]
    await db.write(tags.set_tags, conversation_id, by=signed.actor, tags=[tag for tag in given if tag], now=now)


class Viewer(BaseModel):
    name: str = Field("", title="称呼", max_length=64)
    remark: str = Field("", title="备注", max_length=500)
    vip: str = ""


@router.post("/viewer", status_code=DONE)
async def edit_viewer(request: Request, conversation_id: Id, signed: SignedIn, db: DbDep, now: Now) -> None:
    form = await read_form(request, Viewer)
    await db.write(_edit_viewer, conversation_id, form, by=signed.actor, now=now)


def _edit_viewer(session: Session, conversation_id: int, form: Viewer, *, by: Actor, now: datetime) -> None:
    head = threads.look(session, conversation_id, by=by, now=now).head
    context.name_viewer(session, head.viewer_id, by=by, name=form.name, remark=form.remark, now=now)
    if by.may(Action.rank_viewers) and bool(form.vip) != head.is_vip:
        context.rank_viewer(session, head.viewer_id, by=by, vip=bool(form.vip), now=now)
