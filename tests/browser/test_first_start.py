"""From the start of a process to an answer on the page: what the other tests of the pages find served already."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from app.settings import ROOT
from tests.browser.simulating import opened
from tests.demo_knowledge import ALWAYS_OPEN, answer_of
from tests.faults.installation import ENVIRONMENT, Installation


@pytest.fixture
def installation(sqlite_template: Path, tmp_path: Path) -> Iterator[Installation]:
    shutil.copy(sqlite_template, tmp_path / "viewerdesk.db")
    own = {"MODE": "demo", "DATA_DIR": str(tmp_path), "SERVICE_HOURS": ALWAYS_OPEN}
    installation = Installation(tmp_path, ENVIRONMENT | own, code=ROOT)
    yield installation
    installation.end()


@pytest_asyncio.fixture(loop_scope="session")
async def address(installation: Installation) -> str:
    server = await installation.serve()
    return f"http://127.0.0.1:{server.port}"


async def test_from_the_first_start_to_an_answered_question(page: Page, talk: Locator, wire: Locator) -> None:
    await page.goto("/")
    await page.get_by_role("button", name="Administrator").click()  # the browser's language is English
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="排队与人员")).to_be_visible()
    await opened(page)
    await expect(wire).to_contain_text("线路上还什么都没有")
    await page.get_by_role("button", name="会员怎么退款").first.click()
    await expect(talk).to_contain_text(answer_of("membership.refund"))
    for stage in (
        "微信推送", "签名一致，确实来自微信", "已处理", "有把握，可以直接回答", "用知识条目回答", "membership.refund",
        "随这次推送的响应返回", "从收到到写进数据库",
    ):  # fmt: skip
        await expect(wire).to_contain_text(stage)
