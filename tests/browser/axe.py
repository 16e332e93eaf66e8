"""What axe finds on a page."""

from functools import cache
from typing import Any

import pytest
from playwright.async_api import Page

from app.settings import ROOT

AXE = ROOT / "app" / "console" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="the pages' packages are not installed: make setup says why")


@cache
def axe() -> str:
    return AXE.read_text()


async def findings(page: Page) -> list[str]:
    """What axe calls serious or critical, with where it is."""
    await page.evaluate(axe())
    found: dict[str, Any] = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
