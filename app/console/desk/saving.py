"""Views that a person keeps: saved from the filters, renamed and deleted in a dialog."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from app.console.catalogue import marked
from app.console.desk import showing
from app.console.desk.asking import asked
from app.console.guard import DbDep, SignedIn
from app.console.rendering import done
from app.desk import saved
from app.forms import Id, read_form

router = APIRouter(prefix="/desk/saved")


class Save(BaseModel):
    name: str = Field(title=marked("名称"), min_length=1, max_length=64)
    view: str = ""
    channel: str = ""
    priority: str = ""
    title: str = ""
    tag: str = ""


class Rename(BaseModel):
    name: str = Field(title=marked("名称"), min_length=1, max_length=64)


@router.post("")
async def save(request: Request, signed: SignedIn, db: DbDep) -> Response:
    """The filters that the form holds, whether or not they are in force."""
    form = await read_form(request, Save)
    given = asked(form.view, form.channel, form.priority, form.title, form.tag)
    await db.write(saved.save, by=signed.actor, name=form.name, filters=given.values)
    return done(signed, marked("视图已保存"), changed="views")


@router.get("")
async def show(request: Request, signed: SignedIn, db: DbDep) -> Response:
    return showing.page(request, "saved.html", signed, saved=await db.read(saved.list_own, by=signed.actor))


@router.post("/{view_id:id}")
async def rename(request: Request, signed: SignedIn, db: DbDep, view_id: Id) -> Response:
    form = await read_form(request, Rename)
    await db.write(saved.rename, view_id, by=signed.actor, name=form.name)
    return done(signed, marked("视图已改名"), changed="views")


@router.post("/{view_id:id}/delete")
async def delete(request: Request, signed: SignedIn, db: DbDep, view_id: Id) -> Response:
    await db.write(saved.delete_view, view_id, by=signed.actor)
    return done(signed, marked("视图已删除"), changed="views")
