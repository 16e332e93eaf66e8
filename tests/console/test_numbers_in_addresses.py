"""Numbers that no row can have, in the address of every page and door: they are not there, and nothing breaks."""

import inspect
import re
from collections.abc import Iterator

import pytest
from fastapi import params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.routing import BaseRoute

from app.agents.rights import Role
from app.console.audit import Filters
from app.desk import cursors
from app.desk.filters import View
from app.settings import Settings
from app.simulator.addresses import PAGE as SIMULATOR
from tests.console.conftest import HTMX, PAGE, Console, Person
from tests.factories import conversations as make

UNHEARD = 987_654
"""No row has it, and one could."""
NUMBERS = [*map(str, (2**63, 2**70, -1, -(2**63) - 1)), "9" * 5000]
STREAMS = ("/desk/events", f"{SIMULATOR}/events")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With the simulator's pages as well."""
    return settings.model_copy(update={"mode": "demo"})


@pytest.fixture
async def everybody(console: Console) -> Person:
    return await console.person("all", *Role)


def routes_of(console: Console) -> Iterator[APIRoute]:
    def walk(routes: list[BaseRoute]) -> Iterator[APIRoute]:
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            else:
                inner = getattr(route, "original_router", None)
                yield from walk(inner.routes if inner is not None else [])

    yield from walk(console.app.routes)


def parameters(route: APIRoute, kind: type[params.Param]) -> list[tuple[str, FieldInfo]]:
    """With those of all that it depends on."""
    every = get_flat_params(route.dependant)
    return [(one.alias, one.field_info) for one in every if isinstance(one.field_info, kind)]


def numbered(route: APIRoute) -> list[str]:
    """The names of the numbers in its path."""
    return [name for name, info in parameters(route, params.Path) if info.annotation is int]


def with_number(route: APIRoute, number: int | str) -> str:
    return re.sub(r"\{(\w+)(:id)?\}", lambda found: str(number) if found[1] in numbered(route) else "none", route.path)


async def test_a_number_in_a_path_that_no_row_can_have_is_one_that_none_has(
    console: Console, everybody: Person
) -> None:
    seen = 0
    for route in routes_of(console):
        for method in sorted((route.methods or set()) & {"GET", "POST"} if numbered(route) else ()):
            seen += 1
            ask = everybody.get if method == "GET" else everybody.post
            unknown = await ask(with_number(route, UNHEARD))
            assert unknown.status_code < 500, route.path
            for number in NUMBERS:
                answer = await ask(with_number(route, number))
                assert answer.status_code == 404, (method, route.path, number[:30], answer.text)
    assert seen > 50


async def test_a_number_in_a_query_that_none_can_have_is_as_a_malformed_one(
    console: Console, everybody: Person
) -> None:
    talk = await make.conversation(console.db, await make.channel(console.db))
    seen = 0
    for route in routes_of(console):
        if "GET" not in (route.methods or ()) or route.path in STREAMS:
            continue
        path = with_number(route, talk)
        names = {name for name, _ in parameters(route, params.Query)} | (
            set(Filters.model_fields) if path == "/audit" else set()
        )
        for name in sorted(names):
            for number in NUMBERS:
                for written in (number, f"team:{number}"):
                    answer = await everybody.http.get(path, params={name: written}, headers=PAGE | HTMX)
                    assert answer.status_code < 500, (path, name, written[:30], answer.text)
            seen += 1
    assert seen > 20


async def test_a_list_is_not_narrowed_to_what_no_column_can_hold(console: Console, everybody: Person) -> None:
    for view in View:
        for name in ("channel", "priority"):
            for number in (2**15, 2**31, 10**9, 2**62, *NUMBERS[:2]):
                answer = await everybody.get(f"/desk/list?view={view}&{name}={number}", **HTMX)
                assert answer.status_code == 200, (view, name, number)


async def test_a_cursor_with_numbers_that_no_key_has_opens_nothing_and_breaks_nothing(
    console: Console, everybody: Person
) -> None:
    await make.conversation(console.db, await make.channel(console.db))
    for view in View:
        for number in (2**15, 2**31, 2**53, 2**62 - 1, 2**63, -1, -(2**62) + 1):
            for length in range(1, 6):
                after = cursors.write([number] * length)
                answer = await everybody.get(f"/desk/more?view={view}&after={after}", **HTMX)
                assert answer.status_code in (200, 422), (view, number, length, answer.text)


async def test_days_at_the_ends_of_the_calendar_find_nothing(everybody: Person) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        assert (await everybody.get(f"/audit?since={day}&until={day}")).status_code == 200


def forms() -> list[type[BaseModel]]:
    """All that pages send, wherever it is declared."""
    found, left = set[type[BaseModel]](), [BaseModel]
    while left:
        new = [one for kind in left for one in kind.__subclasses__() if one not in found]
        found.update(new)
        left = new
    return [one for one in found if one.__module__.startswith(("app.console", "app.simulator.endpoints"))]


def test_each_number_of_a_form_has_bounds() -> None:
    checked = 0
    for form in forms():
        for name, schema in form.model_json_schema().get("properties", {}).items():
            for part in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
                if part.get("type") == "integer":
                    checked += 1
                    assert {"maximum", "exclusiveMaximum"} & set(part), (inspect.getmodule(form), form, name)
    assert checked > 10
