"""Who gets whom. Pure.

A viewer's last agent comes first, where he can take it; then whoever has the least of what he can have; of two of them
the one who has been given nothing for longer.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from app.conversations.queue import Waiting
from app.desk.staff import Member

_NEVER = datetime.min.replace(tzinfo=UTC)
Chosen = tuple[Waiting, Member]


def choose(waiting: Sequence[Waiting], members: Iterable[Member], *, limit: int, now: datetime) -> list[Chosen]:
    """``limit`` pairs at most, in the order of those who wait; who can be given to nobody holds up nobody.

    The loads of the members grow with what they are given.
    """
    free = {member.id: member for member in members if member.has_room}
    hopeless: set[tuple[int | None, str | None]] = set()
    chosen: list[Chosen] = []
    for talk in waiting:
        if len(chosen) >= limit or not free:
            break
        wanted = (talk.team_id, talk.skill)
        if wanted in hopeless:
            continue
        member = _best(talk, free)
        if member is None:
            hopeless.add(wanted)  # nobody gets freer while this goes on
            continue
        member.load, member.given_at = member.load + 1, now
        if not member.has_room:
            del free[member.id]
        chosen.append((talk, member))
    return chosen


def _best(talk: Waiting, free: dict[int, Member]) -> Member | None:
    last = free.get(talk.last_agent_id or 0)
    if last is not None and last.actor.can_take(talk.team_id, talk.skill):
        return last
    able = [member for member in free.values() if member.actor.can_take(talk.team_id, talk.skill)]
    return min(able, key=_order, default=None)


def _order(member: Member) -> tuple[float, datetime, int]:
    return member.load / member.capacity, member.given_at or _NEVER, member.id
