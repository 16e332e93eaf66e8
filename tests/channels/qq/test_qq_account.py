from typing import Any

import pytest

from app.channels.qq.account import Account, read_account
from app.errors import ConfigurationError

SETTINGS = {"app_id": "102000001"}
SECRETS = {"app_secret": "botSecretForTests"}


def test_the_defaults() -> None:
    account = read_account(SETTINGS, SECRETS)
    assert account == Account("102000001", "botSecretForTests")
    assert (account.window, account.proactive, account.link_domains) == (600, False, ())
    assert (account.sandbox, account.buttons, account.markdown) == (False, False, False)
    assert (account.strict_handshake, account.customer_service) == (True, True)


def test_everything_given() -> None:
    given = {"proactive": True, "sandbox": True, "buttons": True, "markdown": True, "strict_handshake": False}
    account = read_account(SETTINGS | given | {"signature_window": 60, "link_domains": ["Example.com"]}, SECRETS)
    assert account == Account(
        "102000001", "botSecretForTests", 60, proactive=True, link_domains=("example.com",), sandbox=True,
        buttons=True, markdown=True, strict_handshake=False,
    )  # fmt: skip


def test_texts_of_a_command_line_are_understood() -> None:
    given = {"app_id": 102000001, "signature_window": "60", "proactive": "True", "link_domains": "a.cn, b.example.com"}
    account = read_account(given, SECRETS)
    assert (account.app_id, account.window, account.proactive) == ("102000001", 60, True)
    assert account.link_domains == ("a.cn", "b.example.com")


def test_the_keys_are_derived_once_and_never_printed() -> None:
    account = read_account(SETTINGS, SECRETS)
    assert account.signing_key is account.signing_key
    assert account.verifying_key.public_bytes_raw() == account.signing_key.public_key().public_bytes_raw()
    assert not [word for word in ("botSecretForTests", "key") if word in repr(account)]


@pytest.mark.parametrize(
    ("settings", "secrets", "words"),
    [
        ({"app_id": None}, {}, "app id"),
        ({"app_id": "wx0123"}, {}, "app id"),
        ({"app_id": "１０２"}, {}, "app id"),
        ({}, {"app_secret": ""}, "app secret"),
        ({}, {"app_secret": "short"}, "app secret"),
        ({}, {"app_secret": "with a blank in it"}, "app secret"),
        ({"signature_window": 0}, {}, "signature window"),
        ({"signature_window": "1.5"}, {}, "signature window"),
        ({"signature_window": 86_401}, {}, "signature window"),
        ({"proactive": "perhaps"}, {}, "proactive"),
        ({"strict_handshake": None}, {}, "strict_handshake"),
        ({"link_domains": "https://example.com"}, {}, "link domains"),
        ({"link_domains": "localhost"}, {}, "link domains"),
        ({"link_domains": {"a": 1}}, {}, "link domains"),
    ],
)
def test_what_cannot_be_used_is_explained(settings: dict[str, Any], secrets: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as wrong:
        read_account(SETTINGS | settings, SECRETS | secrets)
    assert not [value for value in secrets.values() if value and value in str(wrong.value)]
