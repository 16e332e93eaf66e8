from tests.commands.conftest import Run


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
