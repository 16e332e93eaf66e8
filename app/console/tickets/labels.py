"""Words for what is told of tickets."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.agents.models import Language
from app.console.catalogue import counted, marked
from app.console.times import exactly
from app.desk.tickets.filters import Due, Filters, Status
from app.desk.tickets.lists import Counted
from app.desk.tickets.many import What
from app.desk.tickets.orders import Sort
from app.tickets.models import ComplaintState

CHOICES: Final[Mapping[Status, str]] = {
    Status.unclosed: marked("全部未完成"), Status.open: marked("待处理"), Status.in_progress: marked("处理中"),
    Status.waiting: marked("等观众"), Status.closed: marked("已关闭"), Status.all: marked("所有状态"),
}  # fmt: skip
DUES: Final[Mapping[Due, str]] = {
    Due.hour: marked("1 小时内到期"), Due.today: marked("今天到期"), Due.tomorrow: marked("明天以前到期"),
    Due.week: marked("7 天内到期"),
}  # fmt: skip
SORTS: Final[Mapping[Sort, str]] = {
    Sort.due: marked("最先到期"), Sort.priority: marked("最紧急"), Sort.newest: marked("最新登记"),
    Sort.oldest: marked("最早登记"), Sort.changed: marked("最近有变化"),
}  # fmt: skip
COMPLAINTS: Final[Mapping[ComplaintState, str]] = {
    ComplaintState.examining: marked("正在核查"), ComplaintState.decided: marked("已书面答复，等观众表态"),
    ComplaintState.pending: marked("等承诺的事项到位后再确认"), ComplaintState.accepted: marked("观众接受"),
    ComplaintState.refused: marked("观众不接受"),
}  # fmt: skip
DEEDS: Final[Mapping[What, str]] = {
    What.give: marked("分给同事或小组"), What.priority: marked("改优先级"), What.tag: marked("加标签"),
    What.untag: marked("去标签"), What.start: marked("开始处理"), What.close: marked("关闭工单"),
}  # fmt: skip
"""What can be done to many at once."""
NOBODY: Final = marked("还没有人")
OVERDUE: Final = marked("逾期的")
BREACHED: Final = marked("有过超时的")
CHILDREN: Final = marked("一个工单的下级")
WATCHED: Final = marked("我关注的")
TABS: Final = (
    (Filters(owner="me"), marked("我的"), Counted.mine),
    (Filters(owner="nobody"), marked("未分配"), Counted.unowned),
    (Filters(), marked("全部未完成"), Counted.open),
    (Filters(overdue=True), marked("逾期"), Counted.overdue),
    (Filters(due=Due.today), marked("今天到期"), Counted.today),
    (Filters(Status.waiting), marked("等观众"), Counted.waiting),
    (Filters(Status.closed), marked("已关闭"), None),
    (Filters(watching=True), marked("我关注的"), Counted.watching),
)
_USUAL: Final = (marked("没有这样的工单"), marked("换一个条件，或者清除筛选。"))
EMPTY: Final[Mapping[Filters, tuple[str, str]]] = {
    Filters(owner="me"): (
        marked("您手上没有工单"), marked("分给您的工单会在这里。去“未分配”看看有没有能接的，或者自己新建一个。"),
    ),
    Filters(owner="nobody"): (marked("没有未分配的工单"), marked("还没有人负责的工单会在这里，最先到期的在最上面。")),
    Filters(): (
        marked("没有未完成的工单"),
        marked("观众报的问题由机器人登记成工单，同事也可以自己新建；没有关闭的都会在这里。"),
    ),
    Filters(overdue=True): (marked("没有逾期的工单"), marked("过了时限还没有处理完的工单会在这里。")),
    Filters(due=Due.today): (marked("今天没有要到期的工单"), marked("今天之内到期、还没有逾期的工单会在这里。")),
    Filters(Status.waiting): (marked("没有在等观众的工单"), marked("问了观众、等他回答的工单会在这里，时限先停着。")),
    Filters(Status.closed): (marked("还没有关闭的工单"), marked("处理完的工单会在这里，最近有变化的在最上面。")),
    Filters(watching=True): (marked("您没有关注的工单"), marked("在工单页上点“关注”，它就会出现在这里。")),
}  # fmt: skip
_LATE: Final = (marked("逾期 %(num)s 天"), marked("逾期 %(num)s 小时"), marked("逾期 %(num)s 分钟"))
_LEFT: Final = (marked("还有 %(num)s 天"), marked("还有 %(num)s 小时"), marked("还有 %(num)s 分钟"))
_SOON: Final = timedelta(hours=2)


def empty_of(filters: Filters) -> tuple[str, str]:
    """What a list without anything says: its name, and what to do."""
    return EMPTY.get(filters, _USUAL)


def due_words(at: datetime, now: datetime, language: Language) -> str:
    """逾期 2 小时, 还有 25 分钟; the page's script goes on counting."""
    span = abs(at - now)
    words = _LATE if at < now else _LEFT
    days, hours, minutes = span // timedelta(days=1), span // timedelta(hours=1), span // timedelta(minutes=1)
    text, num = (words[0], days) if days >= 2 else (words[1], hours) if hours else (words[2], max(minutes, 1))
    return counted(language, text, num) % {"num": num}


@pass_context
def due(context: Context, at: datetime) -> Markup:
    """A ``<time>`` that says how long there is, or by how much it is too late."""
    now, language = context["now"], context["language"]
    look = "late" if at < now else "soon" if at - now < _SOON else ""
    said = escape(due_words(at, now, language))
    return Markup(f'<time class="due {look}" data-due datetime="{at.isoformat()}" title="{exactly(at)}">{said}</time>')
