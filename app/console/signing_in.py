"""Coming in and leaving: the sign-in, its second factor, and links that are good once.

Their forms are plain ones, so that browsers offer and keep passwords; what was wrong is said on the page itself.
"""

from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.agents import demo, links, people, signing_in
from app.agents.hashing import TooBusy
from app.agents.limits import TooManyAttempts
from app.agents.links import Found, LinkGone, Purpose
from app.agents.models import Language
from app.agents.naming import LoginInvalid, NameInvalid
from app.agents.passwords import PasswordTooWeak
from app.agents.signing_in import Opened
from app.console import catalogue
from app.console.catalogue import marked, translate
from app.console.cookies import (
    browser_of,
    give_language,
    give_token,
    ip_of,
    language_of,
    take_token,
    token_of,
)
from app.console.guard import SECOND, SIGN_IN, DbDep, HalfSigned, Now, find_signed, is_own, own_page, own_path
from app.console.rendering import page
from app.db.database import Database
from app.errors import AppError
from app.forms import FormWrong, read_form
from app.pages import HEADERS

router = APIRouter()
OwnPage = [Depends(own_page)]
_SIGNED_OUT = marked("您已退出登录")


class SignIn(BaseModel):
    login: str = Field(title=marked("登录名"), min_length=1, max_length=64)
    password: str = Field(title=marked("密码"), min_length=1, max_length=1024)
    next: str = Field("", max_length=2000)


class Second(BaseModel):
    code: str = Field(title=marked("验证码"), min_length=1, max_length=40)
    next: str = Field("", max_length=2000)


class SetUp(BaseModel):
    login: str = Field(title=marked("登录名"), min_length=1, max_length=64)
    name: str = Field(title=marked("名字"), min_length=1, max_length=64)
    password: str = Field(title=marked("密码"), min_length=1, max_length=1024)


class Choose(BaseModel):
    password: str = Field(title=marked("密码"), min_length=1, max_length=1024)


class Speak(BaseModel):
    language: Language = Field(title=marked("语言"))
    next: str = Field("/", max_length=2000)


# -------------------- signing in


@router.get(SIGN_IN)
async def show(request: Request, db: DbDep, next: str = "", out: bool = False) -> Response:
    signed = await find_signed(request)
    if signed is not None:
        return _go(own_path(next, "/") if signed.verified else SECOND)
    notice = translate(language_of(request), _SIGNED_OUT) if out else ""
    return await _sign_in_page(request, db, next=next, notice=notice)


@router.post(SIGN_IN, dependencies=OwnPage)
async def sign_in(request: Request, db: DbDep, now: Now) -> Response:
    form = None
    try:
        form = await read_form(request, SignIn)
        ip, browser = ip_of(request), browser_of(request)
        opened = await signing_in.sign_in(db, form.login, form.password, ip=ip, browser=browser, now=now)
    except AppError as error:
        login, next = (form.login, form.next) if form else ("", "")
        return await _sign_in_page(request, db, error=error, login=login, next=next)
    return _enter(request, opened, form.next)


@router.post("/language", dependencies=OwnPage)
async def speak(request: Request) -> Response:
    form = await read_form(request, Speak)
    response = _go(form.next if is_own(form.next) else SIGN_IN)
    give_language(request, response, form.language)
    return response


@router.post("/signout")
async def sign_out(request: Request, db: DbDep, half: HalfSigned, now: Now) -> Response:
    await signing_in.sign_out(db, token_of(request), ip=ip_of(request), now=now)
    response = _go(f"{SIGN_IN}?out=1")
    take_token(request, response)
    return response


# -------------------- the second factor


@router.get(SECOND)
async def show_second(request: Request, half: HalfSigned, next: str = "") -> Response:
    return _go("/") if half.verified else page(request, "second.html", None, half=half, next=next, error="")


@router.post(SECOND)
async def second(request: Request, db: DbDep, half: HalfSigned, now: Now) -> Response:
    form = None
    keyring = request.app.state.service.keyring
    try:
        form = await read_form(request, Second)
        token = await signing_in.second(db, keyring, token_of(request), form.code, ip=ip_of(request), now=now)
    except (signing_in.WrongCode, TooManyAttempts, FormWrong) as error:
        said, next = _sentence(request, error), form.next if form else ""
        shown = {"half": half, "next": next, "error": said}
        return page(request, "second.html", None, error.status_code, **shown)
    response = _go(own_path(form.next, "/"))
    give_token(request, response, token)
    return response


