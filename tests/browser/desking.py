"""What tests of the desk do on its page."""

from playwright.async_api import Locator, Page, expect

from tests.browser.simulating import opened

FIELD = "回复观众"
HUMAN = "转人工"


async def at_desk(page: Page, path: str = "/desk") -> None:
    """The desk is shown, and follows live events."""
    await page.goto(path)
    await expect(page.locator("html")).to_have_attribute("data-live-state", "open")


async def waiting_viewer(phone: Page, *texts: str) -> None:
    """The first phone of the simulator asks for a person."""
    await opened(phone)
    for text in texts or (HUMAN,):
        await write(phone, text)
        await expect(phone.get_by_role("log").first).to_contain_text(text)


async def write(phone: Page, text: str) -> None:
    field = phone.locator(".composer textarea").first
    await field.fill(text)
    await field.press("Enter")
    await expect(field).to_have_value("")


def rows(page: Page) -> Locator:
    return page.locator("#list a.row")


def stance(page: Page) -> Locator:
    return page.locator("#bar .stance")


async def take_first(page: Page, view: str = "queue") -> None:
    """Open the first conversation of a view and take it over."""
    await at_desk(page, f"/desk?view={view}")
    await rows(page).first.click()
    await expect(page.locator("#bar")).to_be_visible()
    await page.get_by_role("button", name="接管").click()
    await expect(stance(page)).to_contain_text("由您接待")


async def reply(page: Page, text: str) -> None:
    field = page.get_by_label(FIELD, exact=True)
    await field.fill(text)
    await field.press("Control+Enter")
    await expect(field).to_have_value("")
