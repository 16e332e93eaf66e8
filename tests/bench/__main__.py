"""The benchmark: our service beside its peers. Run by ``make bench``; the README here explains options and figures."""

import tempfile
from pathlib import Path

from tests.bench import options, rounds, stages, start
from tests.bench.delivery.report import report
from tests.bench.store import lies_in_memory


def main() -> None:
    chosen = options.parse()
    with tempfile.TemporaryDirectory(prefix="viewer-bench-") as name:
        folder = Path(name)
        if lies_in_memory(folder):
            print(f"{folder} lies in memory, where durability costs nothing: set TMPDIR to a folder on a disk.")
        match chosen.job:
            case "rounds":
                rounds.report(chosen, folder)
            case "memory":
                rounds.report_memory(chosen, folder)
            case "start":
                start.report(chosen.databases, folder)
            case "stages":
                stages.report(chosen.traffic)
            case "delivery":
                report(chosen.databases, folder, chosen.parts)


if __name__ == "__main__":
    main()
