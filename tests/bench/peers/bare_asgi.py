"""The ceiling: what uvicorn, an XML parse and one template cost, with no framework around them and no store behind."""

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl
from xml.parsers import expat

from tests.bench.account import TOKEN
from tests.bench.peers.keywords import look_up

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


async def app(scope: Event, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    body = await _read(receive)
    if _authentic(dict(parse_qsl(scope["query_string"].decode("latin-1")))):
        await _respond(send, 200, _answer(_fields(body)))
    else:
        await _respond(send, 403, b"forbidden")


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return body


def _authentic(query: dict[str, str]) -> bool:
    parts = sorted((TOKEN, query.get("timestamp", ""), query.get("nonce", "")))
    expected = hashlib.sha1("".join(parts).encode()).hexdigest()
    return hmac.compare_digest(expected, query.get("signature", ""))


def _fields(body: bytes) -> dict[str, str]:
    """The children of the root; a document type is refused, so no entity is ever expanded."""
    fields: dict[str, str] = {}
    text: list[str] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(_name: str, _attributes: dict[str, str]) -> None:
        text.clear()

    def end(name: str) -> None:
        fields[name] = "".join(text)

    def refuse(*_: object) -> None:
        raise ValueError("document type")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text.append, refuse
    parser.Parse(body, True)
    return fields


def _answer(fields: dict[str, str]) -> bytes:
    text = look_up(fields["Content"]).replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[{fields['FromUserName']}]]></ToUserName>"
        f"<FromUserName><![CDATA[{fields['ToUserName']}]]></FromUserName><CreateTime>{int(time.time())}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
    ).encode()


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/xml"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
