"""What a policy of deadlines means, in words."""

from typing import Final

from app.agents.models import Language
from app.console.catalogue import counted, marked, translate
from app.console.ticket_words import KINDS, PRIORITIES, SOURCES
from app.tickets.policies import Policy

ANY: Final = marked("所有工单")
FIRST, NEXT, RESOLUTION = marked("首次答复 {time}"), marked("再次答复 {time}"), marked("办结 {time}")
WARNED: Final = marked("用掉 {percent}% 时提醒负责人")
UNLIMITED: Final = marked("不限时")
_HOURS, _MINUTES = marked("%(num)s 小时"), marked("%(num)s 分钟")


def conditions_of(language: Language, policy: Policy) -> str:
    """投诉 · 微信"""
    given = ((KINDS, policy.kind), (PRIORITIES, policy.priority), (SOURCES, policy.source))
    parts = [translate(language, words.get(value, value)) for words, value in given if value is not None]
    return " · ".join(parts) or translate(language, ANY)


def sentence_of(language: Language, policy: Policy) -> str:
    """投诉 · 微信：首次答复 2 小时，办结 40 小时；用掉 80% 时提醒负责人"""
    times = ((FIRST, policy.first_response_m), (NEXT, policy.next_response_m), (RESOLUTION, policy.resolution_m))
    said = [translate(language, text).format(time=time_of(language, m)) for text, m in times if m is not None]
    colon, comma, semicolon = ("：", "，", "；") if language is Language.zh else (": ", ", ", "; ")
    sentence = comma.join(said) or translate(language, UNLIMITED)
    if said and policy.warn_percent:
        sentence += semicolon + translate(language, WARNED).format(percent=policy.warn_percent)
    return conditions_of(language, policy) + colon + sentence


def time_of(language: Language, minutes: int) -> str:
    """1 小时 30 分钟"""
    parts = ((_HOURS, minutes // 60), (_MINUTES, minutes % 60))
    return " ".join(counted(language, text, number) % {"num": number} for text, number in parts if number)
