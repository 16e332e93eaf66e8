"""Sensitive words: the list, the form of one, and a field to try texts out."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.console.catalogue import marked
from app.console.guard import DbDep, Now, SignedIn
from app.console.rendering import done, page, wants_fragment
from app.desk import words
from app.desk.words import LONGEST, LONGEST_ADVICE
from app.forms import Id, read_form

router = APIRouter()
PAGE: Final = "/words"
KINDS: Final = {"blocks": True, "doubts": False}


class Add(BaseModel):
    words: str = Field(title=marked("词"), min_length=1, max_length=20_000)
    blocks: str = ""
    advice: str = Field("", title=marked("说明"), max_length=LONGEST_ADVICE)


class Edit(BaseModel):
    word: str = Field(title=marked("词"), min_length=1, max_length=LONGEST)
    blocks: str = ""
    advice: str = Field("", title=marked("说明"), max_length=LONGEST_ADVICE)


class Tried(BaseModel):
    text: str = Field(title=marked("内容"), max_length=5000)


@router.get(PAGE)
async def show(
    request: Request, db: DbDep, signed: SignedIn, q: str = "", kind: str = "", after: Id | None = None
) -> Response:
    found = await db.read(words.list_page, by=signed.actor, query=q[:64], blocks=KINDS.get(kind), after=after)
    name = "words_list.html" if wants_fragment(request) else "words.html"
    shown: dict[str, Any] = {"rows": found.words, "more": found.after, "q": q[:64], "kind": kind, "after": after}
    return page(request, name, signed, word=None, **shown)


@router.post(PAGE)
async def add(request: Request, db: DbDep, signed: SignedIn, now: Now) -> Response:
    form = await read_form(request, Add)
    given = form.words.splitlines()
    new = await db.write(
        words.add, by=signed.actor, words=given, blocks=form.blocks == "yes", advice=form.advice, now=now
    )
    text = marked("新增 {count} 个词，立即生效") if new else marked("这些词都已经在表里了")
    return done(signed, text, changed="words", count=len(new))


@router.get(PAGE + "/{word_id:id}")
async def ask_edit(request: Request, db: DbDep, signed: SignedIn, word_id: Id) -> Response:
    word = await db.read(words.get_word, word_id, by=signed.actor)
    return page(request, "words_form.html", signed, word=word)


@router.post(PAGE + "/{word_id:id}")
async def edit(request: Request, db: DbDep, signed: SignedIn, now: Now, word_id: Id) -> Response:
    form = await read_form(request, Edit)
    await db.write(
        words.edit, word_id, by=signed.actor, word=form.word, blocks=form.blocks == "yes", advice=form.advice, now=now
    )
    return done(signed, marked("已保存，立即生效"), changed="words")


@router.post(PAGE + "/{word_id:id}/delete")
async def delete(db: DbDep, signed: SignedIn, now: Now, word_id: Id) -> Response:
    await db.write(words.delete_word, word_id, by=signed.actor, now=now)
    return done(signed, marked("已删除，立即生效"), changed="words")


@router.post(PAGE + "/try")
async def try_out(request: Request, db: DbDep, signed: SignedIn) -> Response:
    text = (await read_form(request, Tried)).text
    found = await db.read(words.try_out, text, by=signed.actor)
    return page(request, "words_tried.html", signed, found=found, text=text)
