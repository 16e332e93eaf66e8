"""The corpus of the search's benchmark has in it what the figures are read by."""

from tests.bench.searching.corpus import ABSENT, APART, COMMON, OLD, RARE, Corpus


def test_words_are_as_frequent_as_they_say() -> None:
    texts = list(Corpus().messages(5_000))
    assert texts == list(Corpus().messages(5_000))
    assert 0.08 < sum(COMMON in text for text in texts) / len(texts) < 0.12
    assert [sum(word in text for text in texts) for word in APART] == [250, 250]
    assert not any(all(word in text for word in APART) for text in texts)
    assert [number for number, text in enumerate(texts) if OLD in text] == list(range(0, 100, 10))
    assert [sum(word in text for text in texts) for word in (*RARE, ABSENT)] == [1, 1, 0, 0]
