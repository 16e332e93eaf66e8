"""“第二个”: which of the listed options a short answer names."""

import re
import unicodedata
from collections.abc import Sequence

_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_NUMBER = re.compile(r"(?:第|选|我选|是|就是)?([1-9]|[一二两三四五六七八九])(?:个|号|项|条|吧|呢|\.|、|。)*")


def chosen(text: str, labels: Sequence[str | None]) -> int | None:
    """The number (from 1) that the whole text names, or that of the label it repeats; None where it names none.

    The number may lie beyond the list: then the viewer answered, but not one of the options. An option without a
    label keeps its number.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    for number, label in enumerate(labels, 1):
        if plain == label:
            return number
    if not (found := _NUMBER.fullmatch(plain.replace(" ", ""))):
        return None
    return _DIGITS.get(found[1]) or int(found[1])
