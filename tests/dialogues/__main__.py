"""What the dialogues still wait for: ``python -m tests.dialogues``; with ``--lines`` what each line expects."""

# ruff: noqa: T201 - a command prints

import argparse

from tests.dialogues import standing
from tests.dialogues.script import read_script, read_waiting


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.dialogues", description=__doc__)
    parser.add_argument("--lines", action="store_true", help="also show what each waiting line expects")
    options = parser.parse_args()
    print("\n".join(standing.report()))
    if options.lines:
        said = read_script()
        print("\n" + "\n".join(f"{wait.line} ({wait.feature}): {said[wait.line]}" for wait in read_waiting()))


if __name__ == "__main__":
    main()
