"""Finds PostgreSQL's programs: the system's, else those in a wheel, fetched once into the checkout's cache."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests import unprivileged

OLDEST = 13  # the first with pg_current_xact_id(), which the event table needs
WHEEL = Path(__file__).with_name("requirements-postgres.lock")
CACHE = Path(__file__).parents[1] / ".cache"


class ServerUnavailable(Exception):
    """No server can be had here; the message says what to do."""


def find(source: str | None, folder: Path) -> Path:
    """The folder of `initdb`, `pg_ctl` and `postgres`, all usable by the unprivileged account.

    `source` is "system", "wheel" or "any", by default what TEST_POSTGRES says. Binaries that the account cannot reach
    are copied into `folder`. Raises ServerUnavailable.
    """
    source = source or os.environ.get("TEST_POSTGRES", "any")
    if source != "wheel" and (found := next(filter(usable, system_folders()), None)):
        return found
    if source == "system":
        raise ServerUnavailable(f"PostgreSQL {OLDEST} or newer is not installed (Debian: apt install postgresql).")
    found = wheel_binaries(fetch_wheel())
    return found if usable(found) else copy_from_wheel(found, folder)


def usable(binaries: Path) -> bool:
    """Whether the account can run what lies there, and it is a server, new enough."""
    with suppress(OSError):
        programs = [unprivileged.run([binaries / name, "--version"]) for name in ("initdb", "pg_ctl", "postgres")]
        # postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)
        versions = [re.search(r"\(PostgreSQL\) (\d+)", program.stdout) for program in programs]
        return all(version and int(version[1]) >= OLDEST for version in versions)
    return False


def system_folders() -> Iterator[Path]:
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    if found := shutil.which("pg_config"):
        answer = subprocess.run([found, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(answer.stdout.strip())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # what sorts wrongly is too old anyway


def fetch_wheel() -> Path:
    """Install the pinned wheel into the cache, once, and return its folder.

    Only its files are wanted: its own API adds a system account and changes modes of parent folders.
    """
    home = CACHE / f"postgres-{hashlib.sha256(WHEEL.read_bytes()).hexdigest()[:12]}"
    if not home.is_dir():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            wheel = install_wheel(Path(scratch))
            with suppress(OSError):  # another run was faster
                wheel.rename(home)
    return home


def install_wheel(scratch: Path) -> Path:
    """Install it with a pip of its own, because the project's environment may have none."""
    venv, wheel = scratch / "venv", scratch / "wheel"
    pip: unprivileged.Arguments = [venv / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run(
            [*pip, "install", "--no-user", "--no-deps", "--require-hashes", "--target", wheel, "-r", WHEEL], check=True
        )
    except subprocess.CalledProcessError as error:
        sentence = "PostgreSQL is not installed and cannot be fetched: install it (Debian: apt install postgresql)."
        raise ServerUnavailable(sentence) from error
    return wheel


def wheel_binaries(wheel: Path) -> Path:
    """Of the versions that lie in the wheel, the newest: `pginstall` is one, `pginstall18` a newer one."""
    return max(wheel.glob("*/pginstall*/bin"))


def copy_from_wheel(binaries: Path, folder: Path) -> Path:
    """Copy one version and the shared libraries, which lie beside the package and are found by relative path."""
    package, version = binaries.parents[1], binaries.parent
    libraries = package.with_name(f"{package.name}.libs")
    target = folder / "postgres"
    shutil.copytree(version, target / package.name / version.name, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(libraries, target / libraries.name)
    unprivileged.give(target)
    copied = target / binaries.relative_to(package.parent)
    if not usable(copied):
        raise ServerUnavailable("The fetched PostgreSQL does not run: install it (Debian: apt install postgresql).")
    return copied
