"""Template messages and subscription notices."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.channels.wechat.limits import TEMPLATE_KEY_LIVES
from app.simulator.wechat import bodies
from app.simulator.wechat.accounts import PlayedAccount
from app.simulator.wechat.calling import Call, inner
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.contacts import Arrival, Contact

Json = dict[str, Any]
_FIRST_ID = 200_228_332_000_000_000
_LONGEST: Final[Mapping[str, int]] = {
    "thing": 20,
    "phrase": 5,
    "character_string": 32,
    "number": 32,
    "letter": 32,
    "name": 10,
}
"""Characters, by the class of a field: its name without the number behind it."""


def send_template(account: PlayedAccount, call: Call) -> Json:
    """What is repeated with its key within ten minutes gets the first one's id, and the viewer sees nothing new."""
    account.may(service=True)
    body = call.body(literal=True)
    contact = account.contact(body.get("touser"), call.now)
    values = _values(account, body)
    if not contact.following:
        raise Refused(43004)
    key = str(body.get("client_msg_id", ""))
    known = account.template_keys.get((contact.openid, key)) if key else None
    if known is not None and call.now - known[0] < TEMPLATE_KEY_LIVES:
        return {"msgid": known[1]}
    number = _FIRST_ID + next(account.numbers)
    _remember(account, (contact.openid, key), number, call.now)
    status = "failed:user block" if contact.blocks_notices else "success"
    if status == "success":
        contact.phone.append(Arrival(call.now, call.api, "template", values, key))
    account.events.append(bodies.template_finished(account.original_id, contact.openid, number, status, call.now))
    return {"msgid": number}


def send_subscribed(account: PlayedAccount, call: Call) -> Json:
    """Uses up one acceptance."""
    account.may(service=True)
    body = call.body(literal=True)
    contact = account.contact(body.get("touser"), call.now)
    values = _values(account, body)
    template_id = str(body["template_id"])
    _use(contact, template_id)
    number = _FIRST_ID + next(account.numbers)
    contact.phone.append(Arrival(call.now, call.api, "subscribe", values))
    told = account.original_id, contact.openid, number, template_id, call.now
    account.events.append(bodies.subscribed_finished(*told))
    return {"msgid": number}


def _remember(account: PlayedAccount, key: tuple[str, str], number: int, now: datetime) -> None:
    keys = account.template_keys
    keys.pop(key, None)
    keys[key] = now, number
    for old, (at, _) in list(keys.items())[:2]:  # the oldest stand first
        if now - at >= TEMPLATE_KEY_LIVES:
            del keys[old]


def _use(contact: Contact, template_id: str) -> None:
    if contact.accepted[template_id] < 1:
        raise Refused(43101)
    contact.accepted[template_id] -= 1


def _values(account: PlayedAccount, body: Json) -> Json:
    """The values by their fields, as the viewer reads them."""
    template_id = str(body.get("template_id", ""))
    if not template_id or (account.templates is not None and template_id not in account.templates):
        raise Refused(40037)
    data = inner(body, "data")
    values = {name: inner(data, name).get("value") for name in data}
    wanted = (account.templates or {}).get(template_id, tuple(values))
    for name in wanted:
        value = values.get(name)
        longest = _LONGEST.get(re.sub(r"\d+$", "", name), 1000)
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            raise Refused(47003, f"argument invalid! data.{name}.value invalid")
    return {name: values[name] for name in wanted}
