"""Coming in by password, second factor and links; leaving. What the forms say where something is wrong."""

import re
from datetime import UTC, datetime

import httpx
import pyotp
import pytest
from sqlalchemy.orm import Session

from app.agents import links, people, sessions, totp
from app.agents.rights import Role
from app.console import cookies
from tests.console.conftest import PAGE, Console
from tests.factories.people import PASSWORD


async def post(http: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """As a plain form does."""
    return await http.post(path, data=fields, headers=PAGE)


def now() -> datetime:
    return datetime.now(UTC)


async def test_the_password_opens_the_way_to_where_one_wanted_to_go(console: Console) -> None:
    await console.person("lin", Role.agent)
    http = console.client()
    answer = await post(http, "/signin", login="Lin", password=PASSWORD, next="/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert (await http.get("/account", headers=PAGE)).status_code == 200
    again = await http.get("/signin?next=/audit", headers=PAGE)
    assert again.headers["location"] == "/audit"


async def test_whatever_is_wrong_is_said_alike_and_in_its_place(console: Console) -> None:
    await console.person("lin", Role.agent)
    for login, password in (("lin", "wrong password"), ("nobody", PASSWORD)):
        page = await post(console.client(), "/signin", login=login, password=password, next="/audit")
        assert page.status_code == 401
        assert '<p class="alert" role="alert">登录名或密码不对</p>' in page.text
        assert f'value="{login}"' in page.text
        assert 'name="next" value="/audit"' in page.text
        assert password not in page.text
        assert "set-cookie" not in page.headers
    empty = await post(console.client(), "/signin", login="", password="")
    assert (empty.status_code, "登录名是空的；密码是空的" in empty.text) == (422, True)


async def test_who_tries_too_often_is_told_how_long_to_wait(console: Console) -> None:
    await console.person("lin", Role.agent)
    http = console.client()
    for _ in range(5):
        await post(http, "/signin", login="lin", password="wrong password")
    page = await post(http, "/signin", login="lin", password=PASSWORD)
    assert page.status_code == 429
    assert 1 <= int(page.headers["retry-after"]) <= 5
    assert re.search(r"尝试次数过多，请等 \d+ 秒后再试", page.text)


async def test_signing_out_ends_the_sign_in_and_takes_the_cookie(console: Console) -> None:
    person = await console.person("lin", Role.agent)
    answer = await post(person.http, "/signout", csrf=sessions.csrf(person.token))
    assert answer.headers["location"] == "/signin?out=1"
    assert "desk=" in answer.headers["set-cookie"]
    assert "您已退出登录" in (await person.http.get("/signin?out=1", headers=PAGE)).text
    person.http.cookies.set(cookies.PLAIN, person.token)
    assert (await person.get("/account")).status_code == 303


# -------------------- the second factor


async def with_second_factor(console: Console) -> pyotp.TOTP:
    person = await console.person("lin", Role.agent)
    keyring = console.app.state.service.keyring
    enrolment = await console.db.write(totp.begin, by=person.actor, keyring=keyring)
    app = pyotp.TOTP(enrolment.secret)
    earlier = app.at(int(now().timestamp()) - totp.STEP)  # each is good once: the present one is for the test
    await console.db.write(totp.confirm, earlier, by=person.actor, keep=0, keyring=keyring, now=now())
    return app


async def test_a_second_factor_is_asked_for_and_changes_the_cookie(console: Console) -> None:
    app = await with_second_factor(console)
    http = console.client()
    answer = await post(http, "/signin", login="lin", password=PASSWORD, next="/account")
    assert answer.headers["location"] == "/signin/second?next=%2Faccount"
    first = http.cookies[cookies.PLAIN]
    asked = await http.get(answer.headers["location"], headers=PAGE)
    assert sessions.csrf(first) in asked.text
    wrong = await post(http, "/signin/second", code="000000", csrf=sessions.csrf(first), next="/account")
    assert (wrong.status_code, "验证码不对" in wrong.text, 'value="/account"' in wrong.text) == (401, True, True)
    right = await post(http, "/signin/second", code=app.now(), csrf=sessions.csrf(first), next="/account")
    assert (right.status_code, right.headers["location"]) == (303, "/account")
    assert http.cookies[cookies.PLAIN] != first
    assert (await http.get("/account", headers=PAGE)).status_code == 200
    http.cookies.set(cookies.PLAIN, first)
    assert (await http.get("/account", headers=PAGE)).headers["location"].startswith("/signin?")


async def test_a_code_needs_the_token_of_the_page(console: Console) -> None:
    app = await with_second_factor(console)
    http = console.client()
    await post(http, "/signin", login="lin", password=PASSWORD)
    assert (await post(http, "/signin/second", code=app.now())).status_code == 403


# -------------------- links


async def test_the_first_administrator_makes_his_account(console: Console) -> None:
    token = await console.db.write(links.first_link, now=now())
    http = console.client()
    path = f"/setup/{token}"
    assert "这里还没有账号" in (await http.get(path, headers=PAGE)).text
    weak = await post(http, path, login="admin", name="管理员", password="1234567890")
    assert (weak.status_code, 'id="wrong-password"' in weak.text, 'value="admin"' in weak.text) == (422, True, True)
    odd = await post(http, path, login="管理员", name="管理员", password=PASSWORD)
    assert (odd.status_code, 'id="wrong-login"' in odd.text) == (422, True)
    made = await post(http, path, login="admin", name="管理员", password=PASSWORD)
    assert (made.status_code, made.headers["location"]) == (303, "/")
    assert (await http.get("/people", headers=PAGE)).status_code == 200
    again = await console.client().get(path, headers=PAGE)
    assert (again.status_code, "链接已经用过或已过期" in again.text) == (410, True)


async def test_an_invitation_lets_choose_a_password_once(console: Console) -> None:
    agent_id, token = await console.db.write(_invite)
    http = console.client()
    path = f"/invitation/{token}"
    assert "林小满，您好" in (await http.get(path, headers=PAGE)).text
    weak = await post(http, path, password="short")
    assert (weak.status_code, "密码为 10 到 256 个字符" in weak.text) == (422, True)
    assert (await post(http, path, password=PASSWORD)).headers["location"] == "/"
    assert (await http.get("/account", headers=PAGE)).status_code == 200
    assert (await post(console.client(), path, password=PASSWORD)).status_code == 410
    assert (await console.db.read(people.get_person, agent_id, by=None)).is_invited is False


def _invite(session: Session) -> tuple[int, str]:
    agent_id = people.add(session, by=None, login="lin", name="林小满", roles=[Role.agent], now=now())
    return agent_id, links.make(session, links.Purpose.invitation, agent_id, by=None, now=now())


@pytest.mark.parametrize("path", ["/setup/made-up", "/invitation/made-up", "/invitation/%00"])
async def test_a_link_that_leads_nowhere_says_what_to_do(console: Console, path: str) -> None:
    page = await console.client().get(path, headers=PAGE)
    assert (page.status_code, "请找管理员重新发一个" in page.text) == (410, True)
