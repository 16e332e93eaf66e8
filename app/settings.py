"""All configuration. Nothing else in the code reads the environment."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout (or image) folder that holds app/, faq/, intents/ and migrations/."""
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_ORIGIN = re.compile(r"https?://[^\s/?#@]+/?", re.IGNORECASE)
_KEY = re.compile(r"[!-~]*")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?")
_DATABASE = re.compile(r"sqlite:///(?!:memory:)[^?]*[^/?]|postgresql://.+")


class Settings(BaseSettings):
    """One value a setting; the environment variable is the same name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_nested_delimiter="__", env_ignore_empty=True)

    mode: Literal["production", "demo"] = "production"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = ""
    """Where people reach the console: ``https://desk.example.com``. Empty: what their requests say."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "::1")
    """Addresses or networks of the proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    data_dir: Path = Path("data")
    cache_dir: Path | None = None
    """Where what can be built again is kept: the matcher's index. Empty: in ``data_dir``."""
    knowledge_dir: Path = ROOT
    """The folder that holds faq/ and intents/."""
    knowledge_every: float = Field(default=5, ge=0, le=86_400)
    """Seconds between two looks for changes in it; 0: only when a SIGHUP asks for one."""
    database_url: str = ""
    """Empty: SQLite in ``data_dir``."""
    migrate: Literal["auto", "never"] = "auto"
    s3_endpoint: str = ""
    """Where an S3-compatible service is, without the bucket. Empty: Amazon's of the region."""
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_path_style: bool = True
    """Whether the bucket stands in the path of addresses; else in the host's name."""
    storage_url: str = Field(default="", validate_default=True)
    """Where viewers' files are kept: ``s3://bucket/prefix``. Empty: the folder ``files`` in ``data_dir``."""
    secret_keys: Annotated[tuple[str, ...], NoDecode] = ()
    """32 bytes each in base64, separated by commas; the first encrypts, all decrypt. Empty: a key file in data_dir."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    wechat_api: str = "https://api.weixin.qq.com"
    qq_api: str = "https://api.bot.qq.com"
    """Its token is fetched there too."""
    facts: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """What the answers say of the company, e.g. ``FACTS__HOTLINE``; demo mode fills the gaps."""
    silence_hours: float = Field(default=24, gt=0, le=8760)
    """A conversation with the bot that was silent for so long is closed by the next message."""
    service_hours: str = ""
    """When agents are there, Beijing time: ``周一至周五 9:00-12:00,13:30-18:00; 周六 10:00-16:00``. Empty: always."""
    holidays: str = ""
    """Days without service: ``2026-10-01..2026-10-07, 2027-01-01``."""
    workdays: str = ""
    """Make-up working days, in the same form."""
    assignment: Literal["auto", "manual"] = "auto"
    """Whether those who wait for a person are given to agents who are there, or agents take them by themselves."""
    on_duty: Literal["auto", "desk", "hours"] = "auto"
    """What tells within the service hours that a viewer can be promised a person.

    ``desk``: somebody is at the desk. ``hours``: the hours alone. ``auto``: somebody is at the desk, as soon as an
    agent has been there for the first time; until then the hours alone.
    """
    quiet_hours: str = ""
    """When no notices and announcements leave, Beijing time: ``22:00-8:00``, or as service hours. Empty: never."""
    answer_days: int = Field(default=1, ge=1, le=90)
    """Working days within which viewers are promised an answer to a ticket."""
    urgent_hours: float = Field(default=2, gt=0, le=240)
    """Service hours within which urgent matters are answered."""
    complaint_days: int = Field(default=5, ge=1, le=90)
    """Working days within which a complaint is answered in writing."""
    complaint_office: str = "投诉专员"
    """Who is in charge of complaints, as viewers are told."""
    burst: int = Field(default=20, ge=3, le=100_000)
    """Messages of one viewer within a minute from which on they are kept without an answer each."""
    raw_body_days: int = Field(default=30, ge=1, le=36500)
    """How long received bodies are kept for replay."""
    database_pool: int = Field(default=8, ge=4, le=200)
    """Connections of one process to PostgreSQL."""
    llm_url: str = ""
    """An OpenAI-compatible service, to what its paths stand behind: ``https://api.deepseek.com/v1``. Empty: off."""
    llm_model: str = Field(default="", validate_default=True)
    llm_key: SecretStr = SecretStr("")
    """Empty where the service asks for none."""
    llm_timeout: float = Field(default=1.2, ge=0.1, le=3)
    """Seconds of a whole call, on which a viewer waits; platforms wait for five."""
    llm_calls_per_minute: int = Field(default=60, ge=1, le=100_000)
    llm_calls_per_day: int = Field(default=5000, ge=1, le=100_000_000)
    embedding_url: str = ""
    """As ``llm_url``. Empty: off; so is a model without weights, see ``app/dialogue/loading.py``."""
    embedding_model: str = Field(default="", validate_default=True)
    embedding_key: SecretStr = SecretStr("")
    embedding_timeout: float = Field(default=1.0, ge=0.1, le=3)
    """Seconds of a whole call for a viewer's text."""
    embedding_calls_per_minute: int = Field(default=600, ge=1, le=100_000)
    embedding_calls_per_day: int = Field(default=50_000, ge=1, le=100_000_000)
    embedding_batch: int = Field(default=10, ge=1, le=2048)
    """Texts of one call; services allow between 10 and 2,048."""

    @field_validator("database_url")
    @classmethod
    def _supported(cls, value: str) -> str:
        if value and not _DATABASE.fullmatch(value):
            raise PydanticCustomError(
                "database_url", "use sqlite:///path/to/file.db or postgresql://user:password@host/name"
            )
        return value

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        if value and not (_ORIGIN.fullmatch(value) and _has_host(value)):
            raise PydanticCustomError("public_url", "use https://host or https://host:port, without a path")
        return value.rstrip("/").lower()

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        parts = tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
        try:
            for part in parts if isinstance(parts, tuple) else ():
                ipaddress.ip_network(part)
        except ValueError:
            raise PydanticCustomError("trusted_proxies", "use addresses or networks, such as 10.0.0.0/8") from None
        return parts

    @field_validator("storage_url")
    @classmethod
    def _bucket(cls, value: str, info: ValidationInfo) -> str:
        if value and (not _BUCKET.fullmatch(value) or "/." in value):
            raise PydanticCustomError("storage_url", "use s3://bucket or s3://bucket/prefix")
        if value and not (info.data.get("s3_access_key") and info.data.get("s3_secret_key")):
            raise PydanticCustomError("storage_url", "it needs S3_ACCESS_KEY and S3_SECRET_KEY")
        return value

    @field_validator("llm_url", "embedding_url", "s3_endpoint")
    @classmethod
    def _endpoint(cls, value: str) -> str:
        if value and not (_ENDPOINT.fullmatch(value) and _has_host(value)):
            raise PydanticCustomError("endpoint", "use https://host/path without user, password, ? and #")
        return value

    @field_validator("llm_model", "embedding_model")
    @classmethod
    def _named(cls, value: str, info: ValidationInfo) -> str:
        adviser = str(info.field_name).removesuffix("_model")
        if not value and info.data.get(f"{adviser}_url"):
            raise PydanticCustomError("model", "name the model that {url} serves", {"url": f"{adviser.upper()}_URL"})
        return value

    @field_validator("llm_key", "embedding_key", "s3_secret_key")
    @classmethod
    def _sendable(cls, value: SecretStr) -> SecretStr:
        if not _KEY.fullmatch(value.get_secret_value()):
            raise PydanticCustomError("key", "it holds a blank or a character that no header can carry")
        return value

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("facts", mode="before")
    @classmethod
    def _lower_names(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise PydanticCustomError("facts", "write a variable for each fact, such as FACTS__HOTLINE")
        return {str(name).lower(): fact for name, fact in value.items()}

    @property
    def demo(self) -> bool:
        return self.mode == "demo"

    def trusts(self, address: str) -> bool:
        """Whether it is the address of one of our proxies."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in ipaddress.ip_network(network) for network in self.trusted_proxies)

    @property
    def cache(self) -> Path:
        return self.cache_dir or self.data_dir / "cache"

    @property
    def address(self) -> str:
        """Where this machine reaches the service: what listens everywhere is reached by the loopback address."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def console_address(self) -> str:
        """Where links for people begin."""
        return self.public_url or self.address

    @property
    def is_local(self) -> bool:
        """Whether the service listens to this machine alone."""
        return self.host in ("127.0.0.1", "::1", "localhost")

    @property
    def database(self) -> str:
        """The database URL in force: ``sqlite:///file`` or ``postgresql://user:password@host/name``."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'viewerdesk.db'}"


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


SECRETS = ("token", "aes_key", "previous_aes_key", "app_secret")
"""Credentials that ``channel add`` takes from the environment, by the same names in capitals."""


def channel_secrets() -> dict[str, str]:
    return {name: value for name in SECRETS if (value := os.environ.get(name.upper()))}


def load_settings() -> Settings:
    """Read the environment; ConfigurationError names each wrong variable in a sentence."""
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigurationError("\n".join(_sentence(item["loc"], item["msg"]) for item in error.errors())) from None


def environment(**more: str) -> dict[str, str]:
    """This process's environment and more, for a child process: on its command line everybody could read it."""
    return {**os.environ, **more}


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    name = "__".join(str(part) for part in location).upper()
    return f"{name} cannot be used: {message[0].lower()}{message[1:]}."
