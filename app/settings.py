"""All configuration. Nothing else in the code reads the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout (or image) folder that holds app/, faq/, intents/ and migrations/."""


class Settings(BaseSettings):
    """One value a setting; the environment variable is the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_nested_delimiter="__", env_ignore_empty=True)

    mode: Literal["production", "demo"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = Path("data")
    database_url: str = ""
    """Empty: SQLite in ``data_dir``."""
    migrate: Literal["auto", "never"] = "auto"
    secret_keys: Annotated[tuple[str, ...], NoDecode] = ()
    """32 bytes each in base64, separated by commas; the first encrypts, all decrypt. Empty: a key file in data_dir."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    wechat_api: str = "https://api.weixin.qq.com"
    facts: dict[str, str] = Field(default_factory=dict)
    """What the answers say of the company, e.g. ``FACTS__HOTLINE``; demo mode fills the gaps."""
    silence_hours: float = Field(default=24, gt=0)
    """A conversation with the bot that was silent for so long is closed by the next message."""
    raw_body_days: int = Field(default=30, ge=1)
    """How long received bodies are kept for replay."""
    database_pool: int = Field(default=8, ge=2, le=200)
    """Connections of one process to PostgreSQL."""

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("facts", mode="before")
    @classmethod
    def _lower_names(cls, value: object) -> object:
        return {str(k).lower(): v for k, v in value.items()} if isinstance(value, dict) else value

    @property
    def demo(self) -> bool:
        return self.mode == "demo"

    @property
    def database(self) -> str:
        """The database URL in force: ``sqlite:///file`` or ``postgresql://user:password@host/name``."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'viewerdesk.db'}"


SECRETS = ("token", "aes_key", "previous_aes_key", "app_secret")
"""Credentials that ``channel add`` takes from the environment, by the same names in capitals."""


def channel_secrets() -> dict[str, str]:
    return {name: value for name in SECRETS if (value := os.environ.get(name.upper()))}


def load_settings() -> Settings:
    """Read the environment; ConfigurationError names each wrong variable in a sentence."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise ConfigurationError("\n".join(_sentence(item["loc"], item["msg"]) for item in error.errors())) from None
    scheme = urlsplit(settings.database).scheme
    if scheme not in ("sqlite", "postgresql"):
        raise ConfigurationError(
            f"DATABASE_URL begins with '{scheme}://', which is not supported: "
            "use sqlite:///path/to/file.db or postgresql://user:password@host/name."
        )
    if scheme == "sqlite" and not urlsplit(settings.database).path.strip("/"):
        raise ConfigurationError("DATABASE_URL names no file: write sqlite:///path/to/file.db.")
    return settings


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    name = "__".join(str(part) for part in location).upper()
    return f"{name} cannot be used: {message[0].lower()}{message[1:]}."
