"""Who may see a page of the console: somebody who has signed in, in whose browser the page itself asks for changes."""

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Depends, Request

from app.agents import sessions
from app.agents.sessions import Signed
from app.console.cookies import hosts_of, ip_of, token_of
from app.db.database import Database
from app.errors import AppError
from app.forms import read_fields, refuse_cross_origin

SIGN_IN: Final = "/signin"
SECOND: Final = "/signin/second"
_READING: Final = ("GET", "HEAD")
_FORM: Final = "application/x-www-form-urlencoded"


class NotSignedIn(AppError):
    status_code, message = 401, "您还没有登录，或者登录已经过期，请重新登录"
    path = SIGN_IN


class SecondMissing(NotSignedIn):
    message = "还差一步：请输入动态验证码"
    path = SECOND


class TokenWrong(AppError):
    status_code, message = 403, "页面已经过期，请刷新之后再试一次"


def db_of(request: Request) -> Database:
    found: Database = request.app.state.service.db
    return found


def now() -> datetime:
    return datetime.now(UTC)


# What is no coroutine, FastAPI runs in a thread: the way there and back took longer than many a page.
async def _db(request: Request) -> Database:
    return db_of(request)


async def _now() -> datetime:
    return now()


DbDep = Annotated[Database, Depends(_db)]
Now = Annotated[datetime, Depends(_now)]


async def own_page(request: Request) -> None:
    """For forms that somebody who has not signed in sends: from our own pages only."""
    refuse_cross_origin(request, hosts_of(request))


async def find_signed(request: Request) -> Signed | None:
    """Whose cookie it is, whether or not he may do what he asks for."""
    if not hasattr(request.state, "signed"):
        token = token_of(request)
        found = await db_of(request).look(sessions.find, token, now=now(), ip=ip_of(request)) if token else None
        request.state.signed = found
    signed: Signed | None = request.state.signed
    return signed


async def half_signed(request: Request, db: DbDep, now: Now) -> Signed:
    """Somebody whose second factor may still be missing. What changes something needs the page's own token."""
    refuse_cross_origin(request, hosts_of(request))
    signed = await find_signed(request)
    if signed is None:
        raise NotSignedIn
    if request.method not in _READING and not sessions.csrf_fits(token_of(request), await _given(request)):
        raise TokenWrong
    if signed.touch_due:
        await db.write(sessions.touch, signed.sign_in_id, now=now, ip=ip_of(request))
    return signed


async def signed_in(signed: Annotated[Signed, Depends(half_signed)]) -> Signed:
    """Somebody who has signed in altogether."""
    if not signed.verified:
        raise SecondMissing
    return signed


SignedIn = Annotated[Signed, Depends(signed_in)]
HalfSigned = Annotated[Signed, Depends(half_signed)]


async def _given(request: Request) -> str:
    """The token that a page was shown with: by htmx in a header, in a plain form as a field."""
    header = request.headers.get("x-csrf")
    if header is not None or not request.headers.get("content-type", "").startswith(_FORM):
        return header or ""
    return dict(await read_fields(request)).get("csrf", "")


def way_back(request: Request) -> str:
    """Where to sign in so that one comes back here; only what can be shown by its address is come back to."""
    if request.method not in _READING or request.url.path == "/":
        return SIGN_IN
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{SIGN_IN}?next={quote(here, safe='')}"


def own_path(given: str, otherwise: str) -> str:
    """``given`` if it is a path of ours to go on to; an address of another site is not followed."""
    return given if is_own(given) and given.split("?")[0] not in (SIGN_IN, SECOND) else otherwise


def is_own(path: str) -> bool:
    begins_here = path.startswith("/") and not path.startswith(("//", "/\\"))
    return begins_here and all(letter > " " and letter != "\\" for letter in path)
