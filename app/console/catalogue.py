"""What is read on screen, in two languages. The Chinese text is the key; the files of
``locales/en`` hold the English one."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from app.agents.business_calendars import CalendarNameTaken, HoursInvalid, HoursTwice
from app.agents.models import Language
from app.agents.naming import LoginInvalid, NameInvalid, SkillsInvalid
from app.agents.people import CapacityInvalid, LoginTaken, RolesMissing
from app.agents.signing_in import WrongPassword
from app.agents.teams import TeamNameTaken
from app.agents.versions import ChangedByCommand, ChangedByPerson, ChangedMeanwhile
from app.channels.wechat.meanings import WORDS
from app.desk.tickets.macros import MacroNameInvalid, MacroNameTaken
from app.errors import AppError
from app.forms import FormWrong
from app.tickets.policies import PolicyNameTaken

ENGLISH: Final = Path(__file__).parent / "locales" / "en"
_PLATFORMS: Final = {chinese: english for english, chinese in WORDS.values()}
"""WeChat's codes are told in its own English words."""
PRODUCT: Final = {Language.zh: "观众服务台", Language.en: "Viewer Desk"}


_FIELDS: Final[Mapping[type[AppError], str]] = {
    LoginInvalid: "login", LoginTaken: "login", NameInvalid: "name", TeamNameTaken: "name", SkillsInvalid: "skills",
    CapacityInvalid: "capacity", RolesMissing: "roles", WrongPassword: "old", CalendarNameTaken: "name",
    HoursInvalid: "hours", HoursTwice: "hours", PolicyNameTaken: "name", MacroNameInvalid: "name",
    MacroNameTaken: "name", ChangedMeanwhile: "version", ChangedByPerson: "version", ChangedByCommand: "version",
}  # fmt: skip
"""What a rule refuses that is about one field, by the field's name in the forms."""


def marked(text: str) -> str:
    """A text in Python that ``translate`` is given later: a test looks for an English one for each of them."""
    return text


def translate(language: Language, text: str) -> str:
    """Where nobody has put it into English, it stays Chinese."""
    if language is Language.zh:
        return text
    return _pair(text)[1]


def counted(language: Language, text: str, num: int) -> str:
    """``text`` holds ``%(num)s``; in English one thing has another form than many."""
    if language is Language.zh:
        return text
    return _pair(text)[0 if num == 1 else 1]


def sentence_of(language: Language, error: AppError) -> str:
    """What an expected failure says to a person."""
    if isinstance(error, FormWrong) and error.problems:
        return ("；" if language is Language.zh else "; ").join(problems_of(language, error).values())
    text = translate(language, error.template)
    return text.format(**error.values) if error.values else text


def problems_of(language: Language, error: AppError) -> dict[str, str]:
    """A sentence for each field that is not as it must be; empty where the error is not about fields."""
    if not isinstance(error, FormWrong):
        field = _FIELDS.get(type(error))
        return {field: sentence_of(language, error)} if field else {}
    between = "" if language is Language.zh else " "
    return {
        one.field: f"{translate(language, one.title)}{between}{translate(language, one.reason)}"
        for one in error.problems
    }


def _pair(text: str) -> tuple[str, str]:
    found = _english().get(text) or _PLATFORMS.get(text, text)
    return (found, found) if isinstance(found, str) else (found["one"], found["other"])


@cache
def _english() -> Mapping[str, str | Mapping[str, str]]:
    return read_catalogue()


def read_catalogue() -> dict[str, str | Mapping[str, str]]:
    """Chinese → English, or its forms for one and for many."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, str | Mapping[str, str]] = {}
    for path in sorted(ENGLISH.glob("*.yaml")):
        found |= yaml.load(path.read_text(encoding="utf-8"), loader)
    return found
