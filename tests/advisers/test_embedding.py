"""Vectors over real HTTP, and those of the knowledge on the disk."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.advisers.embedding import Embedder, Vectors, embed_knowledge, read
from app.advisers.endpoint import Endpoint, NoAdvice
from app.advisers.vectors import VectorStore, key_of
from tests.advisers.conftest import Counted
from tests.fakes.openai import OpenAi, Raw, vector_of

TEXTS = [f"问法{number}" for number in range(7)]


@pytest.fixture
async def embedder(api: OpenAi) -> AsyncIterator[Embedder]:
    endpoint = Endpoint("embedding", api.url, "sk", calls_per_minute=100, calls_per_day=100)
    embedder = Embedder(endpoint, "tiny", seconds=10, batch=3)
    yield embedder
    await embedder.close()


@pytest.fixture
def store(tmp_path: Path, api: OpenAi) -> VectorStore:
    return VectorStore(tmp_path, api.url, "tiny")


def expected(texts: list[str]) -> Vectors:
    rows = np.array([vector_of(text) for text in texts])
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def inputs(api: OpenAi) -> list[list[str]]:
    return [asked.body["input"] for asked in api.asked]


async def test_texts_become_vectors_of_length_one_in_their_order(
    api: OpenAi, embedder: Embedder, counted: Counted
) -> None:
    vectors = await embedder.embed(TEXTS)
    assert (vectors.dtype.name, vectors.shape) == ("float32", (7, 4))
    np.testing.assert_allclose(vectors, expected(TEXTS), rtol=1e-6)
    assert inputs(api) == [TEXTS[:3], TEXTS[3:6], TEXTS[6:]]
    assert (api.asked[0].path, api.asked[0].body["model"]) == ("/v1/embeddings", "tiny")
    assert counted() == {"embedding embedded": 3}


async def test_nothing_asks_for_nothing(api: OpenAi, embedder: Embedder) -> None:
    assert (await embedder.embed([])).shape[0] == 0
    assert api.asked == []


async def test_what_tells_who_somebody_is_stays_here(api: OpenAi, embedder: Embedder) -> None:
    await embedder.embed(["我是13812345678"])
    assert inputs(api) == [["我是〔号码〕"]]


def item(index: object, embedding: object) -> dict[str, object]:
    return {"index": index, "embedding": embedding}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"data": []},
        {"data": [None, None]},
        {"data": [item(0, [1.0, 2.0])]},
        {"data": [item(0, [1.0, 2.0]), item(0, [1.0, 2.0])]},
        {"data": [item(0, [1.0, 2.0]), item(2, [1.0, 2.0])]},
        {"data": [item(0, [1.0, 2.0]), item("1", [1.0, 2.0])]},
        {"data": [item(0, [1.0, 2.0]), item(1, [1.0])]},
        {"data": [item(0, [1.0, 2.0]), item(1, None)]},
        {"data": [item(0, [1.0, 2.0]), item(1, [1.0, float("nan")])]},
        {"data": [item(0, [1.0, 2.0]), item(1, [0.0, 0.0])]},
        {"data": [item(0, [1.0, 2.0]), item(1, [10**400, 0.0])]},
        {"data": [item(0, []), item(1, [])]},
        {"data": [item(0, 1.0), item(1, 1.0)]},
        {"data": [item(0, "AACAPw=="), item(1, "AACAPw==")]},
    ],
)
def test_other_answers_are_no_vectors(answer: Any) -> None:
    assert read(answer, 2) is None


async def test_where_a_call_fails_there_is_nothing(api: OpenAi, embedder: Embedder, counted: Counted) -> None:
    api.answers = [{"data": []}]
    with pytest.raises(NoAdvice):
        await embedder.embed(["一"])
    api.answers = [HTTPStatus.TOO_MANY_REQUESTS]
    with pytest.raises(NoAdvice):
        await embedder.embed(["一"])
    assert counted() == {"embedding unusable": 1, "embedding limited": 1}


async def test_the_knowledge_is_fetched_once(api: OpenAi, embedder: Embedder, store: VectorStore) -> None:
    for _ in range(2):
        np.testing.assert_allclose(await embed_knowledge(embedder, store, TEXTS), expected(TEXTS), rtol=1e-6)
        assert len(api.asked) == 3
    changed = [TEXTS[6], "新的", TEXTS[0], "新的"]
    np.testing.assert_allclose(await embed_knowledge(embedder, store, changed), expected(changed), rtol=1e-6)
    assert inputs(api)[3:] == [["新的"]]
    assert store.load().keys() == {key_of(text) for text in changed}, "what is not asked for any more is dropped"


async def test_no_knowledge(embedder: Embedder, store: VectorStore) -> None:
    assert (await embed_knowledge(embedder, store, [])).shape[0] == 0
    assert not store.path.exists()


async def test_what_came_before_a_failure_is_kept(api: OpenAi, embedder: Embedder, store: VectorStore) -> None:
    await embed_knowledge(embedder, store, TEXTS[:1])
    api.answers = [embedded(TEXTS[1:4]), HTTPStatus.BAD_GATEWAY]
    with pytest.raises(NoAdvice):
        await embed_knowledge(embedder, store, TEXTS)
    assert store.load().keys() == {key_of(text) for text in TEXTS[:4]}


def embedded(texts: list[str]) -> dict[str, Any]:
    return {"data": [item(number, vector_of(text)) for number, text in enumerate(texts)]}


async def test_another_model_behind_the_same_name(api: OpenAi, embedder: Embedder, store: VectorStore) -> None:
    await embed_knowledge(embedder, store, TEXTS[:5])
    api.dimensions = 6
    vectors = await embed_knowledge(embedder, store, TEXTS)
    assert vectors.shape == (7, 6)
    assert {row.size for row in store.load().values()} == {6}


async def test_a_model_that_cannot_decide_on_its_dimensions(
    api: OpenAi, embedder: Embedder, store: VectorStore
) -> None:
    api.answers = [{"data": [item(n, [1.0] * size) for n in range(3)]} for size in (2, 3, 2, 3, 2)]
    with pytest.raises(NoAdvice):
        await embed_knowledge(embedder, store, TEXTS)
    api.answers = [{"data": [item(n, [1.0] * size) for n in range(3)]} for size in (2, 3)]
    with pytest.raises(NoAdvice):
        await embedder.embed(TEXTS[:6])


@pytest.mark.parametrize("garbage", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00v\x00{", b"no archive", b"\x80\x04K*."])
async def test_a_damaged_file_is_fetched_anew(
    api: OpenAi, embedder: Embedder, store: VectorStore, garbage: bytes
) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(garbage)
    assert store.load() == {}
    await embed_knowledge(embedder, store, TEXTS[:3])
    assert store.load().keys() == {key_of(text) for text in TEXTS[:3]}


def test_a_changed_byte_or_a_missing_end_is_noticed(store: VectorStore) -> None:
    store.save({key_of(text): row for text, row in zip(TEXTS, expected(TEXTS), strict=True)})
    whole = store.path.read_bytes()
    middle = whole.index(expected(TEXTS)[3].tobytes())
    store.path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert store.load() == {}
    store.path.write_bytes(whole[: len(whole) // 2])
    assert store.load() == {}
    store.path.write_bytes(whole)
    assert len(store.load()) == 7


@pytest.mark.parametrize(
    "arrays",
    [
        {"keys": np.array([b"a"])},
        {"keys": np.array([b"a"]), "vectors": np.array([[1.0, 0.0]])},
        {"keys": np.array([b"a"]), "vectors": np.array([[2.0, 0.0]], np.float32)},
        {"keys": np.array([b"a"]), "vectors": np.array([[np.nan, 0.0]], np.float32)},
        {"keys": np.array([b"a", b"b"]), "vectors": np.array([[1.0, 0.0]], np.float32)},
        {"keys": np.array([1]), "vectors": np.array([[1.0, 0.0]], np.float32)},
        {"keys": np.array([b"a"]), "vectors": np.array([1.0], np.float32)},
    ],
)
def test_arrays_of_another_kind_are_passed_over(store: VectorStore, arrays: dict[str, Any]) -> None:
    store.path.parent.mkdir()
    np.savez(store.path, **arrays)
    assert store.load() == {}


def test_nothing_half_written_is_left(store: VectorStore) -> None:
    for _ in range(2):
        store.save({"a" * 64: np.array([1, 0], np.float32)})
    assert [path.name for path in store.path.parent.iterdir()] == [store.path.name]


async def test_a_folder_that_cannot_be_written_stops_nothing(
    embedder: Embedder, store: VectorStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.path.parent.write_text("a file stands where the folder should")
    assert (await embed_knowledge(embedder, store, TEXTS)).shape == (7, 4)
    assert "vectors cannot be stored" in caplog.text


def test_models_and_endpoints_are_kept_apart(tmp_path: Path) -> None:
    paths = {VectorStore(tmp_path, url, model).path for url in ("https://a", "https://b") for model in ("m", "n")}
    assert len(paths) == 4


async def test_an_answer_that_is_too_long(api: OpenAi, embedder: Embedder) -> None:
    api.answers = [Raw(b" " * 1024 * 1024)]
    with pytest.raises(NoAdvice):
        await embedder.embed(["一"])
