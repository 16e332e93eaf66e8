"""What the bot says by itself. Everything else it says stands in the knowledge."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.agents.calendars import BEIJING
from app.matching.moments import Moment

TICKET = "{ticket}"
"""Replaced by the ticket's number once it is known."""

# -------------------- not understood

CLARIFY = "想先确认一下，您要问的是哪一件？\n{options}\n回复数字就可以；都不是的话，请回复“都不是”。"
CLARIFY_BESIDE = "您另外问的是哪一件？\n{options}\n回复数字就可以；都不是的话，请回复“都不是”。"
CLARIFY_OPEN = (
    "这句话我还没有完全明白，怕答错耽误您。您遇到的是哪方面的问题？\n"
    "1. 播放（卡顿、黑屏、字幕）\n2. 会员与付款\n3. 账号与登录\n"
    "也可以换个说法告诉我，或回复“人工”。"
)
TOPICS = ("播放", "会员与付款", "账号与登录")
OPEN_TOPICS = {
    "1": "好的，是播放方面。请告诉我看的是哪部作品、用的什么设备、屏幕上出现了什么，我马上查。",
    "2": "好的，是会员与付款方面。请告诉我是开通、续费、退款还是没有到账，我马上查。",
    "3": "好的，是账号与登录方面。请告诉我是登录不上、收不到验证码还是其他情况，我马上查。",
}
AGAIN = "请回复 1 到 {last} 中的一个数字，或者回复“都不是”。"
CHOICE_GONE = "这一项刚刚撤下了。您可以回复另一个数字，或者直接说说遇到的情况；需要人工客服，请回复“人工”。"
GONE = "这一项刚刚撤下了。请直接说说遇到的情况，我马上查；需要人工客服，请回复“人工”。"
EMPTY = "我在。请问您想咨询什么？直接说说遇到的情况就可以。"

# -------------------- around an answer

WHICH_DEVICE = "您用的是{devices}？告诉我，我给您对应的步骤。"
DEVICES = {"android": "安卓手机", "ios": "苹果手机", "tv": "电视", "computer": "电脑"}
NO_STEPS = "这个设备没有特别的步骤，按上面说的做就可以。做不通请回复“人工”，写上型号，我们帮您看。"
TITLED = "【{title}】\n{answer}"
"""One of two answers: on a phone the second begins below the first screen."""
BETWEEN_ANSWERS = "\n\n【"
"""Where two answers are cut that do not fit into one message."""
ONCE_MORE = "再给您说一遍：\n"
NO_MORE_TO_SAY = "关于这个问题，我能给的办法就是上面这些，看来还没有帮到您。"
OFFERS = {
    "human": "需要我现在为您转人工吗？回复“好的”就转。",
    "data_request": "需要我为您登记一个个人信息请求吗？回复“好的”就登记。",
    "suggestion": "需要我为您登记一条建议吗？回复“好的”就登记。",
    "complaint": "需要我为您登记正式投诉吗？回复“好的”就登记。",
}
DECLINED = "好的，先不办。需要的时候随时告诉我。"
OKAY = "好的。还有什么需要，直接告诉我就行。"
SOLVED = "\n工单 {number} 我也一起关闭了，再有问题随时告诉我们。"
TOO_FAST = "消息收到了，都存着呢。您发得有点快，我跟不上逐条回复，请把问题合成一句话，隔一会儿再发给我。"

# -------------------- what the catalogue knows, before an answer

