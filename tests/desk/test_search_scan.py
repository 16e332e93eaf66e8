"""The search against a look at every text: the same hits in the same order, whatever is written and asked."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.models import Message
from app.db.database import Database
from app.desk.search.letters import fold
from app.desk.search.messages import find_messages
from tests.factories import conversations as make
from tests.factories.searching import READER, index, say

_TEXTS = st.text(st.sampled_from("会员員退款ＡaB12，。- 😀\n"), min_size=1, max_size=10)
_QUERIES = st.text(st.sampled_from("会員退a１2- 😀"), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(_TEXTS, min_size=1, max_size=8), queries=st.lists(_QUERIES, min_size=1, max_size=5))
async def test_nothing_else_and_nothing_less(db: Database, texts: list[str], queries: list[str]) -> None:
    """Each example adds to what those before it wrote."""
    talk = await db.write(_talk) or await make.conversation(db, await make.channel(db), wrote_at=None)
    await db.write(say, talk, *texts)
    await index(db)
    written = await db.read(_written)
    for query in queries:
        terms = [fold(term) for term in query.split()]
        expected = [row_id for row_id, text in written if terms and all(term in fold(text) for term in terms)]
        found = await db.read(find_messages, query, by=READER, limit=10_000)
        assert [hit.message_id for hit in found.hits] == expected
        assert found.exhausted
        for hit in found.hits:
            marked = [fold(hit.snippet.text[start:end]) for start, end in hit.snippet.marks]
            assert all(any(term in part for part in marked) for term in terms)


def _talk(session: Session) -> int | None:
    return session.scalar(select(Message.conversation_id).limit(1))


def _written(session: Session) -> list[tuple[int, str]]:
    return list(session.execute(select(Message.id, Message.text).order_by(Message.id.desc())).all())
