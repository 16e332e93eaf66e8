"""Who gets whom, whatever the queue and the desk are like."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from app.agents.rights import Actor, Role
from app.conversations.queue import Waiting
from app.desk.choosing import choose
from app.desk.staff import Member
from tests.factories.conversations import NOW

TEAMS, SKILLS = some.sampled_from([None, 1, 2]), some.sampled_from([None, "粤语", "退款"])
TALKS = some.lists(some.tuples(TEAMS, SKILLS, some.sampled_from([None, 1, 2, 3, 9])), max_size=12)
MEMBERS = some.lists(
    some.tuples(
        some.frozensets(some.sampled_from([1, 2])), some.frozensets(some.sampled_from(["粤语", "退款"])),
        some.integers(0, 4), some.integers(0, 4), some.none() | some.integers(0, 50),
    ),
    max_size=5,
)  # fmt: skip


@given(TALKS, MEMBERS, some.integers(1, 8))
def test_never_twice_never_beyond_capacity_never_out_of_order(talks: list, members: list, limit: int) -> None:  # type: ignore[type-arg]
    waiting = [Waiting(n, n, team, skill, last) for n, (team, skill, last) in enumerate(talks, 100)]
    crew = [
        Member(
            Actor(n, "", frozenset({Role.agent}), teams, skills), capacity, load,
            None if ago is None else NOW - timedelta(minutes=ago),
        )
        for n, (teams, skills, capacity, load, ago) in enumerate(members, 1)
    ]  # fmt: skip
    before = {member.id: member.load for member in crew}
    chosen = choose(waiting, crew, limit=limit, now=NOW)
    given_to = Counter(member.id for _, member in chosen)

    assert len(chosen) <= limit
    assert len({talk.id for talk, _ in chosen}) == len(chosen)
    assert [talk.id for talk, _ in chosen] == sorted(talk.id for talk, _ in chosen)
    for member in crew:
        assert member.load == before[member.id] + given_to[member.id]
        assert given_to[member.id] == 0 or member.load <= member.capacity
    assert all(member.actor.can_take(talk.team_id, talk.skill) for talk, member in chosen)
    left = [talk for talk in waiting if talk.id not in {taken.id for taken, _ in chosen}]
    if len(chosen) < limit:  # nobody waits whom somebody could still take
        assert not any(m.has_room and m.actor.can_take(talk.team_id, talk.skill) for m in crew for talk in left)
    for talk in left:  # nobody was passed over by one who wants the same and came later
        assert not any(
            (later.team_id, later.skill) == (talk.team_id, talk.skill) and later.id > talk.id for later, _ in chosen
        )
