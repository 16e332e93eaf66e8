"""An exchange in the words that stand beside the phone: how it was understood, decided and answered. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.dialogue.endpoints import Observation
from app.dialogue.phrases import DEVICES
from app.dialogue.provenance import Source
from app.dialogue.push import Fate as PushFate
from app.dialogue.turn import (
    AddToTicket,
    Awaiting,
    CloseTicket,
    Consent,
    Effect,
    Memory,
    OpenTicket,
    Waits,
    WantNotice,
)
from app.dialogue.understand import Brain, Understanding
from app.faq.knowledge import Entry, Intent
from app.simulator.phones import Attempt, Fate, PushExchange
from app.simulator.stored import StoredEvent, StoredReply

ADVISERS = {"llm": " · 大模型从候选里选的", "embedding": " · 按文本向量认出的"}
"""By the beginning of who chose an answer."""
TIERS = {"sure": "有把握，可以直接回答", "likely": "不太确定，先反问", "none": "没有把握，不猜"}
OUTCOMES = {
    "answered": "用知识条目回答",
    "clarified": "反问一句，确认是哪件事",
    "handed_over": "转给人工",
    "acknowledged": "收下，补充给等着的客服",
    "replied": "应答一句",
    "silent": "不说话",
}
CHIPS = {"answered": "done", "replied": "done", "clarified": "bot", "handed_over": "waiting", "acknowledged": "waiting"}
"""Colours of the outcomes, by the names of the style sheet."""
OWNERS = {"bot": "机器人", "queue": "排队等人工", "agent": "人工客服"}
EVENT_STATES = {
    "handled": "已处理",
    "stored": "已存，等处理",
    "failed": "处理失败，可重放",
    "undecodable": "读不懂，留着",
}
MESSAGE_STATES = {
    "queued": "排队待发", "sending": "正在送出", "sent": "已送出", "unknown": "结果未知", "failed": "发送失败",
    "delivered": "已送达", "read": "已读", "received": "已收到",
}  # fmt: skip
TICKET_KINDS = {
    "inquiry": "咨询", "fault": "故障", "suggestion": "建议", "complaint": "投诉", "refund": "退款", "data": "个人信息",
}  # fmt: skip
AWAITS: dict[str, str] = {
    Waits.topic: "等观众说是哪方面的问题",
    Waits.device: "等观众说用的是什么设备",
    Waits.offer: "等观众说要不要",
    Waits.details: "等观众补充工单的内容",
    Waits.answer: "等观众回答工单里的问题",
    Waits.tickets: "等观众说是哪一个工单",
    Waits.picture: "等观众说图片是什么问题",
    Waits.suggestion: "等观众写下建议",
    Waits.notice: "等观众说要不要通知结果",
}
ATTEMPTS = {
    Fate.running: "在等回答",
    Fate.answered: "有回答",
    Fate.cut: "没有等到回答，断开",
    Fate.refused: "被拒绝",
    Fate.unreachable: "连不上服务",
    Fate.unusable: "回答不能用",
}
ATTEMPT_CHIPS = {
    Fate.running: "waiting", Fate.answered: "done", Fate.cut: "waiting",
    Fate.refused: "failed", Fate.unreachable: "failed", Fate.unusable: "failed",
}  # fmt: skip
REFUSALS = {
    403: "签名不对或已过期，服务拒绝了（403）",
    404: "服务没有这个渠道（404）",
    413: "内容太大（413）",
    503: "服务没能及时存下来（503）：微信会再推一次",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A candidate: what it would answer and how well it fits, ``percent`` of a full match."""

    title: str
    target: str
    score: float
    percent: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Understood:
    normalised: str
    slots: tuple[tuple[str, str], ...]
    bars: tuple[Bar, ...]
    confidence: float
    tier: str
    tier_words: str
    exact: bool
    command: str
    """Title of the intent whose exact word the whole message is, whatever it resembles."""


@dataclass(frozen=True, slots=True)
class Decided:
    outcome: str
    outcome_words: str
    before: str
    after: str
    awaits: str
    failures: int
    effects: tuple[str, ...]
    title: str
    """Of the entry that answers."""
    source: str
    """Its id and version."""


@dataclass(frozen=True, slots=True)
class Timing:
    name: str
    milliseconds: float
    percent: int


def understood(understanding: Understanding, brain: Brain) -> Understood:
    match, meant = understanding.match, understanding.meant
    bars = tuple(
        Bar(_title(brain, c.target), c.target, c.score, min(100, round(c.score * 100)), _means(brain, c.target, meant))
        for c in match.candidates
    )
    command = meant.title if isinstance(meant, Intent) and not any(bar.chosen for bar in bars) else ""
    return Understood(
        match.normalised, _slots(understanding), bars, match.confidence, match.tier.value,
        TIERS.get(match.tier.value, match.tier.value), match.exact, command,
    )  # fmt: skip


def _title(brain: Brain, target: str) -> str:
    """Its id, where it left the knowledge since it was matched."""
    return brain.target(target).title if brain.knows(target) else target


def _means(brain: Brain, target: str, meant: Entry | Intent | None) -> bool:
    """By name: after an edit the same entry is another object."""
    if meant is None or not brain.knows(target):
        return False
    found = brain.target(target)
    return type(found) is type(meant) and found.id == meant.id


def _slots(understanding: Understanding) -> tuple[tuple[str, str], ...]:
    slots = understanding.slots
    named = (
        ("作品", f"《{slots.title}》" if slots.title else None),
        ("季", slots.season),
        ("集", slots.episode),
        ("错误码", slots.error_code),
        ("设备", DEVICES[slots.device] if slots.device else None),
        ("时间", slots.moment.said if slots.moment else None),
    )
    return tuple((name, str(value)) for name, value in named if value is not None)


