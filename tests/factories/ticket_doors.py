"""The doors of tickets: see ``doors``, of which they are a part."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.agents.rights import Action, Actor
from app.desk.tickets import (
    applying,
    assigning,
    attaching,
    changing,
    closing,
    deciding,
    duplicates,
    labelling,
    linking,
    merging,
    opening,
    reading,
    telling,
)
from app.desk.tickets.attaching import Brought
from app.desk.tickets.duplicates import Matter
from app.desk.tickets.opening import Draft
from app.desk.tickets.telling import Then
from app.tickets.models import ComplaintState
from tests.factories.conversations import NOW

NOBODY = 987_654
_DRAFT = Draft({"subject": "没有字幕", "kind": "fault"})
_FILE = Brought("key", "截图.png", 7, "image/png")
_WORKS: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("open_ticket", lambda s, by: opening.open_ticket(s, _DRAFT, by=by, now=NOW)),
    ("open_form", lambda s, by: opening.require(by)),
    ("apply_macro", lambda s, by: applying.apply(s, NOBODY, NOBODY, by=by, key="k", now=NOW)),
    ("change_ticket", lambda s, by: changing.change(s, NOBODY, by=by, changes={}, now=NOW)),
    ("give_ticket", lambda s, by: assigning.give(s, NOBODY, by=by, now=NOW)),
    ("take_ticket", lambda s, by: assigning.take(s, NOBODY, by=by, former=None, now=NOW)),
    ("close_ticket", lambda s, by: closing.close(s, NOBODY, by=by, text="好", now=NOW)),
    ("reopen_ticket", lambda s, by: closing.reopen(s, NOBODY, by=by, text="好", now=NOW)),
    ("tell_of_ticket", lambda s, by: telling.tell(s, NOBODY, by=by, text="好", then=Then.asks, key="k", now=NOW)),
    ("tag_ticket", lambda s, by: labelling.add_tag(s, NOBODY, by=by, tag="好", now=NOW)),
    ("set_ticket_tags", lambda s, by: labelling.set_tags(s, NOBODY, by=by, tags=[], now=NOW)),
    ("untag_ticket", lambda s, by: labelling.remove_tag(s, NOBODY, by=by, tag="好", now=NOW)),
    ("watch_for_another", lambda s, by: labelling.watch(s, NOBODY, by=by, agent_id=NOBODY, now=NOW)),
    ("unwatch_for_another", lambda s, by: labelling.unwatch(s, NOBODY, by=by, agent_id=NOBODY, now=NOW)),
    ("link_ticket", lambda s, by: linking.link(s, NOBODY, by=by, conversation_id=NOBODY, now=NOW)),
    ("unlink_ticket", lambda s, by: linking.unlink(s, NOBODY, by=by, conversation_id=NOBODY, now=NOW)),
    ("merge_tickets", lambda s, by: merging.merge(s, NOBODY, by=by, into=1, now=NOW)),
    ("unmerge_ticket", lambda s, by: merging.unmerge(s, NOBODY, by=by, now=NOW)),
    ("split_ticket", lambda s, by: merging.split(s, NOBODY, by=by, lines=[1], subject="好", key="k", now=NOW)),
    (
        "settle_complaint",
        lambda s, by: deciding.settle(s, NOBODY, by=by, outcome=ComplaintState.refused, text="不", now=NOW),
    ),
]
_NOTES: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("note_ticket", lambda s, by: closing.note(s, NOBODY, by=by, text="好", now=NOW)),
    (
        "attach_to_ticket",
        lambda s, by: attaching.attach(s, NOBODY, by=by, files=[_FILE], is_evidence=True, now=NOW),
    ),
]
_SEES: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("read_ticket", lambda s, by: reading.read(s, NOBODY, by=by, account=None, now=NOW)),
    ("channel_of_ticket", lambda s, by: reading.channel_of(s, NOBODY, by=by)),
    ("find_ticket_number", lambda s, by: reading.find_number(s, NOBODY, by=by)),
    ("find_duplicates", lambda s, by: duplicates.find(s, Matter("没有字幕"), by=by)),
    ("watch_ticket", lambda s, by: labelling.watch(s, NOBODY, by=by, now=NOW)),
    ("unwatch_ticket", lambda s, by: labelling.unwatch(s, NOBODY, by=by, now=NOW)),
    ("get_ticket_file", lambda s, by: attaching.get_file(s, NOBODY, by=by)),
]
TICKETS: list[tuple[Action, str, Callable[[Session, Actor], object]]] = [
    *((Action.work_tickets, name, call) for name, call in _WORKS),
    *((Action.note_tickets, name, call) for name, call in _NOTES),
    *((Action.see_tickets, name, call) for name, call in _SEES),
    (
        Action.decide_complaints, "decide_complaint",
        lambda s, by: deciding.decide(s, NOBODY, by=by, decision="好", remedies="", key="k", now=NOW),
    ),
]  # fmt: skip
