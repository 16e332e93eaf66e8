"""``matching train --embedding``: weights for meanings, with vectors fetched over real HTTP."""

import json
from http import HTTPStatus
from pathlib import Path

import pytest

from app.advisers.vectors import FOLDER
from app.dialogue.loading import MEANING_WEIGHTS
from app.matching.meanings import MeaningWeights
from tests.commands.conftest import Ended, Run
from tests.factories.knowledge import KnowledgeFolder, entry
from tests.fakes.openai import OpenAi, Raw

DIMENSIONS = 32
THINGS = {
    "subtitle": "字幕", "danmu": "弹幕", "cast": "投屏", "speed": "倍速", "refund": "退款", "invoice": "发票",
    "password": "密码", "cache": "缓存", "black": "黑屏", "comment": "评论",
}  # fmt: skip
OUTSIDE = "weather: [今天下雨了没, 明天降温吗, 周末吃什么好, 公交几点收班]\n"


@pytest.fixture
def company(tmp_path: Path) -> KnowledgeFolder:
    files = KnowledgeFolder(tmp_path / "company")
    files.group(
        "things",
        *(
            entry(f"things.{name}", thing, f"怎么打开{thing}？", f"{thing}不见了怎么办, 想问问{thing}的事", "请看。")
            for name, thing in THINGS.items()
        ),
    )
    files.write("faq/training/outside.yaml", OUTSIDE)
    return files


@pytest.fixture
def train(run: Run, api: OpenAi, company: KnowledgeFolder) -> Run:
    api.dimensions = DIMENSIONS

    def train(*arguments: str, stdin: str = "", **variables: str) -> Ended:
        known = {
            "EMBEDDING_URL": api.url, "EMBEDDING_MODEL": "tiny", "EMBEDDING_TIMEOUT": "3",
            "KNOWLEDGE_DIR": str(company.root),
        }  # fmt: skip
        return run("matching", "train", "--embedding", *arguments, **(known | variables))

    return train


def asked_for(api: OpenAi) -> list[str]:
    return [text for asked in api.asked for text in asked.body["input"]]


def test_it_writes_weights_beside_the_knowledge(train: Run, api: OpenAi, company: KnowledgeFolder) -> None:
    ended = train()
    assert (ended.code, ended.err) == (0, "")
    weights = MeaningWeights.load(company.root / MEANING_WEIGHTS)
    assert (weights.model, weights.dimensions) == ("tiny", DIMENSIONS)
    assert "app matching train --embedding: 36 phrasings" in weights.weights.provenance
    assert ended.out.endswith(f"written to {company.root / MEANING_WEIGHTS}\n")
    assert sorted(asked_for(api)) == sorted(set(asked_for(api))), "each text once"
    assert not (company.root / "faq/training/weights.json").exists()


def test_it_is_deterministic_and_asks_for_nothing_twice(train: Run, api: OpenAi, company: KnowledgeFolder) -> None:
    train()
    once, asked = (company.root / MEANING_WEIGHTS).read_bytes(), len(api.asked)
    train()
    assert (company.root / MEANING_WEIGHTS).read_bytes() == once
    assert len(api.asked) == asked


def test_what_is_fitted_depends_on_the_vectors(
    train: Run, api: OpenAi, company: KnowledgeFolder, tmp_path: Path
) -> None:
    train("--to", str(tmp_path / "nonsense.json"))
    wishes = ("怎么打开{}?", "{}不见了怎么办", "想问问{}的事")
    api.alike = {wish.format(thing): thing for thing in THINGS.values() for wish in wishes}
    train("--to", str(tmp_path / "good.json"), EMBEDDING_MODEL="good")
    nonsense, good = (MeaningWeights.load(tmp_path / f"{name}.json").weights for name in ("nonsense", "good"))
    assert good.coefficients != nonsense.coefficients
    assert not (company.root / MEANING_WEIGHTS).exists()


@pytest.mark.parametrize("answer", [HTTPStatus.UNAUTHORIZED, Raw(b"<html>")])
def test_where_vectors_are_missing_it_says_so_and_goes_on_from_there(
    train: Run, api: OpenAi, company: KnowledgeFolder, answer: HTTPStatus | Raw
) -> None:
    whole = [{"index": number, "embedding": [1.0 + number] * DIMENSIONS} for number in range(10)]
    api.answers = [{"data": whole}, answer]
    ended = train()
    assert (ended.code, len(api.asked)) == (1, 2)
    assert "run this again, and it goes on from there" in ended.err
    assert "Traceback" not in ended.err
    assert not (company.root / MEANING_WEIGHTS).exists()
    assert train().code == 0
    assert asked_for(api)[10:20] == asked_for(api)[20:30]


def test_the_budget_of_a_day_holds_here_too(train: Run, api: OpenAi) -> None:
    ended = train(EMBEDDING_CALLS_PER_DAY="2")
    assert (ended.code, len(api.asked)) == (1, 2)
    assert "over_budget" in ended.err


def test_without_an_endpoint_there_is_nothing_to_fit_to(train: Run, data_dir: Path) -> None:
    ended = train(EMBEDDING_URL="")
    assert ended.code == 1
    assert ended.err.startswith("Set EMBEDDING_URL and EMBEDDING_MODEL")
    assert not (data_dir / FOLDER).exists()


def test_the_file_can_be_read_by_people(train: Run, company: KnowledgeFolder) -> None:
    train()
    fields = json.loads((company.root / MEANING_WEIGHTS).read_text(encoding="utf-8"))
    assert list(fields)[:3] == ["model", "dimensions", "share"]
