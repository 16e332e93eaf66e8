"""Live updates: what changes appears by itself, through one connection a browser, and nothing is missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.guard import Guard
from tests.browser.trial import Trial
from tests.faults.waiting import eventually


@pytest.fixture
def address(trial: Trial) -> str:
    return trial.address


async def test_an_update_appears_without_disturbing_what_is_being_written(page: Page, trial: Trial) -> None:
    await opened(page)
    await page.get_by_label("备注").fill("写到一半")
    before = trial.rendered
    trial.tell("count", 1)
    await expect(page.get_by_role("heading")).to_have_text(f"第 {before + 1} 次")
    await expect(page.get_by_label("备注")).to_have_value("写到一半")
    await expect(page.get_by_label("备注")).to_be_focused()


async def test_what_was_opened_stays_open_and_shows_what_is_new(page: Page, trial: Trial) -> None:
    await opened(page)
    details = page.locator("details")
    await details.get_by_text("更多").click()
    before = trial.rendered
    trial.tell("count", 1)
    await expect(details.get_by_text(f"里面是第 {before + 1} 次")).to_be_visible()
    await details.get_by_text("更多").click()
    trial.tell("count", 1)
    await expect(page.get_by_role("heading")).to_have_text(f"第 {before + 2} 次")
    await expect(details.get_by_text("里面是")).to_be_hidden()


async def test_an_event_is_also_one_of_its_own_number(page: Page, trial: Trial) -> None:
    await opened(page)
    await page.evaluate("document.body.addEventListener('count:7', e => { document.body.ariaLabel = e.detail.id })")
    trial.tell("count", 7)
    await expect(page.locator("body")).to_have_attribute("aria-label", "7")


async def test_an_event_without_a_number_is_one_of_its_kind_alone(page: Page, trial: Trial) -> None:
    await opened(page)
    await listen(page, "count", "count:null", "end")
    trial.tell("count", None)
    trial.tell("end", None)
    await expect(page.locator("body")).to_have_attribute("aria-label", "count:null end:null")


async def test_events_told_together_are_each_heard_and_cost_one_fetch(page: Page, trial: Trial) -> None:
    await opened(page)
    await listen(page, "count", "count:7", "count:8", "other:3")
    before = trial.rendered
    trial.tell_together(("count", 7), ("other", 3), ("count", 8))
    await expect(page.locator("body")).to_have_attribute("aria-label", "count:7 count:7:7 other:3:3 count:8 count:8:8")
    await expect(page.get_by_role("heading")).to_have_text(f"第 {before + 1} 次")
    trial.tell("count", 9)
    await expect(page.get_by_role("heading")).to_have_text(f"第 {before + 2} 次")


async def test_what_names_nothing_of_what_was_told_is_not_fetched(page: Page, trial: Trial) -> None:
    await opened(page)
    before = trial.rendered
    trial.tell_together(("other", 1), ("counts", 2))
    trial.tell("count", 1)
    await expect(page.get_by_role("heading")).to_have_text(f"第 {before + 1} 次")


async def test_a_stream_may_say_that_something_was_missed(page: Page, trial: Trial) -> None:
    await opened(page)
    before = trial.rendered
    trial.tell("refresh", None)
    await expect(page.get_by_role("heading")).to_have_text(f"第 {before + 1} 次")


async def test_all_tabs_share_one_connection_and_outlive_the_one_that_holds_it(
    context: BrowserContext, trial: Trial
) -> None:
    first, second = await context.new_page(), await context.new_page()
    await opened(first)
    await opened(second)
    assert len(trial.streams) == 1
    async with refreshed(second):
        await first.close()
    await eventually("the second tab connects", lambda: streams(trial, 1))
    before = trial.rendered
    trial.tell("count", 1)
    await expect(second.get_by_role("heading")).to_have_text(f"第 {before + 1} 次")


async def test_what_happened_while_the_connection_was_lost_is_read_again(
    page: Page, trial: Trial, guard: Guard
) -> None:
    await opened(page)
    before = trial.rendered
    trial.cut()
    await expect(page.locator("html")).to_have_attribute("data-live-state", "lost")
    await expect(page.locator("html")).to_have_attribute("data-live-state", "open")
    await expect(page.get_by_role("heading")).to_have_text(f"第 {before + 1} 次")


async def test_what_happens_while_an_answer_is_put_in_place_is_not_lost(page: Page, trial: Trial) -> None:
    await opened(page)
    last = trial.rendered + 3
    held = await hold_a_fetch_while_more_happens(page, trial)
    await page.evaluate(
        """() => document.body.addEventListener("htmx:afterSwap", () => {
          const tab = new BroadcastChannel("live:/events"); // as the tab that holds the connection passes it on
          tab.postMessage({ type: "received", data: JSON.stringify({ kind: "count", id: 3 }) });
        }, { once: true })"""
    )
    async with heard(page):
        held.release()
    held.release()
    held.release()
    await expect(page.get_by_role("heading")).to_have_text(f"第 {last} 次")


async def test_an_older_answer_never_follows_a_newer_one(page: Page, trial: Trial) -> None:
    await opened(page)
    last = trial.rendered + 2
    held = await hold_a_fetch_while_more_happens(page, trial)
    assert trial.under_way == 1
    held.release()
    held.release()
    await expect(page.get_by_role("heading")).to_have_text(f"第 {last} 次")


async def test_what_costs_much_is_fetched_at_once_and_then_with_a_distance(page: Page, trial: Trial) -> None:
    trial.apart = 60_000
    await page.clock.install()
    await opened(page)  # which is the first thing that happens
    await listen(page, "count")
    before = trial.rendered
    trial.tell("count", 1)
    trial.tell("count", 2)
    await expect(page.locator("body")).to_have_attribute("aria-label", "count:1 count:2")
    await page.clock.fast_forward(59_000)
    assert trial.rendered == before
    await page.clock.fast_forward(1_000)
    await expect(page.get_by_role("heading")).to_have_text(f"第 {before + 1} 次")
    await page.clock.fast_forward(60_000)
    for number, kind in enumerate(("tick", "tick", "count"), 2):  # long before the minute is over
        trial.tell(kind, None)
        await expect(page.get_by_role("heading")).to_have_text(f"第 {before + number} 次")


async def test_a_fetch_that_failed_is_tried_again(page: Page, trial: Trial, guard: Guard) -> None:
    guard.expect("status of 503")
    guard.expect("Status Error Code 503")
    await opened(page)
    trial.broken = 2
    last = trial.rendered + 3
    trial.tell("count", 1)
    await expect(page.get_by_role("heading")).to_have_text(f"第 {last} 次")


async def test_a_fetch_that_failed_is_tried_again_at_once_when_something_happens(
    page: Page, trial: Trial, guard: Guard
) -> None:
    guard.expect("status of 503")
    guard.expect("Status Error Code 503")
    await opened(page)
    await page.clock.install()
    await page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # no pause ends by itself any more
    trial.broken = 1
    last = trial.rendered + 2
    async with page.expect_response(lambda response: response.status == 503):
        trial.tell("count", 1)
    trial.tell("count", 2)
    await expect(page.get_by_role("heading")).to_have_text(f"第 {last} 次")


async def test_a_fetch_that_is_never_answered_is_given_up_and_tried_again(
    page: Page, trial: Trial, guard: Guard
) -> None:
    guard.expect("htmx:timeout")
    guard.expect("htmx:afterRequest")
    await opened(page)
    last = trial.rendered + 2
    trial.held = asyncio.Semaphore(0)
    region = page.locator("main")
    await region.evaluate("main => main.setAttribute('hx-request', JSON.stringify({ timeout: 100 }))")
    trial.tell("count", 1)
    await eventually("the first fetch is under way", lambda: under_way(trial, 1))
    await region.evaluate("main => main.removeAttribute('hx-request')")
    await eventually("the second fetch is under way", lambda: under_way(trial, 2))
    trial.held.release()
    trial.held.release()
    await expect(page.get_by_role("heading")).to_have_text(f"第 {last} 次")


async def test_who_may_follow_no_more_asks_for_the_page_anew(page: Page, trial: Trial, guard: Guard) -> None:
    """The service answers that with the way to sign in."""
    guard.expect("status of 401")
    await opened(page)
    trial.closed = True
    async with page.expect_navigation():
        trial.cut()
    trial.closed = False
    await expect(page.locator("html")).to_have_attribute("data-live-state", "open")


async def listen(page: Page, *names: str) -> None:
    """The page writes down, as its label, each of these events and its number."""
    await page.evaluate(
        """names => names.forEach(name => document.body.addEventListener(name, ({ detail }) => {
          const label = document.body.ariaLabel ? document.body.ariaLabel + " " : "";
          document.body.ariaLabel = label + name + ":" + detail.id;
        }))""",
        list(names),
    )


async def hold_a_fetch_while_more_happens(page: Page, trial: Trial) -> asyncio.Semaphore:
    """A fetch is under way, and the page has heard of another count since."""
    trial.held = asyncio.Semaphore(0)
    trial.tell("count", 1)
    await eventually("the fetch is under way", lambda: under_way(trial, 1))
    async with heard(page):
        trial.tell("count", 2)
    return trial.held


@asynccontextmanager
async def heard(page: Page) -> AsyncIterator[None]:
    """Leave it when the page has heard of another count."""
    async with page.expect_console_message(lambda message: message.text == "heard"):
        await page.evaluate("document.body.addEventListener('count', () => console.log('heard'), { once: true })")
        yield


async def under_way(trial: Trial, fetches: int) -> bool:
    return trial.under_way == fetches


async def opened(page: Page) -> None:
    """The page is shown and has followed the stream's opening with its first refresh."""
    async with refreshed(page):
        await page.goto("/")
    await expect(page.locator("html")).to_have_attribute("data-live-state", "open")


def refreshed(page: Page) -> AbstractAsyncContextManager[object]:
    """Leave it when the page has read anew, as it does whenever its stream opens."""
    return page.expect_response(lambda response: response.request.headers.get("hx-request") == "true")


async def streams(trial: Trial, count: int) -> bool:
    return len(trial.streams) == count
