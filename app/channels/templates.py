"""Templates that a platform approved for an account, as its channel's settings list them: they need no open window."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.errors import ConfigurationError

MOST: Final = 50
_ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_REMEDY: Final = "Give each as --template ID NAME FIELD:LABEL,FIELD:LABEL, as the platform's console shows it."


@dataclass(frozen=True, slots=True)
class Template:
    id: str
    """The platform's."""
    name: str
    """As agents know it."""
    fields: tuple[tuple[str, str], ...]
    """(the platform's name of a field, its label for agents)"""


def read_templates(settings: Mapping[str, Any]) -> tuple[Template, ...]:
    """What ``templates`` lists: objects with ``id``, ``name`` and ``fields``; ConfigurationError."""
    listed = settings.get("templates", [])
    if not isinstance(listed, list) or len(listed) > MOST:
        raise ConfigurationError(f"The channel's templates must be a list of {MOST} at the most. {_REMEDY}")
    found = tuple(map(_read, listed))
    if len({template.id for template in found}) < len(found):
        raise ConfigurationError("A template stands twice among the channel's templates.")
    return found


def _read(given: Any) -> Template:
    try:
        template = Template(given["id"], given["name"].strip(), tuple((key, label) for key, label in given["fields"]))
        fits = _ID.fullmatch(template.id) and 0 < len(template.name) <= 32 and 0 < len(template.fields) <= 20
        fits = fits and all(_FIELD.fullmatch(key) and 0 < len(label) <= 32 for key, label in template.fields)
    except (TypeError, KeyError, ValueError, AttributeError):
        fits = None
    if not fits:
        raise ConfigurationError(f"A template of the channel cannot be read: {given!r}. {_REMEDY}")
    return template


def parse(template_id: str, name: str, fields: str) -> dict[str, Any]:
    """As the settings keep what a command line gives: ``fields`` is ``thing1:问题,time2:时间``."""
    pairs = [field.partition(":") for field in fields.replace("，", ",").replace("：", ":").split(",")]
    return {
        "id": template_id,
        "name": name,
        "fields": [[key.strip(), (label or key).strip()] for key, _, label in pairs],
    }
