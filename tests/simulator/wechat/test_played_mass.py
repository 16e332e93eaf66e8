"""Mass sends end as the platform lets them end, and the event tells it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from app.channels.base import Inbound
from app.channels.content import MassSendReported
from app.channels.wechat.codec import decode
from app.simulator.wechat.accounts import Kind
from app.simulator.wechat.apis.mass import finish
from tests.fakes.played_wechat import VIEWER, Standing


@pytest.fixture
def follower(stands: Standing) -> str:
    return stands.account.add("oSecond").openid


async def submit(stands: Standing, verb: str = "sendall", **more: object) -> dict[str, Any]:
    body = {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": "开播了"}} | more
    url, token = f"{stands.url}/cgi-bin/message/mass/{verb}", {"access_token": stands.line.token}
    content = json.dumps(body, ensure_ascii=False).encode()
    found: dict[str, Any] = (await stands.http.post(url, params=token, content=content)).json()
    return found


def end(stands: Standing, job: dict[str, Any], status: str = "send success") -> None:
    finish(stands.account, stands.account.jobs[job["msg_id"]], stands.platform.clock.now(), status)


def reports(stands: Standing) -> Sequence[MassSendReported]:
    told = [decode(event.body) for event in stands.account.events]
    return [
        inbound.content
        for inbound in told
        if isinstance(inbound, Inbound) and isinstance(inbound.content, MassSendReported)
    ]


async def test_the_event_counts_whom_it_reached(stands: Standing, follower: str) -> None:
    stands.account.contacts[follower].leave()
    job = await submit(stands)
    assert (job["errcode"], job["errmsg"]) == (0, "send job submission success")
    end(stands, job)
    told = reports(stands)
    assert told == [MassSendReported(str(job["msg_id"]), "send success", 2, 1, 1, 0)]
    assert stands.viewer.texts == ["开播了"]


async def test_each_follower_of_a_service_account_has_four_a_month(stands: Standing) -> None:
    for _ in range(5):
        end(stands, await submit(stands))
    assert len(stands.viewer.phone) == 4
    assert [report.sent for report in reports(stands)] == [1, 1, 1, 1, 0]
    stands.platform.clock.advance(timedelta(days=31))
    await stands.renew()
    end(stands, await submit(stands))
    assert len(stands.viewer.phone) == 5


async def test_a_subscription_account_has_one_a_day(stands: Standing) -> None:
    stands.account.kind = Kind.subscription
    assert (await submit(stands))["errcode"] == 0
    assert (await submit(stands))["errcode"] == 45028
    stands.platform.clock.advance(timedelta(days=1))
    await stands.renew()
    assert (await submit(stands))["errcode"] == 0
    assert (await submit(stands, "send", touser=[VIEWER, "oSecond"]))["errcode"] == 48001


async def test_a_list_has_two_at_least(stands: Standing, follower: str) -> None:
    assert (await submit(stands, "send", touser=[VIEWER]))["errcode"] == 40130
    assert (await submit(stands, "send", touser=[VIEWER, follower]))["errcode"] == 0


async def test_an_administrator_may_have_to_confirm(stands: Standing) -> None:
    stands.account.protected = stands.account.automatic = True
    await submit(stands)
    assert reports(stands) == []
    stands.platform.clock.advance(timedelta(minutes=30))
    await submit(stands)
    assert [(report.status, report.sent) for report in reports(stands)] == [("err(40002)", 0)]
    assert not stands.viewer.phone


async def test_a_job_may_be_refused_afterwards(stands: Standing) -> None:
    end(stands, await submit(stands), "err(20013)")
    assert [(report.status, report.failed) for report in reports(stands)] == [("err(20013)", 1)]


async def test_a_key_is_known_for_a_day(stands: Standing) -> None:
    first = await submit(stands, clientmsgid="m-1")
    assert (await submit(stands, clientmsgid="m-1"))["errcode"] == 45066
    stands.platform.clock.advance(timedelta(minutes=2))
    again = await submit(stands, clientmsgid="m-1")
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    stands.platform.clock.advance(timedelta(days=1))
    await stands.renew()
    assert (await submit(stands, clientmsgid="m-1"))["errcode"] == 0
    assert (await submit(stands, clientmsgid="m" * 65))["errcode"] == 45067
