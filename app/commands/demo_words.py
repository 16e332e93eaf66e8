"""A few sensitive words for demo mode, so that one sees what becomes of them."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy.orm import Session

from app.db.database import Database
from app.desk import words

SEED: Final = (
    (("傻逼", "白痴", "滚蛋", "垃圾", "活该"), True, "请换个礼貌的说法"),
    (("加微信", "私下转账", "微信转账"), True, "退款和补偿只走工单，不留私人联系方式"),
    (("保证", "绝对", "百分之百"), False, "没有确定的事不要许诺，可以说“我们会尽快”"),
    (("赔偿", "赔钱"), False, "补偿以公告和工单为准"),
)
"""(words, whether they are blocked, what to say instead)"""


async def add_words(db: Database) -> None:
    """Once: what somebody has taken off the list does not come back."""
    if not await db.read(words.was_edited):
        await db.write(_add, datetime.now(UTC))


def _add(session: Session, now: datetime) -> None:
    for listed, blocks, advice in SEED:
        words.add(session, by=None, words=listed, blocks=blocks, advice=advice, now=now)
