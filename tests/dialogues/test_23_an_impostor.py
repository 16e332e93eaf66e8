"""Dialogue 23: somebody pretends to be the company; by day, and at night."""

from collections.abc import Sequence

import pytest

from tests.dialogues.stage import Reply, Stage

COVERS = {23: "S1 S2 S3"}
PARTLY = {23: "S4 S6"}
APPROACH = "刚才有个叫“官方退费专员”的加我，说节目停播要给我退会员钱，让我报验证码"
GIVEN, LOST, CERTIFICATE = "我已经把验证码给他了……", "卡里少了两千", "警察要你们出个证明"
PICTURE = "https://pictures.example/impostor.jpg"


@pytest.fixture(params=["by day", "at night"])
def night(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "at night")


@pytest.fixture
def hours(hours: dict[str, str], closed_now: dict[str, str], night: bool) -> dict[str, str]:
    return closed_now if night else hours


async def test_money_is_saved_first(stage: Stage, night: bool) -> None:
    viewer = stage.viewer("小林")

    warned = await viewer.says(APPROACH)
    assert warned.entry == "community.impostor"
    assert all(words in warned for words in ("不转账", "验证码", "不共享屏幕", "不会让您"))
    assert warned.text.index("验证码") < warned.text.index("110")
    ticket = await viewer.ticket()
    assert ticket.priority == "high"
    assert f"T-{ticket.number}" in warned

    given = await viewer.says(GIVEN)
    assert given.text.index("1. ") < given.text.index("银行") < given.text.index("110") < given.text.index("96110")
    assert "改掉账号" in given
    assert f"T-{ticket.number}" in given
    assert given.owner == ("bot" if night else "queue")

    lost, shown = await viewer.speaks(LOST), await viewer.sends_picture(PICTURE)
    if not night:
        assert "银行" in lost
        assert "110" in lost
    asked = await viewer.says(CERTIFICATE)
    assert _blames_or_promises([given, lost, shown, asked]) == []
    history = await stage.history(await viewer.ticket())
    assert [line.text for line in history] == [APPROACH, GIVEN, LOST, "[图片]", CERTIFICATE]
    evidence = [m for m in await stage.transcript(ticket) if m.seq in (history[2].seq, history[3].seq)]
    assert [message.kind for message in evidence] == ["voice", "image"]
    assert (evidence[1].data or {})["url"] == PICTURE


def _blames_or_promises(replies: Sequence[Reply]) -> list[str]:
    unfit = ("赔", "补偿", "退还", "您不该", "怎么能", "兹证明", "特此证明")
    return [words for reply in replies for words in unfit if words in reply]
