"""What a request says of the browser that sent it, and the cookies that it is given."""

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from app.agents import sessions
from app.agents.models import Language
from app.settings import Settings

PLAIN: Final = "desk"
SECURE: Final = "__Host-desk"
"""Browsers take it only over HTTPS, from this very host: nobody beside us can set it."""
LANGUAGE: Final = "language"
_YEAR: Final = 365 * 24 * 3600
_HSTS: Final = {"strict-transport-security": f"max-age={_YEAR}"}


def token_of(request: Request) -> str:
    """What the session's cookie holds; empty without one."""
    return request.cookies.get(SECURE if is_secure(request) else PLAIN, "")


def csrf_of(request: Request) -> str:
    return sessions.csrf(token_of(request))


def give_token(request: Request, response: Response, token: str) -> None:
    """Sign the browser in; it forgets when it is closed, and the session ends by itself."""
    secure = is_secure(request)
    response.set_cookie(SECURE if secure else PLAIN, token, path="/", secure=secure, httponly=True, samesite="lax")


def take_token(request: Request, response: Response) -> None:
    secure = is_secure(request)
    response.delete_cookie(SECURE if secure else PLAIN, path="/", secure=secure, httponly=True, samesite="lax")


def give_language(request: Request, response: Response, language: Language) -> None:
    """For pages that nobody has signed in for."""
    secure = is_secure(request)
    response.set_cookie(LANGUAGE, language, _YEAR, path="/", secure=secure, httponly=True, samesite="lax")


def language_of(request: Request) -> Language:
    """Chosen before, else the browser's; Chinese wherever neither says English."""
    chosen = request.cookies.get(LANGUAGE)
    if chosen in list(Language):
        return Language(chosen)
    first = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return Language.en if first.split("-")[0] == "en" else Language.zh


def is_secure(request: Request) -> bool:
    """Whether the browser sees HTTPS: as PUBLIC_URL says, else as the request or a trusted proxy does."""
    settings = _settings(request)
    if settings.public_url:
        return settings.public_url.startswith("https:")
    scheme = request.headers.get("x-forwarded-proto", "") if _by_proxy(request, settings) else ""
    return (scheme or request.url.scheme) == "https"


def hosts_of(request: Request) -> tuple[str, ...]:
    """What the service is called in addresses, besides what the Host header says."""
    public = _settings(request).public_url
    return (urlsplit(public).netloc,) if public else ()


def address_of(request: Request) -> str:
    """Where links for other people begin, without a slash at the end."""
    public = _settings(request).public_url
    return public or f"{'https' if is_secure(request) else 'http'}://{request.headers.get('host', '')}"


def ip_of(request: Request) -> str:
    """Of the browser: behind a trusted proxy the last address that it was told by, or tells itself."""
    peer = request.client.host if request.client is not None else ""
    if not _by_proxy(request, _settings(request)):
        return peer
    told = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    for address in reversed(told):
        if not _is_address(address):
            break
        if not _settings(request).trusts(address):
            return address
    return peer


def browser_of(request: Request) -> str:
    return request.headers.get("user-agent", "")[:200]


def strict_transport(request: Request) -> Mapping[str, str]:
    return _HSTS if _settings(request).public_url.startswith("https:") else {}


def _by_proxy(request: Request, settings: Settings) -> bool:
    return request.client is not None and settings.trusts(request.client.host)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.service.settings
    return found
