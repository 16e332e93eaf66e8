"""Dialogue 12: a suggestion, and whether its proposer wants to hear of it."""

from tests.dialogues.stage import Stage

COVERS = {12: "S2 S5"}
PARTLY = {12: "S1"}
SONGS = "建议你们每期片尾放一下歌单，每次都要去搜"
GUESTS = "那再提一个，能不能别老请同一拨人"


async def test_each_suggestion_is_recorded_on_its_own(stage: Stage) -> None:
    viewer = stage.viewer("小林")

    thanked = await viewer.says(SONGS)
    first = await viewer.ticket()
    assert (first.kind, first.category, first.subject) == ("suggestion", "content.suggest", SONGS)
    assert "谢谢" in thanked
    assert f"T-{first.number}" in thanked
    assert "告诉您" in thanked
    assert await viewer.consents() == []

    agreed = await viewer.says("要的")
    assert await viewer.consents() == [(f"ticket:{first.number}", True)]
    assert "只" in agreed
    assert (await viewer.identity()).refused_pushes_at is None
    assert [line.kind for line in await stage.history(first)] == ["opened", "wants_notice"]

    again = await viewer.says(GUESTS)
    second, unchanged = await viewer.tickets()
    assert (second.kind, second.subject) == ("suggestion", GUESTS)
    assert f"T-{second.number}" in again
    assert unchanged.number == first.number
    assert [line.kind for line in await stage.history(unchanged)] == ["opened", "wants_notice"]
    assert await viewer.consents() == [(f"ticket:{first.number}", True)]
