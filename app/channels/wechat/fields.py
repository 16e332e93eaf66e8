"""The fields of a push, read from XML or JSON, whichever the account's console is set to.

Both become the same: dicts of texts, dicts, and lists of dicts; a number of JSON stays the text that it was. A field
given twice counts as given last, in both forms, except nested ones in XML, which are that form's lists.
"""

import json
import re
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from app.channels.text import carriable

Fields = dict[str, object]

MAX_DEPTH = 8
"""Nested elements of a push; the platform's deepest has five."""

_NEVER = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
"""Characters that expat refuses or (the carriage return) changes."""
_FLAT_FIELD = re.compile(
    rf"[ \t\n]*<([A-Za-z_]\w*)>"
    rf"(?:<!\[CDATA\[((?:[^\]{_NEVER}]++|\](?!\]>))*+)\]\]>|([^<&\]{_NEVER}]*+))</\1>",
    re.ASCII,
)
_FORBIDDEN_IN_XML = bytes({*range(0x20)} - {0x09, 0x0A, 0x0D})
_NONCHARACTERS = re.compile(rb"\xef\xbf[\xbe\xbf]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")


class Malformed(Exception):
    """The push cannot be read; ``reason`` is a snake_case word, where it helps with the field's name after a colon."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(body: bytes) -> Fields:
    """The fields of a push, or Malformed."""
    return _read_json(body) if is_json(body) else _read_xml(body)


def is_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


# ----------------------------------------------------------------------------------------------------------------- XML


def _read_xml(body: bytes) -> Fields:
    if (fields := _read_flat(body)) is not None:
        return fields
    try:
        return _parse_xml(body)
    except ExpatError:
        pass  # viewers do paste control characters, which the platform passes on
    try:
        return _parse_xml(_NONCHARACTERS.sub(b"", body.translate(None, _FORBIDDEN_IN_XML)))
    except ExpatError:
        raise Malformed("not_xml") from None


def _read_flat(body: bytes) -> Fields | None:
    """The fields of a usual push, which nests nothing: as expat reads them, in half the time. None: expat must look."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    if not text.startswith("<xml>"):
        return None
    fields: Fields = {}
    at = len("<xml>")
    while found := _FLAT_FIELD.match(text, at):
        name, in_cdata, plain = found.groups()
        fields[name] = plain if in_cdata is None else in_cdata
        at = found.end()
    return fields if text[at:].strip(" \t\n") == "</xml>" else None


def _parse_xml(body: bytes) -> Fields:
    tree = _Tree()
    # The platform writes UTF-8 only; an encoding that the XML declaration claims is not followed.
    parser = ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text.append
    parser.Parse(body, True)
    return tree.root


def _refuse_doctype(*_: object) -> None:
    raise Malformed("doctype")


class _Tree:
    """Builds the fields from expat's calls; ``open`` holds the fields of each element that is not closed yet."""

    __slots__ = ("open", "root", "text")

    def __init__(self) -> None:
        self.root: Fields = {}
        self.open: list[Fields] = []
        self.text: list[str] = []

    def start(self, _name: str, _attributes: object) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise Malformed("too_deep")
        self.open.append({})
        self.text.clear()

    def end(self, name: str) -> None:
        children = self.open.pop()
        if not self.open:
            self.root = children
        elif children:
            _add_nested(self.open[-1], name, children)
        else:
            self.open[-1][name] = "".join(self.text)
        self.text.clear()


def _add_nested(parent: Fields, name: str, children: Fields) -> None:
    earlier = parent.get(name)
    if isinstance(earlier, list):
        earlier.append(children)
    elif isinstance(earlier, dict):
        parent[name] = [earlier, children]
    else:
        parent[name] = children


# ---------------------------------------------------------------------------------------------------------------- JSON


def _carriable_texts(fields: dict[str, Any]) -> Fields:
    for name, value in fields.items():
        if isinstance(value, str):
            if _LONE_SURROGATE.search(value):
                raise Malformed("bad_text")
            fields[name] = carriable(value)
    return fields


_JSON = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str, object_hook=_carriable_texts)


def _read_json(body: bytes) -> Fields:
    try:
        fields: Fields = _JSON.decode(body.decode())
    except (ValueError, RecursionError):
        raise Malformed("not_json") from None
    return fields


# ----------------------------------------------------------------------------------------------------------- one field


def text(fields: Fields, name: str) -> str:
    """A field that must be there but may be empty."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    raise Malformed(f"missing_field:{name}" if value is None else f"bad_field:{name}")


def optional(fields: Fields, name: str) -> str | None:
    """A field's text; None when it is absent, null or empty."""
    return None if fields.get(name) is None else text(fields, name) or None


def required(fields: Fields, name: str) -> str:
    """A field that must be there and hold something."""
    value = text(fields, name)
    if not value or value.isspace():
        raise Malformed(f"missing_field:{name}")
    return value


def whole(fields: Fields, name: str) -> int:
    """A whole number, 0 when it is absent."""
    value = optional(fields, name) or "0"
    if not _WHOLE.fullmatch(value):
        raise Malformed(f"bad_field:{name}")
    return int(value)


def decimal(fields: Fields, name: str) -> float:
    """A number that must be there."""
    value = required(fields, name)
    if not _DECIMAL.fullmatch(value):
        raise Malformed(f"bad_field:{name}")
    return float(value)


def degrees(fields: Fields, name: str, limit: float) -> float:
    """A latitude (``limit`` 90) or longitude (180)."""
    value = decimal(fields, name)
    if abs(value) > limit:
        raise Malformed(f"bad_field:{name}")
    return value


def nested(fields: Fields, name: str) -> Fields:
    """The fields inside a field; none when it is absent or empty."""
    value = fields.get(name) or {}
    if not isinstance(value, dict):
        raise Malformed(f"bad_field:{name}")
    return value


def several(fields: Fields, name: str) -> list[Fields]:
    """A list of nested fields, which may hold one only and then looks like ``nested``."""
    value = fields.get(name) or []
    items = value if isinstance(value, list) else [value]
    found = [item for item in items if isinstance(item, dict)]
    if len(found) < len(items):
        raise Malformed(f"bad_field:{name}")
    return found
