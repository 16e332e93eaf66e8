"""The image, as far as it can be tried without a container engine."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import main
from app.settings import ROOT, Settings
from tests.container.build_context import Ignored
from tests.container.image import DOCKERFILE, Instruction, instructions, lay_out, sources
from tests.faults.installation import ENVIRONMENT, Installation
from tests.faults.requesting import request

LINTER = ROOT / "app" / "console" / "node_modules" / ".bin" / "dockerfile-utils"
COPIES = [(source, one) for one in instructions() if one.name == "COPY" for source in sources(one)]


@pytest.fixture(scope="session")
def ignored() -> Ignored:
    return Ignored((ROOT / ".dockerignore").read_text().splitlines())


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the container works in, with all that the image has there but the built assets."""
    return lay_out(tmp_path_factory.mktemp("image"))


def test_the_dockerfile_has_no_fault_that_a_linter_knows() -> None:
    if not LINTER.exists():
        pytest.skip("the linter of Dockerfiles comes with the pages' packages: make setup says why they are missing")
    command = ["sh", ".ci/node", str(LINTER), "lint", str(DOCKERFILE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("source", "copy"), COPIES)
def test_what_is_copied_is_there_and_reaches_the_engine(source: str, copy: Instruction, ignored: Ignored) -> None:
    assert (ROOT / source).exists()
    assert source not in ignored


@pytest.mark.parametrize(
    "path",
    [
        "data/secret.key", ".env", ".git/config", ".venv/bin/python", "app/console/node_modules/esbuild/main.js",
        "app/console/static/manifest.json", "app/__pycache__/main.cpython-311.pyc", "app/db/__pycache__/x.pyc",
    ],
)  # fmt: skip
def test_secrets_and_leftovers_do_not_reach_the_engine(path: str, ignored: Ignored) -> None:
    assert path in ignored


def test_rules_are_read_as_the_engine_reads_them() -> None:
    rules = Ignored(["# all", "*", "!app", "app/*.log", "**/cache", "!app/keep.log"])
    assert "readme" in rules
    assert "app/main.py" not in rules
    assert "app/a.log" in rules
    assert "app/deep/a.log" not in rules
    assert "app/deep/cache/file" in rules
    assert "app/keep.log" not in rules


def test_the_container_runs_verbs_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    entry, verb = (next(one.form for one in instructions() if one.name == name) for name in ("ENTRYPOINT", "CMD"))
    assert entry == ["python", "-m", "app"]
    with pytest.raises(SystemExit, match="0"):
        main([*verb, "--help"])
    assert f"app {verb[0]}" in capsys.readouterr().out


async def test_the_files_of_the_image_are_a_working_service_that_its_health_check_finds_alive(
    place: Path, tmp_path: Path
) -> None:
    variables = next(one for one in instructions() if one.name == "ENV").words
    settings = dict(variable.split("=") for variable in variables) | {"DATA_DIR": str(tmp_path), "CACHE_DIR": ""}
    installation = Installation(tmp_path, ENVIRONMENT | settings, code=place)
    try:
        server = await installation.serve()
        assert (await request(server.port, "GET", "/healthz")).status == 200
        assert health_check(server.port) == 0
    finally:
        installation.end()
    assert health_check(server.port) != 0
    assert Settings.model_validate({name.lower(): value for name, value in settings.items()}).host == "0.0.0.0"


def health_check(port: int) -> int:
    """The exit code of the image's health check against a service on this machine."""
    check = next(one for one in instructions() if one.name == "HEALTHCHECK")
    command = Instruction("CMD", check.rest.split("CMD", 1)[1], check.stage).form
    environment = ENVIRONMENT | {"PORT": str(port)}
    return subprocess.run([sys.executable, *command[1:]], env=environment, capture_output=True, check=False).returncode
