from pathlib import Path

from app.matching.evidence import Evidence
from tests.commands.conftest import Run
from tests.factories.knowledge import ANSWER, BUFFERING, KnowledgeFolder


def test_ask_shows_how_a_text_is_understood(run: Run) -> None:
    ended = run("ask", "《长风渡》昨晚第8集卡，电视上怎么倍速", MODE="demo")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    first = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert first[:3] == ["text", "entities", "groups"]
    assert {"confidence", "tier", "candidates", "nearest", "index", "does"} <= set(first)
    assert "title 长风渡, episode 8, device tv, moment 昨晚" in lines[1]
    assert all(any(line.startswith(f"  {name} ") for line in lines) for name in Evidence._fields)
    assert lines[first.index("text")].split()[1] == "卡电视上怎么倍速"


def test_ask_shows_what_each_clause_asks_and_what_would_be_said(run: Run) -> None:
    out = run("ask", "怎么关闭弹幕？另外怎么倍速播放", MODE="demo").out
    assert "clause      怎么关闭弹幕  playback.danmaku  sure " in out
    assert "does        answered\nsays        playback.danmaku + playback.speed\n" in out
    listed = run("ask", "退订，另外会员能不能给我退了", MODE="demo").out
    assert "clause      退订  = unsubscribe\n" in listed
    assert "does        replied, then waits for choice\n" in listed
    assert listed.endswith("effect      Consent\n")


def test_ask_takes_what_says_nothing(run: Run) -> None:
    ended = run("ask", "🤔", MODE="demo")
    assert (ended.code, ended.err) == (0, "")
    assert "tier        none\n" in ended.out


def test_the_shipped_knowledge_has_no_findings(run: Run) -> None:
    ended = run("faq", "lint")
    assert ended.code == 0
    assert ended.out.strip().endswith("0 findings")


def test_another_folder_is_checked(run: Run, tmp_path: Path) -> None:
    files = KnowledgeFolder(tmp_path / "company")
    named = run("faq", "lint", "--dir", str(files.root))
    assert named.out.splitlines()[-1] == "2 entries, 2 intents, 0 titles, 2 findings"
    assert run("faq", "lint", KNOWLEDGE_DIR=str(files.root)).out == named.out
    files.group("playback", files.buffering(ANSWER) + "    offer: confirm\n")
    broken = run("faq", "lint", "--dir", str(files.root))
    assert (broken.code, broken.out) == (1, "")
    assert broken.err.startswith("faq/playback.yaml:7: entries[0].offer: must be one of complaint, data_request")


def test_a_text_is_understood_by_a_knowledge_of_ones_own(run: Run, tmp_path: Path) -> None:
    files = KnowledgeFolder(tmp_path / "company")
    assert "playback.buffering" in run("ask", BUFFERING, KNOWLEDGE_DIR=str(files.root)).out
