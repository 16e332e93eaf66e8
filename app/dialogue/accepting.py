"""What a viewer says of the decision about his complaint. Pure.

A complaint ends by a clear yes alone. Who only says that he has read it (好的, 嗯, 知道了, 收到) is asked once,
directly, and only then is a short yes an answer. A condition is no yes, nor is what mocks (好的呵呵): a yes is one only
where the whole text says nothing else.
"""

import re
from enum import StrEnum
from typing import Final


class Heard(StrEnum):
    accepted = "accepted"
    refused = "refused"
    pending = "pending"
    """He accepts it once what was decided is done."""
    conditional = "conditional"
    """He would accept something else."""
    assents = "assents"
    """A yes to a direct question, and else only that he has read it."""
    read = "read"


EXPLICIT: Final = ("接受", "同意", "认可", "没意见", "没有意见", "复核")
"""One of these words stands in what is clear also where nothing was asked just now."""
_LONGEST_ASIDE: Final = 20
_LONGEST_YES: Final = 2 * _LONGEST_ASIDE
_END: Final = r"[，,。.！!～~、…\s]"
_VERB: Final = r"(?:接受|同意|认可|满意|没意见|没有意见|可以接受|能接受)"
_WEAK: Final = r"(?:可以的?|行(?:吧|的|啊)?)"
_POLITE: Final = rf"(?:谢谢|谢了|多谢|辛苦了|麻烦了|你们|您|[👌👍🙏]|{_END})*"
_CAME: Final = r"(?:(?:退款|钱|款)?(?:都)?(?:已经)?(?:到账|收到|退了|到了)了?)"
_THIS: Final = r"(?:你们的?|这个|这次|这样的?|的|处理|结果|方案|决定|了|吧|啊|呀|哈)*"
_YES: Final = rf"(?:(?:那|好|好的|好吧|好啊|行|行吧|可以|嗯|对|是的|我|我们|就|也|谢谢|勉强|{_CAME}){_END}*)*"
_ACCEPTED = re.compile(rf"{_YES}{_VERB}{_THIS}{_POLITE}|(?:那|嗯|我|就|这样|{_END})*{_WEAK}{_POLITE}")
_ASSENTS = re.compile(
    rf"(?=.*(?:[嗯好行是对]|可以|没错|ok))"
    rf"(?:嗯|好|好的|好吧|好啊|好滴|好嘞|行|可以|是|是的|对|对的|没错|ok|okay|谢谢|{_END})+",
    re.I,
)
_READ = re.compile(
    rf"(?:嗯|哦+|噢+|好|好的|好吧|好滴|好嘞|行|知道|知道了|收到|收到了|了解|了解了|明白|明白了|看到了|看过了|谢谢|谢了|多谢|辛苦了"
    rf"|ok|okay|我|已|已经|[👌👍🙏]|{_END})+",
    re.I,
)
_DONE: Final = r"(?:钱|退款|款|到账|退回|(?:收到|拿到|退)(?!了?(?:[，,。！!\s]|$)))"
_PENDING = re.compile(
    rf"{_DONE}.{{0,8}}(?:才|再|之后|以后|后)|(?:先|等).{{0,6}}(?:退|到账|钱)"
    r"|(?:没|不|未).{0,3}(?:到账|收到|退|打过来).{0,8}(?:不|别).{0,2}(?:接受|认|同意|满意)"
    r"|(?:到账|收到|退).{0,6}(?:之前|以前|前).{0,4}(?:不|别)"
    r"|(?:到账|收到|退完|退了).{0,4}就.{0,2}(?:接受|同意|认|满意)"
)
_CONDITION = re.compile(
    r"(?:才|就|我?再|除非|只要).{0,8}(?:接受|同意|认|满意|没意见|算了)|除非|只要|(?:否则|不然).{0,6}不"
)
_REFUSED = re.compile(
    r"不接受|不同意|不认可|不认(?!识|为|得)|不满意|不服(?!务)|拒绝|不行|接受不了|(?:无法|不能|没法|没办法|怎么能?|怎么可能)接受|复核"
)
_NOT_REFUSED = re.compile(r"(?:没有?|不是|并非|没说|不至于|也不能说)(?:说)?不(?:接受|同意|认可|满意)")
_ASKS = re.compile(r"的话|如果|要是|万一|怎么(?!能|可能)|什么|吗|会不会|会怎样|多久|[？?]")
_CLAUSE = re.compile(r"[^，,。.！!；;～~…\s？?]+[？?]?")


def read(words: str) -> Heard | None:
    """None: it speaks of something else, or asks."""
    text = words.strip()
    refused = _refused(text)
    if refused and _REFUSED.match(text):
        return Heard.refused
    if _PENDING.search(text):
        return Heard.pending
    if _CONDITION.search(text) and not _ASKS.search(text):
        return Heard.conditional
    if refused and len(text) <= _LONGEST_ASIDE:
        return Heard.refused
    if len(text) > _LONGEST_YES:
        return None
    if _ACCEPTED.fullmatch(text):
        return Heard.accepted
    if _ASSENTS.fullmatch(text):
        return Heard.assents
    return Heard.read if _READ.fullmatch(text) else None


def is_explicit(words: str) -> bool:
    """Whether it can be a clear word on a decision, whatever was spoken of last; cheap, as every text is asked."""
    return len(words) <= _LONGEST_YES and any(word in words for word in EXPLICIT)


def _refused(text: str) -> bool:
    """Some clause says no; one that only asks what follows a no, or says that it is none, does not."""
    return any(
        _REFUSED.search(clause) and not _ASKS.search(clause) and not _NOT_REFUSED.search(clause)
        for clause in _CLAUSE.findall(text)
    )
