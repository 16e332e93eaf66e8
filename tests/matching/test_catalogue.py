"""Names of works in texts: as written, nearly so, by their sound, and where they are no names."""

import random

import pytest

from app.matching.catalogue import Catalogue
from app.matching.entities import NOTHING, Slots, extract
from app.matching.titles import Day, Kind, Season, Title

WORDS = ("《藏海行》在哪里看", "今晚几点更新", "我在家里看电视", "直播间怎么进", "常山海景在哪里看")
CATALOGUE = Catalogue.build(
    [
        Title("a", "长风渡", Kind.series, aliases=("长风", "CFD"), seasons=(Season(1, 36),)),
        Title("b", "家", Kind.series, seasons=(Season(1, 20),)),
        Title("c", "周五一起闯", Kind.variety, aliases=("一起闯",), seasons=(Season(1, 12), Season(2, 12), Season(3))),
        Title("d", "雾城十二夜，终章", Kind.film),
        Title("e", "今晚", Kind.variety, seasons=(Season(1, 10),)),
        Title("f", "藏海行", Kind.series, seasons=(Season(1, 30),)),
        Title("g", "藏海行之归来", Kind.series, seasons=(Season(1, 30, Day(weeks=-1), (0,)),)),
        Title("h", "直播间", Kind.series, seasons=(Season(1, 24),)),
        Title("i", "长山海经", Kind.series, seasons=(Season(1, 24),)),
    ],
    WORDS,
)


@pytest.mark.parametrize(
    ("text", "rest", "slots"),
    [
        ("长风渡第8集没字幕", "没字幕", Slots("长风渡", episode=8)),
        ("我在看长风渡的第十二集没声音", "我在看 的没声音", Slots("长风渡", episode=12)),
        ("長風渡第5話黑屏", "黑屏", Slots("长风渡", episode=5)),
        ("《長風渡》没字幕", "没字幕", Slots("长风渡")),
        ("CFD E12黑屏", "黑屏", Slots("长风渡", episode=12)),
        ("ｃｆｄ EP12黑屏", "黑屏", Slots("长风渡", episode=12)),
        ("cfd卡", "卡", Slots("长风渡")),
        ("长风渡12集卡", "卡", Slots("长风渡", episode=12)),
        ("周五一起闯12期卡", "卡", Slots("周五一起闯", episode=12)),
        ("一起闯S2E5黑屏", "黑屏", Slots("周五一起闯", 2, 5)),
        ("一起闯s02e05黑屏", "黑屏", Slots("周五一起闯", 2, 5)),
        ("周五一起闯第2季第5期黑屏", "黑屏", Slots("周五一起闯", 2, 5)),
        ("周五一起闯二季第五期黑屏", "黑屏", Slots("周五一起闯", 2, 5)),
        ("周五一起闯2季5集黑屏", "黑屏", Slots("周五一起闯", 2, 5)),
        ("周五一起闯第8期(上)没声音", "没声音", Slots("周五一起闯", episode=8)),
        ("周五一起闯第8期（下）没声音", "没声音", Slots("周五一起闯", episode=8)),
        ("长风渡5-8集没声音", "5-8集没声音", Slots("长风渡", episode=5)),
        ("长风渡最后一集没声音", "最后一集没声音", Slots("长风渡", episode=36)),
        ("長風渡大結局没声音", "大結局没声音", Slots("长风渡", episode=36)),
        ("雾城十二夜终章没声音", "没声音", Slots("雾城十二夜，终章")),
        ("雾城十二夜,终章没声音", "没声音", Slots("雾城十二夜，终章")),
        ("藏海行之归来没声音", "没声音", Slots("藏海行之归来")),
        ("《庆余年》第二季没字幕", "没字幕", Slots("庆余年", season=2)),
        ("《某剧》和长风渡都没字幕", "和 都没字幕", Slots("长风渡")),
        ("长风渡", "", Slots("长风渡")),
    ],
)
def test_a_title_leaves_the_question(text: str, rest: str, slots: Slots) -> None:
    found = extract(text, CATALOGUE)
    assert (found.rest, found.slots) == (rest, slots)


