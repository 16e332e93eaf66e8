"""What a viewer does on the played platform, as the push body that the platform makes of it. Pure."""

from dataclasses import dataclass

from app.channels.content import Content, Followed, Image, Link, Location, MenuUsed, Text, Unfollowed, Video, Voice
from app.simulator.wechat.bodies import Value, xml


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who pushes what to whom: ``seconds`` is the Unix time, ``number`` the id that every attempt repeats."""

    openid: str
    account_id: str
    seconds: int
    number: int


def write(content: Content, stamp: Stamp) -> bytes:
    """The plain XML body; ValueError for what no viewer can do by himself."""
    kind, fields = _fields(content)
    numbered = {} if kind == "event" else {"MsgId": stamp.number}  # events of the platform have no id
    values: dict[str, Value] = {
        "ToUserName": stamp.account_id,
        "FromUserName": stamp.openid,
        "CreateTime": stamp.seconds,
        "MsgType": kind,
        **fields,
        **numbered,
    }
    return xml(values)


def _fields(content: Content) -> tuple[str, dict[str, Value]]:
    match content:
        case Text(text=text, menu_id=menu_id):
            return "text", {"Content": text, "bizmsgmenuid": menu_id}
        case Image(url=url, media_id=media_id):
            return "image", {"PicUrl": url, "MediaId": media_id}
        case Voice():
            return "voice", {
                "MediaId": content.media_id,
                "Format": content.format,
                "MediaId16K": content.media_id_16k,
                "Recognition": content.recognition,
            }
        case Video(media_id=media_id, thumb_media_id=thumb):
            return "shortvideo" if content.short else "video", {"MediaId": media_id, "ThumbMediaId": thumb}
        case Location(latitude=latitude, longitude=longitude):
            fields: dict[str, Value] = {"Location_X": latitude, "Location_Y": longitude}
            return "location", fields | {"Scale": content.scale, "Label": content.label}
        case Link(title=title, description=description, url=url):
            return "link", {"Title": title, "Description": description, "Url": url}
    return "event", _event(content)


def _event(content: Content) -> dict[str, Value]:
    match content:
        case Followed(scene=scene, ticket=ticket):
            return {"Event": "subscribe", "EventKey": f"qrscene_{scene}" if scene else "", "Ticket": ticket}
        case Unfollowed():
            return {"Event": "unsubscribe", "EventKey": ""}
        case MenuUsed(action="click" | "view" as action, key=key):
            return {"Event": action.upper(), "EventKey": key}
    raise ValueError(f"a viewer cannot do this: {content.kind}")
