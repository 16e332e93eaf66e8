"""Times as people read them: relative while recent, exact on hover. All in Beijing time."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.agents.calendars import BEIJING, Calendar, Span, clock
from app.agents.models import Language
from app.console.catalogue import counted, marked, translate

_DAYS = {-1: marked("明天"), 1: marked("昨天")}
_ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_JUST_NOW = marked("刚刚")
_MINUTES = marked("%(num)s 分钟前")


def said_of(at: datetime, now: datetime, language: Language) -> str:
    """刚刚, 3 分钟前, 14:03, 昨天 14:03, 11-24 14:03, 2025-11-24 14:03; tomorrow and later likewise."""
    passed = now - at
    if timedelta(0) <= passed < timedelta(minutes=1):
        return translate(language, _JUST_NOW)
    if timedelta(0) <= passed < timedelta(hours=1):
        minutes = passed // timedelta(minutes=1)
        return counted(language, _MINUTES, minutes) % {"num": minutes}
    local, today = at.astimezone(BEIJING), now.astimezone(BEIJING)
    days = (today.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days in _DAYS:
        return f"{translate(language, _DAYS[days])} {local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def exactly(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


@pass_context
def hours(context: Context, calendar: Calendar) -> str:
    """周一至周五 9:00–18:00, or Mon–Fri 9:00–18:00."""
    return hours_of(context["language"], calendar)


def hours_of(language: Language, calendar: Calendar) -> str:
    if language is Language.zh:
        return calendar.describe()
    return "; ".join(f"{_days_in_english(days)} {', '.join(map(_span, spans))}" for days, spans in calendar.by_days())


def _days_in_english(days: list[int]) -> str:
    if len(days) == 7:
        return "daily"
    first, last = _ENGLISH_DAYS[days[0]], _ENGLISH_DAYS[days[-1]]
    return first if len(days) == 1 else f"{first}–{last}"


def _span(span: Span) -> str:
    overnight = span.end > timedelta(days=1)
    return f"{clock(span.start)}–{clock(span.end - timedelta(days=1)) + ' next day' if overnight else clock(span.end)}"


@pass_context
def days(context: Context, ranges: Iterable[tuple[date, date]]) -> str:
    """10 月 1 日至 7 日、10 月 10 日, or Oct 1–7, Oct 10: days of one year."""
    return days_of(context["language"], ranges)


def days_of(language: Language, ranges: Iterable[tuple[date, date]]) -> str:
    if language is Language.zh:
        return "、".join(_range(*each) for each in ranges)
    return ", ".join(_range_in_english(*each) for each in ranges)


def _range(first: date, last: date) -> str:
    begins = f"{first.month} 月 {first.day} 日"
    if first == last:
        return begins
    return f"{begins}至 {last.day} 日" if first.month == last.month else f"{begins}至 {last.month} 月 {last.day} 日"


def _range_in_english(first: date, last: date) -> str:
    begins = f"{_MONTHS[first.month - 1]} {first.day}"
    if first == last:
        return begins
    month = "" if first.month == last.month else f"{_MONTHS[last.month - 1]} "
    return f"{begins}–{month}{last.day}"


@pass_context
def ago(context: Context, at: datetime) -> Markup:
    """A ``<time>``; the page's script keeps it right as minutes pass."""
    now, language = context["now"], context["language"]
    live = " data-ago" if at <= now else ""
    said = escape(said_of(at, now, language))
    return Markup(f'<time datetime="{at.isoformat()}" title="{exactly(at)}"{live}>{said}</time>')
