"""Whatever the console says in Chinese it says in English too, with the same values; the list holds nothing else."""

import re
from datetime import timedelta

import pytest

from app.agents.limits import TooManyAttempts
from app.agents.models import Language
from app.console import catalogue
from app.forms import FormWrong, Problem
from tests.console.texts import all_texts, untranslated_words

_VALUE = re.compile(r"%\(\w+\)s|\{\w+\}")
_CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


def _forms(found: object) -> list[str]:
    return list(found.values()) if isinstance(found, dict) else [str(found)]


def test_every_text_is_in_english_and_no_english_is_left_over() -> None:
    english = catalogue.read_catalogue()
    texts = all_texts()
    assert sorted(texts - english.keys()) == []
    assert sorted(english.keys() - texts) == []


def test_the_english_names_the_same_values_and_holds_no_chinese() -> None:
    wrong = [
        said
        for chinese, english in catalogue.read_catalogue().items()
        for said in _forms(english)
        if set(_VALUE.findall(said)) - set(_VALUE.findall(chinese)) or _CHINESE.search(said)
    ]
    assert wrong == []


def test_the_english_is_text() -> None:
    """To YAML a bare on or no is something else."""
    english = catalogue.read_catalogue()
    assert [text for text, said in english.items() if not isinstance(said, str | dict)] == []
    assert [text for text, said in english.items() if isinstance(said, dict) and set(said) != {"one", "other"}] == []


def test_no_chinese_stands_in_a_template_outside_the_catalogue() -> None:
    assert untranslated_words() == []


def test_one_thing_is_said_otherwise_than_many() -> None:
    text = "%(num)s 分钟前"
    assert catalogue.counted(Language.en, text, 1) % {"num": 1} == "1 minute ago"
    assert catalogue.counted(Language.en, text, 3) % {"num": 3} == "3 minutes ago"
    assert catalogue.counted(Language.zh, text, 1) % {"num": 1} == "1 分钟前"


@pytest.mark.parametrize(
    ("language", "said"),
    [(Language.zh, "登录名没有填；密码太长了"), (Language.en, "Login is missing; Password is too long")],
)
def test_a_form_says_what_is_wrong_with_each_field(language: Language, said: str) -> None:
    problems = [Problem("login", "登录名", "没有填"), Problem("password", "密码", "太长了")]
    assert catalogue.sentence_of(language, FormWrong(problems=problems)) == said


def test_an_error_with_values_is_put_into_english_with_them() -> None:
    assert catalogue.sentence_of(Language.en, TooManyAttempts(timedelta(minutes=5))) == (
        "Too many attempts. Please wait 5 minutes and try again."
    )
