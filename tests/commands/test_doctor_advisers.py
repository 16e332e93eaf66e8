"""What the doctor says of the optional advisers: it asks them once, over real HTTP."""

from http import HTTPStatus
from pathlib import Path

import pytest

from app.dialogue.loading import MEANING_WEIGHTS
from app.matching.confidence import Weights
from app.matching.meanings import MeaningWeights
from tests.commands.conftest import Ended, Run
from tests.factories.knowledge import KnowledgeFolder
from tests.fakes.openai import DIMENSIONS, Answer, Odd, OpenAi


@pytest.fixture
def ask(run: Run, api: OpenAi) -> Run:
    def ask(*arguments: str, stdin: str = "", **variables: str) -> Ended:
        named = {
            f"{prefix}_{name}": value
            for prefix in ("LLM", "EMBEDDING")
            for name, value in {"URL": api.url, "MODEL": "tiny", "KEY": "sk-geheim", "TIMEOUT": "3"}.items()
        }
        return run(*arguments, stdin=stdin, **{**named, **variables})

    return ask


def test_both_are_on_and_answer(ask: Run, api: OpenAi) -> None:
    api.otherwise = "1"
    ended = ask("doctor")
    assert ended.out.splitlines()[1] == f"Language model tiny at {api.url}, embeddings tiny at {api.url}."
    assert sorted(asked.path for asked in api.asked) == ["/v1/chat/completions", "/v1/embeddings"]
    lines = [line for line in ended.out.splitlines() if "it answered in" in line]
    assert [line.split(":")[0].split("advice")[1].strip() for line in lines] == ["language model", "embeddings"]
    assert "LLM_URL is not encrypted" in ended.out
    assert (ended.code, ended.err) == (0, "")
    assert "geheim" not in ended.out


@pytest.mark.parametrize(
    ("answer", "limit", "sentence"),
    [
        (HTTPStatus.UNAUTHORIZED, "3", "it refuses the call (401); look at LLM_URL, LLM_MODEL and LLM_KEY"),
        (HTTPStatus.BAD_GATEWAY, "3", "it does not work at the moment (failed (502))"),
        (Odd.cut, "3", "there is no connection to LLM_URL"),
        (Odd.silent, "0.2", "no answer within 0.2 s"),
        ("<think>嗯", "3", "its answer cannot be used; look at LLM_URL, and take a model that does not think aloud"),
    ],
)
def test_one_that_fails_is_no_obstacle(ask: Run, api: OpenAi, answer: Answer, limit: str, sentence: str) -> None:
    api.answers = [answer]
    ended = ask("doctor", EMBEDDING_URL="", LLM_TIMEOUT=limit)
    assert f"language model: {sentence}" in ended.out
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("The service can run.\n")


def test_half_a_configuration_is_refused(run: Run) -> None:
    ended = run("doctor", LLM_URL="https://api.example.com/v1")
    assert ended.code != 0
    assert "LLM_MODEL cannot be used" in ended.err


# -------------------- the weights that make use of embeddings


@pytest.fixture
def company(tmp_path: Path) -> KnowledgeFolder:
    return KnowledgeFolder(tmp_path / "company")


def embeddings(ended: Ended) -> str:
    return "\n".join(line for line in ended.out.splitlines() if "embeddings:" in line)


def test_without_weights_it_says_how_to_get_them(ask: Run, company: KnowledgeFolder) -> None:
    ended = ask("doctor", KNOWLEDGE_DIR=str(company.root), LLM_URL="")
    assert "there are no weights for them" in embeddings(ended)
    assert "Run `app matching train --embedding`, then start again." in embeddings(ended)
    assert ended.out.endswith("The service can run.\n")


@pytest.mark.parametrize(
    ("model", "dimensions", "sentence"),
    [
        ("large", DIMENSIONS, "holds weights for large, not for tiny"),
        ("tiny", 1024, f"the model gives {DIMENSIONS} dimensions, the weights are fitted to 1024"),
    ],
)
def test_weights_of_another_model_do_not_fit(
    ask: Run, company: KnowledgeFolder, model: str, dimensions: int, sentence: str
) -> None:
    save(company, model, dimensions)
    ended = ask("doctor", KNOWLEDGE_DIR=str(company.root), LLM_URL="")
    assert sentence in embeddings(ended)
    assert "app matching train --embedding" in embeddings(ended)


def test_with_fitting_weights_there_is_nothing_to_do(ask: Run, company: KnowledgeFolder) -> None:
    save(company, "tiny", DIMENSIONS)
    ended = ask("doctor", KNOWLEDGE_DIR=str(company.root), LLM_URL="")
    assert "it answered in" in embeddings(ended)
    assert "train" not in embeddings(ended)


def save(company: KnowledgeFolder, model: str, dimensions: int) -> None:
    path = company.root / MEANING_WEIGHTS
    path.parent.mkdir()
    MeaningWeights(model, dimensions, Weights.load()).save(path)
