"""The doors of lists of tickets: see ``doors``, of which they are a part."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.agents.rights import Action, Actor
from app.desk import saved
from app.desk.tickets import choices, exporting, lists, many, notices, runs, today
from app.desk.tickets.filters import Filters
from app.desk.tickets.many import Deed, What
from tests.factories.conversations import NOW

NOBODY = 987_654
_DEED = Deed(What.start)
TICKET_LISTS: list[tuple[Action, str, Callable[[Session, Actor], object]]] = [
    (Action.see_tickets, "list_tickets", lambda s, by: lists.list_page(s, Filters(), by=by, now=NOW)),
    (Action.see_tickets, "list_ticket_ids", lambda s, by: lists.list_ids(s, Filters(), by=by, now=NOW)),
    (Action.see_tickets, "find_tickets", lambda s, by: lists.find_rows(s, [NOBODY], by=by, now=NOW)),
    (Action.see_tickets, "count_tabs", lambda s, by: lists.count_tabs(s, by=by, now=NOW)),
    (Action.see_tickets, "list_choices", lambda s, by: choices.list_choices(s, by=by)),
    (Action.see_tickets, "look_at_today", lambda s, by: today.look(s, by=by, now=NOW)),
    (Action.see_tickets, "list_unseen", lambda s, by: notices.list_unseen(s, by=by)),
    (Action.see_tickets, "count_unseen", lambda s, by: notices.count_unseen(s, by=by)),
    (Action.see_tickets, "see_all", lambda s, by: notices.see_all(s, by=by, until=NOBODY, now=NOW)),
    (Action.see_tickets, "see_ticket", lambda s, by: notices.see(s, NOBODY, by=by, now=NOW)),
    (Action.see_tickets, "list_ticket_views", lambda s, by: saved.list_own(s, by=by, page=saved.Page.tickets)),
    (
        Action.see_tickets, "save_ticket_view",
        lambda s, by: saved.save(s, by=by, name="好", filters={}, page=saved.Page.tickets),
    ),
    (
        Action.see_tickets, "rename_ticket_view",
        lambda s, by: saved.rename(s, NOBODY, by=by, name="好", page=saved.Page.tickets),
    ),
    (
        Action.see_tickets, "delete_ticket_view",
        lambda s, by: saved.delete_view(s, NOBODY, by=by, page=saved.Page.tickets),
    ),
    (
        Action.export_tickets, "write_page",
        lambda s, by: exporting.write_page(s, Filters(), by=by, after=None, limit=9, words={}, now=NOW),
    ),
    (Action.export_tickets, "record_export", lambda s, by: exporting.record(s, by=by, filters={}, rows=1, now=NOW)),
    (Action.change_many, "preview_many", lambda s, by: many.preview(s, [NOBODY], by=by, deed=_DEED, now=NOW)),
    (Action.change_many, "apply_to_many", lambda s, by: many.apply(s, [NOBODY], by=by, deed=_DEED, since=NOW, now=NOW)),
    (Action.change_many, "plan_run", lambda s, by: runs.plan(s, [NOBODY], by=by, deed=_DEED, now=NOW)),
    (Action.change_many, "begin_run", lambda s, by: runs.begin(s, NOBODY, by=by, now=NOW)),
    (Action.change_many, "stop_run", lambda s, by: runs.stop(s, NOBODY, by=by, now=NOW)),
    (Action.change_many, "put_away_run", lambda s, by: runs.put_away(s, NOBODY, by=by, now=NOW)),
    (Action.change_many, "look_at_run", lambda s, by: runs.look(s, NOBODY, by=by)),
    (Action.change_many, "list_runs", lambda s, by: runs.list_own(s, by=by, now=NOW)),
]  # fmt: skip
