import json
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.channels.registry import PLATFORMS
from app.channels.templates import read_templates
from app.commands.forms import FORMS
from app.commands.opened import with_database
from app.conversations import accounts
from app.conversations.models import Channel
from app.db.database import Database
from app.secrets import Keyring, new_key
from app.settings import Settings
from tests.commands.conftest import Run

AES_KEY = "a" * 43
ADD = ("channel", "add", "wechat", "main", "--app-id", "wx1234567890abcdef")


def stored(data_dir: Path, **settings: str) -> list[tuple[Channel, dict[str, str]]]:
    """Each channel with its opened secrets."""

    async def read(db: Database, keyring: Keyring) -> list[tuple[Channel, dict[str, str]]]:
        channels = await db.read(accounts.list_channels)
        return [(channel, accounts.stored_secrets(channel, keyring)) for channel in channels]

    return with_database(Settings.model_validate({"data_dir": data_dir, **settings}), read)


def test_secrets_as_options(run: Run, data_dir: Path) -> None:
    ended = run(*ADD, "--token", "opttoken", "--aes-key", AES_KEY, "--app-secret", "optsecret")
    assert (ended.code, ended.err) == (0, "")
    assert "/webhooks/wechat/main, here http://127.0.0.1:8000/webhooks/wechat/main" in ended.out
    ((channel, secrets),) = stored(data_dir)
    assert secrets == {"token": "opttoken", "aes_key": AES_KEY, "app_secret": "optsecret"}
    assert channel.settings == {
        "app_id": "wx1234567890abcdef", "mode": "safe", "signature_window": 600, "customer_service": True,
        "menu_links": False,
    }  # fmt: skip
    assert not channel.simulated


def test_secrets_in_the_environment(run: Run, data_dir: Path) -> None:
    variables = {"TOKEN": "envtoken", "AES_KEY": AES_KEY, "PREVIOUS_AES_KEY": "b" * 43, "APP_SECRET": "envsecret"}
    assert run(*ADD, **variables).code == 0
    assert stored(data_dir)[0][1] == {name.lower(): value for name, value in variables.items()}


def test_secrets_on_standard_input(run: Run, data_dir: Path) -> None:
    given = {"token": "stdintoken", "aes_key": AES_KEY, "unknown": "ignored"}
    assert run(*ADD, "--secrets-stdin", stdin=json.dumps(given)).code == 0
    assert stored(data_dir)[0][1] == {"token": "stdintoken", "aes_key": AES_KEY}


def test_options_win_over_standard_input_over_the_environment(run: Run, data_dir: Path) -> None:
    given = json.dumps({"token": "stdin", "app_secret": "stdin"})
    ended = run(
        *ADD, "--token", "option", "--secrets-stdin", "--mode", "plain",
        stdin=given, TOKEN="environment", APP_SECRET="environment", AES_KEY=AES_KEY,
    )  # fmt: skip
    assert ended.code == 0
    assert stored(data_dir)[0][1] == {"token": "option", "app_secret": "stdin", "aes_key": AES_KEY}


@pytest.mark.parametrize("stdin", ["", "token=abc", "[]", '"text"', "{", "null"])
def test_standard_input_must_be_an_object(run: Run, data_dir: Path, stdin: str) -> None:
    ended = run(*ADD, "--secrets-stdin", stdin=stdin)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("Standard input must be a JSON object")
    assert stored(data_dir) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "token"),
        (("--token", "abc"), "AES key"),
        (("--token", "abc", "--aes-key", "short"), "43 letters and digits"),
        (("--token", "a b", "--mode", "plain"), "3 to 32 letters or digits"),
        (("--token", "abc", "--mode", "plain", "--signature-window", "0"), "signature window"),
    ],
)
def test_what_could_not_be_used_is_explained_and_not_saved(
    run: Run, data_dir: Path, options: tuple[str, ...], sentence: str
) -> None:
    ended = run(*ADD, *options)
    assert (ended.code, ended.out) == (1, "")
    assert sentence in ended.err
    assert len(ended.err.splitlines()) == 1
    assert stored(data_dir) == []


def test_a_name_that_fits_no_address_is_explained(run: Run) -> None:
    ended = run("channel", "add", "wechat", "Main", "--app-id", "wx1", "--mode", "plain", "--token", "abc")
    assert ended.code == 1
    assert "'Main' is not" in ended.err


def test_the_list_shows_accounts_and_no_secrets(run: Run) -> None:
    run(*ADD, "--token", "sesame", "--mode", "plain", "--app-secret", "sesame2")
    run("seed")
    ended = run("channel", "list")
    assert ended.out.splitlines() == [
        "qq/demo-qq  102000001 (simulated)",
        "wechat/demo  wxdemo0000000000  plain (simulated)",
        "wechat/demo-safe  wxdemosafe000000  safe (simulated)",
        "wechat/demo-sub  wxdemosub0000000  plain (simulated)",
        "wechat/main  wx1234567890abcdef  plain",
    ]


