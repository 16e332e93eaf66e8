"""A knowledge of a company's own: a few entries and intents in a folder, valid until a test spoils it."""

from pathlib import Path

BUFFERING = "播放卡顿怎么办？"
NOT_ARRIVED = "会员没有到账怎么办？"
ANSWER = "请先换个网络。需要人工请回复“人工”。"

_ENTRY = """\
  - id: {id}
    title: {title}
    question: {question}
    similar: [{similar}]
    answer: {answer}
"""
_HUMAN = """\
id: human
title: 转人工
examples: [转人工客服, 我要人工]
exact: [人工, "0"]
action: hand_over
priority: 100
"""
_CONFIRM = """\
id: confirm
title: 好的
exact: [好的, 可以]
action: confirm
priority: 50
"""


class KnowledgeFolder:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.group("playback", self.buffering())
        self.group(
            "membership", entry("membership.not_arrived", "会员没到账", NOT_ARRIVED, "钱付了会员没给", "请退出重登。")
        )
        self.write("intents/human.yaml", _HUMAN)
        self.write("intents/confirm.yaml", _CONFIRM)

    def write(self, name: str, content: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def group(self, name: str, *entries: str) -> None:
        self.write(f"faq/{name}.yaml", "entries:\n" + "".join(entries))

    def buffering(self, answer: str = ANSWER) -> str:
        return entry("playback.buffering", "播放卡顿", BUFFERING, "一直转圈圈半天加载不出来", answer)

    def remove(self, name: str) -> None:
        (self.root / name).unlink()


def entry(id_: str, title: str, question: str, similar: str, answer: str) -> str:
    return _ENTRY.format(id=id_, title=title, question=question, similar=similar, answer=answer)
