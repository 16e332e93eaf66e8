"""What a page of the desk is asked for: which list, narrowed how; and back into an address."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends

from app.desk.lists import Filters, View
from app.forms import find_id

_PRIORITIES = ("0", "1", "2")


@dataclass(frozen=True, slots=True)
class Asked:
    filters: Filters

    @property
    def query(self) -> str:
        """As in an address."""
        return urlencode(self.values)

    @property
    def values(self) -> dict[str, str]:
        """Without what is not set."""
        filters = self.filters
        given = {
            "view": filters.view.value, "channel": filters.channel_id, "priority": filters.priority,
            "title": filters.title, "tag": filters.tag,
        }  # fmt: skip
        return {name: str(value) for name, value in given.items() if value is not None}


def asked(view: str = "", channel: str = "", priority: str = "", title: str = "", tag: str = "") -> Asked:
    """Words that mean nothing are as if they were not there: an address that somebody kept still opens the desk."""
    shown = View(view) if view in set(View) else View.mine
    urgency = int(priority) if priority in _PRIORITIES else None
    return Asked(Filters(shown, find_id(channel), urgency, title.strip()[:64] or None, tag.strip()[:32] or None))


async def _asked(view: str = "", channel: str = "", priority: str = "", title: str = "", tag: str = "") -> Asked:
    return asked(view, channel, priority, title, tag)


AskedDep = Annotated[Asked, Depends(_asked)]
