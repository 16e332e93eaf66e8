"""What stands beside a thread."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.agents.rights import Actor, Forbidden, Role
from app.conversations import ledgers
from app.conversations.accounts import Account
from app.conversations.attachments import Attachment
from app.conversations.models import Conversation, Message
from app.db.database import Database
from app.desk import context, files
from app.desk.context import Context, Window
from app.desk.files import FileNotFound
from app.desk.reach import Closed
from app.tickets.models import Ticket
from app.viewers.models import Identity
from tests.factories import conversations as make
from tests.factories import delivering as do
from tests.factories import desk
from tests.factories.conversations import NOW
from tests.factories.people import actor_of, make_agent

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
async def account(db: Database) -> Account:
    return await db.write(do.account)


@pytest.fixture
async def talk(db: Database, account: Account) -> int:
    """The viewer has written once."""
    talk = await db.write(do.viewer, account.channel_id, "openid-abcdef")
    await db.write(do.writes, talk)
    return talk


async def read(db: Database, talk: int, by: Actor, account: Account | None = None, after: timedelta = HOUR) -> Context:
    return await db.read(context.read, talk, by=by, account=account, now=NOW + after)


# -------------------- the viewer


async def test_the_card_tells_who_it_is(db: Database, talk: int, lin: Actor) -> None:
    card = (await read(db, talk, lin)).viewer
    assert (card.display, card.name, card.vip, card.first_seen_at) == ("观众 ·cdef", None, False, NOW)
    assert [(each.channel, each.external_id) for each in card.identities] == [("main", "openid-abcdef")]
    su = await make_agent(db, "su", roles=[Role.quality])
    assert (await read(db, talk, su)).viewer.identities[0].external_id == "****cdef"


async def test_a_viewer_is_named_on_record(db: Database, talk: int, lin: Actor) -> None:
    viewer = (await read(db, talk, lin)).viewer.id
    for _ in range(2):
        await db.write(context.name_viewer, viewer, by=lin, name=" 王 阿姨 ", remark="爱看老片", now=NOW)
    card = (await read(db, talk, lin)).viewer
    assert (card.display, card.name, card.remark) == ("王 阿姨", "王 阿姨", "爱看老片")
    await db.write(context.name_viewer, viewer, by=lin, name="", remark="爱看老片", now=NOW)
    changes = await db.read(desk.audited, "viewers.name")
    assert changes == [
        (lin.id, {"before": {"name": None, "remark": None}, "after": {"name": "王 阿姨", "remark": "爱看老片"}}),
        (lin.id, {"before": {"name": "王 阿姨"}, "after": {"name": None}}),
    ]
    with pytest.raises(context.NameTooLong):
        await db.write(context.name_viewer, viewer, by=lin, name="长" * 65, remark="", now=NOW)
    with pytest.raises(context.ViewerNotFound):
        await db.write(context.name_viewer, 999, by=lin, name="", remark="", now=NOW)


async def test_who_goes_first_does_so_where_he_waits_already(db: Database, talk: int, zhou: Actor) -> None:
    viewer = (await read(db, talk, zhou)).viewer.id
    for _ in range(2):
        await db.write(context.rank_viewer, viewer, by=zhou, vip=True, now=NOW)
    assert (await db.read(desk.talk_of, talk)).vip
    assert (await read(db, talk, zhou)).viewer.vip
    assert await db.read(desk.audited, "viewers.rank") == [(zhou.id, {"vip": True})]
    assert "queue" in await db.read(desk.told)


# -------------------- the window


async def window(db: Database, talk: int, by: Actor, account: Account | None, after: timedelta = HOUR) -> Window:
    return (await read(db, talk, by, account, after)).window


async def test_a_window_tells_until_when_and_how_often(db: Database, talk: int, lin: Actor, account: Account) -> None:
    allowance = account.platform.allowance(account.credentials, "x", "text", "")
    assert allowance is not None
    found = await window(db, talk, lin, account)
    assert (found.is_open, found.until, found.left) == (True, NOW + allowance.valid, allowance.messages)
    await db.write(do.says, talk)
    await db.write(do.leave, account)
    assert (await window(db, talk, lin, account)).left == allowance.messages - 1
    over = await window(db, talk, lin, account, allowance.valid)
    assert (over.is_open, over.closed_reason, over.left) == (False, Closed.silent, 0)


async def test_a_window_that_had_all_its_messages_is_used_up(
    db: Database, talk: int, lin: Actor, account: Account
) -> None:
    allowance = account.platform.allowance(account.credentials, "x", "text", "")
    assert allowance is not None

    def use_up(session: Session) -> None:
        heard = session.query(Message).filter_by(conversation_id=talk).one()
        identity = session.get_one(Conversation, talk).identity_id
        session.add(
            ledgers.Allowed(
                identity_id=identity, anchor_id=heard.id, used=allowance.messages, closed=False, used_at=NOW
            )
        )  # fmt: skip

    await db.write(use_up)
    found = await window(db, talk, lin, account)
    assert (found.is_open, found.used_up, found.closed_reason) == (False, True, Closed.used_up)


async def test_what_nobody_serves_or_who_has_left_is_not_reached(
    db: Database, talk: int, lin: Actor, account: Account
) -> None:
    assert (await window(db, talk, lin, None)).closed_reason is Closed.unserved

    def leave(session: Session) -> None:
        session.execute(update(Identity).values(following=False))

    await db.write(leave)
    assert (await window(db, talk, lin, account)).closed_reason is Closed.left


async def test_a_closed_conversation_is_reached_by_what_the_viewer_wrote_since(
    db: Database, talk: int, lin: Actor, account: Account
) -> None:
    newer = await db.write(do.next_conversation, talk, NOW + 9 * DAY)
    assert not (await window(db, talk, lin, account, 9 * DAY)).is_open
    await db.write(do.writes, newer, NOW + 9 * DAY)
    assert (await window(db, talk, lin, account, 9 * DAY)).is_open


# -------------------- what was before


async def add(db: Database, *rows: Any) -> None:
    def write(session: Session) -> None:
        session.add_all(rows)

    await db.write(write)


async def test_tickets_and_earlier_conversations_of_the_person_the_newest_first(
    db: Database, talk: int, lin: Actor, account: Account
) -> None:
    card = (await read(db, talk, lin)).viewer
    other = await make.channel(db, "other")
    elsewhere = await make.conversation(db, other, "openid-2")
    newer = await db.write(do.next_conversation, talk, NOW + DAY)
    identity = (await db.read(desk.talk_of, elsewhere)).identity_id

    def merge(session: Session) -> None:
        session.execute(update(Identity).where(Identity.id == identity).values(viewer_id=card.id))

    await db.write(merge)
    await db.write(close, talk, lin.id)
    await add(
        db,
        *(
            Ticket(
                number=n, viewer_id=card.id, conversation_id=where, kind="fault", status="open", priority="normal",
                subject=f"第{n}", opened_at=NOW + n * HOUR, updated_at=NOW, due_at=NOW + DAY,
            )
            for n, where in ((1, talk), (2, newer))
        ),
    )  # fmt: skip
    found = await read(db, newer, lin)
    assert [(ticket.number, ticket.here) for ticket in found.tickets] == [(2, True), (1, False)]
    assert [each.id for each in found.earlier] == [elsewhere, talk]
    first = found.earlier[1]
    assert (first.agent, first.first_words, first.count, first.closed_at) == ("林小满", "在吗", 1, NOW + DAY)
    assert [each.channel for each in found.viewer.identities] == ["main", "other"]


def close(session: Session, talk: int, agent_id: int) -> None:
    session.execute(update(Conversation).where(Conversation.id == talk).values(owner="agent", agent_id=agent_id))


# -------------------- files


async def test_a_file_is_opened_by_the_row_that_names_it(db: Database, talk: int, lin: Actor) -> None:
    key = "ab/ab" + "0" * 62
    given: dict[str, Any] = {
        "kind": "image", "reference": "media", "name": "图.png", "attempts": 1, "created_at": NOW, "expires_at": NOW,
    }  # fmt: skip
    await add(
        db,
        Attachment(message_id=1, position=0, state="stored", storage_key=key, content_type="image/png", **given),
        Attachment(message_id=1, position=1, state="stored", storage_key=key, content_type="text/html", **given),
        Attachment(message_id=1, position=2, state="waiting", **given),
    )
    shown, download = [await db.read(files.get_attachment, n, by=lin) for n in (1, 2)]
    assert (shown.key, shown.name, shown.may_be_shown, download.may_be_shown) == (key, "图.png", True, False)
    for missing in (3, 9):
        with pytest.raises(FileNotFound):
            await db.read(files.get_attachment, missing, by=lin)
    with pytest.raises(Forbidden):
        await db.read(files.get_attachment, 1, by=actor_of(Role.operator))


async def test_what_we_sent_is_opened_too(db: Database, talk: int, lin: Actor) -> None:
    def picture(session: Session) -> int:
        sent = do.says(session, talk)
        values = {"kind": "image", "data": {"content": {"file": "ab/cd"}}}
        session.execute(update(Message).where(Message.id == sent).values(values))
        return sent

    sent = await db.write(picture)
    assert (await db.read(files.get_sent, sent, by=lin)).key == "ab/cd"
    for other in (1, 999):
        with pytest.raises(FileNotFound):
            await db.read(files.get_sent, other, by=lin)
    with pytest.raises(Forbidden):
        await db.read(files.get_sent, sent, by=actor_of(Role.administrator))
