"""What is wrong in a file is named by file, line and field; everything wrong is named at once."""

from pathlib import Path

import pytest

from app.faq.knowledge import Action, Knowledge
from app.faq.loader import KnowledgeError, load

FACTS: dict[str, str | None] = {"app": "某视频", "hotline": None}

GOOD_ENTRY = """\
entries:
  - id: playback.buffering
    title: 播放卡顿
    question: 播放卡顿怎么办？
    similar:
      - 一直转圈圈
    answer: 请更新{app}。
"""
GOOD_INTENT = """\
id: human
title: 转人工
examples: [转人工客服]
exact: [人工, "0"]
action: hand_over
priority: 100
"""


class Folder:
    """A faq and an intents folder that begin valid and are spoilt by a test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("faq/playback.yaml", GOOD_ENTRY)
        self.write("intents/human.yaml", GOOD_INTENT)

    def write(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def load(self, facts: dict[str, str | None] = FACTS) -> Knowledge:
        return load(self.root / "faq", self.root / "intents", facts)

    def problems(self) -> list[str]:
        with pytest.raises(KnowledgeError) as caught:
            self.load()
        return str(caught.value).splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# ------------------------------------------------------------------------------------------------------- what is right


def test_entries_and_intents_are_read(folder: Folder) -> None:
    knowledge = folder.load()
    entry, intent = knowledge.entries["playback.buffering"], knowledge.intents["human"]
    assert (entry.title, entry.question, entry.similar) == ("播放卡顿", "播放卡顿怎么办？", ("一直转圈圈",))
    assert (entry.answer, entry.urgent, entry.intent) == ("请更新某视频。", False, None)
    assert (intent.examples, intent.exact, intent.priority) == (("转人工客服",), ("人工", "0"), 100)
    assert (intent.action, intent.replies) == (Action.hand_over, ())


def test_optional_fields_are_read(folder: Folder) -> None:
    plain = GOOD_ENTRY.replace("{app}", "应用")
    folder.write("faq/playback.yaml", plain + "    urgent: true\n    intent: human\n")
    entry = folder.load().entries["playback.buffering"]
    assert entry.urgent
    assert entry.intent == "human"


def test_line_breaks_of_an_answer_are_kept_and_its_ends_trimmed(folder: Folder) -> None:
    folder.write("faq/playback.yaml", GOOD_ENTRY.replace("请更新{app}。", "|\n      一\n      二\n"))
    assert folder.load().entries["playback.buffering"].answer == "一\n二"


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem(folder: Folder) -> None:
    folder.write("faq/playback.yaml", b"\xef\xbb\xbf" + GOOD_ENTRY.replace("\n", "\r\n").encode())
    assert folder.load().entries["playback.buffering"].title == "播放卡顿"


def test_an_entry_without_its_facts_is_withheld(folder: Folder) -> None:
    folder.write("faq/playback.yaml", GOOD_ENTRY.replace("{app}", "{hotline}"))
    knowledge = folder.load()
    assert knowledge.entries["playback.buffering"].answer == ""
    assert knowledge.withheld == {"playback.buffering": ("hotline",)}


def test_wordings_without_their_facts_are_left_out(folder: Folder) -> None:
    replies = "reply: [您好。, '{hotline}', '{app}好。']"
    greeting = f"id: greeting\ntitle: 问候\nexact: [你好]\naction: say\npriority: 10\n{replies}\n"
    folder.write("intents/greeting.yaml", greeting)
    assert folder.load().intents["greeting"].replies == ("您好。", "某视频好。")


def test_versions_follow_content_and_facts(folder: Folder) -> None:
    before = folder.load()
    renamed = folder.load({"app": "别的视频"})
    folder.write("intents/human.yaml", GOOD_INTENT.replace("100", "99"))
    reordered = folder.load()
    entry = "playback.buffering"
    assert before.entries[entry].version == reordered.entries[entry].version != renamed.entries[entry].version
    assert len({before.version, renamed.version, reordered.version}) == 3


def test_loading_twice_gives_the_same(folder: Folder) -> None:
    assert folder.load() == folder.load()


def test_an_exact_word_may_repeat_an_example_of_its_own_intent(folder: Folder) -> None:
    folder.write("intents/human.yaml", GOOD_INTENT.replace("[人工,", "[转人工客服,"))
    assert folder.load().exact_words()["转人工客服"] == "human"


# ------------------------------------------------------------------------------------------------------- what is wrong

CHOICE = "must have 2 to 12 characters, to stand as a choice"
GROUP = "must be a name of this file's group, like playback.example"
FACTLESS = "an urgent entry, or one with an intent, needs no fact: it must never be withheld"
BRACES = "facts and braces stand in answers and replies only"
TITLE = "    title: 播放卡顿\n"
ANSWER = "请更新{app}。"

SPOILT_ENTRIES = [
    (TITLE, "    title: 卡\n", 3, "title", CHOICE),
    (TITLE, "    title: 播放卡顿的时候应该怎么样做才行\n", 3, "title", CHOICE),
    (TITLE, "", 2, "title", "missing"),
    (TITLE, TITLE + "    titel: 卡顿\n", 4, "titel", "unknown field"),
    (TITLE, TITLE + TITLE, 4, "title", "given twice"),
    (TITLE, "    title:\n", 3, "title", "must not be empty"),
    (TITLE, "    title: ' '\n", 3, "title", "must not be empty"),
    (TITLE, "    title: [播放卡顿]\n", 3, "title", "must be text"),
    (TITLE, "    title: 2024\n", 3, "title", "must be text; put it in quotes: '2024'"),
    (TITLE, '    title: "播放\\n卡顿"\n', 3, "title", "must be one line"),
    (TITLE, '    title: "播放\\t卡顿"\n', 3, "title", "contains a tab or another control character"),
    (TITLE, TITLE + "    <<: {urgent: true}\n", 4, "<<", "unknown field"),
    ("播放卡顿怎么办？", "用{app}卡顿怎么办？", 4, "question", BRACES),
    ("一直转圈圈", "0", 6, "similar[0]", "must be text; put it in quotes: '0'"),
    ("一直转圈圈", "on", 6, "similar[0]", "must be text; put it in quotes: 'on'"),
    ("一直转圈圈", "12:30", 6, "similar[0]", "must be text; put it in quotes: '12:30'"),
    ("一直转圈圈", "!!python/name:os.system 转", 6, "similar[0]", "must be text; put it in quotes: '转'"),
    ("一直转圈圈", "？？", 6, "similar[0]", "has neither letters nor digits"),
    ("一直转圈圈", "转" * 201, 6, "similar[0]", "must have at most 200 characters"),
    ("      - 一直转圈圈", "      一直转圈圈", 6, "similar", "must be a list"),
    ("similar:\n      - 一直转圈圈", "similar: []", 5, "similar", "must not be empty"),
    (ANSWER, "请更新{ap}。", 7, "answer", "unknown fact {ap}"),
    (ANSWER, "请更新{App。", 7, "answer", "a brace that belongs to no {fact}"),
    (ANSWER, "长" * 667, 7, "answer", "is longer than 2000 bytes"),
    (ANSWER, ANSWER + "\n    urgent: 1", 8, "urgent", "must be true or false"),
    (ANSWER, ANSWER + "\n    urgent: true", 7, "answer", FACTLESS),
    (ANSWER, ANSWER + "\n    intent: human", 7, "answer", FACTLESS),
    (ANSWER, "好。\n    intent: nobody", 8, "intent", "there is no intent 'nobody'"),
    ("id: playback.buffering", "id: live.buffering", 2, "id", GROUP),
    ("id: playback.buffering", "id: playback.Buffering", 2, "id", GROUP),
]


@pytest.mark.parametrize(("good", "bad", "line", "field", "message"), SPOILT_ENTRIES)
def test_a_spoilt_entry_is_named(folder: Folder, good: str, bad: str, line: int, field: str, message: str) -> None:
    folder.write("faq/playback.yaml", GOOD_ENTRY.replace(good, bad, 1))
    assert folder.problems() == [f"faq/playback.yaml:{line}: entries[0].{field}: {message}"]


SPOILT_INTENTS = [
    ("id: human", "id: person", 1, "id: must be the file's name, 'human'"),
    ("priority: 100\n", "", 1, "priority: missing"),
    ("priority: 100", "priority: 101", 6, "priority: must be 0 to 100"),
    ("priority: 100", "priority: -1", 6, "priority: must be a whole number"),
    ("priority: 100", "priority: 0x10", 6, "priority: must be a whole number"),
    ("priority: 100", "priority: high", 6, "priority: must be a whole number"),
    ("priority: 100", "priority: [1]", 6, "priority: must be a whole number"),
    ('"0"', "0", 4, "exact[1]: must be text; put it in quotes: '0'"),
    ('"0"', '"人工。"', 4, "exact[1]: '人工。' already stands at intents/human.yaml:4"),
    ("[转人工客服]", "转人工客服", 3, "examples: must be a list"),
    ('examples: [转人工客服]\nexact: [人工, "0"]\n', "", 1, "needs examples, exact words or words"),
    (
        "title: 转人工",
        "title: 转人工\nreply: [好]",
        1,
        "reply belongs to the actions alarm, calm, care, say, solved, and only there",
    ),
    ("hand_over", "say", 1, "reply belongs to the actions alarm, calm, care, say, solved, and only there"),
    ("action: hand_over", "action: say\nreply: ['{app}']", 6, "reply: needs one wording without a fact"),
    ("action: hand_over", "action: say\nreply: []", 6, "reply: must not be empty"),
    ("action: hand_over", "action: say\nreply: [好, '{ap}']", 6, "reply[1]: unknown fact {ap}"),
]


@pytest.mark.parametrize(("good", "bad", "line", "problem"), SPOILT_INTENTS)
def test_a_spoilt_intent_is_named(folder: Folder, good: str, bad: str, line: int, problem: str) -> None:
    folder.write("intents/human.yaml", GOOD_INTENT.replace(good, bad, 1))
    assert folder.problems() == [f"intents/human.yaml:{line}: {problem}"]


def test_an_unknown_action_lists_the_known_ones(folder: Folder) -> None:
    folder.write("intents/human.yaml", GOOD_INTENT.replace("hand_over", "call"))
    (problem,) = folder.problems()
    assert problem.startswith("intents/human.yaml:5: action: must be one of ")
    assert all(action in problem for action in Action)


UNREADABLE = [
    (b"", 1, "the file is empty"),
    (b"# nothing\n", 1, "the file is empty"),
    (b"- a\n", 1, "must be a mapping of fields"),
    (b"entries:\n", 1, "entries: must be a list"),
    (b"entries: []\n", 1, "entries: must not be empty"),
    (b"entries:\n- a\n", 2, "entries[0]: must be a mapping of fields"),
    (b"entries: [a]\n---\nentries: [b]\n", 2, "but found another document"),
    (b"entries:\n\t- id: a\n", 2, "bad YAML"),
    (b"entries: [\n", 2, "bad YAML"),
    (b"entries: a\x00b\n", 1, "bad YAML"),
    (b"entries:\n  - \xff\n", 2, "not UTF-8"),
    (b"a: &a [x]\nentries: *a\n", 2, "YAML aliases (*name) are refused"),
    (b"entries: &a [*a]\n", 1, "YAML aliases (*name) are refused"),
    (b"entries:\n  " + b"[" * 100_000, 2, "nested too deeply"),
    (b"- " * 100_000, 1, "nested too deeply"),
    (b"#" * 600_000, 1, "the file is larger than 512 KiB"),
]


@pytest.mark.parametrize(("content", "line", "problem"), UNREADABLE, ids=[case[2] for case in UNREADABLE])
def test_an_unreadable_file_is_named(folder: Folder, content: bytes, line: int, problem: str) -> None:
    folder.write("faq/live.yaml", content)
    found = folder.problems()[0]
    assert found.startswith(f"faq/live.yaml:{line}: ")
    assert problem in found


def test_a_missing_or_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError) as caught:
        load(tmp_path / "faq", tmp_path / "intents", FACTS)
    assert [problem.file for problem in caught.value.problems] == ["faq", "intents"]


def test_a_file_with_the_other_suffix_is_not_passed_over(folder: Folder) -> None:
    folder.write("faq/live.yml", GOOD_ENTRY)
    assert folder.problems() == ["faq/live.yml: name the file .yaml; it is not read as it is"]


def test_a_file_that_cannot_be_read_is_named(folder: Folder) -> None:
    (folder.root / "faq" / "live.yaml").mkdir()
    (problem,) = folder.problems()
    assert problem.startswith("faq/live.yaml: cannot be read: ")


# -------------------------------------------------------------------------------------------------- across the files


def second_entry(id_: str, question: str, similar: str) -> str:
    return f"  - id: {id_}\n    title: 别的问题\n    question: {question}\n    similar: [{similar}]\n    answer: 好。\n"


def test_an_id_is_used_once(folder: Folder) -> None:
    folder.write("faq/playback.yaml", GOOD_ENTRY + second_entry("playback.buffering", "甲", "乙"))
    assert folder.problems() == [
        "faq/playback.yaml:8: entries[1].id: 'playback.buffering' is already used at faq/playback.yaml:2"
    ]


def test_a_phrasing_leads_to_one_target(folder: Folder) -> None:
    folder.write("faq/live.yaml", "entries:\n" + second_entry("live.replay", "转人工客服！", "一直 转圈圈"))
    assert folder.problems() == [
        "faq/playback.yaml:6: entries[0].similar[0]: '一直转圈圈' already stands at faq/live.yaml:5",
        "intents/human.yaml:3: examples[0]: '转人工客服' already stands at faq/live.yaml:4",
    ]


def test_an_exact_word_is_no_phrasing_of_another_target(folder: Folder) -> None:
    folder.write("faq/live.yaml", "entries:\n" + second_entry("live.replay", "甲", "人工"))
    assert folder.problems() == ["intents/human.yaml:4: exact[0]: '人工' already stands at faq/live.yaml:5"]


def test_an_intent_belongs_to_one_entry(folder: Folder) -> None:
    first, second = second_entry("live.one", "甲", "乙"), second_entry("live.two", "丙", "丁")
    folder.write("faq/live.yaml", f"entries:\n{first}    intent: human\n{second}    intent: human\n")
    assert folder.problems() == [
        "faq/live.yaml:13: entries[1].intent: 'human' already belongs to the entry at faq/live.yaml:7"
    ]


def test_a_spoilt_intent_is_not_called_unknown_as_well(folder: Folder) -> None:
    folder.write("faq/live.yaml", f"entries:\n{second_entry('live.one', '甲', '乙')}    intent: human\n")
    folder.write("intents/human.yaml", "[")
    assert len(folder.problems()) == 1


def test_all_problems_are_named_at_once_by_file_and_line(folder: Folder) -> None:
    folder.write("faq/playback.yaml", GOOD_ENTRY.replace("播放卡顿\n", "卡\n").replace("{app}", "{ap}"))
    folder.write("faq/live.yaml", "entries: ]")
    folder.write("intents/human.yaml", GOOD_INTENT.replace("100", "high"))
    assert [line.split(": ")[0] for line in folder.problems()] == [
        "faq/live.yaml:1",
        "faq/playback.yaml:3",
        "faq/playback.yaml:7",
        "intents/human.yaml:6",
    ]
