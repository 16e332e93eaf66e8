"""The simulator of a process: its phones, the platform that it plays for them, and what it sees of the service."""

import asyncio
from dataclasses import dataclass

from app.conversations.accounts import Directory
from app.db.database import Database
from app.dialogue.understand import Brain
from app.settings import Settings
from app.simulator.acting import Acting
from app.simulator.changes import Changes
from app.simulator.hosting import Hosting
from app.simulator.inner import Inner
from app.simulator.plays import Pace, Plays
from app.simulator.stage import Stage, halt
from app.simulator.stalling import StallingIngest
from app.simulator.wechat.platform import PlayedWeChat


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
    wechat: PlayedWeChat

    @property
    def brain(self) -> Brain:
        """The knowledge in force: it is swapped whole."""
        return self.ingest.rules.brain

    async def close(self) -> None:
        self.changes.close()
        halted = [task for phone in self.stage for task in halt(phone)]
        await asyncio.gather(*halted, return_exceptions=True)  # the store is closed behind them
        await self.wechat.close()
        await self.acting.close()


def open_simulator(
    settings: Settings, db: Database, directory: Directory, ingest: StallingIngest, pace: Pace | None = None
) -> Simulator:
    address = settings.address
    changes, inner = Changes(), Inner()
    stage = Stage(changes)
    acting = Acting(changes, inner, directory, ingest, address)
    plays = Plays(stage, changes, acting, address, pace)
    return Simulator(
        address,
        settings.is_local,
        db,
        ingest,
        changes,
        inner,
        stage,
        acting,
        plays,
        Hosting(stage, changes, directory, address).played,
    )
