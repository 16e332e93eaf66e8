"""What the played platform refuses, with the platform's codes. Nothing here changes anything."""

import re
from datetime import datetime, timedelta

from app.channels.qq.addresses import Scene
from app.simulator.qq.world import Bot, Json, Place, World

MALFORMED, EMPTY, TOO_LONG, LINK, WRONG_TYPE = 40034008, 50006, 40054007, 40054010, 22006
NO_MARKDOWN, NO_KEYBOARD, MUTED, TOO_OFTEN, NEEDS_WEBSOCKET = 50056, 304057, 40054002, 40034100, 304018
TEXT, MARKDOWN, TYPING, MEDIA = 0, 2, 6, 7
LONGEST = 2000
"""UTF-8 bytes of a text."""
GONE = {Scene.c2c: 40054004, Scene.group: 40034101, Scene.channel: 304004, Scene.dm: 304004}
NOT_ASKED = {Scene.c2c: 40054013, Scene.group: 40034105, Scene.channel: 304045, Scene.dm: 304046}
A_MINUTE, A_DAY, OF_THE_BOT = 20, 1000, 30
"""Messages that nobody asked for: of one place a minute and a day, of a bot a minute."""
_HOST = re.compile(
    r"https?://(?:[^\s/@]*@)?([^\s/:?#]+)|(?<![\w@.-])((?:[a-z0-9-]+\.)+(?:com|cn|net|org|tv|cc))(?![a-z0-9-])",
    re.ASCII | re.IGNORECASE,
)


def words(message: Json) -> str:
    """What a message says."""
    markdown = message.get("markdown")
    if message.get("msg_type") == MARKDOWN and isinstance(markdown, dict):
        return str(markdown.get("content", ""))
    return str(message.get("content", ""))


def content(world: World, bot: Bot, place: Place, message: Json) -> int:
    """The code for what a message holds, 0 where nothing speaks against it."""
    kind = message.get("msg_type", TEXT)
    if kind not in (TEXT, MARKDOWN, TYPING, MEDIA):
        return WRONG_TYPE
    if kind == MEDIA:
        return _file(world, place, message)
    if kind == TYPING:
        return 0 if place.scene == Scene.c2c and isinstance(message.get("input_notify"), dict) else WRONG_TYPE
    if kind == MARKDOWN and not bot.markdown:
        return NO_MARKDOWN
    if "keyboard" in message and not bot.buttons:
        return NO_KEYBOARD
    return _text(bot, words(message))


def _text(bot: Bot, text: str) -> int:
    if not text.strip():
        return EMPTY
    if len(text.encode()) > LONGEST:
        return TOO_LONG
    hosts = [(found[0] or found[1]).lower() for found in _HOST.findall(text)]
    return LINK if any(not _registered(host, bot) for host in hosts) else 0


def _registered(host: str, bot: Bot) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in bot.domains)


def _file(world: World, place: Place, message: Json) -> int:
    media = message.get("media")
    stored = world.files.get(str(media.get("file_info"))) if isinstance(media, dict) else None
    fits = stored is not None and stored.scene == place.scene and stored.until > world.clock.now()
    return 0 if fits else WRONG_TYPE


def reach(place: Place) -> int:
    """The code for whom it is meant for."""
    if not place.present:
        return GONE[place.scene]
    return MUTED if place.muted else 0


def unasked(world: World, bot: Bot, place: Place, now: datetime) -> int:
    """The code for speaking first."""
    if place.scene in (Scene.channel, Scene.dm) and not bot.websocket:
        return NEEDS_WEBSOCKET
    if not place.proactive:
        return NOT_ASKED[place.scene]
    if bot.sandbox:
        return 0
    minute, day = now - timedelta(minutes=1), now - timedelta(days=1)
    here = [at for at in place.unasked if at > day]
    everywhere = sum(at > minute for other in world.places.values() for at in other.unasked)
    crowded = sum(at > minute for at in here) >= A_MINUTE or len(here) >= A_DAY or everywhere >= OF_THE_BOT
    return TOO_OFTEN if crowded else 0
