"""Viewers by their names, by what agents noted of them, and by what the platforms call them."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.agents import rights
from app.agents.rights import Action, Actor
from app.conversations.models import Conversation
from app.db.sql import is_any
from app.desk.search import query as queries
from app.desk.search.found import Found, IdentityHit, ViewerHit
from app.desk.search.letters import find
from app.desk.search.query import FEWER, TOP, Query, collect, stretches
from app.desk.search.sources import Kind, viewer_texts
from app.viewers.models import Identity, Viewer


def find_viewers(
    session: Session, text: str, *, by: Actor, after: int | None = None, limit: int = 20
) -> Found[ViewerHit]:
    """Who came last first; ``after`` as the page before gave it. Forbidden, QueryTooLong."""
    rights.require(by, Action.see_conversations)
    query = queries.parse(text)
    if not query.terms:
        return Found((), None)
    below = TOP if after is None else after
    way = stretches(session, Kind.viewers, query, lambda *at: _newest(session, *at), below=below, floor=0)
    hits, further = collect(way, lambda ids: viewer_texts(session, ids), query, limit=limit, most=query.most(FEWER))
    return Found(_complete(session, [viewer_id for viewer_id, _ in hits], query), further)


def _newest(session: Session, below: int, limit: int) -> Sequence[int]:
    return session.scalars(select(Viewer.id).where(Viewer.id < below).order_by(Viewer.id.desc()).limit(limit)).all()


def _complete(session: Session, viewer_ids: Sequence[int], query: Query) -> Sequence[ViewerHit]:
    own: dict[int, list[IdentityHit]] = {viewer_id: [] for viewer_id in viewer_ids}
    newest: dict[int, int] = {}
    last = select(func.max(Conversation.id)).where(Conversation.identity_id == Identity.id).scalar_subquery()
    identities = select(Identity.viewer_id, Identity.channel_id, Identity.external_id, last)
    found = identities.where(is_any(Identity.viewer_id, viewer_ids)).order_by(Identity.id)
    for viewer_id, channel_id, external_id, talk in session.execute(found):
        own[viewer_id].append(IdentityHit(channel_id, external_id, find(external_id, query.terms)))
        newest[viewer_id] = max(newest.get(viewer_id, 0), talk or 0)
    people = select(Viewer.id, Viewer.name, Viewer.remark).where(is_any(Viewer.id, viewer_ids))
    return tuple(
        ViewerHit(
            viewer_id, name or "", find(name or "", query.terms), remark or "", find(remark or "", query.terms),
            own[viewer_id], newest.get(viewer_id) or None,
        )
        for viewer_id, name, remark in session.execute(people.order_by(Viewer.id.desc()))
    )  # fmt: skip
