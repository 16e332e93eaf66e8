"""Ways of saying the same: one table, applied to phrasings and questions alike.

Everything stands in simplified lower-case characters without spaces or punctuation, as it does when the table is
applied. Longer variants win over shorter ones; each place of a text is rewritten once.
"""

SAME: dict[str, tuple[str, ...]] = {
    "怎么": ("怎么样", "怎样", "如何", "咋样", "咋么", "咋", "肿么", "怎末"),
    "为什么": ("为何", "为啥", "为嘛", "为毛", "凭什么", "凭啥"),
    "什么": ("啥", "神马", "甚么"),
    "什么时候": ("何时", "啥时候", "啥时", "几时", "什么时间", "什么时后", "多会儿"),
    "哪里": ("哪儿", "在哪里", "在哪儿", "在哪"),
    "多久": ("多长时间", "多少时间", "几天"),
    "可以": ("能否", "可否", "能不能", "可不可以", "可以不可以", "是否可以", "是否能"),
    "不能": ("不了", "无法", "没法", "没办法"),
    "账": ("帐",),
}
"""Canonical words and their variants."""

COURTESIES = (
    "你好", "您好", "请问", "麻烦问下", "麻烦", "问一下", "我想问", "想问", "我想咨询", "想咨询", "咨询一下", "咨询",
    "请帮我", "请帮", "帮我", "谢谢",
)  # fmt: skip
"""Said out of politeness; dropped."""

PARTICLES = "吗呢啊呀吧哦嘛啦哈哎嗯呗哟耶诶喔唉"
"""Final particles and interjections; dropped."""
