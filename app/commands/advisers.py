"""What ``doctor`` says of the optional advisers: each that is on is asked once, with a question that is no viewer's."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from time import perf_counter
from typing import Any

from app.advisers.endpoint import Failure, NoAdvice
from app.advisers.opening import open_chooser, open_embedder
from app.dialogue.loading import load_meaning_weights
from app.errors import ConfigurationError
from app.settings import Settings

_FAILURES = {
    Failure.unreachable: "there is no connection to {prefix}_URL",
    Failure.timeout: "no answer within {limit:g} s; take a nearer or smaller model, or a longer {prefix}_TIMEOUT",
    Failure.refused: "it refuses the call ({none.status}); look at {prefix}_URL, {prefix}_MODEL and {prefix}_KEY",
    Failure.unusable: "its answer cannot be used; look at {prefix}_URL, and take a model that does not think aloud",
}
_OTHER = "it does not work at the moment ({none})"


def describe(settings: Settings) -> str:
    """Which of them are on, and where; keys are never shown."""
    model = _shown(settings.llm_url, settings.llm_model)
    return f"Language model {model}, embeddings {_shown(settings.embedding_url, settings.embedding_model)}."


def language_model(settings: Settings) -> Iterator[str]:
    async def ask() -> None:
        if chooser := open_chooser(settings):
            try:
                await chooser.check()
            finally:
                await chooser.close()

    if settings.llm_url:
        yield from _findings("LLM", settings.llm_url, settings.llm_timeout, ask)


def embeddings(settings: Settings) -> Iterator[str]:
    sizes: list[int] = []

    async def ask() -> None:
        if embedder := open_embedder(settings):
            try:
                sizes.append((await embedder.embed(["播放卡顿怎么办"])).shape[1])
            finally:
                await embedder.close()

    if settings.embedding_url:
        yield from _findings("EMBEDDING", settings.embedding_url, settings.embedding_timeout, ask)
        yield from _weights(settings, next(iter(sizes), None))


def _weights(settings: Settings, dimensions: int | None) -> Iterator[str]:
    """``dimensions`` of the model's vectors, where it answered."""
    try:
        weights = load_meaning_weights(settings.knowledge_dir, settings.embedding_model)
    except ConfigurationError as error:
        yield f"matching goes without them: {error}"
        return
    if dimensions not in (None, weights.dimensions):
        yield (
            f"matching goes without them: the model gives {dimensions} dimensions, the weights are fitted to "
            f"{weights.dimensions}. Run `app matching train --embedding`, then start again."
        )


def _findings(prefix: str, url: str, limit: float, ask: Callable[[], Coroutine[Any, Any, None]]) -> Iterator[str]:
    """A failure is advice and no more: the service runs without."""
    began = perf_counter()
    try:
        asyncio.run(ask())
        yield f"it answered in {perf_counter() - began:.2f} s of {limit:g}; viewers' texts go there, numbers masked."
    except NoAdvice as none:
        reason = _FAILURES.get(none.failure, _OTHER).format(prefix=prefix, none=none, limit=limit)
        yield f"{reason}. The service runs without it."
    if url.startswith("http:"):
        yield f"{prefix}_URL is not encrypted: keep it within your own network."


def _shown(url: str, model: str) -> str:
    return f"{model} at {url}" if url else "off"
