from pathlib import Path

from tests.commands.conftest import Run
from tests.factories.knowledge import ANSWER, BUFFERING, KnowledgeFolder


def test_ask_shows_how_a_text_is_understood(run: Run) -> None:
    ended = run("ask", "会员怎么退款", MODE="demo")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert lines[0].split() == ["text", "会员怎么退款"]
    assert [line.split()[0] for line in lines[:3]] == ["text", "found", "tier"]
    assert len(lines) > 3


def test_the_shipped_knowledge_has_no_findings(run: Run) -> None:
    ended = run("faq", "lint")
    assert ended.code == 0
    assert ended.out.strip().endswith("0 findings")


def test_another_folder_is_checked(run: Run, tmp_path: Path) -> None:
    files = KnowledgeFolder(tmp_path / "company")
    named = run("faq", "lint", "--dir", str(files.root))
    assert named.out.splitlines()[-1] == "2 entries, 2 intents, 3 findings"
    assert run("faq", "lint", KNOWLEDGE_DIR=str(files.root)).out == named.out
    files.group("playback", files.buffering(ANSWER) + "    offer: confirm\n")
    broken = run("faq", "lint", "--dir", str(files.root))
    assert (broken.code, broken.out) == (1, "")
    assert broken.err.startswith("faq/playback.yaml:7: entries[0].offer: must be one of complaint, data_request")


def test_a_text_is_understood_by_a_knowledge_of_ones_own(run: Run, tmp_path: Path) -> None:
    files = KnowledgeFolder(tmp_path / "company")
    assert "playback.buffering" in run("ask", BUFFERING, KNOWLEDGE_DIR=str(files.root)).out
