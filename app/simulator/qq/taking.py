"""What the played platform does with a call: judged first, then taken whole or not at all."""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import timedelta

from app.channels.qq.addresses import Scene
from app.simulator.qq import judging
from app.simulator.qq.world import Bot, Json, Place, Seen, Settled, Stored, World
from app.storage.sniffing import content_type_of

UNDER_AUDIT, TOO_LATE, NOT_YOURS, NO_SUCH_TAP = 304023, 40064004, 40062003, 40034011
BAD_FILE, TOO_LARGE = 850019, 850031
FILE_LIVES = timedelta(days=3)
LARGEST = 20 * 1024 * 1024
RECALLABLE = timedelta(minutes=2)
_KINDS = {1: "[图片]", 2: "[视频]", 3: "[语音]", 4: "[文件]"}


@dataclass(frozen=True, slots=True)
class Result:
    """``code``: the platform's, 0 for none. ``status``: of HTTP, where it is not the code's own."""

    code: int = 0
    body: Json = field(default_factory=dict)
    status: int = 200
    accepted: bool = True
    seen: Seen | None = None
    """The message that shows because of it."""


def refused(code: int) -> Result:
    return Result(code, accepted=False)


def message(world: World, bot: Bot, place: Place, asked: Json) -> Result:
    """A message to a place, in reply to somebody or of the bot's own accord."""
    key, number, is_event = reply_of(asked)
    if not isinstance(number, int) or isinstance(number, bool):
        return refused(judging.MALFORMED)
    now = world.clock.now()
    code = judging.reach(place)
    if not code and key is None:
        code = judging.unasked(world, bot, place, now)
    elif not code and key is not None:
        code = world.ledger.judge(key, number, place.scene, place.id, now, is_event=is_event)
    code = code or judging.content(world, bot, place, asked)
    if code:
        return refused(code)
    if key is None:
        place.unasked.append(now)
    else:
        world.ledger.take(key, number)
    return _show(world, bot, place, asked, f"{key}#{number}" if key is not None else None)


def reply_of(asked: Json) -> tuple[str | None, object, bool]:
    """(id that is replied to, its number, whether it is an event's)."""
    event = asked.get("event_id")
    key = event or asked.get("msg_id")
    return (str(key) if key else None), asked.get("msg_seq", 1), bool(event)


def _show(world: World, bot: Bot, place: Place, asked: Json, replies_to: str | None) -> Result:
    now = world.clock.now()
    seen = Seen(f"ROBOT1.0_out{world.number():04}", now, _shown(world, asked), asked, replies_to)
    if asked.get("msg_type") == judging.TYPING:
        return Result(body={"id": seen.id, "timestamp": now.isoformat()})
    if bot.audited:
        audit = f"audit-{world.number():04}"
        world.audits[audit] = (place, seen)
        return Result(UNDER_AUDIT, {"data": {"message_audit": {"audit_id": audit}}}, status=202)
    place.seen.append(seen)
    return Result(body={"id": seen.id, "timestamp": now.isoformat()}, seen=seen)


def _shown(world: World, asked: Json) -> str:
    media = asked.get("media")
    if asked.get("msg_type") == judging.MEDIA and isinstance(media, dict):
        return _KINDS[world.files[str(media["file_info"])].kind] + judging.words(asked)
    return judging.words(asked)


def upload(world: World, bot: Bot, place: Place, asked: Json) -> Result:
    kind, content = asked.get("file_type"), _content(asked)
    if kind not in _KINDS or content is None:
        return refused(BAD_FILE)
    if len(content) > LARGEST:
        return refused(TOO_LARGE)
    name = f"file_info_{world.number():04}"
    world.files[name] = Stored(place.scene, kind, len(content), world.clock.now() + FILE_LIVES)
    world.left[name] = (content_type_of(content), content)
    answer = {"file_uuid": f"uuid-{name}", "file_info": name, "ttl": int(FILE_LIVES.total_seconds())}
    if asked.get("srv_send_msg") is True:
        sent = message(world, bot, place, {"msg_type": judging.MEDIA, "media": {"file_info": name}})
        return sent if not sent.accepted else Result(body=answer | sent.body)
    return Result(body=answer)


def _content(asked: Json) -> bytes | None:
    """The file; an address is taken for an empty one, since nothing is fetched."""
    if isinstance(asked.get("url"), str) and asked["url"].startswith(("http://", "https://")):
        return b""
    try:
        return base64.b64decode(asked.get("file_data") or "?", validate=True)
    except (binascii.Error, TypeError, ValueError):
        return None


def recall(world: World, place: Place, name: str) -> Result:
    found = next((seen for seen in place.seen if seen.id == name), None)
    if found is None or place.scene in (Scene.channel, Scene.dm):
        return refused(NOT_YOURS)
    if world.clock.now() - found.at > RECALLABLE:
        return refused(TOO_LATE)
    found.recalled = True
    return Result()


def settle(world: World, tap: str, asked: Json) -> Result:
    """The end of a tap; without it within five seconds the phone keeps spinning."""
    if tap not in world.taps:
        return refused(NO_SUCH_TAP)
    if tap not in world.settled:
        world.settled[tap] = Settled(int(asked.get("code", 0)), world.clock.now() - world.taps[tap])
    return Result(status=204)
