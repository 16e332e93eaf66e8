"""The doors of calendars, deadlines and macros of tickets: see ``doors``, of which they are a part."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.agents import business_calendars, missing_years, recounts, teams
from app.agents.business_calendars import Written
from app.agents.rights import Action, Actor
from app.desk.tickets import macros
from app.tickets import policies, recounting
from tests.factories.conversations import NOW

NOBODY = 987_654
_WRITTEN = Written("办公室", "每天 9:00-18:00")
_CALENDARS: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("list_calendars", lambda s, by: business_calendars.list_calendars(s, by=by)),
    ("get_calendar", lambda s, by: business_calendars.get_calendar(s, NOBODY, by=by)),
    ("list_missing_years", lambda s, by: missing_years.list_missing(s, by=by, now=NOW)),
    ("find_day_names", lambda s, by: business_calendars.find_names(s, NOBODY, by=by)),
    ("list_recounts", lambda s, by: recounts.list_pending(s, by=by)),
    ("count_concerned", lambda s, by: recounting.count_concerned(s, by=by)),
    ("add_calendar", lambda s, by: business_calendars.add(s, by=by, written=_WRITTEN, now=NOW)),
    ("edit_calendar", lambda s, by: business_calendars.edit(s, NOBODY, by=by, written=_WRITTEN, now=NOW)),
    ("delete_calendar", lambda s, by: business_calendars.delete(s, NOBODY, by=by, now=NOW)),
    ("preview_days", lambda s, by: business_calendars.preview_days(s, NOBODY, b"", by=by)),
    ("import_days", lambda s, by: business_calendars.import_days(s, NOBODY, b"", by=by, now=NOW)),
    ("set_calendar", lambda s, by: teams.set_calendar(s, NOBODY, by=by, calendar_id=None, now=NOW)),
]
_POLICIES: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("list_policies", lambda s, by: policies.list_policies(s, by=by)),
    ("get_policy", lambda s, by: policies.get_policy(s, NOBODY, by=by)),
    ("add_policy", lambda s, by: policies.add(s, by=by, written=policies.Written("新的"), now=NOW)),
    ("edit_policy", lambda s, by: policies.edit(s, NOBODY, by=by, written=policies.Written("新的"), now=NOW)),
    ("delete_policy", lambda s, by: policies.delete_policy(s, NOBODY, by=by, now=NOW)),
    ("move_policy", lambda s, by: policies.move(s, NOBODY, by=by, up=True, now=NOW)),
]
_MACRO = macros.Written("新的", closes=True)
_MACROS: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("list_macros", lambda s, by: macros.list_macros(s, by=by)),
    ("get_macro", lambda s, by: macros.get_macro(s, NOBODY, by=by)),
    ("add_macro", lambda s, by: macros.add(s, by=by, written=_MACRO, now=NOW)),
    ("edit_macro", lambda s, by: macros.edit(s, NOBODY, by=by, written=_MACRO, now=NOW)),
    ("delete_macro", lambda s, by: macros.delete_macro(s, NOBODY, by=by, now=NOW)),
]
DEADLINES: list[tuple[Action, str, Callable[[Session, Actor], object]]] = [
    *((Action.edit_deadlines, name, call) for name, call in (*_CALENDARS, *_POLICIES)),
    *((Action.edit_macros, name, call) for name, call in _MACROS),
    (Action.work_tickets, "list_macros_for", lambda s, by: macros.list_for(s, by=by)),
    (Action.work_tickets, "get_macro_for", lambda s, by: macros.get_for(s, NOBODY, by=by)),
]
