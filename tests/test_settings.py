import os
import re
from pathlib import Path

import pytest

from app.errors import ConfigurationError
from app.settings import Settings, channel_secrets, environment, load_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.lower() in Settings.model_fields or name.startswith("FACTS"):
            monkeypatch.delenv(name)


def test_production_on_this_machine_is_the_default() -> None:
    settings = load_settings()
    assert (settings.mode, settings.demo, settings.host, settings.port) == ("production", False, "127.0.0.1", 8000)
    assert settings.database == f"sqlite:///{Path('data').resolve() / 'viewerdesk.db'}"
    assert settings.secret_keys == ()


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PORT", "")
    assert load_settings() == Settings()


def test_the_database_follows_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert load_settings().database == f"sqlite:///{tmp_path}/viewerdesk.db"


def test_keys_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEYS", " first , second,")
    assert load_settings().secret_keys == ("first", "second")


def test_facts_are_texts_by_small_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTS__HOTLINE", "10086")
    monkeypatch.setenv("FACTS__Refund_Days", "{7}")
    assert load_settings().facts == {"hotline": "10086", "refund_days": "{7}"}


def test_links_for_people_begin_with_the_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().console_address == "http://127.0.0.1:8000"
    monkeypatch.setenv("PUBLIC_URL", "https://Desk.example.com:8443/")
    assert load_settings().console_address == "https://desk.example.com:8443"


def test_only_named_proxies_are_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [load_settings().trusts(address) for address in ("127.0.0.1", "::1", "10.1.2.3", "")] == [
        True,
        True,
        False,
        False,
    ]
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::1")
    trusted = load_settings()
    assert [trusted.trusts(address) for address in ("10.1.2.3", "2001:db8::1", "127.0.0.1")] == [True, True, False]


WRONG = {
    "MODE": "staging",
    "PORT": "http",
    "PUBLIC_URL": "https://desk.example.com/console",
    "TRUSTED_PROXIES": "10.0.0.0/8, the proxy",
    "MIGRATE": "maybe",
    "LOG_LEVEL": "loud",
    "SILENCE_HOURS": "inf",
    "RAW_BODY_DAYS": "0",
    "DATABASE_POOL": "1",
    "FACTS": "hotline",
    "DATABASE_URL": "mysql://u:geheim@host/name",
    "LLM_URL": "https://u:geheim@host/v1",
    "LLM_KEY": "sk geheim",
    "LLM_TIMEOUT": "5",
    "EMBEDDING_BATCH": "0",
    "STORAGE_URL": "/var/files",
    "S3_ENDPOINT": "https://u:geheim@s3.example.com",
}


def test_every_wrong_variable_is_named_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WRONG.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    lines = str(refused.value).splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(WRONG)
    assert all(re.fullmatch(r"[A-Z3_]+ cannot be used: [^A-Z].*\.", line) for line in lines)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "0"), ("PORT", "65536"), ("SILENCE_HOURS", "nan"), ("SILENCE_HOURS", "-1"), ("RAW_BODY_DAYS", "1e9")],
)
def test_numbers_have_limits(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=f"{name} cannot be used"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "viewerdesk.db",
        "postgres://u:p@host/name",
        "postgresql+asyncpg://u:p@host/name",
        "postgresql://",
        "sqlite://",
        "sqlite:///",
        "sqlite:///folder/",
        "sqlite:///:memory:",
        "sqlite://data/file.db",
        "sqlite:file.db",
        "sqlite:///file.db?mode=ro",
        "SQLITE:///file.db",
    ],
)
def test_other_databases_are_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ConfigurationError, match=r"use sqlite:///path/to/file\.db or postgresql://user:password@host"):
        load_settings()


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com/v1",
        "ftp://host/v1",
        "https://",
        "https:///v1",
        "https://:443/v1",
        "https://host:port/v1",
        "https://host:99999/v1",
        "https://user@host/v1",
        "https://host/v1?key=1",
        "https://host/v1#x",
        "https://host/v 1",
    ],
)
@pytest.mark.parametrize("name", ["LLM_URL", "EMBEDDING_URL"])
def test_other_endpoints_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    monkeypatch.setenv(name, url)
    with pytest.raises(ConfigurationError, match=f"{name} cannot be used: use https://host/path"):
        load_settings()


@pytest.mark.parametrize(
    "url", ["https://api.example.com/v1", "http://127.0.0.1:8001/v1/", "https://[::1]:1", "https://h"]
)
def test_an_endpoint_needs_its_model(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("LLM_URL", url)
    with pytest.raises(ConfigurationError, match=r"^LLM_MODEL cannot be used: name the model that LLM_URL serves\.$"):
        load_settings()
    monkeypatch.setenv("LLM_MODEL", "tiny")
    monkeypatch.setenv("LLM_KEY", "sk-geheim")
    settings = load_settings()
    assert (settings.llm_url, settings.llm_model) == (url, "tiny")
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    ["s3://", "s3://Files", "s3:/files", "s3://files?x=1", "s3://files/../other", "gs://files", "files"],
)
def test_other_storages_are_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("STORAGE_URL", url)
    with pytest.raises(
        ConfigurationError, match=r"STORAGE_URL cannot be used: use s3://bucket or s3://bucket/prefix\."
    ):
        load_settings()


@pytest.mark.parametrize("url", ["s3://files", "s3://files.example/desk/2026/"])
def test_a_bucket_needs_its_keys(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("STORAGE_URL", url)
    monkeypatch.setenv("S3_ACCESS_KEY", "desk")
    with pytest.raises(ConfigurationError, match="STORAGE_URL cannot be used: it needs S3_ACCESS_KEY"):
        load_settings()
    monkeypatch.setenv("S3_SECRET_KEY", "geheim")
    settings = load_settings()
    assert settings.storage_url == url
    assert "geheim" not in repr(settings)


@pytest.mark.parametrize("url", ["sqlite:///data/观众.db", "sqlite:////var/lib/desk.db", "postgresql://u:p@host/name"])
def test_both_engines_are_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert load_settings().database == url


def test_a_channels_secrets_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TOKEN": "abc", "AES_KEY": "", "APP_SECRET": "s"}.items():
        monkeypatch.setenv(name, value)
    assert channel_secrets() == {"token": "abc", "app_secret": "s"}


def test_a_childs_environment_is_ours_and_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE", "ours")
    assert environment(DATABASE_URL="more").items() >= {"PROBE": "ours", "DATABASE_URL": "more"}.items()
    assert "DATABASE_URL" not in os.environ
