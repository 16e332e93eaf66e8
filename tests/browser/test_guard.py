"""The harness itself: it lets a sound page pass and catches what no page may do."""

import pytest
from playwright.async_api import Browser, Page

from tests.browser.guard import Guard
from tests.browser.trial import Trial


async def test_what_the_service_serves_is_sound(page: Page) -> None:
    answer = await page.goto("/healthz")
    assert answer is not None
    assert answer.status == 200
    assert await page.inner_text("body") == "ok"


async def test_a_page_with_the_assets_is_sound(trial: Trial, browser: Browser) -> None:
    guard = Guard(trial.address)
    await visit(browser, guard, trial.address)
    assert guard.verdict() == []


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("inline", "Content Security Policy"),
        ("elsewhere", "request to elsewhere: http://192.0.2.1/pixel.png"),
        ("missing", "status of 404"),
        ("throwing", "uncaught: as if it were broken"),
    ],
)
async def test_what_no_page_may_do_is_a_complaint(name: str, complaint: str, trial: Trial, browser: Browser) -> None:
    guard = Guard(trial.address)
    await visit(browser, guard, f"{trial.address}/wrong/{name}")
    assert complaint in "\n".join(guard.verdict())


async def test_a_complaint_can_be_expected_but_must_then_come(trial: Trial, browser: Browser) -> None:
    guard = Guard(trial.address)
    guard.expect("status of 404")
    assert guard.verdict() == ["expected, but did not happen: status of 404"]
    await visit(browser, guard, f"{trial.address}/wrong/missing")
    assert guard.verdict() == []


async def visit(browser: Browser, guard: Guard, address: str) -> None:
    context = await browser.new_context()
    guard.watch(context)
    await (await context.new_page()).goto(address)
    await context.close()
