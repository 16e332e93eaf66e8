"""What the catalogue knows of a title, said before the entry's own words. NOW is a Monday noon in Beijing."""

from datetime import timedelta

import pytest

from app.dialogue import phrases
from app.dialogue.airing import told
from app.dialogue.answers import first_words
from app.dialogue.loading import load_brain
from app.dialogue.understand import Brain, build_brain
from app.faq.knowledge import TitleFacts
from app.matching.catalogue import Catalogue
from app.matching.entities import Slots
from app.matching.titles import Day, First, Kind, Season, Show, Station, Title
from app.settings import Settings
from tests.dialogue.conftest import NOW
from tests.dialogue.test_answers import Chat, entry, said

FRIDAY, SATURDAY = 4, 5
RUNNING = Season(1, 36, Day(weeks=-4), (FRIDAY, SATURDAY), 1200, early=timedelta(days=1))
CATALOGUE = Catalogue.build(
    [
        Title(
            "a",
            "长风渡",
            Kind.series,
            seasons=(RUNNING,),
            station=Station("江月卫视", tuple(range(7)), 1175, First.web),
        ),
        Title("b", "周五一起闯", Kind.variety, seasons=(Season(1, 12), Season(2, 12), Season(3, out=0))),
        Title("c", "凤鸣岭", Kind.series, seasons=(Season(1, 48, Day(days=3), tuple(range(7)), 1200, each=2),)),
        Title("d", "云栖镇派出所", Kind.series, seasons=(Season(1, 24), Season(2, 24, Day(weeks=1), (1,), 1200))),
        Title("e", "一口气猜完", Kind.variety, seasons=(Season(1, None, Day(weeks=-1), (0,), 600),)),
        Title("f", "末班渡轮", Kind.film),
        Title("g", "火星邮差老于", Kind.film, show=Show(Day(days=2), 1200)),
        Title("h", "冬夜星光晚会", Kind.live, show=Show(Day(days=1), 1200)),
        Title("i", "周三读书夜", Kind.live, show=Show(Day(weeks=-4), 1230, (2,))),
        Title("j", "茶山慢直播", Kind.live, show=Show(Day(days=0), 660, lasts=timedelta(hours=5))),
        Title("k", "午后点歌台", Kind.live, show=Show(Day(days=-1), 660)),
        Title("l", "归潮往事", Kind.series, seasons=(Season(1, 20, out=7),)),
    ]
)


@pytest.fixture
def knowing(brain: Brain) -> Chat:
    return Chat(build_brain(brain.knowledge, brain.index, CATALOGUE))


@pytest.mark.parametrize(
    ("facts", "slots", "words"),
    [
        (
            "airing", Slots("长风渡"),
            "《长风渡》每周五、周六 20:00 更新，会员早一天，现已更到第 8 集（共 36 集）。"
            "下一次更新是第 9 集，3月6日（周五）20:00 上线，会员3月5日（周四）20:00。",
        ),
        (
            "airing", Slots("长风渡", episode=10),
            "《长风渡》每周五、周六 20:00 更新，会员早一天，现已更到第 8 集（共 36 集）。"
            "第 10 集 3月7日（周六）20:00 上线，会员3月6日（周五）20:00。",
        ),
        ("airing", Slots("周五一起闯"), "《周五一起闯》第二季已经更完，全 12 期都可以看。"),
        ("airing", Slots("周五一起闯", 3), "《周五一起闯》第三季已经官宣，上线时间还没有公布。"),
        ("airing", Slots("周五一起闯", 7), ""),
        ("airing", Slots("凤鸣岭"), "《凤鸣岭》3月5日（周四）20:00 开播（共 48 集），每天 20:00 更新，每次 2 集。"),
        (
            "airing", Slots("一口气猜完"),
            "《一口气猜完》每周一 10:00 更新，现已更到第 2 期。下一次更新是第 3 期，3月9日（周一）10:00 上线。",
        ),
        ("airing", Slots("归潮往事"), "《归潮往事》现已更到第 7 集（共 20 集）。"),
        ("airing", Slots("末班渡轮"), "《末班渡轮》已经上线，现在就可以看。"),
        ("airing", Slots("火星邮差老于"), "《火星邮差老于》3月4日（周三）20:00 上线。"),
        ("episodes", Slots("长风渡"), "《长风渡》共 36 集，现已更到第 8 集，按现在的安排6月6日（周六）20:00 更完。"),
        ("episodes", Slots("一口气猜完"), "《一口气猜完》现已更到第 2 期，一共多少还没有公布。"),
        ("episodes", Slots("周五一起闯", 1), "《周五一起闯》第一季已经更完，全 12 期都可以看。"),
        ("episodes", Slots("末班渡轮"), ""),
        ("next_season", Slots("长风渡"), "《长风渡》现在最新的是第一季（共 36 集），第二季还没有公布消息。"),
        ("next_season", Slots("长风渡", 3), "《长风渡》现在最新的是第一季（共 36 集），第三季还没有公布消息。"),
        ("next_season", Slots("周五一起闯"), "《周五一起闯》第三季已经官宣，上线时间还没有公布。"),
        (
            "next_season", Slots("云栖镇派出所"),
            "《云栖镇派出所》第二季3月10日（周二）20:00 开播（共 24 集），每周二 20:00 更新。",
        ),
        (
            "station", Slots("长风渡"),
            "《长风渡》电视在江月卫视每天 19:35 播出，网上每周五、周六 20:00 更新，网络先播。",
        ),
        ("station", Slots("周五一起闯"), ""),
        ("start", Slots("冬夜星光晚会"), "《冬夜星光晚会》明天 20:00 开始。"),
        ("start", Slots("周三读书夜"), "《周三读书夜》每周三 20:30 开始，下一场是3月4日（周三）20:30。"),
        ("start", Slots("茶山慢直播"), "《茶山慢直播》正在进行，今天 11:00 开始的。"),
        ("start", Slots("午后点歌台"), "《午后点歌台》已经结束，是昨天 11:00 开始的那一场。"),
        ("start", Slots("不在片单里的"), ""),
        ("start", Slots(), ""),
    ],
)  # fmt: skip
def test_what_is_said(facts: str, slots: Slots, words: str) -> None:
    assert told(TitleFacts(facts), slots, CATALOGUE, NOW) == words


