from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.fakes.qq import APP_ID, SECRET, Played, running


@dataclass(frozen=True, slots=True)
class Caller:
    """A bot that writes its requests by hand."""

    played: Played
    http: httpx.AsyncClient

    async def token(self, **changes: Any) -> dict[str, Any]:
        asked = {"appId": APP_ID, "clientSecret": SECRET} | changes
        answer = await self.http.post("/app/getAppAccessToken", json=asked)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    async def call(self, method: str, path: str, body: Any = None, authorization: str | None = None) -> httpx.Response:
        given = authorization if authorization is not None else f"QQBot {(await self.token())['access_token']}"
        return await self.http.request(method, path, json=body, headers={"Authorization": given} if given else {})

    async def says(self, path: str, text: str = "您好", **more: Any) -> tuple[int, int]:
        """(HTTP status, code) of a text."""
        answer = await self.call("POST", f"{path}/messages", {"msg_type": 0, "content": text} | more)
        return answer.status_code, answer.json().get("err_code", 0)


@pytest.fixture
async def bot() -> AsyncIterator[Caller]:
    async with running() as played, httpx.AsyncClient(base_url=played.url) as http:
        yield Caller(played, http)
