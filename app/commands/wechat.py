"""``wechat``: what an operator does with an official account itself: its menu, quotas, tags, and messages to all."""

import argparse
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.channels.delivery import DeliveryError, Line
from app.commands.opened import with_database
from app.conversations.accounts import Account, Directory
from app.db.database import Database
from app.errors import ConfigurationError
from app.secrets import Keyring
from app.settings import Settings
from app.storage.opening import open_storage
from app.worker import open_sender

PLATFORM = "wechat"
Call = Callable[[Line, Account], Awaitable[None]]


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parts = verbs.add_parser("wechat", help="an official account's menu, quotas, tags and mass messages")
    actions = parts.add_subparsers(required=True, metavar="ACTION")
    _add_menu(actions.add_parser("menu", help="the account's own menu").add_subparsers(required=True, metavar="ACTION"))
    _add_mass(actions.add_parser("mass", help="messages to all").add_subparsers(required=True, metavar="ACTION"))
    quota = _action(actions, "quota", "calls of today, by API", _quota)
    quota.add_argument("path", help="such as /cgi-bin/message/custom/send")
    _action(actions, "clear-quota", "set all of the day's counts to zero (ten times a month)", _clear_quota)
    _action(actions, "addresses", "the platform's addresses, for a firewall", _addresses)
    _action(actions, "tags", "tags of followers, with their numbers", _tags)
    why = _action(actions, "why", "what the platform kept of a failed request", _why)
    why.add_argument("rid", help="stands behind 'rid:' in an error")


