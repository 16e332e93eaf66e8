"""What a catalogue costs: ``python -m tests.bench.titles [TITLES]``, 60 and 5,000 unless given.

Prints how long building takes, what stays in memory (of Python's own objects, and of the process with the automata,
which are C), and how long ``extract`` takes for questions of the knowledge, the best of some rounds; 0 titles are
``extract`` without a catalogue.
"""

import gc
import random
import sys
import timeit
import tracemalloc
from pathlib import Path
from time import process_time

from app.dialogue.loading import load_facts
from app.faq.loader import load
from app.matching.catalogue import NO_TITLES, Catalogue
from app.matching.entities import extract
from app.matching.syllables import SYLLABLES
from app.matching.titles import Day, Kind, Season, Title
from app.settings import ROOT, Settings

ROUNDS = 20
EPISODES = 36


def main() -> None:
    knowledge = load(ROOT / "faq", ROOT / "intents", load_facts(Settings(mode="demo")))
    texts = [text for _, text in knowledge.phrasings()]
    questions = random.Random(8).sample(texts, min(500, len(texts)))
    print("titles   build ms   objects KB   process KB   question µs   with title µs   10,000 characters ms")
    for count in map(int, sys.argv[1:] or ("0", "60", "5000")):
        print(_row(count, texts, questions))


def _row(count: int, texts: list[str], questions: list[str]) -> str:
    titles = _titles(count)
    gc.collect()
    before, begun = _resident(), process_time()
    catalogue = Catalogue.build(titles, texts) if titles else NO_TITLES
    took = process_time() - begun
    gc.collect()
    resident = _resident() - before
    named = [f"{title.name}第8集没字幕" for title in titles[:100]] or ["《某剧》第8集没字幕"]
    long = "".join(questions * 10)[:10_000]
    return (
        f"{count:6} {took * 1000:10.1f} {_objects(titles, texts) / 1024:12.0f} {resident / 1024:12.0f}"
        f" {_micros(catalogue, questions):13.1f} {_micros(catalogue, named):15.1f}"
        f" {_micros(catalogue, [long]) / 1000:22.1f}"
    )


def _titles(count: int) -> list[Title]:
    """Invented names of three to eight characters, each with two nicknames."""
    chance, characters = random.Random(8), sorted(SYLLABLES.characters)[:3000]
    seasons = (Season(1, EPISODES, Day(weeks=-3), (4, 5), 1200),)

    def name() -> str:
        return "".join(chance.choices(characters, k=chance.randint(3, 8)))

    return [Title(f"t{place}", name(), Kind.series, "", (name(), name()), seasons) for place in range(count)]


def _objects(titles: list[Title], texts: list[str]) -> int:
    """Bytes of Python objects that a catalogue keeps beside its titles."""
    tracemalloc.start()
    catalogue = Catalogue.build(titles, texts)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(catalogue.titles) <= len(titles)
    return kept


def _resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)


def _micros(catalogue: Catalogue, texts: list[str]) -> float:
    """Of one text, in the best round."""

    def run() -> None:
        for text in texts:
            extract(text, catalogue)

    best = min(timeit.repeat(run, timer=process_time, number=1, repeat=ROUNDS))
    return best / len(texts) * 1e6


if __name__ == "__main__":
    main()
