"""A process that does nothing but send: ``python -m tests.bench.delivery.worker PLACES ADDRESS``.

The database and the keys come from the environment, as for the service. Ends on SIGTERM.
"""

import asyncio
import os
import signal
import sys

import uvloop

from app.conversations.accounts import Directory
from app.conversations.sending import Sender
from app.db.opening import connect
from app.secrets import load_keyring
from app.settings import Settings
from app.storage.opening import open_storage

PROFILE = "BENCH_PROFILE"
"""Names a file in which the profile of all threads is left."""


async def send(places: int, address: str) -> None:
    settings = Settings()
    keyring, db = load_keyring(settings), connect(settings)
    directory, storage = Directory(db, keyring, simulated=False), open_storage(settings, keyring)
    sender = Sender(db, directory, keyring, storage, base_urls={"wechat": address}, places=places)
    sending = asyncio.ensure_future(sender.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sending.cancel)
    await asyncio.gather(sending, return_exceptions=True)
    await db.close()


if __name__ == "__main__":
    run = send(int(sys.argv[1]), sys.argv[2])
    if profile := os.environ.get(PROFILE):
        import cProfile

        cProfile.runctx("uvloop.run(run)", globals(), locals(), profile)
    else:
        uvloop.run(run)
