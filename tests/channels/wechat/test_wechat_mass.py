"""Messages to many: keys that make a repeat harmless, the states of a job, and what it reaches."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest

from app.channels.delivery import DeliveryError, Outcome
from app.channels.wechat import mass
from app.channels.wechat.mass import Job, State
from app.simulator.trouble import Kind, Trouble
from app.simulator.wechat.apis.mass import finish
from app.simulator.wechat.files import File
from tests.fakes.played_wechat import VIEWER, Standing

NEWS = mass.text("今晚八点，第二季开播")
MINUTE = timedelta(minutes=1)


async def failure(call: Awaitable[object]) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await call
    return failed.value


@pytest.fixture
def followers(stands: Standing) -> list[str]:
    openids = [f"oFollower{number:019d}" for number in range(3)]
    for openid in openids:
        stands.account.add(openid)
    stands.account.tags[101] = "追剧"
    stands.account.contacts[openids[0]].tags.add(101)
    return openids


def read_by(stands: Standing) -> list[str]:
    return [contact.openid for contact in stands.account.contacts.values() if contact.phone]


def end(stands: Standing, job: Job, status: str = "send success") -> None:
    finish(stands.account, stands.account.jobs[int(job.id)], stands.platform.clock.now(), status)


async def test_all_followers_those_of_a_tag_or_those_of_a_list(stands: Standing, followers: list[str]) -> None:
    jobs = [
        await mass.send_to_tag(stands.line, content=NEWS, key="m-1"),
        await mass.send_to_tag(stands.line, content=NEWS, key="m-2", tag_id=101),
        await mass.send_to_list(stands.line, content=NEWS, key="m-3", openids=followers[1:]),
    ]
    reached = []
    for job in jobs:
        end(stands, job)
        reached.append(read_by(stands))
        for contact in stands.account.contacts.values():
            contact.phone.clear()
    assert reached == [[VIEWER, *followers], followers[:1], followers[1:]]
    assert len({job.id for job in jobs}) == 3
    assert not any(job.repeated for job in jobs)


async def test_a_key_makes_one_job_whatever_became_of_the_answer(stands: Standing) -> None:
    stands.platform.troubles.plan("mass/sendall", Trouble(Kind.taken))
    lost = await failure(mass.send_to_tag(stands.line, content=NEWS, key="m-1"))
    hasty = await failure(mass.send_to_tag(stands.line, content=NEWS, key="m-1"))
    stands.platform.clock.advance(MINUTE)
    job = await mass.send_to_tag(stands.line, content=NEWS, key="m-1")
    assert (lost.code, lost.outcome) == ("no_answer", Outcome.retry)
    assert (hasty.code, hasty.outcome, hasty.retry_after) == ("45066", Outcome.later, 60)
    assert job == Job(job.id, job.data_id, repeated=True)
    assert [str(number) for number in stands.account.jobs] == [job.id]


async def test_the_states_of_a_job(stands: Standing) -> None:
    job = await mass.send_to_tag(stands.line, content=NEWS, key="m-1")
    assert await mass.get_state(stands.line, job_id=job.id) is State.sending
    end(stands, job)
    assert await mass.get_state(stands.line, job_id=job.id) is State.sent
    other = await mass.send_to_tag(stands.line, content=NEWS, key="m-2")
    end(stands, other, "err(10001)")
    assert await mass.get_state(stands.line, job_id=other.id) is State.failed
    assert (await failure(mass.get_state(stands.line, job_id="1"))).code == "40059"


async def test_only_articles_and_videos_can_be_taken_back(stands: Standing) -> None:
    stands.account.drafts["DRAFT"] = [{"title": "第二季"}]
    job = await mass.send_to_tag(stands.line, content=mass.article("DRAFT"), key="m-1")
    await mass.recall(stands.line, job_id=job.id)
    assert await mass.get_state(stands.line, job_id=job.id) is State.deleted
    text = await mass.send_to_tag(stands.line, content=NEWS, key="m-2")
    assert (await failure(mass.recall(stands.line, job_id=text.id))).outcome is Outcome.permanent


async def test_what_a_job_can_send(stands: Standing) -> None:
    def kept(kind: str) -> str:
        return stands.account.files.put(File(kind, "x", "x/y", b"x", stands.platform.clock.now(), True))

    contents = [mass.pictures([kept("image")], recommend="剧照"), mass.voice(kept("voice")), mass.video(kept("video"))]
    for number, content in enumerate(contents):
        await mass.send_to_tag(stands.line, content=content, key=f"m-{number}")
    gone = await failure(mass.send_to_tag(stands.line, content=mass.voice("gone"), key="m-9"))
    assert [job.kind for job in stands.account.jobs.values()] == ["images", "voice", "mpvideo"]
    assert gone.outcome is Outcome.media


async def test_a_preview_is_seen_by_one(stands: Standing, followers: list[str]) -> None:
    await mass.preview(stands.line, content=NEWS, openid=VIEWER)
    await mass.preview(stands.line, content=NEWS, wechat_name="zhou")
    assert read_by(stands) == [VIEWER]
    stands.platform.troubles.plan("mass/preview", Trouble(Kind.lost))
    assert (await failure(mass.preview(stands.line, content=NEWS, openid=VIEWER))).outcome is Outcome.unknown


async def test_the_speed_is_set(stands: Standing) -> None:
    await mass.set_speed(stands.line, speed=4)
    assert await mass.get_speed(stands.line) == 4
    assert (await failure(mass.set_speed(stands.line, speed=5))).code == "45083"


async def test_what_is_refused(stands: Standing, followers: list[str]) -> None:
    async def code(call: Awaitable[object]) -> tuple[str, Outcome]:
        error = await failure(call)
        return error.code, error.outcome

    by_tag = mass.send_to_tag(stands.line, content=NEWS, key="m-1", tag_id=999)
    assert await code(by_tag) == ("45159", Outcome.permanent)
    assert await code(mass.send_to_tag(stands.line, content=NEWS, key="m" * 65)) == ("45067", Outcome.permanent)
    strangers = mass.send_to_list(stands.line, content=NEWS, key="m-2", openids=["oNobody", *followers])
    assert await code(strangers) == ("40003", Outcome.permanent)
    with pytest.raises(ValueError, match="1 openids"):
        await mass.send_to_list(stands.line, content=NEWS, key="m-3", openids=followers[:1])
    stands.account.verified = False
    assert await code(mass.send_to_tag(stands.line, content=NEWS, key="m-4")) == ("48001", Outcome.operator)
