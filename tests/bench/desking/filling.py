"""The rows of all tables that the desk reads."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256

from app.desk.search.sources import Kind, ticket_text
from tests.bench.desking import company as made
from tests.bench.desking.company import LENGTH, TEAMS, Company, Fate, Talk
from tests.bench.searching.filling import GRAMS, Row, Table, rows_of_grams

MIXED = 50
"""Conversations whose messages come among each other."""
PICTURES = 31
"""Of so many messages one is a picture, if a viewer sends it."""
VERY_LONG = 20_000
"""Characters."""
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
_GIVEN = "小明文华建国秀英桂兰志强丽娟海燕雪梅晓东玉珍永红春霞"
_SUBJECTS = ("播放卡顿", "会员未到账", "重复扣费", "字幕不同步", "账号被盗", "要求退款")
_COLUMNS: dict[str, Sequence[str]] = {
    "agents": ("id", "login", "name", "language", "skills", "capacity", "presence", "presence_at", "seen_at",
               "created_at"),
    "agent_roles": ("agent_id", "role"),
    "teams": ("id", "name", "skills", "created_at"),
    "team_members": ("team_id", "agent_id"),
    "viewers": ("id", "created_at", "name", "remark", "vip"),
    "identities": ("id", "channel_id", "external_id", "viewer_id", "created_at", "following"),
    "conversations": ("id", "identity_id", "channel_id", "owner", "last_seq", "heard_seq", "failures", "opened_at",
                      "viewer_wrote_at", "acknowledged", "queued_at", "closed_at", "closed_by", "agent_id",
                      "last_agent_id", "team_id", "skill", "priority", "vip", "title", "waits_since", "snoozed_at",
                      "snoozed_until"),
    "messages": ("id", "conversation_id", "seq", "direction", "author", "kind", "text", "data", "state", "via",
                 "created_at", "sent_at"),
    "attachments": ("id", "message_id", "position", "kind", "reference", "name", "state", "storage_key",
                    "content_type", "size", "attempts", "created_at", "expires_at"),
    "conversation_history": ("id", "conversation_id", "after_seq", "kind", "agent_id", "text", "data", "at"),
    "mentions": ("agent_id", "entry_id", "conversation_id", "seen_at"),
    "conversation_tags": ("conversation_id", "tag"),
    "drafts": ("agent_id", "conversation_id", "text", "seen_seq", "revision", "updated_at"),
    "read_marks": ("agent_id", "conversation_id", "seq"),
    "tickets": ("id", "number", "viewer_id", "conversation_id", "kind", "status", "priority", "subject", "opened_at",
                "updated_at", "closed_at"),
}  # fmt: skip


class Desk:
    """``channels``: the usual one, another, and one in which hardly anybody writes."""

    def __init__(self, company: Company, texts: Sequence[str], channels: Sequence[int]) -> None:
        self._company, self._texts, self._channels = company, texts, channels

    def tables(self) -> Iterator[Table]:
        rows = {
            "agents": self._agents(), "agent_roles": self._roles(), "teams": self._teams(),
            "team_members": self._members(), "viewers": self._viewers(), "identities": self._identities(),
            "conversations": map(self._conversation, self._company.all_talks()), "messages": self._messages(),
            "attachments": self._attachments(), "conversation_history": self._history(), "mentions": self._mentions(),
            "conversation_tags": self._tags(), "drafts": self._drafts(), "read_marks": self._read_marks(),
            "tickets": self._tickets(),
        }  # fmt: skip
        for name, given in rows.items():
            yield name, _COLUMNS[name], given
        yield *GRAMS, self._grams()

    # -------------------- people

    def _agents(self) -> Iterator[Row]:
        now = self._company.now
        for n in range(1, self._company.agents + 1):
            presence = ("online", "busy", "away")[n % 3]
            yield n, f"agent{n}", name_of(n), "zh", '["退款"]', 8, presence, now, now, now

    def _roles(self) -> Iterator[Row]:
        for n in range(1, self._company.agents + 1):
            yield n, "agent"
            if n % 20 == 2:
                yield n, "supervisor"

    def _teams(self) -> Iterator[Row]:
        return ((n, f"{n} 组", '["会员"]', self._company.now) for n in range(1, TEAMS + 1))

    def _members(self) -> Iterator[Row]:
        return ((n % TEAMS + 1, n) for n in range(1, self._company.agents + 1))

    def _viewers(self) -> Iterator[Row]:
        for n in range(1, self._company.talks + 1):
            remark = "老观众，说话慢" if n % 50 == 0 else None
            yield n, self._company.now, viewer_name(n), remark, n % 33 == 0

    def _identities(self) -> Iterator[Row]:
        return (
            (n, self._channel(n), address(n), n, self._company.now, True) for n in range(1, self._company.talks + 1)
        )

    def _channel(self, viewer: int) -> int:
        if made.is_rare(viewer, self._company.talks):
            return self._channels[2]
        return self._channels[0] if viewer % 4 else self._channels[1]

    # -------------------- what was said

    def _conversation(self, talk: Talk) -> Row:
        n, heard_at = talk.id, talk.spoken_at(talk.heard_seq)
        owner = "agent" if talk.agent is not None else "queue" if talk.fate is Fate.queue else "bot"
        team = n % TEAMS + 1 if talk.fate in (Fate.queue, Fate.own) and n % 3 == 0 else None
        last, heard = (
            (talk.length, talk.heard_seq)
            if n < self._company.long_one
            else (self._company.long, self._company.long - 1)
        )
        snoozed_until = self._company.now + timedelta(days=1) if talk.snoozed else None
        return (
            n, talk.viewer, self._channel(talk.viewer), owner, last, heard, 0, talk.opened_at,
            heard_at, False, heard_at if talk.fate is Fate.queue else None, talk.closed_at,
            talk.agent if talk.fate is Fate.resolved else None, talk.agent, talk.agent, team,
            "退款" if team and n % 2 else None, made.priority_of(n), talk.viewer % 33 == 0, self._title(n),
            heard_at if talk.waits else None, heard_at if talk.snoozed else None, snoozed_until,
        )  # fmt: skip

    def _title(self, n: int) -> str | None:
        return made.RARE_TITLE if made.is_rare(n, self._company.talks) else made.title_of(n)

    def _messages(self) -> Iterator[Row]:
        for number in range(self._company.messages):
            talk, seq = self._place(number)
            if seq <= talk.length and talk.id < self._company.long_one:
                yield self._message(number + 1, talk, seq, self._text(number))
        long_one = self._company.talk(self._company.long_one)
        for seq in range(1, self._company.long + 1):  # in the time that the others take
            at = long_one.opened_at + made.PACE * (LENGTH * seq / self._company.long)
            row = self._message(self._company.messages + seq, long_one, seq, self._texts[seq % len(self._texts)])
            yield *row[:-2], at, at if row[-1] else None

    def _place(self, number: int) -> tuple[Talk, int]:
        block, within = divmod(number, MIXED * LENGTH)
        width = min(MIXED, self._company.talks - block * MIXED)
        return self._company.talk(block * MIXED + within % width + 1), within // width + 1

    def _message(self, message_id: int, talk: Talk, seq: int, text: str) -> Row:
        at = talk.spoken_at(seq)
        if seq % 2:
            kind, words = ("image", "") if is_picture(message_id) else ("text", text)
            return message_id, talk.id, seq, "in", "viewer", kind, words, None, "received", None, at, None
        if talk.agent is None or seq <= 4:
            data = json.dumps({"entry": "membership.refund", "version": "a1b2c3d4e5", "score": 0.87})
            return message_id, talk.id, seq, "out", "bot", "text", text, data, "sent", "passive", at, at
        return message_id, talk.id, seq, "out", str(talk.agent), "text", text, None, "sent", "outbox", at, at

    def _text(self, number: int) -> str:
        is_last = number == self._company.messages - MIXED - 2
        return (self._texts[number] * VERY_LONG)[:VERY_LONG] if is_last else self._texts[number]

    def _attachments(self) -> Iterator[Row]:
        now = self._company.now
        for number in range(PICTURES - 1, self._company.messages, PICTURES):
            talk, seq = self._place(number)
            if seq % 2 and talk.id < self._company.long_one:
                yield (
                    number + 1, number + 1, 0, "image", f"media-{number}", "", "stored", f"ab/{number}", "image/jpeg",
                    40_000, 1, now, now,
                )  # fmt: skip

    # -------------------- what happened, and what people keep

    def _history(self) -> Iterator[Row]:
        for talk in self._told():
            agent, at = talk.agent, talk.spoken_at(4)
            entry = talk.id * 4
            yield entry, talk.id, 4, "taken", agent, "", None, at
            yield entry + 1, talk.id, 6, "note", agent, f"@{name_of(self._named(talk))} 请看订单", None, at
            if talk.id % 3 == 0:
                data = json.dumps({"to": agent})
                yield entry + 2, talk.id, 6, "transferred", agent, "请接着处理", data, at
            if not talk.is_open:
                yield entry + 3, talk.id, LENGTH, "resolved", agent, "", None, at

    def _told(self) -> Iterator[Talk]:
        """A tenth, and all that agents have."""
        everyone = self._company.all_talks()
        return (t for t in everyone if t.agent is not None and (t.id % 10 == 0 or t.fate is Fate.own))

    def _named(self, talk: Talk) -> int:
        return 1 if talk.id % 100 == 0 else talk.id // 10 % self._company.agents + 1

    def _mentions(self) -> Iterator[Row]:
        for talk in self._told():
            seen_at = None if talk.id % 70 == 0 else self._company.now
            yield self._named(talk), talk.id * 4 + 1, talk.id, seen_at

    def _tags(self) -> Iterator[Row]:
        for n in range(1, self._company.talks + 1):
            rare = [made.RARE_TAG] if made.is_rare(n, self._company.talks) else []
            for tag in (*made.tags_of(n), *rare):
                yield n, tag

    def _drafts(self) -> Iterator[Row]:
        now = self._company.now
        own = (talk for talk in self._company.open_ones() if talk.agent is not None)
        return ((t.agent, t.id, "您好，正在为您核对", t.heard_seq, 3, now) for t in own if t.id % 4 == 0)

    def _read_marks(self) -> Iterator[Row]:
        for talk in self._company.all_talks():
            if talk.agent is not None:
                yield talk.agent, talk.id, talk.length - 3 if talk.is_open and talk.id % 2 else talk.length

    def _tickets(self) -> Iterator[Row]:
        for number, n in self._numbered():
            status = ("open", "in_progress", "closed")[number % 3]
            subject = _SUBJECTS[number % len(_SUBJECTS)]
            at = self._company.talk(n).opened_at
            yield number, number, n, n, "fault", status, "normal", subject, at, at, at if status == "closed" else None

    def _numbered(self) -> Iterator[tuple[int, int]]:
        """(number of a ticket, viewer)."""
        return enumerate(range(10, self._company.talks + 1, 10), 1)

    # -------------------- how all of it is found

    def _grams(self) -> Iterator[Row]:
        yield from rows_of_grams(Kind.messages, ((row[0], row[6]) for row in self._messages()))
        people = range(1, self._company.talks + 1)
        yield from rows_of_grams(Kind.viewers, ((n, f"{viewer_name(n) or ''}\n{address(n)}") for n in people))
        tickets = ((number, ticket_text(number, _SUBJECTS[number % len(_SUBJECTS)])) for number, _ in self._numbered())
        yield from rows_of_grams(Kind.tickets, tickets)


def name_of(agent: int) -> str:
    return f"{_SURNAMES[agent % len(_SURNAMES)]}客服{agent}"


def viewer_name(n: int) -> str | None:
    """A tenth were given one; the rarest surnames are as frequent as the others."""
    if n % 10 != 3:
        return None
    given = _GIVEN[n * 7919 % len(_GIVEN)] + _GIVEN[n * 104_729 % len(_GIVEN)]
    return _SURNAMES[n // 10 % len(_SURNAMES)] + given


def address(n: int) -> str:
    """As WeChat writes an openid."""
    return f"o{sha256(str(n).encode()).hexdigest()[:27]}"


def is_picture(message_id: int) -> bool:
    return message_id % PICTURES == 0