@pytest.mark.parametrize(
    ("text", "rest", "season", "episode"),
    [
        ("周五一起闯2没声音", "没声音", 2, None),
        ("周五一起闯 3 没声音", "没声音", 3, None),
        ("周五一起闯8没声音", "没声音", None, 8),
        ("长风渡8卡", "卡", None, 8),
        ("长风渡2卡", "卡", None, 2),
        ("长风渡2什么时候出", "第2季什么时候出", 2, None),
        ("长风渡第二部什么时候出", "第二季什么时候出", 2, None),
        ("《长风渡2》没声音", "没声音", 2, None),
        ("《长风渡 第二季》没声音", "没声音", 2, None),
        ("《雾城十二夜，终章2》没声音", "没声音", None, None),
        ("长风渡404", "404", None, None),
        ("长风渡8点更新吗", "8点更新吗", None, None),
        ("长风渡4K不清晰", "4K不清晰", None, None),
        ("长风渡1080P不清晰", "1080P不清晰", None, None),
        ("长风渡3天没更了", "3天没更了", None, None),
        ("长风渡36集全了吗", "36集全了吗", None, None),
        ("雾城十二夜，终章2没声音", "2没声音", None, None),
    ],
)
def test_a_bare_number_is_what_the_catalogue_makes_of_it(
    text: str, rest: str, season: int | None, episode: int | None
) -> None:
    found = extract(text, CATALOGUE)
    assert (found.rest, found.slots.season, found.slots.episode) == (rest, season, episode)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("藏海星第五集没字幕", "藏海行"),
        ("藏海心什么时候更新", "藏海行"),
        ("追长丰度第3集没字幕", "长风渡"),
        ("藏嗨行之归来没声音", "藏海行之归来"),
        ("《藏海形》没字幕", "藏海行"),
        ("仓害形没声音", None),  # not one character as written
        ("尝丰杜没声音", None),
        ("常山海景在哪里看", None),  # the knowledge's own words
        ("藏海", None),
    ],
)
def test_a_name_by_its_sound(text: str, title: str | None) -> None:
    assert extract(text, CATALOGUE).slots.title == title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("《家》什么时候更新", "家"),
        ("家第8集没声音", "家"),
        ("我看家第8集没声音", "家"),
        ("昨天看的，家第8集没声音", "家"),
        ("在家第8集没声音", None),
        ("我家网络不好", None),
        ("长风第8集没声音", "长风渡"),
        ("长风什么时候更新", None),
        ("直播间第3集没声音", "直播间"),
        ("直播间进不去", None),
        ("今晚第8集没更", None),
        ("《今晚》第8集没声音", "今晚"),
        ("CFDX卡", None),
        ("XCFD卡", None),
    ],
)
def test_short_and_ordinary_names_need_a_mark(text: str, title: str | None) -> None:
    assert extract(text, CATALOGUE).slots.title == title


def test_a_weekday_in_a_title_is_no_day() -> None:
    assert extract("周五一起闯没声音", CATALOGUE).slots.moment is None
    tonight = extract("今晚的周五一起闯怎么还没有啊，都八点二十了", CATALOGUE)
    assert tonight.slots.title == "周五一起闯"
    assert tonight.slots.moment is not None
    assert tonight.slots.moment.said == "今晚"
    assert "今晚" in tonight.rest, "words of time help to match"


@pytest.mark.parametrize("text", ["转人工", "会员怎么退款", "一直转圈圈，半天加载不出来", "", "《》", "²"])
def test_a_text_without_names_comes_back_as_it_is(text: str) -> None:
    found = extract(text, CATALOGUE)
    assert (found.rest, found.slots) == (text, NOTHING)


def test_the_first_of_two_titles_with_a_name_has_it() -> None:
    twins = [Title("a", "某某剧", Kind.series), Title("b", "另一部剧", Kind.series, aliases=("某某剧",))]
    catalogue = Catalogue.build(twins)
    named = catalogue.named("某某剧")
    assert named is not None
    assert named.id == "a"


def test_what_was_named_of_another_title_is_forgotten() -> None:
    before = Slots("长风渡", 1, 8, device=None)
    assert Slots("藏海行").over(before) == Slots("藏海行")
    assert Slots("长风渡").over(before) == before
    assert Slots("藏海行").over(Slots(episode=8)) == Slots("藏海行", episode=8)


def test_garbage_never_raises() -> None:
    pieces = [
        *"《》长风渡藏海行星家第季集期一12０ ²İ,，sSeE幺么\ue000\U0001f600\ud800",
        "今晚",
        "CFD",
        "长风渡",
        "上周五",
    ]
    chance = random.Random(8)
    for _ in range(5000):
        text = "".join(chance.choices(pieces, k=chance.randrange(20)))
        found = extract(text, CATALOGUE)
        assert found.slots != NOTHING or found.rest == text


@pytest.mark.parametrize(
    "piece", ["长风渡", "藏海星", "家", "家第", "长风渡2", "《长风渡》", "CFD", "長風渡", "长风渡今天"]
)
def test_long_texts_take_linear_time(piece: str) -> None:
    """A search that goes back would need hours here."""
    assert extract(piece * 20_000, CATALOGUE).rest != piece
