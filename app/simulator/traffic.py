"""What went over the wire, in the words that stand beside the phone: attempts, the store, answers, times. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.desk.reasons import STATES, standing
from app.dialogue.endpoints import Observation
from app.dialogue.push import Fate as PushFate
from app.dialogue.understand import Understanding
from app.simulator.exchanges import Attempt, Fate, PushExchange
from app.simulator.stored import StoredEvent, StoredReply

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
EVENT_STATES = {
    "handled": "已处理",
    "stored": "已存，等处理",
    "failed": "处理失败，可重放",
    "undecodable": "读不懂，留着",
}
ATTEMPT_CHIPS = {
    Fate.running: "waiting", Fate.answered: "done", Fate.cut: "waiting",
    Fate.refused: "failed", Fate.unreachable: "failed", Fate.unusable: "failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tongue:
    """A platform's traffic in its own words."""

    name: str
    api: str
    """By which the service sends by itself."""
    rides: bool
    """Whether the answer rides on the response to the push."""
    waited: str
    """What a push waits for: an answer, or an acknowledgement."""
    failed: str
    """What becomes of a push that nobody took."""
    late: str
    """The same where the service was only too slow."""
    networks: Sequence[tuple[str, str, str]]
    """Value, label, and what it means, of how the way to the service can be."""

    @property
    def inline(self) -> str:
        """The name within a Chinese sentence."""
        return self.name if not self.name.isascii() else f" {self.name} "

    @property
    def attempts(self) -> dict[Fate, str]:
        return {
            Fate.running: f"在等{self.waited}",
            Fate.answered: f"有{self.waited}",
            Fate.cut: f"没有等到{self.waited}，断开",
            Fate.refused: "被拒绝",
            Fate.unreachable: "连不上服务",
            Fate.unusable: f"{self.waited}不能用",
        }


TONGUES = {
    "wechat": Tongue(
        "微信", "客服消息接口", True, "回答", "没有回答：观众看到故障提示", "当场没有回答，随后补上",
        (
            ("normal", "网络正常", "每次推送都等到回答"),
            ("lost_twice", "丢两次回答", "前两次推送的回答没有按时到，微信推第三次"),
            ("lost", "回答全丢", "服务每次都回答了，但三次都丢在路上：观众看到故障提示"),
            ("slow", "服务太慢", "服务来不及回答：观众先看到故障提示，约 15 秒后回答由客服消息接口补上"),
        ),
    ),
    "qq": Tongue(
        "QQ", "发消息接口", False, "确认", "没有确认：QQ 不再推送", "当场没有确认，随后处理",
        (
            ("normal", "网络正常", "推送一次就得到确认，回答由服务另外调用接口发出"),
            ("lost_twice", "丢两次确认", "前两次推送没有按时得到确认，QQ 用同一个编号推第三次"),
            ("lost", "确认全丢", "推了四次，确认都丢在路上：库里还是一行，回答照样只发一次"),
            ("slow", "服务太慢", "服务来不及确认，QQ 推了四次：随后才处理，回答照样发出"),
        ),
    ),
}  # fmt: skip
REFUSALS = {
    403: "签名不对或已过期，服务拒绝了（403）",
    404: "服务没有这个渠道（404）",
    413: "内容太大（413）",
    503: "服务没能及时存下来（503）：平台会再推一次",
}


@dataclass(frozen=True, slots=True)
class Timing:
    name: str
    milliseconds: float
    percent: int


def stored_words(exchange: PushExchange, attempt: Attempt, event: StoredEvent | None) -> str:
    """What the attempt did to the store."""
    if exchange.stalled:
        return "服务太慢，还没轮到它，平台先断开了"
    if attempt.seen is not None and attempt.seen.answer.fate is PushFate.repeated:
        return "重复：没有再存一次，取出存好的回答"
    if attempt.seen is not None and attempt.seen.answer.fate is PushFate.deferred:
        return "压力大：先存下，稍后再决定"
    if event is None:
        return "没有存下" if attempt.fate in (Fate.refused, Fate.unreachable) else "还没有看到"
    if attempt.seen is None:
        return "还在等" if attempt.fate is Fate.running else "这个进程没有看到，以数据库为准"
    return "存下一行"


def sending_words(reply: StoredReply, tongue: Tongue, platform: str, *, sends: bool) -> str:
    """How a reply stands; ``sends``: whether the account may send by itself."""
    state = STATES.get(reply.state, reply.state)
    why = standing(reply.state, reply.waits, reply.error, None, platform)
    told = f"{state}（{why}）" if why else state
    if reply.via != "outbox":
        return f"发送状态：{told}，随推送的响应"
    if reply.state != "queued" or reply.waits:
        return f"发送状态：{told}，由{tongue.api}"
    if not tongue.rides:
        return f"发送状态：{told}；马上由{tongue.api}发出"
    waits = "微信不再重推了，就由客服消息接口主动发" if sends else "等观众再来一句话，随那一次的响应带回"
    return f"发送状态：{told}；{waits}"


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


def line_of(exchange: PushExchange, seen: Observation | None, tongue: Tongue) -> str:
    """What became of an exchange, in a few words for its folded line."""
    if not exchange.ended:
        count = len(exchange.attempts)
        return f"第 {count} 次推送，在等{tongue.waited}" if count else "等前一条结束"
    if exchange.failed:
        return tongue.late if exchange.stalled else tongue.failed
    if seen is None:
        return f"有{tongue.waited}"
    if seen.answer.decision is None:
        return "先存下，稍后再答" if seen.answer.fate is PushFate.deferred else "存下，不用回答"
    return OUTCOMES.get(seen.answer.decision.said.value, "有回答")
