"""Where the files of a run are kept: in memory, where there is enough of it.

Nothing is lost by it. A killed process leaves what it wrote on either; that it also survives a loss of power is a
setting of the database, which a test reads.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 1 << 30
"""Bytes, several times what a run keeps at once."""


def keep_files_in_memory() -> None:
    """For this process and those that it starts, unless TMPDIR says otherwise."""
    if "TMPDIR" not in os.environ and is_usable(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def is_usable(folder: Path) -> bool:
    """Whether there is room, and what is written there may be run."""
    if not os.access(folder, os.W_OK | os.X_OK) or shutil.disk_usage(folder).free < ENOUGH:
        return False
    return not os.statvfs(folder).f_flag & os.ST_NOEXEC
