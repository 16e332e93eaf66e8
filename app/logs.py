"""Structured logs: one JSON object a line on standard error. Message texts never stand in them at info level."""

import contextlib
import json
import logging
import sys
import time
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


_turns = logging.getLogger("app.turns")
_waiting: list[str] = []
_second = (0, "")


def turn(channel: str, conversation_id: int | None, fate: str, said: str | None, seconds: float) -> None:
    """One line a turn, kept back until ``flush``: a write of its own would cost as much as the turn's decision.

    ``channel``, ``fate`` and ``said`` are words of ours, so nothing in the line needs escaping.
    """
    if not _turns.isEnabledFor(logging.INFO):
        return
    spoken = f'"{said}"' if said else "null"
    _waiting.append(
        f'{{"at": "{_clock()}", "level": "info", "logger": "app.turns", "event": "turn", '
        f'"request_id": "{request_id.get()}", "channel": "{channel}", "conversation_id": {conversation_id or "null"}, '
        f'"fate": "{fate}", "said": {spoken}, "ms": {seconds * 1000:.1f}}}\n'
    )


def flush() -> None:
    """Write the turns' lines that were kept back. Where nobody reads them any more they are dropped: viewers go on."""
    if _waiting:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write("".join(_waiting))
            sys.stderr.flush()
        _waiting.clear()


def _clock() -> str:
    """The time as every line has it; the date part is formatted once a second."""
    global _second
    now = time.time()
    if _second[0] != int(now):
        _second = int(now), time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{_second[1]}.{int(now * 1000) % 1000:03d}Z"


class JsonFormatter(logging.Formatter):
    """``extra`` fields of a record become fields of the object."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "at": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if request := request_id.get():
            fields["request_id"] = request
        fields.update((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


def quiet() -> None:
    """For commands: a warning meant for a service's log is no news to the person who typed a command."""
    if logging.lastResort:  # what writes where nothing is configured
        logging.lastResort.setLevel(logging.ERROR)


def configure(level: str) -> None:
    """Send every logger of the process through the JSON formatter."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
