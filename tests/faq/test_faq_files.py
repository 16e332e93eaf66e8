"""Which files are the knowledge's, and what tells that they changed."""

import os
from pathlib import Path

import pytest

from app.faq import files
from app.faq.loader import KnowledgeError, load
from tests.factories.knowledge import KnowledgeFolder


@pytest.fixture
def folder(tmp_path: Path) -> KnowledgeFolder:
    return KnowledgeFolder(tmp_path)


def test_what_editors_leave_behind_is_not_read(folder: KnowledgeFolder) -> None:
    before = files.see(folder.root)
    (folder.root / "faq/.#playback.yaml").symlink_to("nobody@nowhere:1")
    folder.write("faq/.playback.yaml.swp", "half a save")
    folder.write("faq/playback.yaml~", "the save before")
    assert files.see(folder.root) == before
    load(folder.root / "faq", folder.root / "intents", {})


@pytest.mark.parametrize("name", ["faq/other.yaml", "intents/other.yaml", "faq/other.yml"])
def test_a_file_more_is_a_change(folder: KnowledgeFolder, name: str) -> None:
    before = files.see(folder.root)
    folder.write(name, "")
    after = files.see(folder.root)
    assert after.stamp != before.stamp
    assert after.digest != before.digest


def test_a_touch_changes_the_stamp_alone(folder: KnowledgeFolder) -> None:
    before = files.see(folder.root)
    os.utime(folder.root / "faq/playback.yaml", (1, 1))
    after = files.see(folder.root)
    assert after.stamp != before.stamp
    assert after.digest == before.digest


def test_another_file_under_the_name_is_a_change_whatever_its_time(folder: KnowledgeFolder) -> None:
    path = folder.root / "faq/playback.yaml"
    before, found = files.stamp(folder.root), path.stat()
    other = path.with_name("new")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.replace(path)
    assert files.stamp(folder.root) != before


def test_what_is_no_file_is_named_and_not_waited_for(folder: KnowledgeFolder) -> None:
    """Whoever reads a pipe waits until somebody writes."""
    os.mkfifo(folder.root / "faq/pipe.yaml")
    (folder.root / "faq/folder.yaml").mkdir()
    (folder.root / "faq/link.yaml").symlink_to("nowhere")
    assert files.see(folder.root) == files.see(folder.root)
    with pytest.raises(KnowledgeError) as caught:
        load(folder.root / "faq", folder.root / "intents", {})
    assert [(problem.file, problem.message) for problem in caught.value.problems] == [
        ("faq/folder.yaml", "cannot be read: it is not a file"),
        ("faq/link.yaml", "cannot be read: No such file or directory"),
        ("faq/pipe.yaml", "cannot be read: it is not a file"),
    ]


def test_of_a_huge_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(10 * files.MAX_BYTES)
    assert len(files.read(path)) == files.MAX_BYTES + 1
