"""A stage for each test: open at all hours, unless the test asks for closing time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.agents.calendars import BEIJING
from app.settings import Settings
from tests.demo_knowledge import brain_of
from tests.dialogues import standing
from tests.dialogues.stage import CHANNEL, CHANNEL_SETTINGS, Stage
from tests.factories.webhook import add_channel, client, serving


@pytest.fixture
def hours() -> dict[str, str]:
    """The settings of the calendar."""
    return {"service_hours": "每天 0:00-24:00"}


@pytest.fixture
def closed_now() -> dict[str, str]:
    """Hours that begin in one to two hours from now, Beijing time."""
    hour = datetime.now(UTC).astimezone(BEIJING).hour
    return {"service_hours": f"每天 {(hour + 2) % 24}:00-{(hour + 10) % 24}:00"}


@pytest.fixture
async def stage(settings: Settings, hours: dict[str, str]) -> AsyncIterator[Stage]:
    configured = settings.model_copy(update=hours)
    async with serving(configured, brain_of(configured)) as app, client(app) as http:
        await add_channel(app, configured, CHANNEL, **CHANNEL_SETTINGS)
        yield Stage(http, app.state.service.db, configured)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What is not tested is said, not silent."""
    terminalreporter.write_line(standing.summary())
