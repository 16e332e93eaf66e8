"""Files in and out: temporary ones, permanent material, pictures for articles."""

from collections.abc import Mapping
from typing import Any

from app.channels.wechat.limits import ARTICLE_PICTURE, MATERIAL, MEDIA, MediaLimit
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call, Content
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.files import File

Json = dict[str, Any]
PUBLIC = "played/file"
"""Where the addresses of videos and pictures lead, without a credential."""


def upload(account: PlayedAccount, call: Call) -> Json:
    kind = call.query.get("type", "")
    media_id = account.files.put(_file(call, kind, MEDIA, permanent=False))
    name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, name: media_id, "created_at": int(call.now.timestamp())}


def get(account: PlayedAccount, call: Call) -> Json | Content:
    media_id = call.query.get("media_id", "")
    file = account.files.get(media_id, call.now)
    if file.kind == "video":
        return {"video_url": _address(account, call, media_id)}
    return Content(file.content, file.content_type, file.name)


def add_material(account: PlayedAccount, call: Call) -> Json:
    account.may()
    kind = call.query.get("type", "")
    if kind == "video" and "description" not in call.form():
        raise Refused(40035)
    media_id = account.files.put(_file(call, kind, MATERIAL, permanent=True))
    return {"media_id": media_id} | ({"url": _address(account, call, media_id)} if kind == "image" else {})


def delete_material(account: PlayedAccount, call: Call) -> Json:
    account.files.delete(str(call.body().get("media_id", "")), call.now)
    return {}


def upload_picture(account: PlayedAccount, call: Call) -> Json:
    media_id = account.files.put(_file(call, "image", {"image": ARTICLE_PICTURE}, permanent=True))
    return {"url": _address(account, call, media_id)}


def _address(account: PlayedAccount, call: Call, media_id: str) -> str:
    return f"{call.base_url}/{PUBLIC}?app={account.app_id}&id={media_id}"


def _file(call: Call, kind: str, allowed: Mapping[str, MediaLimit], *, permanent: bool) -> File:
    if kind not in allowed:
        raise Refused(40004)
    part = call.form().get("media")
    if part is None or part.filename is None:
        raise Refused(41005)
    ending = part.filename.rpartition(".")[2].lower()
    if ending not in {*allowed[kind].types.values(), *({"jpeg"} if kind in ("image", "thumb") else ())}:
        raise Refused(40005)
    if not part.content:
        raise Refused(40006)
    if len(part.content) > allowed[kind].bytes:
        raise Refused(40009 if kind == "image" else 45001)
    return File(kind, part.filename, part.content_type, part.content, call.now, permanent)