SO_FAR = "{name}{rhythm}现已更到第 {out} {unit}{total}{members}。"
NOT_YET = "{name}{at} 开播{total}{rhythm}。"
RHYTHM = "{days} {at} 更新{each}{early}"
EACH = "，每次 {count} {unit}"
EARLY = "，会员早{time}"
TOTAL = "（共 {count} {unit}）"
MEMBERS_SEE = "，会员可以看到第 {out} {unit}"
NEXT_COMES = "下一次更新是第 {which} {unit}，{at} 上线{members}。"
ASKED_COMES = "第 {which} {unit} {at} 上线{members}。"
MEMBERS_AT = "，会员{at}"
ALL_OUT = "{name}已经更完，全 {count} {unit}都可以看。"
TOTAL_OF = "{name}共 {count} {unit}{so_far}{ends}。"
NO_TOTAL = "{name}现已更到第 {out} {unit}，一共多少还没有公布。"
SO_FAR_OF = "，现已更到第 {out} {unit}"
ENDS = "，按现在的安排{at} 更完"
SEASON_ANNOUNCED = "{name}已经官宣，上线时间还没有公布。"
NO_NEXT_SEASON = "《{title}》现在最新的是{newest}{total}，{asked}还没有公布消息。"
STATION_AIRS = "《{title}》电视在{station}{days} {at} 播出{web}，{first}。"
WEB_AIRS = "，网上{days} {at} 更新"
FIRST = {"web": "网络先播", "tv": "电视先播", "both": "两边同步"}
FILM_OUT = "《{title}》已经上线，现在就可以看。"
FILM_COMES = "《{title}》{at} 上线。"
SHOW_COMES = "《{title}》{at} 开始。"
SHOW_WEEKLY = "《{title}》{days} {clock} 开始，下一场是{at}。"
SHOW_RUNS = "《{title}》正在进行，{at} 开始的。"
SHOW_OVER = "《{title}》已经结束，是{at} 开始的那一场。"

# -------------------- to a person

HANDED_OVER = "已经为您转接人工客服，{place}。您的问题记在工单 {ticket} 里，不用重复说明；可以继续补充，客服都会看到。"
HANDED_OVER_UNSURE = (
    "抱歉，这个问题我没有把握答对，已经为您转接人工客服，{place}。之前的对话都记在工单 {ticket} 里，不用重复说明。"
)
STILL_BROKEN = (
    "抱歉，刚才的办法没有解决问题。已经为您转接人工客服，{place}，您试过的步骤记在工单 {ticket} 里，客服会接着往下查。"
)
CLOSED = (
    "现在不在人工服务时间（{hours}），客服{opens} 上班。您的问题已经记在工单 {ticket} 里，{due} 前答复您。\n"
    "您可以这样：\n1. 接着写，补充的内容我都记进工单\n2. 换个说法问我，我先试着帮您解决"
)
UNMANNED = (
    "现在没有客服在线，不能马上接待您，很抱歉。"
    "您的问题已经记在工单 {ticket} 里，客服一上线会先联系您，最晚{due} 前答复。\n"
    "您可以这样：\n1. 接着写，补充的内容我都记进工单\n2. 换个说法问我，我先试着帮您解决"
)
NEXT = "您是下一位"
PLACE = "前面还有 {count} 位"
MANY = "前面排队的人比较多（超过 {count} 位）"
AT_ONCE = "，马上就有客服接待您"
ABOUT = "，大约要等 {minutes} 分钟"
LONG = "，可能要等半小时以上"
STILL_WAITING = "您还在排队，{place}。您可以继续补充，客服接入后都会看到；不想等了请回复“取消排队”。"
STILL_WAITING_CLOSED = (
    "现在不在人工服务时间，客服{opens} 上班，{place}。您写的内容都在工单里，到时会先联系您；不想等了请回复“取消排队”。"
)
STILL_WAITING_UNMANNED = (
    "能处理这件事的客服现在都不在线，您的位置一直留着，{place}。您写的内容都在工单里，客服一上线会先联系您；"
    "不想等了请回复“取消排队”。"
)
NOT_WAITING = "您现在没有在排队。需要人工客服的话，请回复“人工”。"
PROMISED_CLOSED = (
    "您找人工的请求已经记在工单 {number} 里，不用排队。"
    "现在不在人工服务时间（{hours}），客服{opens} 上班，到时会先联系您。"
)
PROMISED_UNMANNED = (
    "您找人工的请求已经记在工单 {number} 里，不用排队。现在没有客服在线，客服一上线会先联系您；人工服务时间是{hours}。"
)
PROMISED_SOON = "您找人工的请求已经记在工单 {number} 里，不用排队。客服已经上线，很快会联系您。"
CALLED_OFF = (
    "好的，不再安排客服来找您。问题仍然记在工单 {number} 里，有了结果会在这里告诉您；想找人了，随时回复“人工”。"
)
ADDED = "已经补充到您的工单里，客服接入后会看到。不想等了请回复“取消排队”。"
ADDED_URGENT = "已经补进加急工单，客服接入就能看到，不用重复说明。"
LEFT_QUEUE = "好的，已经为您取消排队，问题仍然记在工单里。还有什么可以帮您？"

