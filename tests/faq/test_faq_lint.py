from dataclasses import replace

from app.faq.knowledge import Entry, Knowledge
from app.faq.lint import lint, notes
from app.matching.index import Index

SIMILAR = ("转圈圈看不了", "缓冲半天也不动", "一卡一卡的难受", "加载总是停在一半", "晚上特别慢")


def entry(id_: str, *, similar: tuple[str, ...] = SIMILAR, answer: str = "请回复“人工”。") -> Entry:
    return Entry(id_, "标题", f"{id_} 怎么办？", similar, answer, False, None, "00000000", styles=("",) * len(similar))


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


def noted(knowledge: Knowledge) -> list[str]:
    return notes(knowledge, Index.build(knowledge.phrasings(), knowledge.language))


def test_dead_ends_and_withheld_answers_are_noted() -> None:
    known = knowing(entry("a.one", answer="没有出路"), withheld={"c.three": ("app",)})
    assert lint(known) == []
    assert noted(known) == [
        "note: a.one: the answer shows no way to a person (“人工”)",
        "note: c.three: withheld, app not set",
    ]


def test_a_phrasing_that_reads_like_another_entry_is_noted_unless_it_stands_at_the_border() -> None:
    refund = ("会员买错了想退款", "会员退款怎么申请", "会员退款多久到账", "会员的钱能退款吗", "申请会员退款")
    dark = (*SIMILAR, "会员怎么申请退款")
    wrong = knowing(entry("a.one", similar=dark), entry("b.two", similar=refund))
    (line,) = noted(wrong)
    assert line.startswith("note: a.one: “会员怎么申请退款” reads like b.two (")
    meant = replace(wrong.entries["a.one"], styles=("plain",) * 5 + ("border",))
    assert noted(knowing(meant, wrong.entries["b.two"])) == []
