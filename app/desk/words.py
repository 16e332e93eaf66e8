"""What agents do not send to viewers, or only after a second look: sensitive words, personal data, unfilled blanks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.agents import audit, rights
from app.agents.rights import Action, Actor
from app.db.rows import Insert, table_of
from app.db.sql import counter, for_update, reserve
from app.desk import variables
from app.desk.models import SensitiveWord
from app.desk.personal import Personal, find_personal
from app.desk.word_search import Search, Word, letters_of
from app.errors import AppError, NotFound

LONGEST: Final = 64
LONGEST_ADVICE: Final = 200
MOST: Final = 5000
PAGE: Final = 100
ADVICE: Final = "请换个说法"
"""Where nobody has written what to say instead."""
_VERSION: Final = "sensitive_words"


class WordBlocked(AppError):
    status_code, message = 422, "“{word}”不能发给观众：{advice}"


class WordDoubtful(AppError):
    """Sent all the same once the person says so."""

    status_code, message = 409, "{words}可能不合适：{advice}。确定要发送吗？"


class CardDoubtful(WordDoubtful):
    message = "里面像是有身份证号或者银行卡号，确定要发给观众吗？"


class BlankDoubtful(WordDoubtful):
    message = "还有没填的地方：{blanks}。确定要发送吗？"


class GroupPersonal(WordBlocked):
    message = "群里不能出现个人信息（手机号、证件号、银行卡号），请让观众私聊"


class WordInvalid(AppError):
    status_code, message = 422, f"敏感词为 1 到 {LONGEST} 个字，要有文字或数字；说明最多 {LONGEST_ADVICE} 字"


class WordTaken(AppError):
    status_code, message = 409, "“{word}”已经在表里了"


class TooManyWords(AppError):
    status_code, message = 409, f"敏感词最多 {MOST} 个，请先删掉不用的"


class WordNotFound(NotFound):
    message = "没有找到这个词，可能已经被删掉"


@dataclass(frozen=True, slots=True)
class Page:
    words: tuple[Word, ...]
    after: int | None


# -------------------- before something is sent


def check(session: Session, text: str, *, even_if_doubtful: bool = False, in_group: bool = False) -> None:
    """WordBlocked; else WordDoubtful, unless that was thought over. ``in_group``: others read along."""
    found, personal = find(session, text), find_personal(text)
    if found and found[0].blocks:
        raise WordBlocked(word=found[0].word, advice=found[0].advice)
    if in_group and personal:
        raise GroupPersonal
    if even_if_doubtful:
        return
    if found:
        advice = dict.fromkeys(word.advice for word in found)
        raise WordDoubtful(words="、".join(f"“{word.word}”" for word in found), advice="；".join(advice))
    if any(kind is not Personal.phone for kind in personal):
        raise CardDoubtful
    if blanks := variables.blanks(text):
        raise BlankDoubtful(blanks="".join(f"【{blank}】" for blank in blanks))


def find(session: Session, text: str) -> list[Word]:
    """The words of the list that the text holds, those that block first."""
    return _search(session).find(text)


_searches: "WeakKeyDictionary[Engine, tuple[int, Search]]" = WeakKeyDictionary()
"""By database, with the list's version: each change of the list moves it on."""


def _search(session: Session) -> Search:
    engine, version = session.connection().engine, counter(session, _VERSION)
    kept = _searches.get(engine)
    if kept is None or kept[0] != version:
        kept = _searches[engine] = version, Search(map(_word, session.scalars(select(SensitiveWord))))
    return kept[1]


# -------------------- the list


