"""``eval`` and ``matching train`` as they are typed."""

import json
from pathlib import Path

import pytest

from app.__main__ import main
from app.dialogue.loading import load_brain
from app.matching.confidence import Weights
from app.settings import load_settings
from tests.factories.knowledge import KnowledgeFolder

KEYS = {"top1", "top3", "right_at_p95", "sure_precision", "oos_answered", "p95_ms"}


@pytest.fixture(autouse=True)
def demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODE", "demo")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))


def written(path: Path, *records: object) -> str:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return str(path)


def test_questions_are_judged_as_a_conversation_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions = written(
        tmp_path / "q.jsonl",
        {"text": "会员怎么退款", "id": "membership.refund"},
        {"text": "人工", "id": "ticket.human", "style": "short"},
        {"text": "投诉", "id": "ticket.complain", "style": "short"},
        {"text": "你好", "id": None, "style": "chat"},
        {"text": "今天北京下雨吗", "id": None, "style": "chat"},
    )
    assert main(["eval", "--questions", questions, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() >= KEYS
    assert (found["top1"], found["top3"], found["sure_precision"], found["oos_answered"]) == (1, 1, 1, 0)
    assert main(["eval", "--questions", questions]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["(none)", "short", "chat", "all"]


def test_the_engine_is_judged_on_other_knowledge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = written(
        tmp_path / "base.jsonl",
        {"id": "a", "question": "护照怎么办理", "similar": ["办护照要什么材料", "护照在哪办"]},
        {"id": "b", "question": "驾照怎么换", "similar": []},
        {"id": "c", "question": "身份证丢了怎么办"},
    )
    questions = written(tmp_path / "q.jsonl", {"text": "护照哪里办", "id": "a"}, {"text": "换驾照", "id": "a"})
    assert main(["eval", "--questions", questions, "--base", base]) == 0
    out = capsys.readouterr().out
    assert "0.500" in out
    assert "1  a → b" in out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "q.jsonl:2: not a JSON object"),
        ("[]", "q.jsonl:2: not a JSON object"),
        ('{"id": "a"}', "q.jsonl:2: text: must be a text"),
        ('{"text": "a", "id": 5}', "q.jsonl:2: id: must be a text or null"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, said: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(f'{{"text": "会员", "id": null}}\n{line}\n', encoding="utf-8")
    assert main(["eval", "--questions", str(path)]) == 1
    assert said in capsys.readouterr().err


def test_a_missing_file_and_a_wrong_base_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--questions", str(tmp_path / "none")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    questions = written(tmp_path / "q.jsonl", {"text": "护照", "id": "a"})
    base = written(tmp_path / "base.jsonl", {"id": "a", "question": "护照", "similar": "办护照"})
    assert main(["eval", "--questions", questions, "--base", base]) == 1
    assert "base.jsonl:1: similar: must be a list of texts" in capsys.readouterr().err


def test_training_on_ones_own_knowledge_is_taken_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = KnowledgeFolder(tmp_path / "company")
    monkeypatch.setenv("KNOWLEDGE_DIR", str(files.root))
    assert main(["matching", "train"]) == 0
    assert "app matching train" in capsys.readouterr().out
    own = Weights.load(files.root / "faq" / "training" / "weights.json")
    assert load_brain(load_settings()).index.weights == own != Weights.load()


def test_weights_that_cannot_be_read_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = KnowledgeFolder(tmp_path / "company")
    (files.root / "faq" / "training").mkdir()
    (files.root / "faq" / "training" / "weights.json").write_text('{"sure": 1}', encoding="utf-8")
    monkeypatch.setenv("KNOWLEDGE_DIR", str(files.root))
    assert main(["ask", "会员"]) == 1
    assert "weights.json cannot be used" in capsys.readouterr().err