def _add_menu(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    _action(actions, "show", "as JSON, to be edited and set again", _show_menu)
    setting = _action(actions, "set", "replace it by a file as 'show' writes it", _set_menu)
    setting.add_argument("file", type=Path)
    _action(actions, "delete", "followers have none any more", _delete_menu)


def _add_mass(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sending = _action(actions, "send", "to all followers, or to those with a tag", _send)
    sending.add_argument("text")
    sending.add_argument("--key", required=True, help="of your own, such as delay-e8: the same key is sent once a day")
    sending.add_argument("--tag", type=int, metavar="NUMBER", help="only to followers with this tag; else to all")
    showing = _action(actions, "preview", "show it to one person first", _preview)
    showing.add_argument("text")
    showing.add_argument("--to", required=True, metavar="WECHAT", help="his WeChat name")
    state = _action(actions, "state", "what became of a job", _state)
    state.add_argument("job")
    recalling = _action(actions, "recall", "take an article or a video back; texts cannot be", _recall)
    recalling.add_argument("job")


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    description: str,
    work: Callable[[argparse.Namespace, Line, Account], Awaitable[None]],
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=description)
    parser.add_argument("channel", metavar="CHANNEL")

    def run(settings: Settings, options: argparse.Namespace) -> None:
        _call(settings, options.channel, lambda line, account: work(options, line, account))

    parser.set_defaults(run=run)
    return parser


def _call(settings: Settings, channel: str, call: Call) -> None:
    """With the token that all processes share: one fetched beside them would end theirs."""
    with_database(settings, lambda db, keyring: _reach(settings, db, keyring, channel, call))


async def _reach(settings: Settings, db: Database, keyring: Keyring, channel: str, call: Call) -> None:
    directory = Directory(db, keyring, simulated=settings.demo)
    account = await directory.find(PLATFORM, channel)
    if account is None:
        raise ConfigurationError(f"There is no WeChat channel '{channel}'; see: python -m app channel list")
    sender = open_sender(db, directory, keyring, open_storage(settings, keyring), settings)
    try:
        reach = await sender.reach(account.channel_id)
        assert reach is not None
        await call(reach.line, account)
    except DeliveryError as error:
        raise ConfigurationError(f"WeChat refused: {error.code}. {error.detail}") from None
    finally:
        await sender.close()


# -------------------- the menu


async def _show_menu(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import account_menu  # as everything below: it imports the HTTP client

    shown = [_bare(asdict(button)) for button in await account_menu.get_menu(line)]
    print(json.dumps(shown, ensure_ascii=False, indent=2))


def _bare(button: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    inner = [_bare(each) for each in button.pop("buttons")]
    return {name: value for name, value in button.items() if value} | ({"buttons": inner} if inner else {})


async def _set_menu(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import account_menu

    buttons = [_button(account_menu.Button, given) for given in _read(options.file)]
    await account_menu.create_menu(line, buttons=buttons)
    print(f"{len(buttons)} buttons are set; followers see them within a day, or at once after following anew.")


def _read(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    if not isinstance(found, list) or not 1 <= len(found) <= 3:
        raise ConfigurationError(f"{path} must hold a list of one to three buttons, as 'wechat menu show' writes it.")
    return found


def _button(kind: type[Any], given: Any) -> Any:
    """ConfigurationError where it is not one that the platform could show."""
    if not isinstance(given, Mapping) or not str(given.get("name", "")).strip():
        raise ConfigurationError(f"A button needs a name: {json.dumps(given, ensure_ascii=False)}")
    known = {"name", "key", "url", "mini_program", "buttons"}
    does = [name for name in ("key", "mini_program", "buttons") if given.get(name)]
    does += ["url"] if given.get("url") and "mini_program" not in does else []
    if set(given) - known or len(does) != 1:
        raise ConfigurationError(
            f"The button '{given['name']}' must have exactly one of key, url, mini_program and buttons."
        )
    inner = tuple(_button(kind, each) for each in given.get("buttons", ()))
    if len(inner) > 5 or any(each.buttons for each in inner):
        raise ConfigurationError(f"The button '{given['name']}' may hold up to five others, which hold none.")
    mini = given.get("mini_program")
    return kind(str(given["name"]), str(given.get("key", "")), str(given.get("url", "")), tuple(mini) if mini else None,
                inner)  # fmt: skip


async def _delete_menu(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import account_menu

    await account_menu.delete_menu(line)
    print("Deleted.")


# -------------------- messages to all


async def _send(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import mass

    job = await mass.send_to_tag(line, content=mass.text(options.text), key=options.key, tag_id=options.tag)
    told = "was sent under this key before" if job.repeated else "is queued by WeChat"
    print(f"Job {job.id} {told}. What becomes of it: python -m app wechat mass state {options.channel} {job.id}")


async def _preview(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import mass

    await mass.preview(line, content=mass.text(options.text), wechat_name=options.to)
    print(f"Shown to {options.to}.")


async def _state(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import mass

    print(await mass.get_state(line, job_id=options.job))


async def _recall(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import mass

    await mass.recall(line, job_id=options.job)
    print("Recalled: its card stays, and opens nothing.")


# -------------------- what the platform tells


async def _quota(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import diagnosis

    found = await diagnosis.get_quota(line, path=options.path)
    print(f"{options.path}: {found.used} of {found.daily_limit} used today, {found.remaining} left")


async def _clear_quota(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import diagnosis

    await diagnosis.clear_quota(line, app_id=account.credentials.app_id)
    print(f"Cleared. What waits for the quota goes on by: python -m app outbox reopen {options.channel}")


async def _addresses(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import diagnosis

    print("API    ", *await diagnosis.list_api_addresses(line))
    print("pushes ", *await diagnosis.list_push_addresses(line))


async def _tags(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import followers

    for tag in await followers.list_tags(line):
        print(f"{tag.id:>6}  {tag.name}  {tag.followers} followers")


async def _why(options: argparse.Namespace, line: Line, account: Account) -> None:
    from app.channels.wechat import diagnosis

    found = await diagnosis.get_failed_request(line, rid=options.rid)
    print(f"{found.invoked_at:%Y-%m-%d %H:%M:%S} UTC, {found.milliseconds} ms, from {found.client_ip}: {found.url}")
    print(f"asked     {found.request}\nanswered  {found.response}")