def list_page(
    session: Session, *, by: Actor, query: str = "", blocks: bool | None = None, after: int | None = None
) -> Page:
    """The newest first."""
    rights.require(by, Action.edit_words)
    found = select(SensitiveWord).order_by(SensitiveWord.id.desc()).limit(PAGE + 1)
    if query.strip():
        found = found.where(SensitiveWord.word.icontains(query.strip(), autoescape=True))
    if blocks is not None:
        found = found.where(SensitiveWord.blocks.is_(blocks))
    if after is not None:
        found = found.where(SensitiveWord.id < after)
    rows = session.scalars(found).all()
    words = tuple(map(_word, rows[:PAGE]))
    return Page(words, words[-1].id if len(rows) > PAGE else None)


def get_word(session: Session, word_id: int, *, by: Actor) -> Word:
    """WordNotFound."""
    rights.require(by, Action.edit_words)
    row = session.get(SensitiveWord, word_id)
    if row is None:
        raise WordNotFound
    return _word(row)


def add(
    session: Session, *, by: Actor | None, words: Sequence[str], blocks: bool, advice: str, now: datetime
) -> list[str]:
    """One or many alike; returns those that are new. What is listed already stays as it is."""
    rights.require_here(by, Action.edit_words)
    given = list(dict.fromkeys(_read(word) for word in words if word.strip()))
    if not given:
        raise WordInvalid
    if (session.scalar(select(func.count()).select_from(SensitiveWord)) or 0) + len(given) > MOST:
        raise TooManyWords
    advice = _read_advice(advice)
    rows = _insert(session, [(word, blocks, advice) for word in sorted(given)])
    new = sorted(row[1] for row in rows)
    if new:
        _record(session, by, "words.add", now, words=new, blocks=blocks, advice=advice)
    return new


def edit(
    session: Session, word_id: int, *, by: Actor, word: str, blocks: bool, advice: str, now: datetime
) -> None:  # fmt: skip
    """WordTaken."""
    rights.require(by, Action.edit_words)
    row = _lock(session, word_id)
    before, text = row.word, _read(word)
    try:
        with session.begin_nested():
            row.word, row.blocks, row.advice = text, blocks, _read_advice(advice)
            session.flush()
    except IntegrityError:
        raise WordTaken(word=text) from None
    _record(session, by, "words.edit", now, subject_id=word_id, before=before, after=row.word, blocks=row.blocks,
            advice=row.advice)  # fmt: skip


def delete_word(session: Session, word_id: int, *, by: Actor, now: datetime) -> None:
    rights.require(by, Action.edit_words)
    row = _lock(session, word_id)
    _record(session, by, "words.delete", now, subject_id=word_id, word=row.word, blocks=row.blocks,
            advice=row.advice)  # fmt: skip
    session.delete(row)


def was_edited(session: Session) -> bool:
    """Whether anybody has ever changed the list."""
    return counter(session, _VERSION) > 0


def try_out(session: Session, text: str, *, by: Actor) -> list[Word]:
    """What would be found in a text."""
    rights.require(by, Action.edit_words)
    return find(session, text)


# -------------------- pieces

_insert = Insert(table_of(SensitiveWord), ("word", "blocks", "advice"), or_ignore=True, returning=("id", "word"))


def _word(row: SensitiveWord) -> Word:
    return Word(row.id, row.word, row.blocks, row.advice)


def _read(text: str) -> str:
    word = " ".join(text.split())
    if len(word) > LONGEST or not word.isprintable() or not letters_of(word):
        raise WordInvalid
    return word


def _read_advice(text: str) -> str:
    advice = " ".join(text.split())
    if len(advice) > LONGEST_ADVICE:
        raise WordInvalid
    return advice or ADVICE


def _lock(session: Session, word_id: int) -> SensitiveWord:
    one = for_update(select(SensitiveWord).where(SensitiveWord.id == word_id))
    row = session.scalars(one, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise WordNotFound
    return row


def _record(
    session: Session, by: Actor | None, action: str, now: datetime, *, subject_id: int | None = None, **detail: Any
) -> None:
    reserve(session, _VERSION)
    audit.record(session, by, action, now=now, subject="word", subject_id=subject_id, **detail)
