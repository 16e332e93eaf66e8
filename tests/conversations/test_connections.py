"""A client of its own for each call that is under way."""

import importlib
import sys

import httpx
import pytest

from app.conversations.connections import Connections, spare_the_search


@pytest.fixture
def opened() -> list[httpx.AsyncClient]:
    return []


@pytest.fixture
def connections(opened: list[httpx.AsyncClient]) -> Connections:
    def client() -> httpx.AsyncClient:
        opened.append(httpx.AsyncClient())
        return opened[-1]

    return Connections(client)


async def test_calls_at_a_time_have_clients_of_their_own(
    connections: Connections, opened: list[httpx.AsyncClient]
) -> None:
    with connections.one() as first, connections.one() as second:
        assert first is not second
    with connections.one() as again:
        assert again is first  # it was given back last: its connection is the one that is surely open
    assert opened == [first, second]
    await connections.close()
    assert all(client.is_closed for client in opened)


async def test_a_failed_call_gives_its_client_back(connections: Connections, opened: list[httpx.AsyncClient]) -> None:
    for _ in range(3):
        with pytest.raises(LookupError), connections.one():
            raise LookupError
    assert len(opened) == 1
    await connections.close()


def test_a_module_that_is_missing_is_not_looked_for_with_each_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sniffio", raising=False)
    spare_the_search()
    monkeypatch.setattr(sys, "meta_path", [])  # any search would fail in another way
    with pytest.raises(ModuleNotFoundError, match="sniffio"):
        importlib.import_module("sniffio")
