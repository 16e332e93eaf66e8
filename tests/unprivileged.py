"""Programs that refuse to run as root: started by root they run as `nobody`, otherwise as oneself."""

import os
import pwd
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

Arguments = list[str | Path]


@cache
def account() -> pwd.struct_passwd | None:
    """The account to run as, None for one's own."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def options() -> dict[str, Any]:
    """Arguments for subprocess: the account, a folder it can enter, and nothing of the caller's environment."""
    chosen: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}}
    if nobody := account():
        chosen |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return chosen


def run(arguments: Arguments) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, check=False, **options())


def can_enter(folder: Path) -> bool:
    return run(["test", "-x", folder]).returncode == 0


def give(folder: Path) -> None:
    """Make the account the owner of the folder and all that is in it."""
    if nobody := account():
        subprocess.run(["chown", "-R", f"{nobody.pw_uid}:{nobody.pw_gid}", folder], check=True)