# -------------------- tickets

URGENT = "这件事按加急处理，已经记在工单 {ticket} 里，客服会在{due} 前联系您。新的情况请直接发在这里，我会补进去。"
COMPLAINT = (
    "很抱歉让您有这样的感受。您的投诉已经正式登记，编号 {ticket}，由{office}负责，{due} 前给您书面答复。\n"
    "请接着告诉我：发生了什么、您希望怎么处理；有截图也请发来，我都会记进投诉。想马上找人说，请回复“人工”。"
)
ANGRY = "{sorry}您可以选一种处理方式：\n{options}\n回复数字就可以；也可以接着说，我都记着。"
NOTED = "已经记进工单 {number}，处理的人会看到。"
URGENT_HANDED_OVER = (
    "已经为您转接人工客服，{place}，加急工单 {number} 里有前后的全部内容，不用重复说明。密码和验证码请不要给任何人。"
)
CARED_FOR = (
    "在的。您写的每一句我们都会看到，客服会尽快来联系您。"
    "要是眼下有危险，请先拨打 110 或 120；想找人说说话，12356 有人接听。"
)
NOTED_URGENT = "已经补进加急工单 {number}，客服会在{due} 前联系您。在那之前，密码和验证码请不要给任何人。"
EVIDENCE = "图片收到了，已经作为凭证存进工单 {number}。"
KEPT = "收到了，已经存进工单 {number}。"
PROGRESS = "您的工单 {number}“{subject}”：{status}。{step}{promise}需要补充请直接回复，想找人请回复“人工”。"
OTHERS = "您另外还有 {count} 个工单，回复“所有工单”可以一起看。"
LIST = "您名下的工单，从新到旧：\n{tickets}\n想看哪一个，回复它的编号就可以。"
LINE = "{number}，{day}，{subject}（{status}）"
NOT_YOURS = "您名下没有编号为 T-{number} 的工单。回复“所有工单”可以看您自己的全部工单。"
IN_PRIVATE = "这是您个人的记录，群里大家都看得到，不方便在这里说。请私聊我再问一次，我马上给您查。"
NO_TICKET = "没有查到您名下未完成的工单。如果是在别的账号或电话里反馈的，请回复“人工”，我们帮您核对。"
ASKED = "您的工单 {number}“{subject}”在等您回答一个问题：\n{asked}\n直接在这里回复就可以。"
ANSWERED = "收到，已经记进工单 {number}，马上接着处理，{due} 前答复您。"
DUE = "工单 {number} 的答复时间是{due}。到时还没有收到答复，请回复“人工”，我们先为您处理。"
DUE_OVER = "工单 {number} 原定{due} 前答复您，已经过了，很抱歉。请回复“人工”，我们先为您处理。"
NO_DUE = "您名下现在没有等待答复的工单。请说说是哪件事，或回复“人工”。"
STATUS = {"open": "已登记，等待处理", "in_progress": "正在处理", "waiting": "等您回答", "closed": "已完成"}
STEPS = {
    "added": "最近一次更新是您在{at} 补充的内容。", "answered": "您{at} 的回答已经收到。",
    "raised": "{at} 已改为加急。", "replied": "{at} 的进展：{text}。", "closed": "{at} 办结：{text}。",
    "decided": "{at} 已经给您书面答复。", "reopened": "{at} 重新打开，接着处理。",
}  # fmt: skip
MERGED = "{number} 已经并入 {into}，一起处理。"
DECIDED_ACCEPTED = "谢谢您的确认，投诉 {number} 就按这个结果办结了。承诺的事项如果没有做到，随时回复我们。"
DECIDED_REFUSED = (
    "收到，您不接受的理由已经记进投诉 {number}，会由上级复核。您也可以拨打 12315 向市场监督管理部门投诉。"
    "想补充什么，直接写在这里。"
)
DECIDED_PENDING = "好的，投诉 {number} 先不办结：等承诺的事项到位之后，再请您确认是否接受。"
DECISION_ASK = (
    "收到。想和您确认一下：您是否接受投诉 {number} 的处理结果？请回复“接受”或“不接受”；想再考虑也可以，想好了告诉我们。"
)
DECISION_IN_TIME = "好的，不着急。想好了随时回复“接受”或“不接受”，投诉 {number} 会等您的答复。"
DECISION_CONDITION = (
    "收到，您的条件已经记进投诉 {number}，处理的人会看到并答复您。现在的结果您是否接受，随时可以回复“接受”或“不接受”。"
)
CONFIRMED = "谢谢您的确认，工单 {number} 就到这里。再有问题，直接在这里说。"
SCORED_WELL = "谢谢您的评分。还有什么需要，随时告诉我们。"
SCORED_BADLY = "谢谢您告诉我们，没让您满意很抱歉。方便说说是哪里没有解决好吗？写在这里，我们接着处理。"
SCORED_LATER = "谢谢，这次的评分也记下了。"
NO_REASON = "好的，不打扰您了。想起什么随时告诉我们。"
REOPENED = "抱歉，问题没有真正解决。工单 {number} 已经重新打开并且加急，会由同事接着处理，{due} 前答复您。"
PROMISE = "{due} 前答复您。"
OVERDUE = "原定{due} 前答复，已经过了，很抱歉。"
DATA_REQUEST = (
    "已经登记您的个人信息请求，编号 {ticket}，核实身份后，{due} 前答复您。\n"
    "请写清楚想查询、更正、导出还是删除哪些信息。身份证号、密码、验证码请不要发在这里。"
)
ASK_SUGGESTION = "谢谢您愿意提建议。请直接写下来：是哪个节目、哪一期，希望怎么改、为什么。写好发给我，我马上登记。"
SUGGESTED = "谢谢您的建议，已经登记，编号 {ticket}，会转给节目的制作方。有采纳结果时，需要告诉您一声吗？"
WILL_TELL = "好的，这条建议有结果时只通知您这一次，不会给您发别的推送。"
WILL_NOT_TELL = "好的，不另外通知您。想知道进展，随时回复“工单进度”。"

