"""``calendar``: when teams work, from the command line."""

from pathlib import Path

from tests.agents.years import as_json
from tests.commands.conftest import Run


def test_a_calendar_is_made_and_filled(run: Run, tmp_path: Path) -> None:
    assert run("calendar", "list").out.startswith("None yet; teams work in the service hours.")
    assert run("calendar", "add", "办公室", "--hours", "mon-fri 9:00-18:00").out == "办公室 is added.\n"
    (tmp_path / "2027.json").write_bytes(as_json())
    imported = run("calendar", "import", "办公室", str(tmp_path / "2027.json"))
    assert imported.out == "办公室: 2027: 7 holidays, 2 make-up days; 0 replaced.\n"
    assert run("calendar", "list").out == f"{'办公室':<16} 周一至周五 9:00–18:00  7 holidays, 2 make-up days\n"


def test_what_is_refused_is_said_in_english(run: Run, tmp_path: Path) -> None:
    run("calendar", "add", "办公室", "--hours", "每天 9:00-18:00")
    again = run("calendar", "add", "办公室", "--hours", "每天 9:00-18:00")
    assert (again.code, again.err) == (1, "There is a calendar of that name already.\n")
    assert run("calendar", "add", "夜班", "--hours", "夜里").err.startswith("The hours '夜里' cannot be read")
    (tmp_path / "2027.csv").write_text("2027-01-01,元旦,休\n2027-02-30,春节,休\n")
    wrong = run("calendar", "import", "办公室", str(tmp_path / "2027.csv"))
    assert wrong.err == "Line 2 cannot be read: 2027-02-30. Nothing is imported.\n"
    assert run("calendar", "import", "夜班", str(tmp_path / "2027.csv")).err == "There is no calendar '夜班'.\n"
    assert "cannot be read: No such file" in run("calendar", "import", "办公室", str(tmp_path / "none")).err
