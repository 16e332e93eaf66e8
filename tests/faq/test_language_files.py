"""``faq/language``: what is read, and what is refused with file, line and field."""

from pathlib import Path

import pytest

from app.faq.language import read_language
from app.faq.source import Problem
from app.matching.language import Language, Pattern, check_pattern
from app.matching.normalise import clean, simplify
from tests.language import LANGUAGE


def read(tmp_path: Path, **files: str) -> tuple[Language, list[str]]:
    folder = tmp_path / "language"
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    problems: list[Problem] = []
    language = read_language(folder, problems)
    return language, list(map(str, problems))


def test_rules_rewrite_what_is_compared(tmp_path: Path) -> None:
    language, problems = read(
        tmp_path,
        rewrites="same: {怎么: [咋]}\ndrop: [请问]\nparticles: 呢啊\npatterns: [{find: '[0-9]{4,}', put: 数}]\n",
        thesaurus="退款: [退钱, 退费]\n",
    )
    assert problems == []
    assert language.normalise("请问 12345 咋退钱呢？") == "数怎么退钱"
    assert language.groups("怎么退钱") == ["退款"]
    assert language.groups("退款退费") == ["退款", "退款"]


def test_the_longest_word_counts(tmp_path: Path) -> None:
    language, _ = read(tmp_path, thesaurus="会员: [vip]\n会员价格: [vip多少钱]\n")
    assert language.groups("vip多少钱") == ["会员价格"]


def test_a_group_is_found_where_a_rule_rewrote_its_word(tmp_path: Path) -> None:
    language, _ = read(tmp_path, rewrites="same: {怎么: [咋]}\n", thesaurus="办法: [咋办]\n")
    assert language.groups(language.normalise("咋办")) == ["办法"]


def test_traditional_rules_are_read_as_they_are_applied(tmp_path: Path) -> None:
    language, problems = read(tmp_path, rewrites="same: {怎么: [點解]}\n")
    assert problems == []
    assert language.normalise("點解") == "怎么"


def test_without_a_folder_there_are_no_rules(tmp_path: Path) -> None:
    problems: list[Problem] = []
    assert read_language(tmp_path / "none", problems).normalise("咋办") == "咋办"
    assert problems == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("rewrites", "same: {怎么: 咋}\n", "language/rewrites.yaml:1: same.怎么: must be a list"),
        (
            "rewrites",
            "same:\n  怎么: [咋]\n  如何: [咋]\n",
            "yaml:3: same.如何[0]: '咋' already stands in line 2",
        ),
        ("rewrites", "drop: ['？']\n", "language/rewrites.yaml:1: drop[0]: has neither letters nor digits"),
        (
            "rewrites",
            "patterns: [{find: '(a'}]\n",
            "language/rewrites.yaml:1: patterns[0].find: no valid RE2 expression",
        ),
        ("rewrites", "patterns: [{find: '(a)\\1'}]\n", "patterns[0].find: no valid RE2 expression"),
        ("rewrites", "patterns: [{find: 'a*'}]\n", "patterns[0].find: matches the empty text"),
        ("rewrites", "patterns: [{find: '((a{100}){100}){100}'}]\n", "patterns[0].find: no valid RE2 expression"),
        ("rewrites", "patterns: [{put: a}]\n", "language/rewrites.yaml:1: patterns[0].find: missing"),
        ("rewrites", "speed: 1\n", "language/rewrites.yaml:1: speed: unknown field"),
        ("thesaurus", "退款: [退钱]\n退款: [退费]\n", "language/thesaurus.yaml:2: 退款: given twice"),
        ("thesaurus", "- 退款\n", "language/thesaurus.yaml:1: must be a mapping"),
        ("other", "a: b\n", "language/other.yaml:1: unknown file"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, content: str, expected: str) -> None:
    _, problems = read(tmp_path, **{name: content})
    assert len(problems) == 1, problems
    assert expected in problems[0]


def test_an_expression_that_explodes_elsewhere_takes_linear_time_here() -> None:
    assert check_pattern("(a+)+b") is None
    assert Language({}, patterns=[Pattern("(a+)+b", "")]).normalise("a" * 10_000) == "a" * 2000


def test_the_shipped_rules_stand_as_they_are_applied() -> None:
    words = [*LANGUAGE.same, *(word for words in LANGUAGE.same.values() for word in words), *LANGUAGE.dropped]
    assert all(word == simplify(clean(word)) for word in words)
    assert LANGUAGE.thesaurus is not None
    assert len(LANGUAGE.thesaurus) > 200
