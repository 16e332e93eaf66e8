"""Pages with and without built assets, and the files that they name."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import jinja2
import pytest
from fastapi import FastAPI

from app import pages

SOURCE = (
    '{% extends "document.html" %}{% block title %}试页{% endblock %}'
    "{% block body %}<body>{{ said }}</body>{% endblock %}"
)


@pytest.fixture
def templates(tmp_path: Path) -> jinja2.Environment:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "trial.html").write_text(SOURCE)
    return pages.environment(tmp_path)


@pytest.fixture
def unbuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of built assets, not there yet."""
    folder = tmp_path / "static"
    monkeypatch.setattr(pages, "_STATIC", folder)
    pages._manifest.cache_clear()
    return folder


@pytest.fixture
def built(unbuilt: Path) -> Path:
    unbuilt.mkdir()
    names = {name: name.replace(".", "-AAAAAAAA.") for name in ("icon.svg", "base.css", "page.js")}
    (unbuilt / "manifest.json").write_text(json.dumps(names))
    for name in names.values():
        (unbuilt / name).write_text("")
    return unbuilt


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    pages._manifest.cache_clear()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.mount("/static", pages.Assets())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as opened:
        yield opened


def test_a_page_names_its_assets_and_escapes_what_people_wrote(templates: jinja2.Environment, built: Path) -> None:
    answer = pages.page(templates, "trial.html", said="<b>")
    text = bytes(answer.body).decode()
    assert answer.status_code == 200
    assert '<link rel="stylesheet" href="/static/base-AAAAAAAA.css">' in text
    assert "<body>&lt;b&gt;</body>" in text


def test_a_page_may_run_and_load_nothing_but_what_the_service_serves(
    templates: jinja2.Environment, built: Path
) -> None:
    policy = pages.page(templates, "trial.html", said="").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_template_that_names_what_is_not_given_fails(templates: jinja2.Environment, built: Path) -> None:
    with pytest.raises(jinja2.UndefinedError):
        pages.page(templates, "trial.html")


def test_without_assets_a_page_says_what_to_do_and_works_once_they_are_built(
    templates: jinja2.Environment, unbuilt: Path, request: pytest.FixtureRequest
) -> None:
    answer = pages.page(templates, "trial.html", said="")
    assert answer.status_code == 503
    assert "make setup" in bytes(answer.body).decode()
    request.getfixturevalue("built")
    assert pages.page(templates, "trial.html", said="").status_code == 200


async def test_browsers_keep_an_asset_for_ever_but_not_the_manifest(built: Path, client: httpx.AsyncClient) -> None:
    kept = await client.get("/static/page-AAAAAAAA.js")
    assert kept.status_code == 200
    assert "immutable" in kept.headers["cache-control"]
    assert "cache-control" not in (await client.get("/static/manifest.json")).headers


@pytest.mark.parametrize("folder", ["unbuilt", "built"])
async def test_an_asset_that_is_not_there_is_not_found(
    folder: str, request: pytest.FixtureRequest, client: httpx.AsyncClient
) -> None:
    request.getfixturevalue(folder)
    missing = await client.get("/static/other.js")
    assert missing.status_code == 404
    assert "immutable" not in missing.headers.get("cache-control", "")
