"""The simulator of a process: its phones, the platform that it plays for them, and what it sees of the service."""

from collections.abc import Callable
from dataclasses import dataclass

from app.conversations.accounts import Directory
from app.db.database import Database
from app.dialogue.understand import Brain
from app.settings import Settings
from app.simulator.acting import Acting
from app.simulator.changes import Changes
from app.simulator.inner import Inner
from app.simulator.plays import Pace, Plays
from app.simulator.stage import Stage, halt
from app.simulator.wechat_api import PlayedWeChat


@dataclass(frozen=True, slots=True)
class Simulator:
    address: str
    """Where this machine reaches the service."""
    is_local: bool
    """Whether the service listens to this machine alone."""
    db: Database
    brain: Callable[[], Brain]
    """The knowledge in force: it is swapped whole."""
    changes: Changes
    inner: Inner
    stage: Stage
    acting: Acting
    plays: Plays
    wechat: PlayedWeChat

    async def close(self) -> None:
        self.changes.close()
        for phone in self.stage:
            halt(phone)
        await self.acting.close()


def open_simulator(
    settings: Settings, db: Database, directory: Directory, brain: Callable[[], Brain], pace: Pace | None = None
) -> Simulator:
    address = settings.address
    changes, inner = Changes(), Inner()
    stage = Stage(changes)
    acting = Acting(changes, inner, directory, address)
    plays = Plays(stage, changes, acting, address, pace)
    return Simulator(
        address,
        settings.is_local,
        db,
        brain,
        changes,
        inner,
        stage,
        acting,
        plays,
        PlayedWeChat(stage, changes, directory),
    )
