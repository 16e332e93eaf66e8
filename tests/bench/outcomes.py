"""What the answers were: the service's own counters, and a look at sampled answers of every contestant."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import ParseError

from prometheus_client.parser import text_string_to_metric_families

from tests.bench.messages import Mode, read_answer

_BY_LABEL = ("viewerdesk_turns_total",)
_MISSES = "viewerdesk_understand_misses_total"
_DUPLICATES = "viewerdesk_duplicates_total"
_BATCHES = "viewerdesk_batch_size"
_TEXTS = 3
_BEGINNING = 16


def read_counters(exposition: str) -> dict[str, float]:
    """Every sample of a Prometheus exposition by ``name{label="value"}``, without creation times."""
    return {
        _key(sample.name, sample.labels): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def describe(counters: Mapping[str, float], samples: Sequence[bytes], mode: Mode) -> Iterator[str]:
    """Lines for the report: shares by the service's counters, if it has any, and by the sampled answers."""
    for name in _BY_LABEL:
        grown = {key: value for key, value in counters.items() if key.startswith(name) and value}
        if grown:
            yield f"{name}: {_shares({key.partition('{')[2].rstrip('}'): value for key, value in grown.items()})}"
    if batches := counters.get(f"{_BATCHES}_count"):
        yield f"{_BATCHES}: {counters[f'{_BATCHES}_sum'] / batches:.1f} on average"
    if misses := counters.get(_MISSES):
        yield f"{_MISSES}: {misses:.0f} texts were not in the cache"
    if duplicates := counters.get(_DUPLICATES):
        yield f"{_DUPLICATES}: {duplicates:.0f}, which must not be: every push is new"
    if samples:
        yield f"{len(samples)} sampled answers: {_shares(_kinds(samples, mode), limit=_TEXTS)}"


def _kinds(samples: Sequence[bytes], mode: Mode) -> Counter[str]:
    return Counter(_kind(body, mode) for body in samples)


def _kind(body: bytes, mode: Mode) -> str:
    try:
        text = read_answer(body, mode)
    except (ParseError, ValueError):
        return "unreadable"
    return "silent" if text is None else f"“{text[:_BEGINNING]}…”"


def _shares(counts: Mapping[str, float], limit: int | None = None) -> str:
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    shown = [f"{name} {count / total:.1%}" for name, count in ranked[:limit]]
    if rest := len(ranked) - len(shown):
        shown.append(f"{rest} others")
    return ", ".join(shown)


def _key(name: str, labels: Mapping[str, str]) -> str:
    if not labels:
        return name
    return f"{name}{{{','.join(f'{label}={value}' for label, value in labels.items())}}}"
