"""The advisers that the settings name; where they name none, nothing is made and nobody is asked."""

from app.advisers.choosing import Chooser
from app.advisers.embedding import Embedder
from app.advisers.endpoint import Endpoint
from app.advisers.vectors import VectorStore
from app.settings import Settings


def open_chooser(settings: Settings) -> Chooser | None:
    """To be closed by the caller."""
    if not settings.llm_url:
        return None
    endpoint = Endpoint(
        "llm", settings.llm_url, settings.llm_key.get_secret_value(),
        calls_per_minute=settings.llm_calls_per_minute, calls_per_day=settings.llm_calls_per_day,
    )  # fmt: skip
    return Chooser(endpoint, settings.llm_model, seconds=settings.llm_timeout)


def open_embedder(settings: Settings) -> Embedder | None:
    """To be closed by the caller."""
    if not settings.embedding_url:
        return None
    endpoint = Endpoint(
        "embedding", settings.embedding_url, settings.embedding_key.get_secret_value(),
        calls_per_minute=settings.embedding_calls_per_minute, calls_per_day=settings.embedding_calls_per_day,
    )  # fmt: skip
    return Embedder(
        endpoint, settings.embedding_model, seconds=settings.embedding_timeout, batch=settings.embedding_batch
    )


def open_vectors(settings: Settings, part: str = "") -> VectorStore:
    """Where the embedder's vectors of the knowledge are kept; ``part``: apart from those, e.g. for training."""
    return VectorStore(settings.data_dir, settings.embedding_url, settings.embedding_model, part)
