"""The knowledge in the repository: complete, valid, and written as viewers should read it."""

import re
import weakref
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from app.faq import source
from app.faq.facts import FACTS, PLACEHOLDER, resolve_facts
from app.faq.knowledge import Action, Entry, Knowledge
from app.faq.lint import lint
from app.faq.loader import load
from app.faq.records import MOMENTS, STYLES

ROOT = Path(__file__).parents[2]
TOPICS = (Path(__file__).parent / "data" / "topics.txt").read_text(encoding="utf-8").split()
KNOWLEDGE = load(ROOT / "faq", ROOT / "intents", resolve_facts({}, demo=True))
ACTING = {
    "ticket.human": "human",
    "ticket.progress": "ticket_progress",
    "ticket.complain": "complaint",
    "content.suggest": "suggestion",
    "community.unsubscribe": "unsubscribe",
}


def in_production(**given: str) -> Knowledge:
    return load(ROOT / "faq", ROOT / "intents", resolve_facts(given, demo=False))


def test_every_topic_has_its_entry() -> None:
    assert sorted(KNOWLEDGE.entries) == sorted(TOPICS)
    assert not KNOWLEDGE.withheld


def test_the_nodes_of_a_file_go_when_the_next_ones_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once they take more memory than the knowledge itself, and leave the heap full of holes."""
    files: list[weakref.WeakSet[yaml.Node]] = []
    kept: list[int] = []
    parse = source.parse

    def watched(name: str, content: bytes, problems: list[source.Problem]) -> source.Place | None:
        kept.append(sum(len(nodes) > 0 for nodes in files))
        place = parse(name, content, problems)
        if place is not None:
            files.append(weakref.WeakSet(_nodes(place.node)))
        return place

    monkeypatch.setattr(source, "parse", watched)
    in_production()
    assert len(files) > 30
    assert max(kept) <= 2


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    if isinstance(node, yaml.CollectionNode):
        for item in node.value:
            for inner in item if isinstance(item, tuple) else (item,):
                yield from _nodes(inner)


def test_each_action_but_saying_belongs_to_one_intent() -> None:
    actions = [intent.action for intent in KNOWLEDGE.intents.values() if intent.action is not Action.say]
    assert sorted(actions) == sorted(set(Action) - {Action.say})


def test_requests_act_instead_of_answering() -> None:
    assert {entry.id: entry.intent for entry in KNOWLEDGE.entries.values() if entry.intent} == ACTING


def test_urgent_are_theft_and_fraud_only() -> None:
    assert {entry.id for entry in KNOWLEDGE.entries.values() if entry.urgent} == {
        "account.stolen",
        "community.impostor",
    }


def test_a_person_and_unsubscribing_win_over_everything() -> None:
    ranked = sorted(KNOWLEDGE.intents.values(), key=lambda intent: -intent.priority)
    assert [intent.id for intent in ranked[:4]] == ["human", "self_harm", "minor_payment", "unsubscribe"]


@pytest.mark.parametrize("word", ["人工", "转人工", "退订", "TD", "继续", "取消排队", "工单进度", "都不是"])
def test_words_that_texts_tell_viewers_to_send_are_exact_words(word: str) -> None:
    assert word in KNOWLEDGE.exact_words()


@pytest.mark.parametrize("entry", KNOWLEDGE.entries.values(), ids=lambda entry: entry.id)
def test_answer_reads_well_on_a_phone(entry: Entry) -> None:
    assert 40 <= len(entry.answer) <= 200
    assert len(entry.answer.encode()) <= 600
    assert not re.search(r"[!！*#`\t]", entry.answer), "no exclamation marks, no markdown"
    assert entry.answer.count("\n") < 7
    assert len(re.findall(r"^\d\.", entry.answer, re.MULTILINE)) <= 4
    assert not re.search(r"[\u4e00-\u9fff][,;:?()]", entry.answer), "full-width punctuation after Chinese"


OTHER_TEXTS = [
    pytest.param(text, most, id=f"{entry.id}-{kind}")
    for entry in KNOWLEDGE.entries.values()
    for kind, text, most in (
        *(("again", text, 160) for text in entry.again),
        *((str(device), text, 200) for device, text in entry.devices),
    )
]


@pytest.mark.parametrize(("text", "most"), OTHER_TEXTS)
def test_other_wordings_read_well_on_a_phone(text: str, most: int) -> None:
    assert 30 <= len(text) <= most
    assert len(text.encode()) <= 600
    assert "人工" in text, "the way to a person"
    assert not re.search(r"[!！*#`\t]", text), "no exclamation marks, no markdown"
    assert not re.search(r"[\u4e00-\u9fff][,;:?()]", text), "full-width punctuation after Chinese"


@pytest.mark.parametrize("entry", KNOWLEDGE.entries.values(), ids=lambda entry: entry.id)
def test_under_an_answer_stands_one_question_at_the_most(entry: Entry) -> None:
    assert not (entry.offer and entry.devices)
    assert entry.again or entry.intent, "who asks again hears other words"


@pytest.mark.parametrize("entry", KNOWLEDGE.entries.values(), ids=lambda entry: entry.id)
def test_entry_is_asked_in_all_styles(entry: Entry) -> None:
    by_style = Counter(entry.styles)
    assert by_style.keys() == set(STYLES)
    assert min(by_style.values()) >= 3
    assert len(entry.similar) >= 45


def test_words_that_viewers_are_told_to_reply_do_something() -> None:
    told = {
        word
        for entry in KNOWLEDGE.entries.values()
        for text in (entry.answer, *entry.again, *(steps for _, steps in entry.devices))
        for word in re.findall(r"(?:回复|直接发|，发|可以发|请发)“(.+?)”", text)
    }
    assert told <= KNOWLEDGE.exact_words().keys()


def test_lint_finds_nothing() -> None:
    assert lint(KNOWLEDGE) == []


def test_every_fact_is_used() -> None:
    files = [*(ROOT / "faq").glob("*.yaml"), *(ROOT / "intents").glob("*.yaml")]
    used = {name for path in files for name in PLACEHOLDER.findall(path.read_text(encoding="utf-8"))}
    assert used - set(MOMENTS) == {fact.name for fact in FACTS}


def test_company_facts_never_stand_in_the_texts() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "faq").glob("*.yaml"))
    assert not [fact.name for fact in FACTS if len(fact.demo) > 2 and fact.demo in texts]


def test_production_without_facts_withholds_what_it_cannot_know() -> None:
    knowledge = in_production(app="某视频")
    assert knowledge.withheld["ticket.hotline"] == ("hotline", "service_email", "service_hours")
    assert not knowledge.entries["ticket.hotline"].answer
    assert knowledge.entries["schedule.update_time"].answer
    assert {name for name, entry in knowledge.entries.items() if not entry.answer} == {*knowledge.withheld}
    assert {*knowledge.entries} == set(TOPICS)


def test_production_without_facts_can_still_act_greet_and_warn() -> None:
    knowledge = in_production()
    assert ACTING.keys() | {"account.stolen", "community.impostor"} <= knowledge.entries.keys()
    assert knowledge.intents["greeting"].replies
    assert not re.search(r"[{}]", "".join(knowledge.intents["greeting"].replies))
