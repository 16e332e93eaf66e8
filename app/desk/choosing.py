"""Who gets whom. Pure.

A viewer's last agent comes first, where he can take it; then whoever has the least of what he can have; of two of them
the one who has been given nothing for longer.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from heapq import heapify, heappop, heapreplace

from app.conversations.queue import Waiting
from app.desk.staff import Member

_NEVER = datetime.min.replace(tzinfo=UTC)
Chosen = tuple[Waiting, Member]
_Place = tuple[float, datetime, int]


def choose(waiting: Sequence[Waiting], members: Iterable[Member], *, limit: int, now: datetime) -> list[Chosen]:
    """``limit`` pairs at most, in the order of those who wait; who can be given to nobody holds up nobody.

    The loads of the members grow with what they are given.
    """
    free = {member.id: member for member in members if member.has_room}
    heaps: dict[tuple[int | None, str | None], list[_Place]] = {}
    chosen: list[Chosen] = []
    for talk in waiting:
        if len(chosen) >= limit:
            break
        wanted = (talk.team_id, talk.skill)
        member = free.get(talk.last_agent_id or 0)
        if member is None or not member.has_room or not member.actor.can_take(*wanted):
            if wanted not in heaps:
                heaps[wanted] = [
                    _place(each) for each in free.values() if each.has_room and each.actor.can_take(*wanted)
                ]
                heapify(heaps[wanted])
            member = _first(heaps[wanted], free)
        if member is not None:
            member.load, member.given_at = member.load + 1, now
            chosen.append((talk, member))
    return chosen


def _first(heap: list[_Place], free: dict[int, Member]) -> Member | None:
    """Who comes first by now: places in a heap only ever move back, and are put right when they come to its top."""
    while heap:
        member = free[heap[0][-1]]
        if not member.has_room:
            heappop(heap)
        elif heap[0] != (place := _place(member)):
            heapreplace(heap, place)
        else:
            return member
    return None


def _place(member: Member) -> _Place:
    return member.load / member.capacity, member.given_at or _NEVER, member.id
