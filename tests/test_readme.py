"""The READMEs against what they describe: what is set, typed, named and linked in them exists, in both languages."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import metrics
from app.__main__ import _parser
from app.agents.rights import ALLOWED, Role
from app.faq.facts import FACTS, resolve_facts
from app.faq.knowledge import Action, TitleFacts
from app.faq.loader import load
from app.faq.titles import load_titles
from app.settings import ROOT, SECRETS, Settings

READMES = ("README.md", "README.zh-CN.md")
_FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"(?<![\w./-])(?:(?:app|tests|faq|intents|migrations|\.ci)/[\w./-]*|\w+\.(?:toml|yaml)\b)")
_PROGRAM = ".venv/bin/python -m app"


@pytest.fixture(params=READMES)
def readme(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return (ROOT / name).read_text()


def test_every_setting_and_fact_is_named(readme: str) -> None:
    variables = [name.upper() for name in (*Settings.model_fields, *SECRETS, *(fact.name for fact in FACTS))]
    named = set(re.findall(r"`([A-Z][A-Z0-9_]*)(?:__…)?`", readme))
    assert [name for name in variables if name not in named] == []


def test_every_verb_is_named(readme: str) -> None:
    verbs = list(_verbs(_parser()))
    assert ("ticket", "close") in verbs
    assert [verb for verb in verbs if not re.search(rf"\b{' '.join(verb)}\b", readme)] == []


def test_every_command_that_is_shown_is_understood(readme: str) -> None:
    shown = re.findall(rf"{re.escape(_PROGRAM)} ([^`\n#]+)", readme)
    assert len(shown) > len(list(_verbs(_parser())))
    for command in shown:
        _parser().parse_args(re.split("[<>]", command)[0].replace('"', "").split())


def test_every_option_that_is_named_exists(readme: str) -> None:
    known = {option for parser in _parsers(_parser()) for option in parser._option_string_actions}
    prose = _FENCED.sub("", readme)
    assert [name for name in re.findall(r"`(--[a-z-]+)", prose) if name not in known] == []


def test_every_path_and_link_leads_somewhere(readme: str) -> None:
    links = [link.partition("#")[0] for link in _LINK.findall(readme)]
    paths = [path.rstrip(".") for path in _PATH.findall(readme)]
    assert [path for path in (*links, *paths) if "://" not in path and not (ROOT / path).exists()] == []


def test_every_section_that_is_linked_is_there(readme: str) -> None:
    sections = {title.lower().replace(" ", "-") for title in re.findall(r"^##+ (.+)$", readme, re.MULTILINE)}
    assert {link[1:] for link in _LINK.findall(readme) if link.startswith("#")} <= sections


def test_every_action_metric_and_target_is_named(readme: str) -> None:
    counted = [family.name.removeprefix("viewerdesk_") for family in metrics.registry.collect()]
    assert [name for name in counted if not re.search(rf"`{name}(_total)?[`{{]", readme)] == []
    assert [action for action in Action if f"`{action}`" not in readme] == []
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [target for target in targets if target != "help" and f"make {target}" not in readme] == []


def test_the_rights_are_those_that_are_enforced(readme: str) -> None:
    roles = re.findall(r"`(\w+)` \|", next(line for line in readme.splitlines() if "`administrator` |" in line))
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` [^|]+\|((?: ✓? ?\|)+)$", readme, re.MULTILINE)
    marked = {action: [role for role, cell in zip(roles, cells.split("|"), strict=False) if "✓" in cell]
              for action, cells in rows}  # fmt: skip
    assert roles == list(Role)
    assert marked == {action: [role for role in Role if role in allowed] for action, allowed in ALLOWED.items()}


def test_the_layers_are_those_that_are_enforced(readme: str) -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    assert f"`{' › '.join(contract['layers'])}`" in readme


def test_the_knowledge_that_is_shown_is_valid(readme: str, tmp_path: Path) -> None:
    shown = next(text for language, text in _FENCED.findall(readme) if language == "yaml")
    for path, text in re.findall(r"^# (\w+/\w+\.yaml)\n(.*?)(?=^# |\Z)", shown, re.MULTILINE | re.DOTALL):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    knowledge = load(tmp_path / "faq", tmp_path / "intents", resolve_facts({}, demo=True))
    assert (len(knowledge.entries), len(knowledge.intents)) == (1, 1)


def test_the_titles_that_are_shown_are_valid(readme: str, tmp_path: Path) -> None:
    shown = [text for language, text in _FENCED.findall(readme) if language == "yaml"][1]
    (tmp_path / "ours.yaml").write_text(shown)
    assert [title.name for title in load_titles(tmp_path, demo=False)] == ["灯市口旧事", "冬夜星光晚会"]
    assert [facts for facts in TitleFacts if f"`{facts}`" not in readme] == []


def test_both_languages_show_the_same_commands() -> None:
    english, chinese = ([_bare(text) for _, text in _FENCED.findall((ROOT / name).read_text())] for name in READMES)
    assert len(english) == len(chinese)
    shell = [(one, other) for one, other in zip(english, chinese, strict=True) if _PROGRAM in one or "make" in one]
    assert [(one, other) for one, other in shell if one != other] == []


def _verbs(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each verb with the words before it: ("ticket", "close")."""
    inner = _choices(parser)
    if not inner:
        yield before
    for name, part in inner.items():
        yield from _verbs(part, (*before, name))


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for part in _choices(parser).values():
        yield from _parsers(part)


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return next((dict(a.choices) for a in parser._actions if isinstance(a, argparse._SubParsersAction)), {})


def _bare(block: str) -> list[str]:
    """The lines without their remarks."""
    return [line.partition(" #")[0].rstrip() for line in block.splitlines()]