# -------------------- pushes

UNSUBSCRIBED = "好的，不再给您推送节目和活动消息。您自己的工单、订单等服务通知仍会照常送达。想恢复请回复“恢复推送”。"
SUBSCRIBED = "好的，已经恢复节目和活动消息的推送。不想收了，随时回复“退订”。"
ANYTHING_LEFT = "之前给您的回复在上面。还有没解决的，直接写下来就好；想找客服请回复“人工”。"
NOTHING_MORE = "上面的内容已经全部发完了。还有什么可以帮您？"
MORE = "\n（回复“继续”看下文）"

# -------------------- without words

PICTURE = "图片收到了，已经和这次对话存在一起。麻烦再用一句话说说遇到了什么问题；如果图上有错误码，请把它打出来。"
PICTURE_OF = "图片我存好了，但看不出上面的字。它是哪一类问题？\n{options}\n回复数字就可以，或者把图上的文字打给我。"
CODE_NOTED = "代码 {code} 记下了。\n"
RECORDING = "您发来的内容收到了，已经和这次对话存在一起。麻烦再用文字说一句遇到了什么问题，我好马上查。"
VOICE = "语音收到了，已经存好。我暂时听不了语音，麻烦用文字说一下；不方便打字请回复“人工”。"
PLACE_SHARED = "位置收到了，已经和这次对话存在一起。请问您想咨询什么？"
LINK = "链接收到了，已经存好。请问是这个页面上的什么问题？"
WELCOME = (
    "您好，欢迎关注。我是观众服务助手，播放、会员、更新时间、活动和补偿的问题，都可以直接写给我。\n"
    "大家常问这些：\n{options}\n回复数字就可以；需要人工客服，随时回复“人工”。"
)
WELCOME_PLAIN = "您好，欢迎关注。我是观众服务助手，有什么问题都可以直接写给我；需要人工客服，随时回复“人工”。"


