from app.faq.knowledge import Entry, Knowledge
from app.faq.lint import lint

SIMILAR = ("转圈圈看不了", "缓冲半天也不动", "一卡一卡的难受", "加载总是停在一半", "晚上特别慢")


def entry(id_: str, *, similar: tuple[str, ...] = SIMILAR, answer: str = "请回复“人工”。") -> Entry:
    return Entry(id_, "标题", f"{id_} 怎么办？", similar, answer, False, None, "00000000")


def knowing(*entries: Entry, withheld: dict[str, tuple[str, ...]] | None = None) -> Knowledge:
    return Knowledge("v", {one.id: one for one in entries}, {}, withheld or {})


def test_good_knowledge_gets_no_advice() -> None:
    assert lint(knowing(entry("playback.buffering"))) == []


def test_no_knowledge_gets_no_advice() -> None:
    assert lint(knowing()) == []


def test_the_same_words_for_two_entries_are_named() -> None:
    (line,) = lint(knowing(entry("a.one"), entry("b.two", similar=("转圈圈看不了！", "甲", "乙", "丙", "丁"))))
    assert line == "a.one: “转圈圈看不了” is the same as “转圈圈看不了！” of b.two"


def test_nearly_the_same_words_for_two_entries_are_named() -> None:
    near = ("手机上看视频的时候缓冲半天也不动", "甲", "乙", "丙", "丁")
    other = ("手机上看视频的时候缓冲半天都不动", "戊", "己", "庚", "辛")
    (line,) = lint(knowing(entry("a.one", similar=near), entry("b.two", similar=other)))
    assert "is nearly the same as" in line
    assert line.startswith("a.one: ")
    assert line.endswith("of b.two")


def test_near_words_within_one_entry_are_welcome() -> None:
    similar = ("手机上看视频的时候缓冲半天也不动", "手机上看视频的时候缓冲半天都不动", "甲", "乙", "丙")
    assert lint(knowing(entry("a.one", similar=similar))) == []


def test_few_similar_questions_and_long_answers_are_named() -> None:
    lines = lint(knowing(entry("a.one", similar=("甲",), answer="人工" + "长" * 200)))
    assert [line.split(",")[0] for line in lines] == [
        "a.one: only 1 similar questions",
        "a.one: the answer has 606 bytes",
    ]


def test_notes_come_last() -> None:
    lines = lint(knowing(entry("a.one", answer="没有出路"), entry("b.two", similar=()), withheld={"c.three": ("app",)}))
    assert [line.startswith("note: ") for line in lines] == [False, True, True]
    assert lines[-1] == "note: c.three: withheld, app not set"
