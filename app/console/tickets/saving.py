"""Views of tickets that a person keeps: what is shown now, under a name."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.console.catalogue import marked
from app.console.guard import DbDep, SignedIn
from app.console.rendering import done
from app.console.tickets.asking import read_query
from app.console.tickets.pages import page
from app.desk import saved
from app.desk.saved import Page
from app.forms import Id, read_form

router = APIRouter(prefix="/tickets/saved")


class Save(BaseModel):
    name: str = Field(title=marked("名称"), min_length=1, max_length=64)
    query: str = Field(default="", max_length=4000)


class Rename(BaseModel):
    name: str = Field(title=marked("名称"), min_length=1, max_length=64)


@router.post("")
async def save(request: Request, signed: SignedIn, db: DbDep) -> Response:
    form = await read_form(request, Save)
    filters = read_query(form.query).values
    await db.write(saved.save, by=signed.actor, name=form.name, filters=filters, page=Page.tickets)
    return done(signed, marked("视图已保存"), changed="views")


@router.get("")
async def show(request: Request, signed: SignedIn, db: DbDep) -> Response:
    own = await db.read(saved.list_own, by=signed.actor, page=Page.tickets)
    return page(request, "saved.html", signed, saved=own)


@router.post("/{view_id:id}")
async def rename(request: Request, signed: SignedIn, db: DbDep, view_id: Id) -> Response:
    form = await read_form(request, Rename)
    await db.write(saved.rename, view_id, by=signed.actor, name=form.name, page=Page.tickets)
    return done(signed, marked("视图已改名"), changed="views")


@router.post("/{view_id:id}/delete")
async def delete(signed: SignedIn, db: DbDep, view_id: Id) -> Response:
    await db.write(saved.delete_view, view_id, by=signed.actor, page=Page.tickets)
    return done(signed, marked("视图已删除"), changed="views")
