"""What a report is about."""

import pytest

from app.tickets.classifying import dimension_of, kind_of, priority_of
from app.tickets.models import Dimension


@pytest.mark.parametrize(
    ("kind", "category", "text", "dimension"),
    [
        ("fault", "playback.no_sound", "配音的字幕画面", Dimension.sound),  # the entry speaks of one thing alone
        ("fault", "playback.subtitle_wrong", "声音也不对", Dimension.subtitles),
        ("inquiry", "content.goof", "这里穿帮了", Dimension.script),
        ("refund", "event.ticket_refund", "票退了吗", Dimension.payment),
        ("inquiry", "membership.ads", "怎么还有广告", Dimension.promotion),
        ("fault", "playback.buffering", "字幕也没有", Dimension.subtitles),  # its words say more than the group
        ("fault", "playback.buffering", "一直转圈", Dimension.platform),  # the group
        ("inquiry", "membership.price", "多少钱一个月", Dimension.payment),
        ("inquiry", "schedule.update_time", "周五晚上", Dimension.schedule),
        ("inquiry", None, "国配的口型对不上字幕", Dimension.dubbing),  # the first of the table
        ("inquiry", None, "女主演技太尴尬了", Dimension.acting),
        ("inquiry", None, "编剧在想什么", Dimension.script),
        ("complaint", None, "扣了我三次钱，客服还挂我电话", Dimension.payment),
        ("complaint", None, "客服挂我电话", Dimension.service),
        ("inquiry", None, "第七集少一集", Dimension.schedule),
        ("inquiry", None, "少一集吧，第七集缺集", Dimension.schedule),
        ("fault", None, "一直闪退", Dimension.platform),
        ("refund", None, "我要退", Dimension.payment),  # nothing else is said
        ("inquiry", None, "你好", None),
        ("inquiry", "chat.hello", "你好", None),
        ("inquiry", "", "", None),
    ],
)
def test_of_which_quality_it_speaks(kind: str, category: str | None, text: str, dimension: Dimension | None) -> None:
    assert dimension_of(kind, category, text) is dimension


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("membership.refund", "refund"), ("event.ticket_refund", "refund"), ("content.suggest", "suggestion"),
        ("ticket.complain", "complaint"), ("account.privacy", "data"), ("content.goof", "fault"),
        ("playback.buffering", "fault"), ("live.delay", "fault"), ("playback.uhd", "inquiry"),
        ("membership.price", "inquiry"), (None, "inquiry"), ("", "inquiry"),
    ],
)  # fmt: skip
def test_what_a_ticket_about_an_entry_most_often_is(category: str | None, kind: str) -> None:
    assert kind_of(category) == kind


@pytest.mark.parametrize(
    ("kind", "category", "priority"),
    [
        ("complaint", None, "high"), ("fault", "account.stolen", "high"), ("inquiry", "community.impostor", "high"),
        ("fault", "playback.buffering", "normal"), ("refund", None, "normal"),
    ],
)  # fmt: skip
def test_what_goes_first_without_anybodys_judgement(kind: str, category: str | None, priority: str) -> None:
    assert priority_of(kind, category) == priority
