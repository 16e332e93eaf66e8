"""Every API that is played: its name, the HTTP method it wants, and who answers."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.apis import articles, chat, diagnosis, mass, media, menu, notices, people
from app.simulator.wechat.calling import Call, Content

Answer = dict[str, Any] | Content


class Api(NamedTuple):
    method: str
    run: Callable[[PlayedAccount, Call], Answer]
    form: bool = False
    """Takes a file."""
    bare: bool = False
    """Answers a success without a code."""


APIS: Final[Mapping[str, Api]] = {
    "custom/send": Api("POST", chat.send),
    "custom/typing": Api("POST", chat.type_),
    "template/send": Api("POST", notices.send_template),
    "subscribe/bizsend": Api("POST", notices.send_subscribed),
    "media/upload": Api("POST", media.upload, form=True, bare=True),
    "media/get": Api("GET", media.get, bare=True),
    "media/uploadimg": Api("POST", media.upload_picture, form=True, bare=True),
    "material/add_material": Api("POST", media.add_material, form=True, bare=True),
    "material/del_material": Api("POST", media.delete_material),
    "mass/sendall": Api("POST", mass.send_all),
    "mass/send": Api("POST", mass.send_list),
    "mass/preview": Api("POST", mass.preview),
    "mass/get": Api("POST", mass.get, bare=True),
    "mass/delete": Api("POST", mass.delete),
    "mass/speed/get": Api("POST", mass.get_speed),
    "mass/speed/set": Api("POST", mass.set_speed),
    "draft/add": Api("POST", articles.add_draft, bare=True),
    "draft/get": Api("POST", articles.get_draft, bare=True),
    "draft/delete": Api("POST", articles.delete_draft),
    "freepublish/submit": Api("POST", articles.submit),
    "freepublish/get": Api("POST", articles.get_publication, bare=True),
    "menu/create": Api("POST", menu.create),
    "menu/get": Api("GET", menu.get, bare=True),
    "menu/delete": Api("GET", menu.delete),
    "user/info": Api("GET", people.info, bare=True),
    "user/get": Api("GET", people.get, bare=True),
    "user/tag/get": Api("POST", people.get_tagged, bare=True),
    "tags/create": Api("POST", people.create_tag, bare=True),
    "tags/get": Api("GET", people.get_tags, bare=True),
    "tags/members/batchtagging": Api("POST", people.tag),
    "tags/members/batchuntagging": Api("POST", people.untag),
    "clear_quota": Api("POST", diagnosis.clear_quota),
    "openapi/quota/get": Api("POST", diagnosis.get_quota),
    "get_api_domain_ip": Api("GET", diagnosis.get_addresses, bare=True),
    "getcallbackip": Api("GET", diagnosis.get_addresses, bare=True),
}
STABLE_TOKEN, TOKEN, RID = "stable_token", "token", "openapi/rid/get"
"""Those that the platform itself answers, not an account's part of it."""
