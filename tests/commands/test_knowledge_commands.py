from app.matching.evidence import Evidence
from tests.commands.conftest import Run


def test_ask_shows_how_a_text_is_understood(run: Run) -> None:
    ended = run("ask", "《长风渡》第8集卡，电视上怎么倍速", MODE="demo")
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    first = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert first[:3] == ["text", "entities", "groups"]
    assert {"confidence", "tier", "candidates", "nearest", "index", "does"} <= set(first)
    assert "title 长风渡, episode 8, device tv" in lines[1]
    assert all(any(line.startswith(f"  {name} ") for line in lines) for name in Evidence._fields)
    assert lines[first.index("text")].split()[1] == "卡电视上怎么倍速"


def test_ask_shows_what_each_clause_asks_and_what_would_be_said(run: Run) -> None:
    out = run("ask", "怎么关闭弹幕？另外怎么倍速播放", MODE="demo").out
    assert "clause      怎么关闭弹幕  playback.danmaku  sure " in out
    assert "does        answered\nsays        playback.danmaku + playback.speed\n" in out
    listed = run("ask", "退订，另外会员怎么退", MODE="demo").out
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
