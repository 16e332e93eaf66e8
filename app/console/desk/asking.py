"""What a page of the desk is asked for: which list, narrowed how; and back into an address."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends

from app.desk.lists import Filters, View


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
    return Asked(
        Filters(shown, _number(channel), _number(priority), title.strip()[:64] or None, tag.strip()[:32] or None)
    )


def _number(given: str) -> int | None:
    return int(given) if given.isdecimal() and len(given) < 10 else None


async def _asked(view: str = "", channel: str = "", priority: str = "", title: str = "", tag: str = "") -> Asked:
    return asked(view, channel, priority, title, tag)


AskedDep = Annotated[Asked, Depends(_asked)]
