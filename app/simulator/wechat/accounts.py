"""An official account as the platform keeps it."""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.channels.wechat.account import Account as Pushed
from app.simulator.wechat.bodies import Event
from app.simulator.wechat.codes import Refused
from app.simulator.wechat.contacts import Contact
from app.simulator.wechat.credentials import Credentials
from app.simulator.wechat.files import Files
from app.simulator.wechat.jobs import MassJob
from app.simulator.wechat.quotas import Quotas

Json = dict[str, Any]
EVENTS = 10_000


class Kind(StrEnum):
    service = "service"
    """服务号."""
    subscription = "subscription"
    """订阅号."""


@dataclass(slots=True)
class PlayedAccount:
    pushed: Pushed
    """App id, secret, and how pushes are signed and sealed."""
    original_id: str = "gh_a1b2c3d4e5f6"
    kind: Kind = Kind.service
    verified: bool = True
    webhook: str = ""
    """Where events are pushed to; empty: they are kept."""
    allowed_ips: frozenset[str] | None = None
    """Addresses that may ask for a credential; None: all."""
    secret_frozen: bool = False
    agents: frozenset[str] | None = None
    """Accounts of its agents (kf_account); None: whoever is named."""
    welcoming: bool = False
    """An openid that nobody knows is taken for a viewer who has written just now."""
    automatic: bool = False
    """Jobs are done and events pushed by themselves; else on command."""
    protected: bool = False
    """An administrator must confirm mass sends (群发保护)."""
    contacts: dict[str, Contact] = field(default_factory=dict)
    credentials: Credentials = field(default_factory=Credentials)
    quotas: Quotas = field(default_factory=Quotas)
    files: Files = field(default_factory=Files)
    templates: dict[str, tuple[str, ...]] | None = None
    """Fields of each; None: every template is taken as it comes."""
    template_keys: dict[tuple[str, str], tuple[datetime, int]] = field(default_factory=dict)
    """(openid, client_msg_id) → when, and the message that it became."""
    jobs: dict[int, MassJob] = field(default_factory=dict)
    mass_tried: dict[str, datetime] = field(default_factory=dict)
    """clientmsgid → its latest attempt."""
    speed: int = 3
    drafts: dict[str, list[Json]] = field(default_factory=dict)
    publications: dict[str, Json] = field(default_factory=dict)
    menu: list[Json] | None = None
    tags: dict[int, str] = field(default_factory=dict)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=EVENTS))
    """Wait to be pushed."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def app_id(self) -> str:
        return self.pushed.app_id

    def add(self, openid: str, **known: Any) -> Contact:
        """A viewer who has followed the account for a long time."""
        contact = self.contacts[openid] = Contact(openid, **known)
        return contact

    def contact(self, openid: object, now: datetime) -> Contact:
        """Refused (40003) where the account has no such viewer."""
        found = self.contacts.get(openid) if isinstance(openid, str) else None
        if found is not None:
            return found
        if not (self.welcoming and isinstance(openid, str) and openid):
            raise Refused(40003)
        contact = self.add(openid)
        contact.note("message", now)
        return contact

    def wrote(self, openid: str, now: datetime) -> Contact:
        """The viewer wrote, whether the account knew him before or not."""
        contact = self.contacts.get(openid) or self.add(openid)
        contact.note("message", now)
        return contact

    def may(self, *, verified: bool = True, service: bool = False) -> None:
        """Refused (48001) where the account lacks what an API needs."""
        if (verified and not self.verified) or (service and self.kind is not Kind.service):
            raise Refused(48001)
