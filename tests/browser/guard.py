"""What must not happen on a page, whatever a test looks at: errors, failed requests, requests to elsewhere."""

import re
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, ConsoleMessage, Request, WebError

_OWN_SCHEMES = ("data:", "blob:", "about:")


@dataclass
class Guard:
    """Watches all that pages do in a context; ``verdict`` says what was wrong. They are served from ``address``."""

    address: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("requestfailed", self._failure)

    def expect(self, pattern: str) -> None:
        """Complaints that the pattern is found in belong to the test, which fails if there was none of them."""
        self.expected.append(pattern)

    def verdict(self) -> list[str]:
        surprises = [said for said in self.complaints if not any(re.search(one, said) for one in self.expected)]
        missing = [one for one in self.expected if not any(re.search(one, said) for said in self.complaints)]
        return surprises + [f"expected, but did not happen: {one}" for one in missing]

    def _console(self, message: ConsoleMessage) -> None:
        address = message.location.get("url", "")
        asked_unasked = address == f"{self.address}/favicon.ico"  # by the browser, where a page names no icon
        if message.type in ("error", "warning", "assert") and not asked_unasked:
            self.complaints.append(f"console {message.type}: {message.text} at {address}")

    def _error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", *_OWN_SCHEMES)):
            self.complaints.append(f"request to elsewhere: {request.url}")

    def _failure(self, request: Request) -> None:
        reason = request.failure or ""
        if reason != "net::ERR_ABORTED":  # the page itself gave it up: it was left, closed or reloaded
            self.complaints.append(f"request failed: {request.method} {request.url}: {reason}")
