"""Texts that the demo service does not understand for sure. The matcher learns: each is looked at before it is used."""

from app.dialogue.advising import needs_advice, targets_of
from app.matching.match import Tier
from tests.demo_knowledge import brain

_TEXTS = (
    "怎么把手机里的片子弄到客厅看",
    "为啥我花了钱还有那种插播的东西",
    "老婆号能一起用不",
    "老是卡在那里不动真烦",
    "上次扣的那笔钱啥时候能回来",
    "买错了咋整",
    "我要一个说法",
    "字太小看不清",
    "给我讲个笑话",
    "这事儿你们谁能管管",
    "有没有能拍板的",
    "找个能说话的来",
)


def unsure(tier: Tier | None = None, *, naming: str = "") -> str:
    """A text of this tier that has the target ``naming`` among its options."""
    for text in _TEXTS:
        understanding = brain().understand(text)
        fits = tier in (None, understanding.match.tier) and needs_advice(understanding)
        if fits and (not naming or naming in options(text)):
            return text
    raise AssertionError("all of these are understood for sure by now: add other examples")


def options(text: str) -> list[str]:
    """Targets among which an adviser chooses, in the order in which they are shown."""
    return list(targets_of(brain().understand(text), brain().knowledge))


def number_of(text: str, target: str) -> str:
    return str(options(text).index(target) + 1)


def entry_of(text: str) -> str:
    """The last option that is an entry and nothing urgent: not what the index would have taken."""
    known = brain().knowledge.entries
    return [name for name in options(text) if name in known and not known[name].intent and not known[name].urgent][-1]
