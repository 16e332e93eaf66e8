"""A knowledge that is loaded in no time, and questions that it answers for sure: conversations stay with the bot."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

from app.dialogue.answers import first_words
from app.dialogue.loading import load_brain
from app.faq.knowledge import Entry
from app.matching.devices import device_in
from app.settings import Settings
from tests.factories.knowledge import KnowledgeFolder, entry

THINGS = {
    "subtitle": "字幕", "danmu": "弹幕", "speed": "倍速", "refund": "退款", "invoice": "发票", "password": "密码",
    "cache": "缓存", "black": "黑屏", "comment": "评论", "coupon": "优惠券", "avatar": "头像", "playlist": "片单",
    "points": "积分", "trailer": "预告片", "history": "观看记录",
}  # fmt: skip
WISHES = {"open": "怎么打开{}？", "gone": "{}不见了怎么办？", "where": "在哪里能看到{}？", "meaning": "{}是什么意思？"}
_ids = count(7_000_000_000_000)


@dataclass(frozen=True, slots=True)
class Question:
    """A message that a viewer is about to send, with the answer that he must get."""

    viewer: str
    text: str
    answer: str
    message_id: int


KNOWN = [
    (question, f"关于“{question}”请看帮助页。")
    for thing in THINGS.values()
    for question in (wish.format(thing) for wish in WISHES.values())
]
"""(question, answer): an answer tells which question it belongs to."""


def write_knowledge(root: Path) -> Path:
    """A KNOWLEDGE_DIR in which these are the questions that surely lead to these answers."""
    folder, known = KnowledgeFolder(root), iter(KNOWN)
    for name, thing in THINGS.items():
        entries = []
        for wish in WISHES:
            question, answer = next(known)
            entries.append(entry(f"{name}.{wish}", f"{thing}{wish}", question, f"请问{question}", answer))
        folder.group(name, *entries)
    brain = load_brain(Settings(knowledge_dir=root))
    for question, answer in KNOWN:
        # What names a device changes the answers that follow; what is urgent is answered with a ticket's number.
        meant = brain.understand(question).meant
        assert isinstance(meant, Entry), question
        assert (first_words(meant), meant.urgent, device_in(question)) == (answer, False, None)
    return root


def dialogue(viewer: str, length: int, random: Random) -> list[Question]:
    """``length`` different questions of one viewer."""
    chosen = random.sample(KNOWN, length)
    return [Question(viewer, text, answer, next(_ids)) for text, answer in chosen]


def question(viewer: str, number: int = 0) -> Question:
    """The ``number``-th question of the knowledge, asked by ``viewer``."""
    text, answer = KNOWN[number]
    return Question(viewer, text, answer, next(_ids))
