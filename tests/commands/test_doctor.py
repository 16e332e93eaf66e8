from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.commands.opened import with_database
from app.conversations.models import Channel
from app.secrets import new_key
from app.settings import ROOT, Settings
from tests.commands.conftest import Ended, Run
from tests.factories.knowledge import KnowledgeFolder


def findings(out: str, kind: str) -> dict[str, str]:
    """What the doctor says of a kind (``WRONG``, ``advice``, ``ok``), by examination."""
    lines = (line.split(maxsplit=1)[1] for line in out.splitlines() if line.startswith(f"  {kind}"))
    return {name: sentence for name, _, sentence in (line.partition(": ") for line in lines)}


@pytest.fixture
def doctor(run: Run, tmp_path: Path) -> Run:
    """With knowledge that is read in no time, for what is not about the shipped one."""
    files = KnowledgeFolder(tmp_path / "small")

    def examine(*arguments: str, stdin: str = "", **variables: str) -> Ended:
        return run("doctor", *arguments, stdin=stdin, KNOWLEDGE_DIR=str(files.root), **variables)

    return examine


def test_a_demo_is_well(run: Run, data_dir: Path) -> None:
    run("seed")
    ended = run("doctor", MODE="demo")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == (
        f"Mode demo, database sqlite:///{data_dir}/viewerdesk.db, data in {data_dir}, knowledge in {ROOT}."
    )
    assert list(findings(ended.out, "ok")) == [
        "data folder",
        "keys",
        "files",
        "database",
        "channels",
        "knowledge",
        "service hours",
        "network",
        "language model",
        "embeddings",
    ]
    assert ended.out.splitlines()[1] == "Language model off, embeddings off."
    assert findings(ended.out, "advice") == {}
    assert ended.out.endswith("The service can run.\n")


def test_in_production_it_says_what_is_missing(run: Run) -> None:
    ended = run("doctor")
    advice = findings(ended.out, "advice")
    assert ended.code == 0
    assert list(advice) == ["keys", "channels", "knowledge", "service hours", "network"]
    assert "SERVICE_HOURS" in advice["service hours"]
    assert "back that file up" in advice["keys"]
    assert "channel add wechat|qq NAME" in advice["channels"]
    assert "FACTS__HOTLINE" in advice["knowledge"]
    assert "a proxy on this machine" in advice["network"]


def test_a_fact_that_is_set_is_not_missed(run: Run) -> None:
    advice = findings(run("doctor", FACTS__HOTLINE="10086").out, "advice")
    assert "FACTS__HOTLINE" not in advice["knowledge"]
    assert "FACTS__" in advice["knowledge"]


def test_a_place_for_files_that_cannot_be_used_is_named(doctor: Run, data_dir: Path) -> None:
    bucket = {"STORAGE_URL": "s3://desk", "S3_ENDPOINT": "http://127.0.0.1:1", "S3_ACCESS_KEY": "desk"}
    there = doctor(**bucket, S3_SECRET_KEY="geheim")
    (data_dir / "files").rename(data_dir / "elsewhere")
    (data_dir / "files").write_text("in the way")
    here = doctor()
    assert (there.code, here.code) == (1, 1)
    assert findings(there.out, "WRONG")["files"].startswith(
        "Files of viewers cannot be kept in STORAGE_URL s3://desk: S3"
    )
    assert findings(here.out, "WRONG")["files"].startswith(
        "Files of viewers cannot be kept in DATA_DIR/files: FileExists"
    )
    assert "geheim" not in there.out


def test_a_data_folder_that_cannot_be_made(doctor: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "data"
    ended = doctor(DATA_DIR=str(folder))
    wrong = findings(ended.out, "WRONG")
    assert (ended.code, ended.err) == (1, "")
    assert list(wrong) == ["data folder", "keys", "files", "database", "channels"]
    assert wrong["data folder"] == f"DATA_DIR {folder} cannot be made: Not a directory."
    assert ended.out.endswith("The service cannot run like this.\n")
    assert "Traceback" not in ended.out


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://desk:geheim@127.0.0.1:1/desk", "PostgreSQL does not answer at DATABASE_URL (ConnectionRefused"),
        ("postgresql://desk:geheim@no.such.host.invalid/desk", "PostgreSQL does not answer at DATABASE_URL (gaierror"),
        ("postgresql://desk:geheim#1@host/desk", "DATABASE_URL is no valid address. Special characters"),
    ],
)
def test_a_server_that_does_not_answer(doctor: Run, url: str, sentence: str) -> None:
    ended = doctor(DATABASE_URL=url)
    assert ended.code == 1
    assert findings(ended.out, "WRONG")["database"].startswith(sentence)
    assert "geheim" not in ended.out


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://desk:geheim@127.0.0.1:1/desk", "postgresql://desk:…@127.0.0.1:1/desk"),
        ("postgresql://desk@127.0.0.1:1/desk", "postgresql://desk@127.0.0.1:1/desk"),
        ("postgresql://127.0.0.1:1/desk", "postgresql://127.0.0.1:1/desk"),
        ("postgresql://127.0.0.1:1/desk?password=geheim", "postgresql://127.0.0.1:1/desk?…"),
    ],
)
def test_the_password_is_not_shown(doctor: Run, url: str, shown: str) -> None:
    out = doctor(DATABASE_URL=url).out
    assert f"database {shown}, data in" in out
    assert "geheim" not in out


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_on_postgresql_it_reminds_of_the_worker(doctor: Run, database_url: str) -> None:
    ended = doctor(DATABASE_URL=database_url)
    assert ended.code == 0
    assert "at least one 'worker' process" in findings(ended.out, "advice")["database"]


