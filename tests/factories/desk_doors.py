"""The doors of the desk: see ``doors``, of which they are a part."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from app.agents.rights import Action, Actor
from app.channels.outbound import Text
from app.conversations import routing
from app.desk import (
    context,
    drafts,
    files,
    lists,
    marks,
    notes,
    notices,
    quick,
    quick_lists,
    replies,
    saved,
    suggestions,
    tags,
    threads,
    variables,
    viewing,
    words,
)  # fmt: skip
from app.desk.lists import Filters, View
from app.desk.quick import Place, Scope, Written
from tests.factories.conversations import NOW

NOBODY = 987_654
_READS: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("list_page", lambda s, by: lists.list_page(s, Filters(View.all), by=by, now=NOW)),
    ("find_rows", lambda s, by: lists.find_rows(s, [NOBODY], by=by)),
    ("count_views", lambda s, by: lists.count_views(s, by=by, now=NOW)),
    ("look_at_own", lambda s, by: lists.look_at_own(s, by=by)),
    ("read_thread", lambda s, by: threads.read(s, NOBODY, by=by, now=NOW)),
    ("read_new", lambda s, by: threads.read_new(s, NOBODY, by=by, since_seq=0, now=NOW)),
    ("get_for", lambda s, by: threads.get_for(s, by, NOBODY)),
    ("read_context", lambda s, by: context.read(s, NOBODY, by=by, account=None, now=NOW)),
    ("get_attachment", lambda s, by: files.get_attachment(s, NOBODY, by=by)),
    ("get_sent", lambda s, by: files.get_sent(s, NOBODY, by=by)),
    ("mark_read", lambda s, by: marks.mark_read(s, NOBODY, by=by, seq=1)),
    ("look", lambda s, by: viewing.look(s, NOBODY, by=by, writing=False, now=NOW)),
    ("leave", lambda s, by: viewing.leave(s, NOBODY, by=by, now=NOW)),
    ("who_else", lambda s, by: viewing.who_else(s, NOBODY, by=by, now=NOW)),
    ("see_mention", lambda s, by: notes.see_mention(s, NOBODY, by=by, now=NOW)),
    ("see_mentions", lambda s, by: notes.see_mentions(s, NOBODY, by=by, now=NOW)),
    ("known_tags", lambda s, by: tags.known_tags(s, by=by)),
    ("list_own_views", lambda s, by: saved.list_own(s, by=by)),
    ("save_view", lambda s, by: saved.save(s, by=by, name="好", filters={})),
    ("rename_view", lambda s, by: saved.rename(s, NOBODY, by=by, name="好")),
    ("delete_view", lambda s, by: saved.delete_view(s, NOBODY, by=by)),
    ("values_for", lambda s, by: variables.values_for(s, NOBODY, by=by, now=NOW)),
    ("read_asked", lambda s, by: suggestions.read_asked(s, NOBODY, by=by)),
    ("list_notices", lambda s, by: notices.list_for(s, NOBODY, by=by)),
]
_SPEAKS: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("take_over", lambda s, by: routing.take_over(s, NOBODY, by=by, now=NOW)),
    ("release", lambda s, by: routing.release(s, NOBODY, by=by, now=NOW)),
    ("put_back", lambda s, by: routing.put_back(s, NOBODY, by=by, now=NOW)),
    ("transfer", lambda s, by: routing.transfer(s, NOBODY, by=by, to_skill="退款", now=NOW)),
    ("snooze", lambda s, by: routing.snooze(s, NOBODY, by=by, until=NOW + timedelta(days=1), now=NOW)),
    ("wake", lambda s, by: routing.wake(s, NOBODY, by=by, now=NOW)),
    ("resolve", lambda s, by: routing.resolve(s, NOBODY, by=by, now=NOW)),
    ("reopen", lambda s, by: routing.reopen(s, NOBODY, by=by, now=NOW)),
    ("set_priority", lambda s, by: routing.set_priority(s, NOBODY, by=by, priority=1, now=NOW)),
    ("send", lambda s, by: replies.send(s, NOBODY, by=by, message=Text("好"), seen_seq=0, key="k", now=NOW)),
    ("save_draft", lambda s, by: drafts.save(s, NOBODY, by=by, text="好", seen_seq=0, revision=1, now=NOW)),
    ("list_for", lambda s, by: quick_lists.list_for(s, by=by)),
    ("count_use", lambda s, by: quick.count_use(s, NOBODY, by=by)),
    ("find_draft", lambda s, by: drafts.find(s, NOBODY, by=by)),
    ("set_tags", lambda s, by: tags.set_tags(s, NOBODY, by=by, tags=[], now=NOW)),
    ("add_tag", lambda s, by: tags.add(s, NOBODY, by=by, tag="好", now=NOW)),
    ("remove_tag", lambda s, by: tags.remove(s, NOBODY, by=by, tag="好", now=NOW)),
]
_WORDS: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("list_words", lambda s, by: words.list_page(s, by=by)),
    ("get_word", lambda s, by: words.get_word(s, NOBODY, by=by)),
    ("try_words", lambda s, by: words.try_out(s, "好", by=by)),
    ("add_words", lambda s, by: words.add(s, by=by, words=["好"], blocks=True, advice="", now=NOW)),
    ("edit_word", lambda s, by: words.edit(s, NOBODY, by=by, word="好", blocks=True, advice="", now=NOW)),
    ("delete_word", lambda s, by: words.delete_word(s, NOBODY, by=by, now=NOW)),
]


def _add_reply(session: Session, by: Actor, scope: Scope) -> int:
    return quick.add(session, by=by, place=Place(scope), written=Written("好", "好"), now=NOW)


DESK: list[tuple[Action, str, Callable[[Session, Actor], object]]] = [
    *((Action.see_conversations, name, call) for name, call in _READS),
    *((Action.speak, name, call) for name, call in _SPEAKS),
    (Action.take_from, "take_from", lambda s, by: routing.take_from(s, NOBODY, by=by, expected=NOBODY, now=NOW)),
    (Action.note, "add_note", lambda s, by: notes.add(s, NOBODY, by=by, text="好", now=NOW)),
    *((Action.edit_words, name, call) for name, call in _WORDS),
    (Action.own_replies, "add_own_reply", lambda s, by: _add_reply(s, by, Scope.own)),
    (Action.share_replies, "add_reply", lambda s, by: _add_reply(s, by, Scope.all)),
    (
        Action.name_viewers, "name_viewer",
        lambda s, by: context.name_viewer(s, NOBODY, by=by, name="", remark="", now=NOW),
    ),
    (Action.rank_viewers, "rank_viewer", lambda s, by: context.rank_viewer(s, NOBODY, by=by, vip=True, now=NOW)),
]  # fmt: skip
