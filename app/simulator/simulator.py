"""The simulator of a process: its phones, the platforms that it plays for them, and what it sees of the service."""

import asyncio
from dataclasses import dataclass

from app.conversations.accounts import Directory
from app.db.database import Database
from app.dialogue.understand import Brain
from app.secrets import Keyring
from app.settings import Settings
from app.simulator.acting import Acting
from app.simulator.changes import Changes
from app.simulator.desk import Desk
from app.simulator.hosts.qq import QQHost, new_world
from app.simulator.hosts.wechat import WeChatHost
from app.simulator.inner import Inner
from app.simulator.phones import Chat
from app.simulator.plays import Pace, Plays
from app.simulator.qq.api import PlayedQQ
from app.simulator.stage import Stage, halt
from app.simulator.stalling import StallingIngest
from app.simulator.trouble import Troubles
from app.simulator.watching import Watching
from app.simulator.wechat.platform import PlayedWeChat
from app.storage.opening import open_storage


@dataclass(frozen=True, slots=True)
class Simulator:
    address: str
    """Where this machine reaches the service."""
    is_local: bool
    """Whether the service listens to this machine alone."""
    db: Database
    ingest: StallingIngest
    changes: Changes
    inner: Inner
    stage: Stage
    acting: Acting
    plays: Plays
    desk: Desk
    watching: Watching
    wechat: PlayedWeChat
    qq: PlayedQQ

    @property
    def brain(self) -> Brain:
        """The knowledge in force: it is swapped whole."""
        return self.ingest.rules.brain

    def troubles_of(self, chat: Chat) -> Troubles:
        """Of the platform that the chat is with."""
        return self.wechat.troubles if chat.face.platform == "wechat" else self.qq.world.troubles

    async def close(self) -> None:
        self.changes.close()
        halted = [task for phone in self.stage for task in halt(phone)]
        await asyncio.gather(*halted, return_exceptions=True)  # the store is closed behind them
        await self.watching.close()
        await self.wechat.close()
        await self.acting.close()


def open_simulator(
    settings: Settings,
    db: Database,
    directory: Directory,
    ingest: StallingIngest,
    keyring: Keyring,
    pace: Pace | None = None,
) -> Simulator:
    address = settings.address
    changes, inner, world = Changes(), Inner(), new_world(settings.address)
    stage = Stage(changes, world)
    acting = Acting(stage, changes, inner, directory, ingest, address)
    desk = Desk(db, directory, open_storage(settings, keyring))
    return Simulator(
        address,
        settings.is_local,
        db,
        ingest,
        changes,
        inner,
        stage,
        acting,
        Plays(stage, changes, acting, desk, address, pace),
        desk,
        Watching(db, directory, stage, changes),
        WeChatHost(stage, changes, directory, address).played,
        QQHost(stage, changes, directory, world).played,
    )
