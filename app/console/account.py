"""A person's own account: his password and second factor, where he is signed in, whether he is there."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import people, presence, sessions, signing_in, totp
from app.agents.models import Language, Presence
from app.agents.sessions import Signed
from app.console.catalogue import marked
from app.console.cookies import give_language, ip_of
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, page, reload, said
from app.forms import Id, read_form

router = APIRouter()
PAGE = "/account"


class Be(BaseModel):
    presence: Presence = Field(title=marked("状态"))
    reason: str = Field("", title=marked("原因"), max_length=32)


class Speak(BaseModel):
    language: Language = Field(title=marked("语言"))


class Change(BaseModel):
    old: str = Field(title=marked("现在的密码"), min_length=1, max_length=1024)
    new: str = Field(title=marked("新密码"), min_length=1, max_length=1024)


class Ask(BaseModel):
    password: str = Field(title=marked("密码"), min_length=1, max_length=1024)


class Confirm(BaseModel):
    code: str = Field(title=marked("验证码"), min_length=1, max_length=40)


class End(BaseModel):
    sign_in: Id = Field(title=marked("登录"))


@router.get(PAGE)
async def show(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    shown = await db.read(_read, signed, now=now)
    return page(request, "account.html", signed, **shown)


def _read(session: Session, signed: Signed, *, now: datetime) -> dict[str, Any]:
    by = signed.actor
    return {
        "person": people.get_person(session, by.id, by=by),
        "sign_ins": sessions.list_sign_ins(session, by.id, now=now),
        "codes_left": totp.count_codes(session, by.id),
    }


# -------------------- being there, and in which language


@router.post("/presence")
async def be(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Be)
    reason = form.reason.strip() or None if form.presence is Presence.away else None
    await db.write(presence.set_presence, by=signed.actor, presence=form.presence, reason=reason, now=now)
    return page(request, "presence.html", replace(signed, presence=form.presence, away_reason=reason))


@router.post(f"{PAGE}/language")
async def speak(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Speak)
    await db.write(people.set_language, by=signed.actor, language=form.language, now=now)
    response = reload()
    give_language(request, response, form.language)
    return response


# -------------------- the password


@router.post(f"{PAGE}/password")
async def change_password(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Change)
    await signing_in.change_password(
        db, by=signed.actor, sign_in_id=signed.sign_in_id, old=form.old, new=form.new, ip=ip_of(request), now=now
    )
    return done(signed, marked("密码已更换，其他地方的登录都已退出"), changed="sign-ins")


# -------------------- the second factor


@router.post(f"{PAGE}/second/begin")
async def begin_second(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Ask)
    await signing_in.confirm_password(db, form.password, by=signed.actor, ip=ip_of(request), now=now)
    enrolment = await db.write(totp.begin, by=signed.actor, keyring=request.app.state.service.keyring)
    secret = " ".join(enrolment.secret[at : at + 4] for at in range(0, len(enrolment.secret), 4))
    return page(request, "account_enrol.html", signed, secret=secret, qr=Markup(totp.qr_svg(enrolment.uri)))


@router.post(f"{PAGE}/second/confirm")
async def confirm_second(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Confirm)
    keyring = request.app.state.service.keyring
    codes = await db.write(
        totp.confirm, form.code, by=signed.actor, keep=signed.sign_in_id, keyring=keyring, now=now
    )  # fmt: skip
    return _codes(request, signed, codes, marked("两步验证已开启"))


@router.post(f"{PAGE}/second/codes")
async def renew_codes(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Ask)
    await signing_in.confirm_password(db, form.password, by=signed.actor, ip=ip_of(request), now=now)
    codes = await db.write(totp.new_codes, by=signed.actor, now=now)
    return _codes(request, signed, codes, marked("新的恢复码已生成，旧的都已作废"))


@router.post(f"{PAGE}/second/off")
async def turn_off_second(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Ask)
    await signing_in.confirm_password(db, form.password, by=signed.actor, ip=ip_of(request), now=now)
    await db.write(totp.turn_off, signed.actor.id, by=signed.actor, now=now, keep=signed.sign_in_id)
    response = page(request, "account_second.html", replace(signed, has_totp=False), codes_left=0)
    return said(response, signed, marked("两步验证已关闭"))


def _codes(request: Request, signed: Signed, codes: list[str], text: str) -> HTMLResponse:
    return said(page(request, "account_codes.html", signed, codes=codes), signed, text)


# -------------------- where one is signed in


@router.get(f"{PAGE}/sign-ins")
async def list_sign_ins(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    sign_ins = await db.read(sessions.list_sign_ins, signed.actor.id, now=now)
    return page(request, "account_sign_ins.html", signed, sign_ins=sign_ins)


@router.post(f"{PAGE}/sign-ins/end")
async def end(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, End)
    await db.write(sessions.revoke, form.sign_in, by=signed.actor, now=now)
    return done(signed, marked("那里的登录已退出"), changed="sign-ins")


@router.post(f"{PAGE}/sign-ins/end-others")
async def end_others(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    await db.write(sessions.revoke_others, by=signed.actor, keep=signed.sign_in_id, now=now)
    return done(signed, marked("其他地方的登录都已退出"), changed="sign-ins")
