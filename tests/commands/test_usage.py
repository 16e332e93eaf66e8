"""The command line as a process of its own: exit codes, sentences, never a traceback."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from app.settings import ROOT, environment
from tests.commands.conftest import Ended, Run


async def process(*arguments: str, **variables: str) -> Ended:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", *arguments, cwd=ROOT, env=environment(**variables), stdout=PIPE, stderr=PIPE
    )
    out, err = await child.communicate()
    return Ended(child.returncode or 0, out.decode(), err.decode())


async def test_processes_end_as_they_should(data_dir: Path) -> None:
    """Together, as each takes a second to start."""
    listed, wrong, refused = await asyncio.gather(
        process("channel", "list", DATA_DIR=str(data_dir)),
        process("channel", "paint"),
        process("doctor", DATABASE_URL="mysql://u:geheim@host/name"),
    )
    assert (listed.code, listed.err) == (0, "")
    assert "No channel yet" in listed.out
    assert (wrong.code, wrong.out) == (2, "")
    assert "invalid choice: 'paint'" in wrong.err
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "DATABASE_URL cannot be used: use sqlite:///path/to/file.db or postgresql://user:password@host/name.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("paint",),
        ("channel",),
        ("channel", "add"),
        ("channel", "add", "wechat", "main"),
        ("channel", "add", "fax", "main", "--app-id", "wx1"),
        ("channel", "add", "wechat", "main", "--app-id", "wx1", "--mode", "open"),
        ("channel", "add", "wechat", "main", "--app-id", "wx1", "--signature-window", "long"),
        ("seed", "--messages", "many"),
        ("seed", "--messages", "-1"),
        ("say",),
        ("ask",),
    ],
)
def test_wrong_usage_is_told_and_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("usage: app")


@pytest.mark.parametrize("verb", ["serve", "say", "worker", "channel", "doctor", "seed", "replay", "ask", "faq"])
def test_help_lists_every_verb(run: Run, verb: str) -> None:
    ended = run("--help")
    assert ended.code == 0
    assert f"\n    {verb} " in ended.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("channel", "list"),
        ("channel", "check"),
        ("channel", "add", "wechat", "main", "--app-id", "wx1", "--token", "abc", "--mode", "plain"),
        ("seed",),
        ("replay",),
        ("serve",),
    ],
)
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DATA_DIR": "/dev/null/data"}, "/dev/null/data"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/name"}, "PostgreSQL does not answer at DATABASE_URL"),
        ({"SECRET_KEYS": "short"}, "key 1 of SECRET_KEYS is not 32 bytes in base64"),
        ({"PORT": "http", "MODE": "x"}, "PORT cannot be used"),
        ({"DATABASE_URL": "sqlite:////dev/null/x.db", "MIGRATE": "never"}, "MIGRATE=never"),
    ],
)
def test_a_wrong_configuration_is_told_and_ends_with_1(
    run: Run, arguments: tuple[str, ...], variables: dict[str, str], sentence: str
) -> None:
    ended = run(*arguments, **variables)
    assert (ended.code, ended.out) == (1, "")
    assert sentence in ended.err
    assert "Traceback" not in ended.err


def test_quiet_hours_that_nobody_can_read_keep_the_service_from_starting(run: Run) -> None:
    ended = run("serve", QUIET_HOURS="nights")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("QUIET_HOURS must be like 22:00-8:00")


def test_a_worker_needs_postgresql(run: Run) -> None:
    ended = run("worker")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("A separate worker needs PostgreSQL")
