"""One's own account: the password, the second factor, where one is signed in, whether one is there."""

import re
from datetime import UTC, datetime

import pyotp

from app.agents import people, sessions
from app.agents.rights import Role
from tests.console.conftest import Console
from tests.factories.people import PASSWORD, signed_in


async def test_a_new_password_ends_the_other_sign_ins(console: Console) -> None:
    person = await console.person("lin", Role.agent)
    other = await signed_in(console.db, person.actor.id, now=datetime.now(UTC))
    wrong = await person.post("/account/password", old="not it at all", new="灯火阑珊 2046 处")
    assert (wrong.status_code, wrong.json()["error"]) == (422, "密码不对")
    weak = await person.post("/account/password", old=PASSWORD, new="1234567890")
    assert weak.status_code == 422
    changed = await person.post("/account/password", old=PASSWORD, new="灯火阑珊 2046 处")
    assert (changed.status_code, "said" in changed.headers["hx-trigger"]) == (204, True)
    assert (await person.get("/account")).status_code == 200
    assert await console.db.read(sessions.find, other, now=datetime.now(UTC)) is None


async def test_a_second_factor_is_turned_on_and_off_with_the_password(console: Console) -> None:
    person = await console.person("lin", Role.agent)
    assert (await person.post("/account/second/begin", password="not it at all")).status_code == 422
    begun = await person.post("/account/second/begin", password=PASSWORD)
    assert "<svg" in begun.text
    assert "style=" not in begun.text
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', begun.text)
    assert secret is not None
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    assert (await person.post("/account/second/confirm", code="000000")).status_code == 422
    confirmed = await person.post("/account/second/confirm", code=app.now())
    codes = re.findall(r"<li>([0-9a-z]{4}-[0-9a-z]{4})</li>", confirmed.text)
    assert len(set(codes)) == 10
    assert "还有 10 个没用过的恢复码" in (await person.get("/account")).text
    renewed = await person.post("/account/second/codes", password=PASSWORD)
    assert not set(re.findall(r"<li>([0-9a-z]{4}-[0-9a-z]{4})</li>", renewed.text)) & set(codes)
    off = await person.post("/account/second/off", password=PASSWORD)
    assert "未开启" in off.text
    assert (await console.db.read(people.get_person, person.actor.id, by=None)).has_totp is False


async def test_other_sign_ins_are_listed_and_ended(console: Console) -> None:
    person = await console.person("lin", Role.agent)
    for _ in range(3):
        await signed_in(console.db, person.actor.id, now=datetime.now(UTC))
    stranger = await console.person("su", Role.quality)
    shown = await person.get("/account/sign-ins")
    ids = [int(number) for number in re.findall(r'id="sign-in-(\d+)"', shown.text)]
    assert (len(ids), shown.text.count("就是这里")) == (4, 1)
    foreign = await console.db.read(sessions.list_sign_ins, stranger.actor.id, now=datetime.now(UTC))
    assert (await person.post("/account/sign-ins/end", sign_in=foreign[0].id)).status_code == 404
    assert (await person.post("/account/sign-ins/end", sign_in=ids[1])).status_code == 204
    assert (await person.post("/account/sign-ins/end-others")).status_code == 204
    assert re.findall(r'id="sign-in-(\d+)"', (await person.get("/account/sign-ins")).text) == [_own(ids, shown.text)]


def _own(ids: list[int], text: str) -> str:
    return next(str(one) for one in ids if re.search(rf'id="sign-in-{one}".*?</tr>', text, re.S)[0].count("就是这里"))  # type: ignore[index]


async def test_whether_one_is_there_is_said_with_a_reason(console: Console) -> None:
    person = await console.person("lin", Role.agent)
    shown = await person.post("/presence", presence="away", reason="吃饭")
    assert "离开" in shown.text
    found = await console.db.read(people.get_person, person.actor.id, by=None)
    assert (found.presence, found.away_reason) == ("away", "吃饭")
    back = await person.post("/presence", presence="online", reason="吃饭")
    assert '<span class="unseen">lin </span>在线' in back.text
    assert (await console.db.read(people.get_person, person.actor.id, by=None)).away_reason is None
    assert (await person.post("/presence", presence="asleep")).status_code == 422
