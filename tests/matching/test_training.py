from app.matching.confidence import Weights
from app.matching.index import Index, Phrasing
from app.matching.training import Example, lowest_threshold, observe, observe_left_out, train, without_copies

THINGS = ["字幕", "弹幕", "投屏", "倍速", "退款", "发票", "密码", "缓存", "会员", "黑屏"]
WISHES = ["怎么打开{}", "{}不见了怎么办", "我想问问{}的事情", "为什么没有{}了"]
KNOWN = [Phrasing(thing, wish.format(thing)) for thing in THINGS for wish in WISHES]
ASKED = [Example(f"你们的{thing}到底在什么地方", frozenset({thing})) for thing in THINGS]
OUTSIDE = [Example(f"今天{word}了吗", frozenset()) for word in ("下雨", "吃饭", "上班", "跑步", "打开")]


def test_train_tells_known_from_foreign_questions() -> None:
    index = Index.build(KNOWN, train(KNOWN, [*ASKED, *OUTSIDE], "a test"))
    inside, outside = index.match("字幕到底在哪个地方呢"), index.match("今天又打开窗户了")
    assert inside.candidates[0].target == "字幕"
    assert inside.confidence > outside.confidence


def test_train_is_deterministic_and_keeps_its_provenance() -> None:
    once, again = (train(KNOWN, [*ASKED, *OUTSIDE], "a test") for _ in range(2))
    assert once == again
    assert once.provenance == "a test"
    assert once.likely <= once.sure


def test_observations_say_what_was_right() -> None:
    index = Index.build(KNOWN, Weights.blank())
    right, wrong, nothing = (
        observe(index, [Example(text, frozenset({"字幕"}))]) for text in ("字幕在哪", "弹幕上的字", "ψω")
    )
    assert (right[0].right, right[0].listed) == (True, True)
    assert (wrong[0].right, wrong[0].listed) == (False, True)
    assert nothing == []


def test_left_out_phrasings_do_not_find_themselves() -> None:
    lonely = [*KNOWN, Phrasing("彩蛋", "片尾彩蛋哪里看")]
    seen = [s for s in observe_left_out(lonely, [Example("", frozenset({"彩蛋"}))]) if s.example.targets == {"彩蛋"}]
    assert [observation.right for observation in seen] == [False]


def test_near_copies_are_left_out_but_never_a_whole_target() -> None:
    known = [Phrasing("a", "会员退款多久到账"), Phrasing("a", "申请退款多久到账呀"), Phrasing("b", "退款多久到账")]
    kept = without_copies(known, [Example("我退款多久到账啊", frozenset({"a"}))])
    assert kept == [known[0], known[2]]


def test_the_lowest_threshold_that_keeps_the_promise() -> None:
    assert lowest_threshold([0.9, 0.8, 0.7, 0.6], [True, True, False, True], 0.75) == 0.6
    assert lowest_threshold([0.9, 0.8, 0.7, 0.6], [True, True, False, False], 0.75) == 0.8
    assert lowest_threshold([0.9, 0.8], [False, True], 0.9) > 1
