"""Messages as viewers, the bot and agents write them: what the FAQ knows of how people ask, with names and numbers.

A tenth of all speaks of 会员. Some words are put in on purpose, so that it is known how often and where they stand.
"""

import random
from collections.abc import Iterator
from typing import Any

import yaml

from app.settings import ROOT

COMMON = "会员"
RARE = ("鲲鹏", "璇玑", "貔貅")
"""Each in one of 50,000, anywhere."""
OLD = "昙花"
"""In each tenth of the oldest fiftieth, and nowhere later."""
APART = ("苹果", "安卓")
"""In every twentieth each, never both: all texts with the one must be looked at to know that none has the other."""
ABSENT = "麒麟"
_COMMONLY = 0.1
_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
_SHORT = ("在吗", "好的", "谢谢", "嗯嗯", "收到，谢谢您", "人呢", "转人工", "还是不行", "试过了没用", "哦哦明白了")


class Corpus:
    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)
        phrases = [text for path in sorted((ROOT / "faq").glob("**/*.yaml")) for text in _texts(_read(path))]
        words = (COMMON, OLD, ABSENT, *RARE, *APART)
        self._with = [text for text in phrases if COMMON in text]
        self._without = [text for text in phrases if not any(word in text for word in words)]
        letters = sorted({letter for text in phrases for letter in text if "\u4e00" <= letter <= "\u9fff"})
        self._letters = [letter for letter in letters if letter not in "".join(words)]

    def messages(self, count: int) -> Iterator[str]:
        """From the oldest to the newest."""
        for number in range(count):
            text = self._phrase()
            if number % 20 in (3, 13):
                text = f"{APART[number % 20 // 10]}手机，{text}"
            if number % 50_000 in (100, 2_000, 30_000):
                text += RARE[(100, 2_000, 30_000).index(number % 50_000)]
            if number < count // 50 and number % 10 == 0:
                text = f"《{OLD}》{text}"
            yield text

    def _phrase(self) -> str:
        draw = self._random.random
        if draw() < _COMMONLY:
            return self._random.choice(self._with)
        text = self._random.choice(_SHORT) if draw() < 0.15 else self._random.choice(self._without)
        if draw() < 0.3:
            text = f"《{self._some(2, 5)}》第{self._random.randint(1, 80)}集，{text}"
        if draw() < 0.15:
            text += f"，我叫{self._random.choice(_SURNAMES)}{self._some(1, 2)}"
        if draw() < 0.1:
            text += f" 订单号{self._random.randrange(10**11, 10**12)}"
        if draw() < 0.05:
            text += f" ERR{self._random.randint(1000, 9999)}"
        return text

    def _some(self, least: int, most: int) -> str:
        return "".join(self._random.choices(self._letters, k=self._random.randint(least, most)))


def _read(path: Any) -> Any:
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _texts(node: Any) -> Iterator[str]:
    """Whatever is Chinese in a file, as long as a message is."""
    if isinstance(node, str):
        if 4 <= len(node) <= 120 and any("\u4e00" <= letter <= "\u9fff" for letter in node):
            yield node.strip()
    elif isinstance(node, dict):
        for child in node.values():
            yield from _texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child)
