"""No line of a dialogue is forgotten: it is covered by a test or stands in the list, exactly once."""

from tests.dialogues.script import read_declared, read_script, read_waiting


def test_every_line_is_covered_or_waits() -> None:
    accounted = [*read_declared("COVERS"), *(wait.line for wait in read_waiting())]
    assert sorted(map(str, accounted)) == sorted(map(str, read_script()))


def test_what_is_covered_in_part_waits_for_the_rest() -> None:
    partly = read_declared("PARTLY")
    assert len(set(partly)) == len(partly)
    assert set(partly) <= {wait.line for wait in read_waiting()}


def test_each_wait_says_what_for() -> None:
    assert all(wait.waits_for.strip() for wait in read_waiting())
