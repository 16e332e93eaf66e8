"""Words that agents do not send to viewers, or only after a second look."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.agents import audit, rights
from app.agents.rights import Action, Actor
from app.db.rows import table_of
from app.db.upserts import Upsert
from app.desk.models import SensitiveWord
from app.errors import AppError, NotFound

LONGEST = 64
_write = Upsert(table_of(SensitiveWord), ("word",), ("blocks", "advice"))


@dataclass(frozen=True, slots=True)
class Found:
    word: str
    blocks: bool
    advice: str


class WordBlocked(AppError):
    """``found``: the word, and what to say instead."""

    status_code = 422

    def __init__(self, found: Found) -> None:
        advice = f"，{found.advice}" if found.advice else "，请换一种说法"
        super().__init__(f"“{found.word}”不能发给观众{advice}")
        self.found = found


class WordDoubtful(AppError):
    """``found``: what to think over before it is sent all the same."""

    status_code = 409

    def __init__(self, found: Sequence[Found]) -> None:
        listed = "、".join(f"“{each.word}”" for each in found)
        advice = "；".join(dict.fromkeys(each.advice for each in found if each.advice))
        super().__init__(f"{listed}可能不合适{f'（{advice}）' if advice else ''}，确定要发送吗？")
        self.found = tuple(found)


class WordUnusable(AppError):
    status_code, message = 422, f"敏感词为 1 到 {LONGEST} 个字"


class WordNotFound(NotFound):
    message = "没有这个敏感词"


def check(session: Session, text: str, *, even_if_doubtful: bool = False) -> None:
    """WordBlocked, or WordDoubtful unless that was thought over. Width, case and blanks hide nothing."""
    if not text:
        return
    given = _folded(text)
    known = session.scalars(select(SensitiveWord).order_by(SensitiveWord.id))
    found = [Found(row.word, row.blocks, row.advice) for row in known if _folded(row.word) in given]
    for each in found:
        if each.blocks:
            raise WordBlocked(each)
    if found and not even_if_doubtful:
        raise WordDoubtful(found)


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def list_words(session: Session, *, by: Actor) -> list[SensitiveWord]:
    rights.require(by, Action.edit_words)
    return list(session.scalars(select(SensitiveWord).order_by(SensitiveWord.word)))


def save(session: Session, word: str, *, by: Actor, blocks: bool, advice: str, now: datetime) -> None:
    """Add a word, or say anew what becomes of it."""
    rights.require(by, Action.edit_words)
    word, advice = word.strip(), advice.strip()[:200]
    if not _folded(word) or len(word) > LONGEST:
        raise WordUnusable
    _write(session, [(word, blocks, advice)])
    audit.record(session, by, "words.save", subject="word", now=now, word=word, blocks=blocks, advice=advice)


def remove(session: Session, word_id: int, *, by: Actor, now: datetime) -> None:
    rights.require(by, Action.edit_words)
    gone = delete(SensitiveWord).where(SensitiveWord.id == word_id).returning(SensitiveWord.word)
    word = session.scalars(gone).one_or_none()
    if word is None:
        raise WordNotFound
    audit.record(session, by, "words.remove", subject="word", subject_id=word_id, now=now, word=word)
