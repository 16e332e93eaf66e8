"""What people and teams are called and can do, as somebody typed it: tidied, or refused with a sentence."""

import re
from collections.abc import Iterable

from app.errors import AppError

_LOGIN = re.compile(r"[a-z0-9._@-]{2,64}")
LONGEST_NAME = 64
LONGEST_SKILL = 32
MOST_SKILLS = 50


class LoginInvalid(AppError):
    status_code, message = 422, "登录名为 2 到 64 个字符，只能用小写字母、数字和 . _ - @"


class NameInvalid(AppError):
    status_code, message = 422, f"名称为 1 到 {LONGEST_NAME} 个字，不能含有看不见的字符"


class SkillsInvalid(AppError):
    status_code, message = 422, f"技能最多 {MOST_SKILLS} 项，每项 1 到 {LONGEST_SKILL} 个字"


def read_login(text: str) -> str:
    """In lower case; LoginInvalid."""
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise LoginInvalid
    return login


def read_name(text: str) -> str:
    """NameInvalid."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NameInvalid
    return name


def read_skills(texts: Iterable[str]) -> list[str]:
    """Each once, in their order; SkillsInvalid."""
    skills = list(dict.fromkeys(" ".join(text.split()) for text in texts))
    if len(skills) > MOST_SKILLS or not all(
        0 < len(skill) <= LONGEST_SKILL and skill.isprintable() for skill in skills
    ):
        raise SkillsInvalid
    return skills
