"""One call as the platform reads it, and what an answer can be."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from app.simulator.wechat.codes import Refused
from app.simulator.wechat.files import Part, parts

Json = dict[str, Any]
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")


class Content(NamedTuple):
    """A file as an answer."""

    content: bytes
    content_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    api: str
    path: str
    method: str
    query: Mapping[str, str] = field(repr=False)
    raw: bytes = field(repr=False)
    content_type: str
    caller: str
    """The address that it came from."""
    base_url: str
    """Under which the platform is played."""
    now: datetime

    @property
    def token(self) -> str:
        return self.query.get("access_token", "")

    def body(self, *, literal: bool = False) -> Json:
        """The object; Refused where there is none, or where it must be ``literal`` UTF-8 and holds escapes."""
        if not self.raw:
            raise Refused(44002)
        found = read_object(self.raw)
        if found is None:
            raise Refused(47001)
        if literal and _ESCAPE.search(self.raw):
            raise Refused(40033)
        return found

    def form(self) -> dict[str, Part]:
        return parts(self.raw, self.content_type)


def read_object(raw: bytes) -> Json | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def texts(found: object) -> list[str] | None:
    """A list of texts; None for anything else."""
    return found if isinstance(found, list) and all(isinstance(one, str) for one in found) else None


def inner(body: Json, name: str) -> Json:
    """The object in a field; an empty one where there is none."""
    found = body.get(name)
    return found if isinstance(found, dict) else {}
