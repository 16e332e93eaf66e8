"""Dialogue 3: a picture of an error, where nothing reads the text in pictures and the viewer types the code."""

from tests.dialogues.stage import Stage

COVERS = {3: "S1 S3"}
PARTLY = {3: "S2 S4 S6"}
PICTURE = "https://pictures.example/30012.jpg"


async def test_an_error_is_followed_from_its_picture_to_the_end(stage: Stage) -> None:
    viewer = stage.viewer("小林")

    seen = await viewer.sends_picture(PICTURE)
    assert "图片收到" in seen
    assert "错误码" in seen
    assert not seen.options
    assert seen.failures == 0
    picture = (await viewer.messages())[0]
    assert (picture.kind, picture.data) == ("image", {"url": PICTURE, "media_id": "PICTURE1"})

    asked = await viewer.says("就这个，点哪集都这样")
    assert asked.asks(3)
    steps = await viewer.says("30012")
    assert steps.entry == "playback.error_code"
    assert "30012" in steps
    assert steps.options
    assert (await viewer.says("安卓手机")).text

    failed = await viewer.says("按你说的弄了还是不行")
    ticket = await viewer.ticket()
    assert f"T-{ticket.number}" in failed
    assert failed.entry is None
    assert (ticket.kind, ticket.category) == ("fault", "playback.error_code")
    (opened,) = await stage.history(ticket)
    assert "30012" in opened.text
    assert "安卓" in opened.text
    told = await stage.transcript(ticket)
    assert [message.kind for message in told if message.direction == "in"] == ["image", *["text"] * 4]
    assert steps.text in [message.text for message in told]

    progress = await viewer.says("好了没有啊")
    assert f"T-{ticket.number}" in progress
    assert progress.entry is None
    assert not progress.options

    thanked = await viewer.says("可以了")
    assert thanked.owner == "bot"
    assert (await viewer.ticket()).status == "closed"
    closed = (await stage.history(ticket))[-1]
    assert (closed.kind, closed.author) == ("closed", "viewer")