def test_an_entry_that_asks_for_no_facts_gets_none() -> None:
    assert told(None, Slots("长风渡"), CATALOGUE, NOW) == ""


@pytest.mark.parametrize(
    ("text", "name", "begins"),
    [
        ("长风渡什么时候更新", "schedule.update_time", "《长风渡》每周五、周六 20:00 更新"),
        ("《长风渡》一共多少集", "schedule.episode_count", "《长风渡》共 36 集"),
        ("周五一起闯第三季什么时候出", "schedule.next_season", "《周五一起闯》第三季已经官宣"),
        ("冬夜星光晚会直播几点开始", "live.start_time", "《冬夜星光晚会》明天 20:00 开始"),
    ],
)
def test_an_answer_begins_with_what_is_known(knowing: Chat, text: str, name: str, begins: str) -> None:
    answered = knowing.say(text)
    assert said(answered).startswith(begins)
    assert said(answered).endswith(first_words(entry(knowing.brain, name)))
    assert answered.says[0].source is not None
    assert answered.says[0].source.entry == name


def test_other_titles_and_other_questions_are_answered_as_ever(knowing: Chat) -> None:
    update = entry(knowing.brain, "schedule.update_time")
    assert said(knowing.say("什么时候更新下一集？")) == first_words(update)
    knowing.memory = knowing.memory.but(last_entry=None)
    assert said(knowing.say("《没有的剧》什么时候更新下一集？")) == first_words(update)
    assert said(knowing.say("长风渡会员可以退款吗？")) == first_words(entry(knowing.brain, "membership.refund"))


def test_the_title_may_come_before(knowing: Chat) -> None:
    knowing.say("长风渡第8集没字幕")
    assert said(knowing.say("什么时候更新下一集？")).startswith("《长风渡》每周五、周六")


@pytest.mark.parametrize("text", ["长风渡", "《长风渡》", "长风渡呢"])
def test_the_title_alone_may_come_after(knowing: Chat, text: str) -> None:
    knowing.say("什么时候更新下一集？")
    answered = knowing.say(text)
    assert said(answered).startswith("《长风渡》每周五、周六 20:00 更新")
    assert answered.memory.last_entry == "schedule.update_time"


def test_the_title_alone_out_of_nowhere_asks_what_is_wanted(knowing: Chat) -> None:
    assert said(knowing.say("长风渡")) == phrases.EMPTY


def test_who_asks_again_hears_other_words(knowing: Chat) -> None:
    knowing.say("长风渡什么时候更新下一集？")
    again = said(knowing.say("长风渡什么时候更新下一集？"))
    assert again == entry(knowing.brain, "schedule.update_time").again[0]


def test_the_demo_knows_its_titles_and_production_only_its_own() -> None:
    demo, own = load_brain(Settings(mode="demo")), load_brain(Settings())
    assert demo.understand("长风渡第8集没字幕").slots == Slots("长风渡", episode=8)
    assert own.understand("长风渡第8集没字幕").slots == Slots(episode=8)
