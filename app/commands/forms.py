"""What ``channel add`` asks of an account, by platform: its options, and the settings that they become."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.channels import templates
from app.settings import SECRETS

WINDOW: Final = 600
"""Seconds that a push's time may be away from ours."""


@dataclass(frozen=True, slots=True)
class Form:
    help: str
    secrets: tuple[str, ...]
    """Names of ``SECRETS``; the others are another platform's, whatever the environment holds."""
    options: Callable[[argparse.ArgumentParser], None]
    settings: Callable[[argparse.Namespace], Mapping[str, Any]]
    keep: tuple[str, ...] = ()
    """Of its settings, those that stay where the account is added again without them."""

    def add_to(self, parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
        parser.add_argument("name", help="stands in the webhook's address")
        parser.add_argument("--app-id", required=True)
        for secret in self.secrets:
            parser.add_argument(f"--{secret.replace('_', '-')}")
        parser.add_argument("--secrets-stdin", action="store_true")
        parser.add_argument("--signature-window", type=int, default=WINDOW, metavar="SECONDS")
        self.options(parser)
        return parser


def _wechat_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", choices=["plain", "compatible", "safe"], default="safe")
    parser.add_argument(
        "--no-customer-service",
        action="store_true",
        help="the account may not send by itself (unverified): the rest of long answers waits for “继续”",
    )
    parser.add_argument(
        "--menu-links",
        action="store_true",
        help="send choices as links that can be tapped (weixin://bizmsgmenu); try it with your account first",
    )
    notices = parser.add_mutually_exclusive_group()
    notices.add_argument(
        "--template",
        nargs=3,
        action="append",
        default=[],
        metavar=("ID", "NAME", "FIELDS"),
        help="an approved template that agents may send when the window is closed, with the labels of its fields "
        "(thing1:问题,time2:时间); may be given often. Those that are given replace all that the account has; without "
        "any, it keeps them",
    )
    notices.add_argument("--no-templates", action="store_true", help="the account has none any more")


def _wechat_settings(options: argparse.Namespace) -> Mapping[str, Any]:
    return {
        "app_id": options.app_id,
        "mode": options.mode,
        "signature_window": options.signature_window,
        "customer_service": not options.no_customer_service,
        "menu_links": options.menu_links,
    } | _templates(options)


def _templates(options: argparse.Namespace) -> dict[str, Any]:
    given = [templates.parse(*each) for each in options.template]
    return {"templates": given} if given or options.no_templates else {}


def _qq_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--proactive", action="store_true", help="speak first to those who allow it")
    parser.add_argument(
        "--link-domain",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="registered in the console, may be given often; addresses of others are left out of what is sent",
    )
    parser.add_argument("--buttons", action="store_true", help="the bot may send keyboards of its own")
    parser.add_argument("--markdown", action="store_true", help="the bot may send markdown of its own")
    parser.add_argument("--sandbox", action="store_true", help="the bot is in its sandbox: nothing is counted there")
    parser.add_argument(
        "--lenient-handshake",
        action="store_true",
        help="answer the check of the address also where it comes without a signature",
    )


def _qq_settings(options: argparse.Namespace) -> Mapping[str, Any]:
    return {
        "app_id": options.app_id,
        "signature_window": options.signature_window,
        "proactive": options.proactive,
        "link_domains": options.link_domain,
        "buttons": options.buttons,
        "markdown": options.markdown,
        "sandbox": options.sandbox,
        "strict_handshake": not options.lenient_handshake,
    }


FORMS: Final[Mapping[str, Form]] = {
    "wechat": Form("an official account (公众号, 服务号)", SECRETS, _wechat_options, _wechat_settings, ("templates",)),
    "qq": Form("a bot (QQ 机器人)", ("app_secret",), _qq_options, _qq_settings),
}
