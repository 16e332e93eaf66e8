"""The doors of calendars and deadlines: see ``doors``, of which they are a part."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.agents import business_calendars, teams
from app.agents.business_calendars import Written
from app.agents.rights import Action, Actor
from tests.factories.conversations import NOW

NOBODY = 987_654
_WRITTEN = Written("办公室", "每天 9:00-18:00")
_CALENDARS: list[tuple[str, Callable[[Session, Actor], object]]] = [
    ("list_calendars", lambda s, by: business_calendars.list_calendars(s, by=by)),
    ("get_calendar", lambda s, by: business_calendars.get_calendar(s, NOBODY, by=by)),
    ("add_calendar", lambda s, by: business_calendars.add(s, by=by, written=_WRITTEN, now=NOW)),
    ("edit_calendar", lambda s, by: business_calendars.edit(s, NOBODY, by=by, written=_WRITTEN, now=NOW)),
    ("delete_calendar", lambda s, by: business_calendars.delete(s, NOBODY, by=by, now=NOW)),
    ("preview_days", lambda s, by: business_calendars.preview_days(s, NOBODY, b"", by=by)),
    ("import_days", lambda s, by: business_calendars.import_days(s, NOBODY, b"", by=by, now=NOW)),
    ("set_calendar", lambda s, by: teams.set_calendar(s, NOBODY, by=by, calendar_id=None, now=NOW)),
]
DEADLINES: list[tuple[Action, str, Callable[[Session, Actor], object]]] = [
    *((Action.edit_deadlines, name, call) for name, call in _CALENDARS)
]
