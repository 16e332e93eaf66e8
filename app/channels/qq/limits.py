"""What QQ allows a bot, as data. Source: the platform's documentation of messages, with its changes of 2026."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from app.channels.base import Capability
from app.channels.content import SPOKEN, Followed, ProactiveChanged
from app.channels.delivery import Allowance, Rate
from app.channels.qq.addresses import Scene

CHECKED_ON: Final = date(2026, 11, 23)

PUSH_SECONDS: Final = 5.0
"""A push that is not acknowledged by then is sent again; the platform documents no time."""
PUSH_ATTEMPTS: Final = 4
"""The first, and three more with the same id."""

TEXT_BYTES: Final = 1500
"""UTF-8 bytes of one text. The platform documents no length; 2,000 are said to be refused."""
MAX_FILE_BYTES: Final = 10 * 1024 * 1024
"""Of one file. What is documented differs between 20 and 200 MB by kind and by page; all agree on this much."""

CAPABILITY: Final = Capability(
    passive_reply=False,
    passive_window=PUSH_SECONDS - 0.5,
    last_retry=PUSH_SECONDS * PUSH_ATTEMPTS,
    text_bytes=TEXT_BYTES,
)

# -------------------- answers, to a message or an event of the viewer

ALLOWANCES: Final[Mapping[Scene, Allowance]] = MappingProxyType(
    {
        Scene.c2c: Allowance("c2c", 4, timedelta(minutes=60), restarts=False),
        Scene.group: Allowance("group", 5, timedelta(minutes=5), restarts=False),
        Scene.channel: Allowance("channel", 5, timedelta(minutes=5), restarts=False),
        Scene.dm: Allowance("dm", 5, timedelta(minutes=5), restarts=False),
    }
)
"""Each message or event has its own. One page says 5 for c2c, as it was until 2026-01-10."""

SPEECH: Final = frozenset(content.kind for content in SPOKEN)
ANSWERABLE: Final[Mapping[Scene, frozenset[str]]] = MappingProxyType(
    {
        Scene.c2c: SPEECH | {Followed.kind, ProactiveChanged.kind},
        Scene.group: SPEECH | {Followed.kind, ProactiveChanged.kind},
    }
)
"""Kinds of content of events whose id can be replied to; in guilds there are none."""

# -------------------- messages of our own accord

UNASKED: Final = (Scene.c2c, Scene.group)
"""Where we speak first: guilds take that from bots with a websocket alone (304018), which we have not."""
ACTIVE: Final = "/active"
"""Ends the name of an API where nothing is replied to: the limits below count those alone."""
RATES: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        f"{Scene.c2c}{ACTIVE}": Rate(per_minute=30),
        f"{Scene.group}{ACTIVE}": Rate(per_minute=30),
        f"{Scene.dm}{ACTIVE}": Rate(per_day=200),
    }
)
"""Of a bot that is not verified (which may send 600 to single users and 60 to groups). A bot in its sandbox has none.

Besides, one user and one group take 20 a minute and 1,000 a day, a channel 20 a day and five a second, a guild
messages in two of its channels a day, one user two direct messages a day."""
