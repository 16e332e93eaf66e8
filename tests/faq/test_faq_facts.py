import pytest

from app.errors import ConfigurationError
from app.faq.facts import FACTS, missing_facts, render, resolve_facts


def test_demo_values_stand_in_for_what_is_not_given() -> None:
    facts = resolve_facts({"app": " 某视频 ", "hotline": "  "}, demo=True)
    assert facts["app"] == "某视频"
    assert facts["hotline"] == next(fact.demo for fact in FACTS if fact.name == "hotline")


def test_production_never_shows_demo_values() -> None:
    facts = resolve_facts({"app": "某视频", "hotline": " "}, demo=False)
    assert {name for name, value in facts.items() if value is not None} == {"app"}
    assert facts.keys() == {fact.name for fact in FACTS}


def test_an_unknown_name_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"hotlin\. .*hotline"):
        resolve_facts({"hotlin": "1"}, demo=True)


def test_render_fills_what_is_known_and_keeps_the_rest() -> None:
    assert render("打 {hotline} 或 {shop}", {"hotline": "400", "shop": None}) == "打 400 或 {shop}"


def test_a_value_is_not_rendered_again() -> None:
    assert render("{app}", {"app": "{hotline}", "hotline": "400"}) == "{hotline}"


def test_missing_facts_are_named_once_in_order() -> None:
    assert missing_facts("{b}{a}{b}{c}", {"a": None, "c": "有"}) == ("b", "a")


def test_facts_are_described_and_named_once() -> None:
    assert len({fact.name for fact in FACTS}) == len(FACTS)
    assert all(fact.demo and fact.description for fact in FACTS)
