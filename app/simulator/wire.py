"""How a message was understood and decided, in the words that stand beside the phone. Pure."""

from dataclasses import dataclass

from app.dialogue.endpoints import Observation
from app.dialogue.phrases import DEVICES
from app.dialogue.provenance import Source
from app.dialogue.turn import (
    AddToTicket,
    Awaiting,
    CallBack,
    CallOff,
    CloseTicket,
    ConfirmTicket,
    Consent,
    Effect,
    Memory,
    NameTicket,
    OpenTicket,
    ReopenTicket,
    ScoreTicket,
    SettleComplaint,
    Waits,
    WantNotice,
)
from app.dialogue.understand import Brain, Understanding
from app.faq.knowledge import Entry, Intent
from app.simulator.traffic import OUTCOMES
from app.tickets.models import PRESSING

ADVISERS = {"llm": " · 大模型从候选里选的", "embedding": " · 按文本向量认出的"}
"""By the beginning of who chose an answer."""
TIERS = {"sure": "有把握，可以直接回答", "likely": "不太确定，先反问", "none": "没有把握，不猜"}
OWNERS = {"bot": "机器人", "queue": "排队等人工", "agent": "人工客服"}
TICKET_KINDS = {
    "inquiry": "咨询", "fault": "故障", "suggestion": "建议", "complaint": "投诉", "refund": "退款", "data": "个人信息",
}  # fmt: skip
SETTLED: dict[str, str] = {"accepted": "接受", "refused": "不接受", "pending": "要等承诺的事项到位再说"}
AWAITS: dict[str, str] = {
    Waits.decision: "等观众说是否接受投诉的书面答复",
    Waits.score: "等观众给工单打分",
    Waits.reason: "等观众说哪里没有解决好",
    Waits.solved: "等观众说这次解决了没有",
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
            urgent = "，加急" if priority in PRESSING else ""
            return f"记入工单 T-{ticket}（{TICKET_KINDS.get(kind, kind)}{urgent}）：{subject}"
        case AddToTicket(text=text, number=number):
            return f"补充到工单 T-{number}：{text}" if number else f"补充到工单：{text}"
        case CloseTicket(number=number):
            return f"观众确认已解决，关闭工单 T-{number}"
        case SettleComplaint(number=number, outcome=outcome):
            return f"投诉 T-{number} 的书面答复：观众{SETTLED.get(outcome, outcome)}"
        case ScoreTicket(number=number, score=score):
            return f"记下工单 T-{number} 的评分：{score} 分"
        case ConfirmTicket(number=number):
            return f"观众确认工单 T-{number} 已经解决"
        case ReopenTicket(number=number):
            return f"观众说没有解决，重新打开工单 T-{number}"
        case WantNotice():
            return "记下：这条建议有结果时通知一次"
        case CallBack():
            return "有人上班以后，请客服先联系观众"
        case CallOff():
            return "观众不等了，不再安排客服联系"
        case NameTicket():
            return f"说的是工单 T-{ticket}"
        case Consent(granted=True):
            return "记下：同意接收节目和活动消息"
        case Consent():
            return "记下退订：不再推送节目和活动消息"
