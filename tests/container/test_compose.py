"""compose.yaml: valid by the schema of its specification, and right about who migrates and what must be set."""

import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from app.__main__ import main
from app.settings import ROOT, Settings

COMPOSE = ROOT / "compose.yaml"
ENVIRONMENT = {"POSTGRES_PASSWORD": "geheim", "SECRET_KEYS": "a2V5"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    filled = re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: ENVIRONMENT[found[1]], COMPOSE.read_text())
    services: dict[str, Any] = yaml.safe_load(filled)["services"]
    return services


def test_it_keeps_to_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_one_service_migrates_and_the_others_wait_for_it(services: dict[str, Any]) -> None:
    migrating = {name: service["environment"].get("MIGRATE") for name, service in services.items()}
    assert migrating == {"postgres": None, "serve": "auto", "worker": "never"}
    assert services["worker"]["depends_on"]["serve"] == {"condition": "service_healthy"}
    assert services["serve"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_its_environment_is_one_that_the_service_takes(name: str, services: dict[str, Any]) -> None:
    variables = {key.lower(): value for key, value in services[name]["environment"].items()}
    settings = Settings(**variables)
    assert settings.database == "postgresql://viewerdesk:geheim@postgres/viewerdesk"
    assert (settings.demo, settings.host) == (False, "0.0.0.0")


def test_the_database_is_the_one_that_the_server_makes(services: dict[str, Any]) -> None:
    made = services["postgres"]["environment"]
    address = f"postgresql://{made['POSTGRES_USER']}:{made['POSTGRES_PASSWORD']}@postgres/{made['POSTGRES_DB']}"
    assert services["serve"]["environment"]["DATABASE_URL"] == address


def test_the_worker_is_started_by_a_verb_that_exists(services: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*services["worker"]["command"], "--help"])


def test_nothing_is_published_beyond_this_machine(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:8000:8000"]
