"""The platform's customer-service API, played: it gives tokens out and keeps what it was asked to deliver."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Sent = list[tuple[str, str]]
"""(viewer, text), as they came."""


class CustomerService(ThreadingHTTPServer):
    sent: Sent

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def to(self, viewer: str) -> list[str]:
        return [text for recipient, text in self.sent if recipient == viewer]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/cgi-bin/stable_token"):
            self._answer({"access_token": "token", "expires_in": 7200})
            return
        assert isinstance(self.server, CustomerService)
        self.server.sent.append((body["touser"], body["text"]["content"]))
        self._answer({"errcode": 0, "errmsg": "ok"})

    def _answer(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def customer_service() -> Iterator[CustomerService]:
    with CustomerService(("127.0.0.1", 0), _Handler) as server:
        server.sent = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
