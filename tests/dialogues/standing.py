"""How far the tests cover the dialogues, in words."""

from collections.abc import Iterator
from itertools import groupby

from tests.dialogues.script import Wait, read_declared, read_script, read_waiting

MEND = "mend"


def summary() -> str:
    """One line for whoever runs the tests."""
    script, waits = read_script(), read_waiting()
    mends = sum(wait.feature == MEND for wait in waits)
    return (
        f"dialogues: of {len(script)} expected lines {len(read_declared('COVERS'))} are covered, "
        f"{len(waits)} wait, {len(read_declared('PARTLY'))} of them covered in part; "
        f"{mends} are to be mended (python -m tests.dialogues)"
    )


def report() -> Iterator[str]:
    """The list: features with their lines, most wanted first; then what is to be mended, one by one."""
    yield summary()
    waits = read_waiting()
    groups = [list(group) for _, group in groupby(sorted(waits, key=_feature), key=_feature)]
    for group in sorted(groups, key=len, reverse=True):
        if group[0].feature != MEND:
            yield f"  {group[0].feature} ({len(group)}): {_lines(group)}"
    for wait in waits:
        if wait.feature == MEND:
            yield f"  {wait.line} {wait.waits_for}"


def _feature(wait: Wait) -> str:
    return wait.feature


def _lines(group: list[Wait]) -> str:
    """1 S3 S4, 13 A1."""
    by_dialogue = groupby(group, key=lambda wait: wait.line.dialogue)
    return ", ".join(f"{dialogue} {' '.join(wait.line.name for wait in waits)}" for dialogue, waits in by_dialogue)
