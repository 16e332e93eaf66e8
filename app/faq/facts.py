"""Facts about the company that answers mention as ``{name}``, so that one set of texts serves every deployment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import ConfigurationError

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Fact:
    """``demo`` is shown in demo mode only; ``description`` tells the administrator what to enter."""

    name: str
    demo: str
    description: str


FACTS = (
    Fact("company", "示例影视", "公司或平台的名称"),
    Fact("app", "示例视频", "观众使用的应用名称"),
    Fact("hotline", "400-000-0000", "客服电话"),
    Fact("service_email", "service@example.com", "客服邮箱，也用于侵权和个人信息的来信"),
    Fact("service_hours", "每天 9:00–22:00", "人工客服的服务时间，北京时间"),
    Fact("membership_price_month", "25 元", "会员月卡价格，带单位"),
    Fact("membership_price_year", "238 元", "会员年卡价格，带单位"),
    Fact("device_limit", "2", "一个会员账号可以同时播放的设备数"),
    Fact("refund_days", "7", "退款核实通过后原路到账的工作日数"),
    Fact("invoice_days", "3", "提交申请后开出电子发票的工作日数"),
    Fact("closing_days", "15", "完成账号注销的工作日数"),
    Fact("privacy_days", "15", "答复个人信息请求的工作日数"),
    Fact("prize_days", "15", "填好收货信息后寄出奖品的工作日数"),
    Fact("shop", "示例视频的“商城”", "购买正版周边的地方"),
)


def resolve_facts(given: Mapping[str, str], *, demo: bool) -> dict[str, str | None]:
    """The value of every known fact; None where it is not set and ``demo`` values may not stand in.

    A blank value counts as not set. Raises ConfigurationError for a name that is no fact: most likely a slip.
    """
    unknown = sorted(set(given) - {fact.name for fact in FACTS})
    if unknown:
        known = ", ".join(fact.name for fact in FACTS)
        raise ConfigurationError(f"Unknown facts: {', '.join(unknown)}. The known ones are: {known}.")
    return {fact.name: given.get(fact.name, "").strip() or (fact.demo if demo else None) for fact in FACTS}


def missing_facts(text: str, facts: Mapping[str, str | None]) -> tuple[str, ...]:
    """Names of the facts that ``text`` needs and that have no value, each once, in order of appearance."""
    return tuple(dict.fromkeys(name for name in PLACEHOLDER.findall(text) if not facts.get(name)))


def render(text: str, facts: Mapping[str, str | None]) -> str:
    """``text`` with its facts filled in; a fact without a value stays as it is written."""
    return PLACEHOLDER.sub(lambda match: facts.get(match[1]) or match[0], text)
