import pytest

from app.faq.knowledge import Action, Entry, Intent, Knowledge, bare, fingerprint


def entry(id_: str, *, intent: str | None = None) -> Entry:
    return Entry(id_, "标题", f"{id_}？", ("问法一", "问法二"), "答复", False, intent, "00000000")


def intent(id_: str) -> Intent:
    return Intent(id_, "标题", (f"{id_}例句",), (f"{id_}词",), Action.hand_over, 100, ())


ENTRIES = [entry("ticket.human", intent="human"), entry("ticket.hours")]
INTENTS = [intent("human"), intent("unsubscribe")]
KNOWLEDGE = Knowledge("v", {one.id: one for one in ENTRIES}, {one.id: one for one in INTENTS})


def test_an_entry_offers_its_question_and_the_similar_ones() -> None:
    offered = [text for target, text in KNOWLEDGE.phrasings() if target == "ticket.hours"]
    assert offered == ["ticket.hours？", "问法一", "问法二"]


def test_an_intent_named_by_an_entry_shares_its_target() -> None:
    assert ("ticket.human", "human例句") in KNOWLEDGE.phrasings()
    assert ("intent:unsubscribe", "unsubscribe例句") in KNOWLEDGE.phrasings()
    assert "intent:human" not in {target for target, _ in KNOWLEDGE.phrasings()}


def test_targets_resolve_to_what_acts() -> None:
    assert KNOWLEDGE.resolve("ticket.human") is INTENTS[0]
    assert KNOWLEDGE.resolve("ticket.hours") is ENTRIES[1]
    assert KNOWLEDGE.resolve("intent:unsubscribe") is INTENTS[1]


def test_every_target_resolves() -> None:
    for target, _ in KNOWLEDGE.phrasings():
        KNOWLEDGE.resolve(target)


@pytest.mark.parametrize("target", ["ticket.none", "intent:none", ""])
def test_a_foreign_target_is_an_error(target: str) -> None:
    with pytest.raises(KeyError):
        KNOWLEDGE.resolve(target)


def test_exact_words_are_never_matched() -> None:
    assert KNOWLEDGE.exact_words() == {"human词": "human", "unsubscribe词": "unsubscribe"}
    assert not KNOWLEDGE.exact_words().keys() & {text for _, text in KNOWLEDGE.phrasings()}


def test_bare_ignores_width_case_and_punctuation() -> None:
    assert bare(" ＴＤ 退订！") == bare("td退订")
    assert bare("？！…") == ""


def test_fingerprint_changes_with_content() -> None:
    assert fingerprint("a", ["b"]) == fingerprint("a", ["b"])
    assert fingerprint("a", ["b"]) != fingerprint("a", ["c"])
    assert len(fingerprint("会员")) == 8
