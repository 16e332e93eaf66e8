"""Every Chinese text that the console shows: in its templates, in its code, and in the errors that rules raise."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from app import forms
from app.channels.qq import meanings as qq
from app.channels.wechat import meanings as wechat
from app.console.rendering import FOLDER, TEMPLATES
from app.desk import reasons
from app.desk.tickets import fields
from app.desk.tickets.figures import deadlines, flow, people, satisfaction, shares, times
from app.errors import AppError
from app.settings import ROOT

SHOWN_ERRORS = ("agents", "console", "conversations", "desk", "tickets", "viewers")
"""Packages whose errors a page of the console can come upon."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_FUNCTIONS = ("_", "_n", "gettext", "ngettext")


def all_texts() -> set[str]:
    return {*_of_templates(), *_marked(), *_of_errors(), *_of_raises(), *_of_reasons(), *_of_forms(), *_of_figures()}


def _of_templates() -> Iterator[str]:
    for path in (FOLDER / "templates").rglob("*.html"):
        for _, _, said in TEMPLATES.extract_translations(path.read_text(), _FUNCTIONS):  # type: ignore[attr-defined]
            first = said[0] if isinstance(said, tuple) else said
            if first is not None:  # a variable: what it holds is marked where it comes from
                yield first


def untranslated_words() -> list[str]:
    """Chinese in templates that stands outside the catalogue: each with its file."""
    found = []
    for path in sorted((FOLDER / "templates").rglob("*.html")):
        if path.name == "document.html":
            continue
        bare = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)
        found += [f"{path.name}: {line.strip()}" for line in bare.splitlines() if _CHINESE.search(line)]
    return found


def _marked() -> Iterator[str]:
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "marked":
                yield ast.literal_eval(node.args[0])


def _of_errors() -> Iterator[str]:
    for path in _modules():
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for error in _below(AppError):
        if error.__module__.split(".")[1] in (*SHOWN_ERRORS, "errors", "forms"):
            for name, value in vars(error).items():
                if not name.startswith("__") and isinstance(value, str) and _CHINESE.search(value):
                    yield value


def _below(kind: type[AppError]) -> Iterator[type[AppError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _below(below)


def _of_raises() -> Iterator[str]:
    """``raise PasswordTooWeak("…")``."""
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                first = node.exc.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and _CHINESE.search(first.value):
                    yield first.value


def _of_reasons() -> Iterator[str]:
    """How messages stand, and what QQ's codes mean; of WeChat's the platform has English words itself."""
    for said in (reasons.STATES, reasons.WAITS, reasons.KINDS, reasons.APIS, reasons.WORDS, reasons.SENTENCES):
        yield from said.values()
    yield from (reasons.USED_UP, reasons.NOT_TAKEN, reasons.CODED, reasons.AFTER, reasons.TOLD, reasons.EMPTY)
    yield from (*qq.MEANINGS.values(), qq.NOT_TAKEN, wechat.NOT_TAKEN)


def _of_forms() -> Iterator[str]:
    yield from (*forms.REASONS.values(), forms.OTHER_REASON, forms.WHOLE)
    yield from (fields.TOO_LARGE, fields.DIGITS, fields.NO_CHOICE, fields.NO_TIME, fields.NO_DATE, fields.TIMECODES)
    yield from (field.label for field in fields.FIELDS.values())


def _of_figures() -> Iterator[str]:
    """How each is counted: told beside the rule itself."""
    for module in (deadlines, flow, people, satisfaction, shares, times):
        yield from (said for said in vars(module).values() if isinstance(said, str) and _CHINESE.search(said))


def _modules() -> Iterator[Path]:
    for package in SHOWN_ERRORS:
        yield from (path for path in sorted((ROOT / "app" / package).rglob("*.py")) if path.stem != "__init__")
