"""The console's templates, and what every page of it is told."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app import pages
from app.agents.models import Language
from app.agents.sessions import Signed
from app.console import catalogue, labels, rail, ticket_words
from app.console.browsers import name_browser
from app.console.cookies import csrf_of, language_of, strict_transport, token_of
from app.console.endpoints.live import PATH
from app.console.times import ago, days, exactly, hours
from app.pages import HEADERS

FOLDER: Final = Path(__file__).parent


@pass_context
def _gettext(context: Context, text: str) -> str:
    return catalogue.translate(context["language"], text)


@pass_context
def _said(context: Context, text: str, **values: object) -> Markup:
    """As Jinja's own ``_`` of the new style, which takes five times as long; a list says a hundred texts."""
    form = _form(context["language"], text)
    return form % values if values or "%" in form else form


@lru_cache(4096)
def _form(language: Language, text: str) -> Markup:
    return Markup(catalogue.translate(language, text))


@pass_context
def _ngettext(context: Context, one: str, many: str, num: int) -> str:
    return catalogue.counted(context["language"], one, num)


@pass_context
def _counted(context: Context, text: str, num: int, **values: object) -> Markup:
    """``_n("%(num)s 人", count)``: what English says in two ways."""
    return Markup(catalogue.counted(context["language"], text, num)) % {"num": num, **values}


TEMPLATES: Final = pages.environment(FOLDER)
TEMPLATES.add_extension("jinja2.ext.i18n")
TEMPLATES.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
TEMPLATES.globals |= {"_": _said, "_n": _counted, "labels": labels, "ticket_words": ticket_words, "LIVE": PATH}
TEMPLATES.filters |= {
    "ago": ago, "exactly": exactly, "browser": name_browser, "hours": hours, "days": days,
    "pair": lambda one: (one.id, one.name),
}  # fmt: skip


def language_for(request: Request, signed: Signed | None) -> Language:
    return Language(signed.language) if signed is not None else language_of(request)


def here_of(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def page(request: Request, name: str, signed: Signed | None, status: int = 200, **context: Any) -> HTMLResponse:
    """A page or a fragment for a person; ``signed`` None: nobody has signed in."""
    response = pages.page(TEMPLATES, name, status=status, **_shared(request, signed) | context)
    response.headers.update(strict_transport(request))
    return response


def _shared(request: Request, signed: Signed | None) -> dict[str, Any]:
    """What every template may name."""
    language = language_for(request, signed)
    actor = signed.actor if signed is not None else None
    return {
        "language": language, "lang": "en" if language is Language.en else "zh-CN",
        "product": catalogue.PRODUCT[language], "signed": signed, "now": datetime.now(UTC),
        "path": request.url.path, "here": here_of(request), "csrf": csrf_of(request) if token_of(request) else "",
        "demo": request.app.state.service.settings.demo,
        "places": rail.places_of(actor) if actor else (), "settings": rail.settings_of(actor) if actor else (),
    }  # fmt: skip


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of the page that it shows; going back in history it wants all of it."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def done(signed: Signed, text: str = "", *, changed: str = "", **values: object) -> Response:
    """What a change is answered with that shows nothing of its own: a toast says ``text``.

    ``changed``: a name whose elements (``data-on``) are fetched again.
    """
    sentence = catalogue.translate(Language(signed.language), text).format(**values) if text else ""
    told = {name: value for name, value in (("said", sentence), ("changed", changed)) if value}
    return Response(status_code=204, headers={**HEADERS, "hx-trigger": json.dumps(told)})


def said(response: HTMLResponse, signed: Signed, text: str) -> HTMLResponse:
    """A fragment that a toast goes with."""
    response.headers["hx-trigger"] = json.dumps({"said": catalogue.translate(Language(signed.language), text)})
    return response


def reload() -> Response:
    """What a change is answered with after which much of the page is another."""
    return Response(status_code=204, headers={**HEADERS, "hx-refresh": "true"})


def go_to(path: str) -> Response:
    """What a change is answered with after which another page is to be seen."""
    return Response(status_code=204, headers={**HEADERS, "hx-redirect": path})