def decided(seen: Observation, brain: Brain) -> Decided | None:
    decision, before = seen.answer.decision, seen.answer.before
    if decision is None or before is None:
        return None
    source = next((say.source for say in decision.says if say.source is not None), None)
    return Decided(
        outcome=decision.said.value,
        outcome_words=OUTCOMES.get(decision.said.value, decision.said.value),
        before=_owner(before),
        after=_owner(decision.memory),
        awaits=_awaits(decision.memory.awaiting, brain),
        failures=decision.memory.failures,
        effects=tuple(_effect(effect, seen.answer.ticket) for effect in decision.effects),
        title=_title(brain, source.entry) if source and brain.knows(source.entry) else "",
        source=_origin(source) if source else "",
    )


def _origin(source: Source) -> str:
    chosen_by = (source.chosen_by or "").partition(":")[0]
    return f"{source.entry} · 版本 {source.version}" + ADVISERS.get(chosen_by, "")


def _owner(memory: Memory) -> str:
    return OWNERS.get(memory.owner, memory.owner)


def _awaits(awaiting: Awaiting | None, brain: Brain) -> str:
    if awaiting is None:
        return "什么也不等"
    if awaiting.kind == "choice":
        options = "、".join(_title(brain, option) for option in awaiting.options)
        return f"等观众从 {len(awaiting.options)} 个里选：{options}"
    return AWAITS.get(awaiting.kind, f"等观众的答复（{awaiting.kind}）")


def _effect(effect: Effect, ticket: int | None) -> str:
    match effect:
        case OpenTicket(kind=kind, subject=subject, priority=priority):
            urgent = "，加急" if priority == "high" else ""
            return f"记入工单 T-{ticket}（{TICKET_KINDS.get(kind, kind)}{urgent}）：{subject}"
        case AddToTicket(text=text, number=number):
            return f"补充到工单 T-{number}：{text}" if number else f"补充到工单：{text}"
        case CloseTicket(number=number):
            return f"观众确认已解决，关闭工单 T-{number}"
        case WantNotice():
            return "记下：这条建议有结果时通知一次"
        case Consent(granted=True):
            return "记下：同意接收节目和活动消息"
        case Consent():
            return "记下退订：不再推送节目和活动消息"


def stored_words(exchange: PushExchange, attempt: Attempt, event: StoredEvent | None) -> str:
    """What the attempt did to the store."""
    if exchange.stalled:
        return "服务太慢，还没轮到它，微信先断开了"
    if attempt.seen is not None and attempt.seen.answer.fate is PushFate.repeated:
        return "重复：没有再存一次，取出存好的回答"
    if attempt.seen is not None and attempt.seen.answer.fate is PushFate.deferred:
        return "压力大：先存下，稍后再决定"
    if event is None:
        return "没有存下" if attempt.fate in (Fate.refused, Fate.unreachable) else "还没有看到"
    if attempt.seen is None:
        return "还在等" if attempt.fate is Fate.running else "这个进程没有看到，以数据库为准"
    return "存下一行"


def sending_words(reply: StoredReply, sends: bool) -> str:
    """How a reply stands; ``sends``: whether the account may send by itself."""
    state = MESSAGE_STATES.get(reply.state, reply.state) + (f"（{reply.error}）" if reply.error else "")
    if reply.via != "outbox":
        return f"发送状态：{state}，随推送的响应"
    if reply.state != "queued":
        return f"发送状态：{state}，由客服消息接口"
    waits = "微信不再重推了，就由客服消息接口主动发" if sends else "等观众再来一句话，随那一次的响应带回"
    return f"发送状态：{state}；{waits}"


def duration(seconds: float) -> str:
    return f"{seconds:.1f} 秒" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _reading(understanding: Understanding | None) -> str:
    if understanding is None:
        return "封好待存"
    return "理解，问外部模型，封好待存" if understanding.advice else "理解，封好待存"


def timings(seen: Observation, attempt: Attempt) -> Sequence[Timing]:
    """Where the time of one attempt went, in the order of the stages."""
    spans = (
        ("收包、验签、解密、解码", seen.parsed - seen.arrived),
        (_reading(seen.push.understanding), seen.submitted - seen.parsed),
        ("排队、决策、写库、提交", seen.committed - seen.submitted),
    )
    whole = sum(seconds for _, seconds in spans) or 1e-9
    shown = [Timing(name, seconds * 1000, max(1, round(100 * seconds / whole))) for name, seconds in spans]
    if attempt.fate is Fate.answered:
        rest = max(0.0, attempt.seconds - (seen.committed - seen.arrived))
        shown.append(Timing("网络和其余", rest * 1000, 0))
    return shown


def chip_of(exchange: PushExchange, seen: Observation | None) -> str:
    if exchange.failed:
        return "waiting" if exchange.stalled else "failed"
    if not exchange.ended:
        return "waiting"
    return CHIPS.get(seen.answer.decision.said.value, "") if seen and seen.answer.decision else ""


def line_of(exchange: PushExchange, seen: Observation | None) -> str:
    """What became of an exchange, in a few words for its folded line."""
    if not exchange.ended:
        return f"第 {len(exchange.attempts)} 次推送，在等回答" if exchange.attempts else "等前一条结束"
    if exchange.stalled and exchange.failed:
        return "当场没有回答，随后补上"
    if exchange.failed:
        return "没有回答：观众看到故障提示"
    if seen is None:
        return "有回答"
    if seen.answer.decision is None:
        return "先存下，稍后再答" if seen.answer.fate is PushFate.deferred else "存下，不用回答"
    return OUTCOMES.get(seen.answer.decision.said.value, "有回答")
