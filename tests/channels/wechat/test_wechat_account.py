from typing import Any

import pytest

from app.channels.wechat.account import Account, Mode, read_account
from app.errors import ConfigurationError

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
OTHER_KEY = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM"
SETTINGS = {"app_id": "wx0123456789abcdef", "mode": "safe"}
SECRETS = {"token": "tokenForTests2026", "aes_key": KEY}


def test_the_defaults() -> None:
    assert read_account(SETTINGS, SECRETS) == Account(
        app_id="wx0123456789abcdef",
        token="tokenForTests2026",
        aes_keys=(KEY,),
        mode=Mode.safe,
        window=600,
        app_secret=None,
        customer_service=True,
    )


def test_everything_given() -> None:
    account = read_account(
        SETTINGS | {"mode": "compatible", "signature_window": 60, "customer_service": False},
        SECRETS | {"previous_aes_key": OTHER_KEY, "app_secret": "s3cret"},
    )
    assert account.mode is Mode.compatible
    assert account.window == 60
    assert account.customer_service is False
    assert account.aes_keys == (KEY, OTHER_KEY)
    assert account.app_secret == "s3cret"


def test_texts_of_a_command_line_are_understood() -> None:
    account = read_account(SETTINGS | {"signature_window": "60", "customer_service": "False"}, SECRETS)
    assert (account.window, account.customer_service) == (60, False)


def test_empty_secrets_count_as_not_given() -> None:
    empty = {"token": "abc", "aes_key": "", "previous_aes_key": "", "app_secret": ""}
    account = read_account(SETTINGS | {"mode": "plain"}, empty)
    assert (account.aes_keys, account.app_secret) == ((), None)


def test_no_secret_is_ever_printed() -> None:
    secrets = SECRETS | {"previous_aes_key": OTHER_KEY, "app_secret": "s3cret"}
    assert not [value for value in secrets.values() if value in repr(read_account(SETTINGS, secrets))]


@pytest.mark.parametrize(
    ("settings", "secrets", "words"),
    [
        ({"app_id": None}, {}, "app id"),
        ({"app_id": ""}, {}, "app id"),
        ({"app_id": "wx0123 "}, {}, "app id"),
        ({"mode": None}, {}, "mode"),
        ({"mode": "raw"}, {}, "mode"),
        ({"signature_window": 0}, {}, "signature window"),
        ({"signature_window": -600}, {}, "signature window"),
        ({"signature_window": 86_401}, {}, "signature window"),
        ({"signature_window": 1.5}, {}, "signature window"),
        ({"signature_window": "ten"}, {}, "signature window"),
        ({"signature_window": None}, {}, "signature window"),
        ({"customer_service": "perhaps"}, {}, "customer_service"),
        ({}, {"token": ""}, "token"),
        ({}, {"token": "ab"}, "token"),
        ({}, {"token": "a" * 33}, "token"),
        ({}, {"token": "with blank"}, "token"),
        ({}, {"token": "令牌令牌"}, "token"),
        ({}, {"token": "abc\n"}, "token"),
        ({}, {"aes_key": ""}, "aes_key"),
        ({"mode": "compatible"}, {"aes_key": ""}, "aes_key"),
        ({"mode": "plain"}, {"aes_key": "", "previous_aes_key": OTHER_KEY}, "aes_key"),
        ({}, {"aes_key": KEY[:-1]}, "aes_key"),
        ({}, {"aes_key": KEY + "="}, "aes_key"),
        ({}, {"aes_key": "票" * 43}, "aes_key"),
        ({}, {"previous_aes_key": "short"}, "previous_aes_key"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(settings: dict[str, Any], secrets: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as wrong:
        read_account(SETTINGS | settings, SECRETS | secrets)
    assert str(wrong.value).endswith(".")
    assert not [value for value in secrets.values() if len(value) > 4 and value in str(wrong.value)]
