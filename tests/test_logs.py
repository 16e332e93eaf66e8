"""The log must never stand between a viewer and his answer."""

import contextlib
import os

import pytest

from app import logs


def test_a_log_that_nobody_reads_any_more_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with monkeypatch.context() as patch:
        stream = os.fdopen(writing, "w", buffering=1)
        patch.setattr("sys.stderr", stream)
        patch.setattr(logs, "_waiting", ["a line\n"])
        logs.flush()
        assert logs._waiting == []
        with contextlib.suppress(BrokenPipeError):  # its buffer still holds the line
            stream.close()


def test_lines_are_written_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(logs, "_waiting", ["one\n", "two\n"])
    logs.flush()
    logs.flush()
    assert capsys.readouterr().err == "one\ntwo\n"
