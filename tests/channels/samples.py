"""An account of each platform to test with, and how the platform would sign a body for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

from app.channels import outbound
from app.channels.base import Platform, Request
from app.channels.qq import crypto
from app.channels.registry import PLATFORMS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Sign = Callable[[bytes, str, datetime], Request]


@dataclass(frozen=True)
class Sample:
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    key: str
    """Name of the secret that signs."""
    sign: Sign
    lacking: outbound.Message
    """Of a kind that the platform does not have."""

    def request(self, body: bytes, *, secret: str | None = None, at: datetime = NOW) -> Request:
        return self.sign(body, secret or self.secrets[self.key], at)


def wechat_request(body: bytes, secret: str, at: datetime) -> Request:
    timestamp = str(int(at.timestamp()))
    signature = sha1("".join(sorted((secret, timestamp, "99"))).encode()).hexdigest()
    return Request({"signature": signature, "timestamp": timestamp, "nonce": "99"}, body)


def qq_request(body: bytes, secret: str, at: datetime) -> Request:
    timestamp = str(int(at.timestamp()))
    signature = crypto.sign(crypto.load_key(secret), timestamp, body)
    headers = {"x-bot-appid": "102000001", "x-signature-ed25519": signature, "x-signature-timestamp": timestamp}
    return Request({}, body, headers)


SAMPLES: Mapping[str, Sample] = {
    "wechat": Sample(
        {"app_id": "wx0123456789abcdef", "mode": "plain"},
        {
            "token": "tokenForTests2026",
            "app_secret": "appSecretForTests",
            "aes_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        },
        "token",
        wechat_request,
        outbound.File("file", "账单.pdf"),
    ),
    "qq": Sample(
        {"app_id": "102000001"},
        {"app_secret": "botSecretForTests"},
        "app_secret",
        qq_request,
        outbound.MiniProgram("", "", "", "thumb"),
    ),
}


def account_of(name: str) -> tuple[Platform, Any]:
    return PLATFORMS[name], PLATFORMS[name].account(SAMPLES[name].settings, SAMPLES[name].secrets)
