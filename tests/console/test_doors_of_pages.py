"""Every door of the console: who has not signed in, who may not, whose browser another website steers, and nonsense."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from app.agents import sessions
from app.agents.rights import Forbidden, Role
from app.console.routes import ROUTERS
from tests.console.conftest import HTMX, PAGE, Console, Person

OPEN = ("/signin", "/language", "/setup/{token}", "/invitation/{token}")
"""What may be opened by somebody who has not signed in."""
HALF = ("/signin/second", "/signout")
FOREIGN = [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
GARBAGE = [b"\xff\xfe=\x00", b"name=%ff%fe", b"&".join(b"a%d=1" % number for number in range(300)), b"x" * 100]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Who may come in does not depend on the engine."""
    return sqlite_url


def doors(*methods: str) -> Iterator[tuple[str, str]]:
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                yield from ((method, route.path) for method in sorted(route.methods or ()) if method in methods)


def closed(*methods: str) -> list[tuple[str, str]]:
    return [(method, path) for method, path in doors(*methods) if path not in (*OPEN, *HALF)]


def filled(path: str) -> str:
    return re.sub(r"\{\w+(:id)?\}", "1", path.replace("{token}", "none"))


async def test_who_has_not_signed_in_sees_nothing_and_is_brought_back_afterwards(console: Console) -> None:
    http = console.client()
    for method, path in closed("GET", "POST"):
        page = await http.request(method, filled(path), headers=PAGE)
        assert page.status_code == 303, path
        assert page.headers["location"].startswith("/signin"), path
        script = await http.request(method, filled(path), headers=HTMX)
        assert (script.status_code, script.headers["hx-redirect"]) == (401, "/signin"), path
    back = await http.get("/people?q=%E6%9E%97&role=agent", headers=PAGE)
    assert back.headers["location"] == "/signin?next=%2Fpeople%3Fq%3D%25E6%259E%2597%26role%3Dagent"


async def test_a_second_factor_that_is_missing_opens_nothing_else(console: Console) -> None:
    half = await console.person("lin", *Role, verified=False)
    for method, path in closed("GET"):
        answer = await half.http.request(method, filled(path), headers=PAGE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/signin/second"), path
    for _, path in closed("POST"):
        answer = await half.post(filled(path))
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/signin/second"), path


async def test_nothing_changes_without_the_token_of_the_page(console: Console) -> None:
    person = await console.person("lin", *Role)
    other = sessions.csrf("another token")
    for method, path in closed("POST", "PUT", "DELETE", "PATCH"):
        for headers in ({}, {"x-csrf": ""}, {"x-csrf": other}):
            answer = await person.http.request(method, filled(path), headers=HTMX | headers)
            assert answer.status_code == 403, (path, headers)
        form = await person.http.request(method, filled(path), data={"csrf": other})
        assert (form.status_code, form.json()["error"]) == (403, "页面已经过期，请刷新之后再试一次"), path


async def test_other_websites_cannot_act_even_with_the_token(console: Console) -> None:
    person = await console.person("lin", *Role)
    for method, path in doors("POST"):
        for headers in FOREIGN:
            with_token = headers | {"x-csrf": sessions.csrf(person.token)}
            answer = await person.http.request(method, filled(path), headers=with_token)
            assert (answer.status_code, answer.json()["error"]) == (403, "这个操作只能从服务自己的页面发起"), path


async def test_garbage_is_refused_with_a_sentence(console: Console) -> None:
    person = await console.person("lin", *Role)
    token = {"x-csrf": sessions.csrf(person.token), "content-type": "application/x-www-form-urlencoded"}
    harmless = {204, 303, 401, 404, 409, 410, 422}
    for _, path in doors("POST"):
        for body in GARBAGE:
            answer = await person.http.post(filled(path), content=body, headers=HTMX | token)
            assert answer.status_code in harmless, (path, body[:20], answer.text)
        if path in ("/signout", "/account/sign-ins/end-others"):
            continue
        large = await person.http.post(filled(path), content=b"a=" + b"x" * 200_000, headers=HTMX | token)
        assert large.status_code in harmless | {413}, path


ADMINISTRATION = [
    ("POST", "/people"), ("POST", "/people/{agent_id}"), ("POST", "/people/{agent_id}/roles"),
    ("POST", "/people/{agent_id}/teams"), ("POST", "/people/{agent_id}/link"),
    ("POST", "/people/{agent_id}/second-off"), ("POST", "/people/{agent_id}/unlock"),
    ("POST", "/people/{agent_id}/deactivate"), ("POST", "/people/{agent_id}/reactivate"), ("POST", "/teams"),
    ("POST", "/teams/{team_id}"), ("POST", "/teams/{team_id}/members"), ("POST", "/teams/{team_id}/archive"),
    ("POST", "/teams/{team_id}/restore"),
]  # fmt: skip
LEADERS = {"/teams/{team_id}/calendar"}
"""By which calendar a team works is a matter of deadlines."""
FIELDS = {
    "login": "new",
    "name": "新人",
    "roles": "agent",
    "capacity": "3",
    "language": "zh",
    "teams": [],
    "members": [],
}


async def test_only_administrators_change_people_and_teams(console: Console, admin: Person) -> None:
    assert {path for _, path in closed("POST") if path.startswith(("/people", "/teams"))} - LEADERS == {
        path for _, path in ADMINISTRATION
    }
    others = [role for role in Role if role is not Role.administrator]
    person = await console.person("lin", *others)
    for _, path in ADMINISTRATION:
        answer = await person.post(filled(path).replace("/1", f"/{admin.actor.id}", 1), **FIELDS)
        assert (answer.status_code, answer.json()["error"]) == (403, Forbidden.message), path


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/people", {Role.supervisor, Role.administrator}), ("/teams", {Role.supervisor, Role.administrator}),
        ("/audit", {Role.quality, Role.administrator}), ("/account", set(Role)),
        ("/calendars", {Role.supervisor, Role.administrator}), ("/deadlines", {Role.supervisor, Role.administrator}),
        ("/macros", {Role.supervisor, Role.operator}),
    ],
)  # fmt: skip
async def test_pages_are_shown_to_those_who_may_see_them(console: Console, path: str, allowed: set[Role]) -> None:
    for role in Role:
        person = await console.person(role.value, role)
        page = await person.get(path)
        assert page.status_code == (200 if role in allowed else 403), role
        assert (f'href="{path}"' in page.text) == (role in allowed), role
