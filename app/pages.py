"""What all HTML pages share: templates, the addresses of built assets, and headers that leave a page little power."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

_CONSOLE = Path(__file__).parent / "console"
_STATIC = _CONSOLE / "static"
_MANIFEST = "manifest.json"

_NOSNIFF = {"x-content-type-options": "nosniff"}
_IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable", **_NOSNIFF}
HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    **_NOSNIFF,
}
"""Headers of every page and fragment: nothing inline, nothing from elsewhere, no frame around it, no copy on disk."""

_UNBUILT = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>界面资源还没有构建 · 观众服务台</title>
<h1>界面资源还没有构建</h1>
<p>请安装 Node 20，然后运行 <code>make setup</code>，再刷新本页。消息的接收和回复不受影响。</p>
</html>
"""


class AssetsMissing(Exception):
    """The pages' assets have not been built."""


def environment(package: Path) -> jinja2.Environment:
    """Templates of the folder ``templates`` in ``package``, and ``document.html``, the frame that pages extend."""
    folders = [package / "templates", _CONSOLE / "templates"]
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset
    return made


def asset(name: str) -> str:
    """The address of a built asset by the name of its source: ``page.js`` for page.ts, ``base.css``."""
    return f"/static/{_manifest()[name]}"


def page(templates: jinja2.Environment, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page or a fragment; where the assets have not been built, a page that says so."""
    try:
        return HTMLResponse(templates.get_template(name).render(context), status, HEADERS)
    except AssetsMissing:
        return HTMLResponse(_UNBUILT, 503, HEADERS)


class Assets(StaticFiles):
    """The folder of built assets, which may not be there. Names carry hashes, so browsers never ask twice."""

    def __init__(self) -> None:
        super().__init__(directory=_STATIC, check_dir=False)

    async def check_config(self) -> None:
        """A missing folder is answered with 404 like a missing file."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_IMMUTABLE if path != _MANIFEST else _NOSNIFF)
        return response


@cache
def _manifest() -> dict[str, str]:
    try:
        names: dict[str, str] = json.loads((_STATIC / _MANIFEST).read_text())
    except FileNotFoundError:
        raise AssetsMissing from None  # not cached: they may be built while the service runs
    return names