def place(ahead: int, expected: timedelta | None, *, most: int) -> str:
    """The viewer's place in the queue, and how long it takes; ``most`` is where counting stops."""
    if ahead >= most:  # what is expected is the least that it takes
        return MANY.format(count=most) + (LONG if expected is not None and expected > _COARSE[-1] else "")
    return (PLACE.format(count=ahead) if ahead > 0 else NEXT) + wait(expected)


_AT_ONCE = timedelta(seconds=20)
_COARSE = [timedelta(minutes=minutes) for minutes in (1, 2, 3, 5, 8, 10, 15, 20, 30)]
"""Steps as people say them: nobody is told 17 minutes."""


def wait(expected: timedelta | None) -> str:
    """How long it takes, rather too long than too short; nothing where it is not known."""
    if expected is None:
        return ""
    if expected <= _AT_ONCE:
        return AT_ONCE
    step = next((step for step in _COARSE if expected <= step), None)
    return LONG if step is None else ABOUT.format(minutes=step // timedelta(minutes=1))


HAPPENED = "发生时间：{at}"
MENTIONED = "提到的时间：{at}"
PARTS = {"早": "早上", "晚": "晚上", "夜": "夜里"}


def moment(named: Moment, now: datetime) -> str:
    """A time that a viewer named, as agents read it: 发生时间：11月25日 晚上."""
    start, end = named.on(now)
    last = max(start, end - timedelta(microseconds=1))
    said = _date(start, now)
    if start == end:
        said += f" {start.hour}:{start.minute:02d}"
    elif named.part:
        said += f" {PARTS.get(named.part, named.part)}"
    elif start.date() != last.date():
        said += f"至{_date(last, now)}"
    return (HAPPENED if start <= now else MENTIONED).format(at=said)


def _date(at: datetime, now: datetime) -> str:
    return day(at) if at.year == now.astimezone(BEIJING).year else f"{at.year}年{day(at)}"


def numbered(labels: Sequence[str]) -> str:
    return "\n".join(f"{number}. {label}" for number, label in enumerate(labels, 1))


def when(at: datetime, now: datetime) -> str:
    """An instant as it is said to viewers, in Beijing time: 今天 22:00, 明天 9:00, 11月26日（周四）22:00."""
    local, today = at.astimezone(BEIJING), now.astimezone(BEIJING).date()
    days = {today - timedelta(1): "昨天 ", today: "今天 ", today + timedelta(1): "明天 "}
    return days.get(local.date(), _day(local)) + f"{local.hour}:{local.minute:02d}"


def day(at: datetime) -> str:
    local = at.astimezone(BEIJING)
    return f"{local.month}月{local.day}日"


def _day(local: datetime) -> str:
    return f"{local.month}月{local.day}日（周{'一二三四五六日'[local.weekday()]}）"
