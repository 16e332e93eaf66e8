"""What a viewer says to the question whether it is solved. Pure.

A no anywhere in the text wins, as it says what is left (解决了一半，第9集还是没有); what only asks says neither.
"""

import re
from typing import Final

_NOTHING: Final = r"(?:什么|别的|其他|啥|问题|問題|事|毛病|意见|想到|料到|了(?!解))"
"""What stands behind the “none” of a yes: 没有别的问题了, 没想到这么快."""
_NO = re.compile(
    rf"(?<!有)[没沒未](?:有(?!{_NOTHING})|(?!有|{_NOTHING}))|[还還]是(?!可以|挺|不错|行)|[还還]那样|老样子|依[然旧]|不行|不能[看用]|[看用]不了"
)
_YES = re.compile(
    r"(?:这次|這次|现在|現在|已经|已經|总算|终于|真的|我这边|都|全|嗯+|就|也)*"
    rf"(?:[没沒]有?{_NOTHING}+了?|解[决決]了?|好了|行了|可以了|正常了|恢复了|搞定了)(?!再|以后|之后|就)"
)
_ASKS = re.compile(r"[吗嗎？?]|怎么|怎麼|什么时候|多久|哪|能不能")
_CLAUSE = re.compile(r"[^，,。.！!；;～~…\s？?]+[？?]?")


def read(words: str) -> bool | None:
    """None: it says neither."""
    clauses = _CLAUSE.findall(words)
    if any(_NO.search(clause) and not _ASKS.search(clause) for clause in clauses):
        return False
    if any(_ASKS.search(clause) for clause in clauses):
        return None
    return True if any(_YES.match(clause) for clause in clauses) else None