def test_another_key(doctor: Run) -> None:
    assert doctor(SECRET_KEYS=new_key()).code == 0
    ended = doctor(SECRET_KEYS=new_key())
    wrong = findings(ended.out, "WRONG")
    assert ended.code == 1
    assert wrong["database"].startswith("This database was sealed with another key: set SECRET_KEYS")


def test_a_database_that_is_newer_or_must_not_be_changed(doctor: Run, data_dir: Path) -> None:
    def move_on(session: Session) -> None:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with_database(Settings(data_dir=data_dir), lambda db, _: db.write(move_on))
    assert "used by a newer version" in findings(doctor().out, "WRONG")["database"]
    (data_dir / "viewerdesk.db").unlink()
    assert "MIGRATE=never forbids" in findings(doctor(MIGRATE="never").out, "WRONG")["database"]


def test_a_channel_that_cannot_be_used(run: Run, doctor: Run, data_dir: Path) -> None:
    def break_it(session: Session) -> None:
        session.execute(update(Channel).values(settings={}))

    run("seed")
    with_database(Settings(data_dir=data_dir), lambda db, _: db.write(break_it))
    ended = doctor()
    assert ended.code == 1
    wrong = findings(ended.out, "WRONG")["channels"]
    assert "wechat/demo: The WeChat message mode (mode) must be" in wrong
    assert "qq/demo-qq: The QQ app id (app_id) is missing" in wrong


def test_a_demo_for_everybody(doctor: Run) -> None:
    ended = doctor(MODE="demo", HOST="0.0.0.0")
    assert ended.code == 1
    assert findings(ended.out, "WRONG")["network"].startswith("MODE=demo serves channels with a public token")


def test_quiet_hours_are_read(doctor: Run) -> None:
    wrong = doctor(QUIET_HOURS="nights")
    assert wrong.code == 1
    assert "QUIET_HOURS must be like 22:00-8:00" in findings(wrong.out, "WRONG")["service hours"]


def test_service_hours_are_read_and_old_holidays_noticed(run: Run) -> None:
    wrong = run("doctor", SERVICE_HOURS="9 to 5")
    assert wrong.code == 1
    assert "9 to 5" in findings(wrong.out, "WRONG")["service hours"]
    old = run("doctor", SERVICE_HOURS="每天 9:00-22:00", HOLIDAYS="2020-10-01..2020-10-07")
    assert "2020-10-07" in findings(old.out, "advice")["service hours"]
    assert "SERVICE_HOURS" not in findings(old.out, "advice")["knowledge"], "the hours are a fact of the texts too"


def test_a_knowledge_of_ones_own(run: Run, tmp_path: Path) -> None:
    files = KnowledgeFolder(tmp_path / "company")
    ended = run("doctor", KNOWLEDGE_DIR=str(files.root), KNOWLEDGE_EVERY="0")
    assert f"knowledge in {files.root}." in ended.out
    assert "SIGHUP" in findings(ended.out, "advice")["knowledge"]
    files.group("playback", files.buffering("''"))
    wrong = findings(run("doctor", KNOWLEDGE_DIR=str(files.root)).out, "WRONG")
    assert wrong["knowledge"] == "faq/playback.yaml:6: entries[0].answer: must not be empty"


def test_a_knowledge_folder_that_is_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "faq").mkdir()
    ended = run("doctor", KNOWLEDGE_DIR=str(tmp_path))
    assert ended.code == 1
    assert findings(ended.out, "WRONG")["knowledge"].startswith(f"KNOWLEDGE_DIR {tmp_path} holds no folder intents/")