# -------------------- links that are good once


@router.get("/setup/{token}")
async def show_set_up(request: Request, db: DbDep, now: Now, token: str) -> Response:
    await _get_link(db, token, now, Purpose.setup)
    return page(request, "setup.html", None, login="", own_name="", error="", fields=_wrong())


@router.post("/setup/{token}", dependencies=OwnPage)
async def set_up(request: Request, db: DbDep, now: Now, token: str) -> Response:
    form = None
    try:
        form = await read_form(request, SetUp)
        opened = await signing_in.set_up(
            db, token, login=form.login, name=form.name, password=form.password, ip=ip_of(request),
            browser=browser_of(request), now=now,
        )  # fmt: skip
    except (FormWrong, LoginInvalid, NameInvalid, PasswordTooWeak, TooBusy) as error:
        login, name = (form.login, form.name) if form else ("", "")
        said, fields = _placed(request, error)
        shown = {"login": login, "own_name": name, "error": said, "fields": fields}
        return page(request, "setup.html", None, error.status_code, **shown)
    return _enter(request, opened, "/")


@router.get("/invitation/{token}")
async def show_invitation(request: Request, db: DbDep, now: Now, token: str) -> Response:
    found = await _get_link(db, token, now, Purpose.invitation, Purpose.reset)
    return page(request, "invitation.html", None, person=found, error="")


@router.post("/invitation/{token}", dependencies=OwnPage)
async def choose_password(request: Request, db: DbDep, now: Now, token: str) -> Response:
    found = await _get_link(db, token, now, Purpose.invitation, Purpose.reset)
    try:
        form = await read_form(request, Choose)
        opened = await signing_in.choose_password(
            db, token, password=form.password, ip=ip_of(request), browser=browser_of(request), now=now
        )
    except (FormWrong, PasswordTooWeak, TooBusy) as error:
        said = _sentence(request, error)
        return page(request, "invitation.html", None, error.status_code, person=found, error=said)
    return _enter(request, opened, "/")


# -------------------- the steps


def _enter(request: Request, opened: Opened, next: str) -> Response:
    """With the second factor still to come, it is asked for first."""
    wanted = own_path(next, "/")
    response = _go(f"{SECOND}?next={quote(wanted, safe='')}" if opened.needs_second else wanted)
    give_token(request, response, opened.token)
    return response


def _go(path: str) -> Response:
    return RedirectResponse(path, 303, dict(HEADERS))


async def _get_link(db: Database, token: str, now: datetime, *purposes: Purpose) -> Found:
    found = await db.read(links.find_link, token, now=now)
    if found is None or found.purpose not in purposes:
        raise LinkGone
    return found


async def _sign_in_page(
    request: Request, db: Database, *, error: AppError | None = None, login: str = "", next: str = "", notice: str = ""
) -> Response:
    is_demo = request.app.state.service.settings.demo
    shown = {
        "error": _sentence(request, error) if error else "", "login": login, "next": next, "notice": notice,
        "demo_people": await db.read(_list_demo_people) if is_demo else [], "demo_password": demo.PASSWORD,
    }  # fmt: skip
    response = page(request, "signin.html", None, error.status_code if error else 200, **shown)
    if isinstance(error, TooManyAttempts):
        response.headers["retry-after"] = str(error.retry_after)
    return response


def _list_demo_people(session: Session) -> list[people.Person]:
    return [one for one in people.list_people(session, by=None) if one.login in demo.PEOPLE]


def _sentence(request: Request, error: AppError) -> str:
    return catalogue.sentence_of(language_of(request), error)


def _placed(request: Request, error: AppError) -> tuple[str, dict[str, str]]:
    """(what is said above the form, what is said below its fields)."""
    fields = catalogue.problems_of(language_of(request), error)
    if isinstance(error, PasswordTooWeak):
        fields = {"password": _sentence(request, error)}
    return "" if fields else _sentence(request, error), _wrong() | fields


def _wrong() -> dict[str, str]:
    return dict.fromkeys(("login", "name", "password"), "")
