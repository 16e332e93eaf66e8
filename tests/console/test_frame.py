"""What all pages have in common: headers, cookies, the browser's language and address, failures in the frame."""

import logging
import re
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from app.agents.rights import Role
from app.console import cookies
from app.console.guard import own_path
from app.pages import HEADERS
from app.settings import Settings
from tests.console.conftest import HTMX, PAGE, Console, Person, opened
from tests.factories.people import PASSWORD

PATHS = ("/people", "/teams", "/audit", "/account", "/people/1", "/no-such-page", "/static/none.css", "/signin")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Who may come in does not depend on the engine."""
    return sqlite_url


async def test_no_page_lets_anything_in_from_elsewhere_or_stays_on_disk(console: Console, admin: Person) -> None:
    for path in PATHS:
        answer = await admin.get(path)
        if not path.startswith("/static"):
            assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS), path
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", answer.text), path
        assert "strict-transport-security" not in answer.headers


async def test_failures_are_pages_in_the_frame_for_people_and_sentences_for_programs(admin: Person) -> None:
    page = await admin.get("/people/4711")
    assert page.status_code == 404
    assert "没有找到这个人" in page.text
    assert 'class="rail"' in page.text
    assert (await admin.http.get("/people/4711")).json() == {"error": "没有找到这个人"}
    assert (await admin.http.get("/nowhere")).json() == {"error": "没有找到"}
    assert (await admin.http.get("/people/none")).status_code == 404
    assert (await admin.http.get("/people?after=none")).status_code == 422
    assert (await admin.http.put("/people")).status_code == 405


async def test_who_leaves_amid_a_request_is_no_failure_of_ours(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    parts = [{"type": "http.request", "body": b"login=li", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return parts.pop(0)

    async def send_on(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"desk.test"), (b"origin", b"http://desk.test")]
    about = {"path": "/signin", "method": "POST", "query_string": b"", "headers": headers, "client": ("203.0.113.7", 1)}
    await console.app({"type": "http", **about}, receive, send_on)
    assert sent[0]["status"] == 400
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_stranger_sees_no_frame_around_a_failure(console: Console) -> None:
    page = await console.client().get("/nowhere", headers=PAGE)
    assert page.status_code == 404
    assert 'class="rail"' not in page.text


async def test_a_bug_shows_a_number_that_the_log_holds_too(
    console: Console, admin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    _break(console.app)
    with caplog.at_level(logging.ERROR):
        page = await admin.get("/broken")
    assert page.status_code == 500
    shown = re.search(r"编号 ([0-9a-f]{8})", page.text)
    assert shown is not None
    assert [record.__dict__["id"] for record in caplog.records if record.msg == "a page broke"] == [shown[1]]
    assert "as if" not in page.text


def _break(app: FastAPI) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("as if it were broken")


# -------------------- cookies and addresses


async def sign_in(http: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await http.post("/signin", data={"login": "lin", "password": PASSWORD, **fields})


def cookie_of(answer: httpx.Response) -> str:
    return answer.headers["set-cookie"].lower()


async def test_without_https_the_cookie_is_out_of_reach_of_scripts_and_other_sites(console: Console) -> None:
    await console.person("lin", Role.agent)
    given = cookie_of(await sign_in(console.client()))
    assert given.startswith("desk=")
    assert {"httponly", "path=/", "samesite=lax"} <= set(given.split("; "))
    assert "secure" not in given
    assert "domain" not in given
    assert "max-age" not in given


async def test_over_https_nobody_beside_us_can_set_it(settings: Settings) -> None:
    async with opened(settings.model_copy(update={"public_url": "https://desk.example.com"})) as console:
        person = await console.person("lin", Role.agent)
        answer = await sign_in(console.client())
        given = cookie_of(answer)
        assert given.startswith("__host-desk=")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= set(given.split("; "))
        assert "max-age" in (await console.client().get("/signin", headers=PAGE)).headers["strict-transport-security"]
        assert (await person.get("/account")).status_code == 303  # its plain cookie could have come from anywhere
        person.http.cookies.set(cookies.SECURE, person.token)
        assert (await person.get("/account")).status_code == 200


async def test_a_public_address_is_an_own_one_whatever_the_proxy_calls_us(settings: Settings) -> None:
    async with opened(settings.model_copy(update={"public_url": "https://desk.example.com"})) as console:
        await console.person("lin", Role.agent)
        for origin, status in (("https://desk.example.com", 303), ("https://evil.example", 403)):
            headers = {"origin": origin, "host": "127.0.0.1:8000"}
            fields = {"login": "lin", "password": PASSWORD}
            assert (await console.client().post("/signin", data=fields, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("peer", "headers", "ip", "secure"),
    [
        ("203.0.113.7", {"x-forwarded-for": "198.51.100.1", "x-forwarded-proto": "https"}, "203.0.113.7", False),
        ("127.0.0.1", {"x-forwarded-for": "198.51.100.1, 198.51.100.2"}, "198.51.100.2", False),
        ("::1", {"x-forwarded-for": "198.51.100.2, 127.0.0.1", "x-forwarded-proto": "https"}, "198.51.100.2", True),
        ("127.0.0.1", {"x-forwarded-for": "made up"}, "127.0.0.1", False),
        ("127.0.0.1", {}, "127.0.0.1", False),
    ],
)  # fmt: skip
def test_only_our_own_proxy_is_believed(
    settings: Settings, peer: str, headers: dict[str, str], ip: str, secure: bool
) -> None:
    app = FastAPI()
    app.state.service = SimpleNamespace(settings=settings)
    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "scheme": "http", "path": "/", "headers": given, "client": (peer, 4711), "app": app}
    request = Request({**scope, "server": ("desk.test", 80), "query_string": b"", "method": "GET"})
    assert (cookies.ip_of(request), cookies.is_secure(request)) == (ip, secure)


# -------------------- where one goes, in which language


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/a\nb", "", "/signin"],
)
def test_signing_in_leads_to_no_other_website_and_in_no_circle(path: str) -> None:
    assert own_path(path, "/") == "/"


@pytest.mark.parametrize("path", ["/desk", "/people?q=%E6%9E%97&role=agent", "/signin-log"])
def test_signing_in_leads_back_to_where_one_was(path: str) -> None:
    assert own_path(path, "/") == path


@pytest.mark.parametrize(
    ("role", "home"),
    [(Role.agent, "/desk"), (Role.operator, "/replies"), (Role.quality, "/desk"), (Role.administrator, "/queue")],
)
async def test_everybody_starts_where_his_work_is(console: Console, role: Role, home: str) -> None:
    person = await console.person("lin", role)
    assert (await person.get("/")).headers["location"] == home


async def test_the_language_is_the_browsers_until_somebody_chooses(console: Console) -> None:
    http = console.client()
    assert "<h1>登录</h1>" in (await http.get("/signin", headers=PAGE | {"accept-language": "de,en"})).text
    english = await http.get("/signin", headers=PAGE | {"accept-language": "en-GB,zh"})
    assert '<html lang="en">' in english.text
    assert "<h1>Sign in</h1>" in english.text
    chosen = await http.post("/language", data={"language": "en", "next": "/signin?next=%2Faudit"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/signin?next=%2Faudit")
    assert "<h1>Sign in</h1>" in (await http.get("/signin", headers=PAGE)).text
    foreign = await http.post("/language", data={"language": "en", "next": "//evil.example"})
    assert foreign.headers["location"] == "/signin"


async def test_a_person_has_his_own_language_in_pages_and_errors(console: Console, admin: Person) -> None:
    assert (await admin.post("/account/language", language="en")).headers["hx-refresh"] == "true"
    assert "<h1>People</h1>" in (await admin.get("/people")).text
    wrong = await admin.post("/people", login="", name="新人", roles="agent", teams=[])
    assert wrong.json() == {"error": "Login is empty", "fields": {"login": "Login is empty"}}
    gone = await admin.http.get("/people/4711", headers=HTMX)
    assert gone.json() == {"error": "This person was not found"}