def test_without_accounts_the_list_says_how_to_add_one(run: Run) -> None:
    assert run("channel", "list").out.startswith("No channel yet. Add one: python -m app channel add")


def test_an_account_is_replaced_under_its_name(run: Run, data_dir: Path) -> None:
    run(*ADD, "--token", "first", "--mode", "plain")
    run(*ADD, "--token", "second", "--mode", "plain", "--no-customer-service")
    ((channel, secrets),) = stored(data_dir)
    assert secrets == {"token": "second"}
    assert channel.settings["customer_service"] is False


TEMPLATE = ("--template", "tmpl_1", "进度通知", "thing1:问题,time2:时间")
OTHER = ("--template", "tmpl_2", "开播提醒", "thing1:作品")


@pytest.mark.parametrize(
    ("again", "left"),
    [
        ((), ["tmpl_1"]),
        (OTHER, ["tmpl_2"]),
        (("--no-templates",), []),
        (("--app-id", "wx0000000000000000"), []),  # another account, whose templates those are not
    ],
)
def test_an_account_that_is_added_again_keeps_its_templates_unless_told_otherwise(
    run: Run, data_dir: Path, again: tuple[str, ...], left: list[str]
) -> None:
    plain = ("--token", "abc", "--mode", "plain")
    run(*ADD, *plain, *TEMPLATE)
    ended = run(*ADD, *plain, "--menu-links", *again)
    assert (ended.code, ended.err) == (0, "")
    ((channel, _),) = stored(data_dir)
    assert [template.id for template in read_templates(channel.settings)] == left
    assert channel.settings["menu_links"] is True


def test_templates_are_not_given_and_removed_at_once(run: Run, data_dir: Path) -> None:
    ended = run(*ADD, "--token", "abc", "--mode", "plain", *TEMPLATE, "--no-templates")
    assert ended.code != 0
    assert "not allowed with argument --template" in ended.err
    assert stored(data_dir) == []


def test_a_check_tries_every_account(run: Run, data_dir: Path) -> None:
    def break_one(session: Session) -> None:
        session.execute(update(Channel).where(Channel.name == "main").values(settings={"mode": "plain"}))

    run(*ADD, "--token", "abc", "--mode", "plain")
    run("channel", "add", "wechat", "other", "--app-id", "wx2", "--token", "abc", "--mode", "plain")
    assert run("channel", "check").out.splitlines() == ["wechat/main: ok", "wechat/other: ok"]
    with_database(Settings(data_dir=data_dir), lambda db, _: db.write(break_one))
    ended = run("channel", "check")
    assert ended.code == 1
    assert ended.out.startswith("wechat/main: The WeChat app id (app_id) is missing")
    assert ended.out.endswith("wechat/other: ok\n")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_same_on_postgresql(run: Run, data_dir: Path, database_url: str) -> None:
    keys = new_key()
    given = {"DATABASE_URL": database_url, "SECRET_KEYS": keys}
    assert run(*ADD, "--token", "abc", "--mode", "plain", **given).code == 0
    assert run("channel", "check", **given).out == "wechat/main: ok\n"
    ended = run("channel", "check", DATABASE_URL=database_url)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("This database was sealed with another key")


# -------------------- another platform

ADD_QQ = ("channel", "add", "qq", "main", "--app-id", "102000001")


def test_every_platform_can_be_added() -> None:
    assert FORMS.keys() == PLATFORMS.keys()


def test_a_bot_takes_its_own_secret_alone(run: Run, data_dir: Path) -> None:
    ended = run(*ADD_QQ, APP_SECRET="botSecretForTests", TOKEN="ofAnother", AES_KEY=AES_KEY)
    assert (ended.code, ended.err) == (0, "")
    assert "/webhooks/qq/main, here http://127.0.0.1:8000/webhooks/qq/main" in ended.out
    ((channel, secrets),) = stored(data_dir)
    assert secrets == {"app_secret": "botSecretForTests"}
    assert channel.settings == {
        "app_id": "102000001", "signature_window": 600, "proactive": False, "link_domains": [], "buttons": False,
        "markdown": False, "sandbox": False, "strict_handshake": True,
    }  # fmt: skip
    assert run("channel", "list").out == "qq/main  102000001\n"
    assert run("channel", "check").out == "qq/main: ok\n"


def test_what_a_bot_may_is_an_option(run: Run, data_dir: Path) -> None:
    given = ("--proactive", "--link-domain", "a.cn", "--link-domain", "b.example.com", "--lenient-handshake")
    assert run(*ADD_QQ, "--app-secret", "botSecretForTests", *given).code == 0
    ((channel, _),) = stored(data_dir)
    assert (channel.settings["proactive"], channel.settings["strict_handshake"]) == (True, False)
    assert channel.settings["link_domains"] == ["a.cn", "b.example.com"]


def test_a_bot_that_could_not_be_used_is_not_saved(run: Run, data_dir: Path) -> None:
    ended = run(*ADD_QQ)
    assert (ended.code, ended.out) == (1, "")
    assert "QQ app secret" in ended.err
    assert stored(data_dir) == []
