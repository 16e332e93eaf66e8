"""Files in a folder: what others may see of it, and what a kill or a full disk leaves."""

import asyncio
import errno
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.settings import ROOT
from app.storage import folder, storage
from app.storage.engine import Unavailable
from tests.factories.storing import JPEG, MEGA, pieces
from tests.storage.conftest import Place

ENDLESS = """
import asyncio, sys
from pathlib import Path
from app.secrets import Keyring
from app.settings import Settings
from app.storage.opening import open_storage

async def chunks():
    while True:
        yield bytes(2 << 20)
        print("more", flush=True)

storage = open_storage(Settings(data_dir=Path(sys.argv[1])), Keyring([b"k" * 32]))
asyncio.run(storage.put(chunks(), limit=1 << 40))
"""


async def test_nobody_else_may_read_it(folder_place: Place) -> None:
    stored = await folder_place.storage.put(pieces(JPEG), limit=MEGA)
    root = folder_place.settings.data_dir / "files"
    modes = [path.stat().st_mode & 0o777 for path in (root, root / "drafts", root / stored.key[:2], root / stored.key)]
    assert modes == [0o700, 0o700, 0o700, 0o600]


async def test_a_kill_in_the_middle_leaves_no_file_but_a_draft_that_is_swept(folder_place: Place) -> None:
    command = [sys.executable, "-c", ENDLESS, str(folder_place.settings.data_dir)]
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert await child.stdout.readline() == b"more\n"
    child.kill()
    await child.wait()
    assert list(folder_place.raw) == []
    assert len(folder_place.drafts()) == 1
    assert await folder_place.storage.sweep(datetime.now(UTC)) == 1
    assert folder_place.drafts() == []


async def test_a_folder_that_cannot_be_written_is_unavailable(folder_place: Place) -> None:
    (folder_place.settings.data_dir / "files").write_text("in the way")
    with pytest.raises(Unavailable, match="FileExistsError"):
        await folder_place.storage.put(pieces(JPEG), limit=MEGA)


async def test_a_full_disk_is_unavailable_and_leaves_nothing(
    folder_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left on device"):
        await folder_place.storage.put(pieces(JPEG), limit=MEGA)
    assert (list(folder_place.raw), folder_place.drafts()) == ([], [])


def test_a_service_with_a_folder_does_not_load_the_library_for_buckets(tmp_path: Path) -> None:
    names = [folder.__name__, storage.__name__, "app.storage.opening", "app.main", "app.worker"]
    script = f"import sys, {', '.join(names)}; print('obstore' in sys.modules, 'httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
