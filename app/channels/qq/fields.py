"""The fields of a push's JSON, each with what it must be."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from app.channels.text import carriable

Fields = Mapping[str, Any]

_ID = re.compile(r"[!-9;-~]{1,56}")
"""What can be a part of an address of ours: an openid has 32 characters, a guild's ids have 20 digits."""
_WHOLE = re.compile(r"[0-9]{1,16}")
_MILLISECONDS = 100_000_000_000
"""From here on a number is not seconds any more: as seconds it would be the year 5138."""
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Where the platform names no time of an event (a tapped button): a body must be read alike whenever it is."""


class Malformed(Exception):
    """The push cannot be read; ``reason`` is a snake_case word, where it helps with the field's name after a colon."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(body: bytes) -> Fields:
    """The fields of a body, or Malformed."""
    try:
        fields = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Malformed("not_json") from None
    if not isinstance(fields, dict):
        raise Malformed("no_object")
    return fields


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def nested(fields: Fields, name: str) -> Fields:
    """The fields inside a field; none when it is absent."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"bad_field:{name}")
    return value


def several(fields: Fields, name: str) -> list[Fields]:
    """A list of nested fields; none when it is absent."""
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Malformed(f"bad_field:{name}")
    return value


def text(fields: Fields, name: str) -> str:
    """A text, empty when it is absent; what no store can hold is left out of it."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"bad_field:{name}")
    return carriable(value)


def word(fields: Fields, name: str) -> str:
    """A short name that some kinds of push write as a number; empty when it is absent."""
    value = fields.get(name)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(fields, name)


def name(fields: Fields, field: str) -> str:
    """A name of the platform's that must be there, of whatever form."""
    if found := word(fields, field):
        return found
    raise Malformed(f"missing_field:{field}")


def first_id(*places: tuple[Fields, str]) -> str:
    """The first id of somebody that is there; Malformed without one, or where it cannot be a part of an address."""
    for fields, name in places:
        if found := word(fields, name):
            if not _ID.fullmatch(found):
                raise Malformed(f"bad_field:{name}")
            return found
    raise Malformed(f"missing_field:{places[0][1]}")


def size(fields: Fields, name: str) -> int | None:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def instant(fields: Fields, *names: str) -> datetime:
    """The first time that is there: with its offset as RFC 3339 has it, or Unix seconds or milliseconds."""
    for name in names:
        if found := word(fields, name):
            try:
                return _instant(found)
            except (ValueError, OverflowError):
                raise Malformed(f"bad_field:{name}") from None
    return NO_TIME


def _instant(value: str) -> datetime:
    if _WHOLE.fullmatch(value):
        number = int(value)
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("no offset")
    return found.astimezone(UTC)
